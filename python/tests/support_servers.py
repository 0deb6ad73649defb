"""Real database servers for the tests, one of each kind a process, by `tests/servers.py`."""

from __future__ import annotations

import atexit
import functools
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SERVERS = Path(__file__).parents[2] / "tests/servers.py"
free_port: Callable[[], int] = runpy.run_path(str(SERVERS))["free_port"]


@functools.cache
def url(*asked: str) -> str | None:
    """The URL of a store in it; none where it is not installed, which in CI is a failure."""
    server = subprocess.Popen(
        [sys.executable, str(SERVERS), *asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None and server.stdout is not None

    def stop() -> None:
        server.communicate()

    atexit.register(stop)
    started = server.stdout.readline().strip()
    if not started:
        assert server.wait() == 3, f"{asked[0]} did not start"
    return started or None


def server(*asked: str) -> str:
    started = url(*asked)
    if started is None:
        pytest.skip(f"{asked[0]} is not installed")
    return started
