"""For tests only."""

from __future__ import annotations

from datetime import datetime

from . import _native
from ._sandbox import Sandbox, SandboxClock
from ._values import Message, Seconds, moment

__all__ = ["Message", "Sandbox", "SandboxClock", "TestClock"]


class TestClock:
    """A clock for an engine in a test.

    It starts at the machine's time, and can be moved on and stopped::

    clock = TestClock()
    engine = Engine(send, clock=clock)
    clock.advance(601)
    """

    __test__ = False  # not a test of pytest's

    def __init__(self) -> None:
        self._clock = _native.TestClock()

    def advance(self, by: Seconds) -> None:
        """Moves the time on."""
        self._clock.advance(by)

    def freeze(self, frozen: bool = True) -> None:
        """Stops the time, or lets it continue."""
        self._clock.freeze(frozen)

    def now(self) -> datetime:
        """The time now, in UTC."""
        return moment(self._clock.now())
