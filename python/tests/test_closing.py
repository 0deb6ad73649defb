"""Interpreters that end while calls are in flight: at once, with exit code 0, and in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import support_program as program
from support_wire import Wire

AT_ONCE = 20.0
"""Seconds, on a machine that may be busy; a call's own deadline is not what ends it."""

HELD = {"blocking": 8, "asyncio": 8, "stopped-loop": 8}
ANSWERED = ["blocking-answered", "asyncio-answered", "without-readers-answered"]
CALLING = ["atexit", "del"]
ALONE = ["sending", "sandbox"]


@pytest.mark.parametrize("how", [*HELD, *ANSWERED, *CALLING, *ALONE])
def test_an_interpreter_ends_well_with_calls_in_flight(
    how: str, python: str, wire: Wire, count: Callable[[int, int], int]
) -> None:
    for _ in range(count(1, 30)):
        if how in HELD:
            wire.hold()
        process = program.start("shutting_down", how, wire.url, python=python)
        if how in HELD:
            wire.wait_for_requests(HELD[how])
        elif how in ANSWERED:
            wire.wait_for_requests(len(wire.requests) + 50)
        said = program.end(process, "go", patience=AT_ONCE).splitlines()
        assert said == ["ready", "ending", *(["called"] if how in CALLING else [])]
        wire.release()
