"""The pytest plugin: ``pip install egoi-verify[pytest]``, and the fixture is there.

It sets ``EGOI_VERIFY_OFFLINE=1``, unless the variable is set already: a test reaches loopback addresses only.
A test with the marker ``egoi_network`` reaches the network.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ._sandbox import Sandbox


OFFLINE = "EGOI_VERIFY_OFFLINE"


def pytest_configure(config: pytest.Config) -> None:
    """Keeps tests from sending real SMS."""
    config.addinivalue_line("markers", "egoi_network: the test may reach E-goi's real service")
    os.environ.setdefault(OFFLINE, "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Lets a test that asks for it reach the network."""
    if item.get_closest_marker("egoi_network") is None:
        return (yield)
    before = os.environ.pop(OFFLINE, None)
    try:
        return (yield)
    finally:
        if before is not None:
            os.environ[OFFLINE] = before


@pytest.fixture
def egoi_sandbox() -> Iterator[Sandbox]:
    """E-goi on localhost, a fresh one for each test, on a free port."""
    from ._sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
