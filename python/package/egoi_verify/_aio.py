"""Running calls for an event loop. Imported with the first asynchronous client, since ``asyncio`` takes its time."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import sys
from asyncio import AbstractEventLoop, CancelledError, Future, get_running_loop, sleep
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from itertools import count
from os import getpid
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakKeyDictionary, ref

from ._errors import DeliveryFailedError, ForkedError, UnsupportedError
from ._native import Completions, Delivery, Job, wake_no_more

if TYPE_CHECKING:
    from ._calls import Span

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

# How many of an engine's calls are made before one waits for the others of its loop: those on a store in memory wait
# for nothing, and a loop of them must not keep everything else waiting.
IN_A_ROW = 128
_calls = count(1)

# Registered early, and so run late: handlers of the application's may still make calls.
atexit.register(wake_no_more)

# Completions belong to their loop, which watches them, and to those who wait for a call.
_completions: WeakKeyDictionary[AbstractEventLoop, tuple[int, ref[Completions]]] = WeakKeyDictionary()


class Call(Coroutine[Any, Any, T_co]):
    """A call for ``asyncio``: await it, or give it to ``create_task``, ``gather`` or a ``TaskGroup``.

    It has no truth value. ``if client.validate(id, code):`` without ``await`` is a ``TypeError``, as it would let
    everyone in.
    """

    __slots__ = ("__weakref__", "_coroutine")

    def __init__(self, name: str, coroutine: Coroutine[Any, Any, T_co]) -> None:
        self._coroutine = coroutine
        # For the warning that it was never awaited.
        cast(Any, coroutine).__qualname__ = name

    def __await__(self) -> Generator[Any, Any, T_co]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        """Goes on to the next suspension."""
        return self._coroutine.send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> Any:
        """Raises an exception in the suspended call."""
        error = typ if isinstance(typ, BaseException) else val if isinstance(val, BaseException) else typ()
        return self._coroutine.throw(error if tb is None else error.with_traceback(tb))

    def close(self) -> None:
        """Ends the call."""
        self._coroutine.close()

    # Not `NoReturn`, after which mypy takes the rest of the code for unreachable and does not check it.
    def __bool__(self) -> object:
        # From Python 3.12 on, `repr(task)` looks whether the task has a coroutine.
        if str(sys._getframe(1).f_globals.get("__name__")).startswith("asyncio."):  # pyright: ignore[reportPrivateUsage]
            return True
        name = getattr(self._coroutine, "__qualname__", "it")
        self._coroutine.close()  # this is said already: without the warning
        raise TypeError(f"{name} was not awaited, and a call is neither true nor false: write `await` before it")

    if not TYPE_CHECKING:  # a type checker is to reject the attributes of what was not awaited

        def __getattr__(self, name):
            return getattr(self._coroutine, name)  # `asyncio` shows a task by what its coroutine has

    def __repr__(self) -> str:
        return f"<call of {getattr(self._coroutine, '__qualname__', '')}>"


def coroutine_function(function: F) -> F:
    """Marks a function that returns a :class:`Call`: mocks and frameworks ask."""
    mark = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        return cast(F, mark(function))
    function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]
    return function


def _running_loop() -> AbstractEventLoop:
    try:
        return get_running_loop()
    except RuntimeError:
        # In a program of trio's, and where somebody steps the coroutine by hand.
        raise UnsupportedError(
            "no event loop of asyncio is running, and an asynchronous call needs one. Under trio, give the call of a"
            " blocking Client or Engine to trio.to_thread.run_sync; AnyIO runs on asyncio with backend='asyncio'"
        ) from None


def _completions_of(loop: AbstractEventLoop) -> Completions:
    known = _completions.get(loop)
    if known is not None:
        process, made = known
        if process != getpid():
            # What one of them is told, the other never hears: they share the descriptors.
            raise ForkedError("the event loop was used before the process was forked; make one in each process")
        completions = made()
        if completions is not None:
            return completions
    completions = Completions()
    try:
        loop.add_reader(completions.fileno(), completions.drain)
    except NotImplementedError:  # Windows' own loop, for one
        completions.wake_by(_wake(loop, completions))
    _completions[loop] = getpid(), ref(completions)
    return completions


def _wake(loop: AbstractEventLoop, completions: Completions) -> Callable[[], None]:
    # Neither may keep the other alive.
    loop_if_there, completions_if_there = ref(loop), ref(completions)

    def wake() -> None:
        loop, completions = loop_if_there(), completions_if_there()
        if loop is not None and completions is not None:
            with contextlib.suppress(RuntimeError):  # a loop that was closed
                loop.call_soon_threadsafe(completions.drain)

    return wake


async def _completed(
    job: Job[T],
    loop: AbstractEventLoop,
    completions: Completions,
    on_delivery: Callable[[Delivery], None] | None = None,
) -> T:
    try:
        is_done, result = job.start(completions, loop, on_delivery)
        return cast(T, result) if is_done else await cast("Future[T]", result)
    except BaseException:
        job.abort(completions)
        raise
    finally:
        # An exception in a future has this frame in its traceback.
        result = None


async def run(job: Job[T], span: Span | None, convert: Callable[[T], R]) -> R:
    """Runs a call of a client in the running loop."""
    try:
        loop = _running_loop()
        result = await _completed(job, loop, _completions_of(loop))
    except BaseException as error:
        if span is not None:
            span.failed(job, error)
        raise
    if span is not None:
        span.succeeded(job)
    return convert(result)


async def run_delivering(
    job: Job[T | Delivery],
    span: Span | None,
    convert: Callable[[T], R],
    deliver: Callable[[Delivery], Coroutine[None, None, BaseException | None]],
) -> R:
    """Runs a call of an engine in the running loop; its SMS go to ``deliver``, in the caller's context."""
    loop, context = _running_loop(), copy_context()
    if next(_calls) % IN_A_ROW == 0:
        await sleep(0)
    sending: list[Future[BaseException | None]] = []

    async def delivered(sms: Delivery) -> BaseException | None:
        try:
            return await deliver(sms)
        finally:
            completions.go_on_now()

    def on_delivery(sms: Delivery) -> None:
        sending.append(context.run(loop.create_task, delivered(sms)))

    try:
        completions = _completions_of(loop)
        result = cast(T, await _completed(job, loop, completions, on_delivery))
    except BaseException as error:
        if isinstance(error, DeliveryFailedError) and sending and sending[0].done():
            # The function that sends may have cancelled itself.
            error.__cause__ = CancelledError() if sending[0].cancelled() else sending[0].result()
        if span is not None:
            span.failed(job, error)
        raise
    finally:
        for task in sending:
            task.cancel()
    if span is not None:
        span.succeeded(job)
    return convert(result)
