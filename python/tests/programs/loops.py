"""The kinds of event loop that there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class WithoutReaders(asyncio.SelectorEventLoop):
    """A loop that watches no sockets for others, as Windows' own."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


def of_uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": of_uvloop,
    "without-readers": WithoutReaders,
}
