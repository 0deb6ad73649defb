"""The pytest plugin: ``pip install egoi-verify[pytest]``, and the fixture is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._sandbox import Sandbox


@pytest.fixture
def egoi_sandbox() -> Iterator[Sandbox]:
    """E-goi on localhost, a fresh one for each test, on a free port."""
    from ._sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
