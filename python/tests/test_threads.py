"""Greenlets in the place of threads: gevent and eventlet, which patch the process."""

from __future__ import annotations

import pytest
import support_program as program
from egoi_verify import Sandbox


@pytest.mark.parametrize("kind", ["gevent", "eventlet"])
def test_calls_let_the_other_greenlets_run_and_an_async_gateway_is_called(kind: str, sandbox: Sandbox) -> None:
    assert program.run("green", kind, sandbox.url).splitlines() == [
        "together the hub runs",
        "invalid_input",
        "given up",
        "verified",
        "verified",
        "timeout",
    ]
