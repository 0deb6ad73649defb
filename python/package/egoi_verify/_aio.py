"""Running calls for an event loop. Imported with the first asynchronous client, since ``asyncio`` takes its time."""

from __future__ import annotations

import atexit
import contextlib
from asyncio import AbstractEventLoop, CancelledError, Future, get_running_loop, sleep
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from itertools import count
from os import getpid
from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakKeyDictionary, ref

from ._calls import listener, tell
from ._errors import DeliveryFailedError, Forked
from ._native import HandOver, Job, Mailbox, ring_no_more

if TYPE_CHECKING:
    from typing import Concatenate, ParamSpec

    Given = ParamSpec("Given")

T = TypeVar("T")

# How many of an engine's calls are made before one waits for the others of its loop: those on a store in memory wait
# for nothing, and a loop of them must not keep everything else waiting.
IN_A_ROW = 128
_calls = count(1)

# Registered early, and so run late: handlers of the application's may still make calls.
atexit.register(ring_no_more)

# A mailbox belongs to its loop, which watches it, and to those who wait for a letter.
_mailboxes: WeakKeyDictionary[AbstractEventLoop, tuple[int, ref[Mailbox]]] = WeakKeyDictionary()


def _mailbox(loop: AbstractEventLoop) -> Mailbox:
    process, known = _mailboxes.get(loop, (getpid(), None))
    if process != getpid():
        # What one of them is told, the other never hears: they share the descriptors.
        raise Forked("the event loop was used before the process was forked; make one in each process")
    mailbox = None if known is None else known()
    if mailbox is None:
        mailbox = Mailbox()
        try:
            loop.add_reader(mailbox.fileno(), mailbox.drain)
        except NotImplementedError:  # Windows' own loop, for one
            mailbox.ring_by(_ring(loop, mailbox))
        _mailboxes[loop] = process, ref(mailbox)
    return mailbox


def _ring(loop: AbstractEventLoop, mailbox: Mailbox) -> Callable[[], None]:
    # Neither may keep the other alive.
    loop_if_there, mailbox_if_there = ref(loop), ref(mailbox)

    def ring() -> None:
        loop, mailbox = loop_if_there(), mailbox_if_there()
        if loop is not None and mailbox is not None:
            with contextlib.suppress(RuntimeError):  # a loop that was closed
                loop.call_soon_threadsafe(mailbox.drain)

    return ring


async def _arrived(job: Job[T], on_hand_over: Callable[[HandOver], None] | None = None) -> T:
    loop = get_running_loop()
    mailbox = _mailbox(loop)
    future: Future[T] = loop.create_future()
    try:
        job.start(mailbox, future, on_hand_over)
        return await future
    except BaseException:
        job.abort(mailbox)
        raise
    finally:
        # An exception in it has this frame in its traceback.
        del future


async def run(verb: Callable[Concatenate[bool, Given], Job[T]], *args: Given.args, **kwargs: Given.kwargs) -> T:
    """Runs a call of a client in the running loop."""
    logger = listener()
    if logger is None:
        return await _arrived(verb(False, *args, **kwargs))
    job = verb(True, *args, **kwargs)
    try:
        return await _arrived(job)
    finally:
        tell(logger, job)


async def run_handing_over(
    job: Job[T | HandOver], hand_over: Callable[[HandOver], Coroutine[None, None, BaseException | None]]
) -> T:
    """Runs a call of an engine in the running loop; its SMS go to ``hand_over``, in the caller's context."""
    if next(_calls) % IN_A_ROW == 0:
        await sleep(0)
    loop, context = get_running_loop(), copy_context()
    sending: list[Future[BaseException | None]] = []

    def on_hand_over(sms: HandOver) -> None:
        sending.append(context.run(loop.create_task, hand_over(sms)))

    try:
        return cast(T, await _arrived(job, on_hand_over))
    except DeliveryFailedError as error:
        if sending and sending[0].done():
            # The function that sends may have cancelled itself.
            error.__cause__ = CancelledError() if sending[0].cancelled() else sending[0].result()
        raise
    finally:
        for task in sending:
            task.cancel()
