"""The verifier in the user's own process, with calls for ``asyncio``."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Coroutine
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from . import _native
from ._aio import Call, coroutine_function, run_delivering
from ._async_verbs import AsyncVerbs
from ._calls import Span, begin, traceparent
from ._engine import BaseEngine, Delivering, Send, check_result, outgoing
from ._values import NumberRecord, OutgoingSms, Seconds, nothing, number_record, the_count

__all__ = ["AsyncEngine"]

T = TypeVar("T")
R = TypeVar("R")


def is_async(send: Send) -> bool:
    """Whether calling it does nothing yet."""
    return iscoroutinefunction(send) or iscoroutinefunction(type(send).__call__)


class AsyncEngine(BaseEngine, AsyncVerbs):
    """Runs verifications in this process, with calls for ``asyncio``.

    It generates the codes, keeps the state, and sends every SMS by a function of yours: an ``async`` one in the loop
    that calls, a plain one in a thread, both in the context of the call::

        async def send(sms: OutgoingSms) -> None:
            await gateway.send(to=sms.number, text=sms.text, reference=sms.attempt_id)

        async with AsyncEngine(send) as engine:
            verification = await engine.request("+351 910 000 000")

    A call that is cancelled while its SMS is being sent cancels that too, and the SMS may have been sent. With a store
    in memory its calls raise :class:`ForkedError` in a forked child, and a call that sends nothing ends at once: the
    loop has a turn in every 128 calls.
    """

    _is_async = True

    def _run(
        self, job: _native.Job[T | _native.Delivery], span: Span | None, convert: Callable[[T], R]
    ) -> Coroutine[Any, Any, R]:
        return run_delivering(job, span, convert, self._deliver)

    async def _deliver(self, sms: _native.Delivery) -> BaseException | None:
        with Delivering(sms) as delivering:
            await self._send_sms(outgoing(sms))
        return delivering.take_failure()

    async def _send_sms(self, sms: OutgoingSms) -> None:
        assert self._send is not None
        # A plain function may block, and other verifications go on meanwhile.
        sent = self._send(sms) if is_async(self._send) else await to_thread(self._send, sms)
        check_result(await sent if isawaitable(sent) else sent)

    @coroutine_function
    def find(self, number: str, *, timeout: Seconds | None = None) -> Call[NumberRecord]:
        span = begin("find")
        job = self._verifier.find(traceparent(span), number, timeout)
        del number
        return self._call("find", job, span, number_record)

    @coroutine_function
    def unlock(self, number: str, *, timeout: Seconds | None = None) -> Call[None]:
        span = begin("unlock")
        job = self._verifier.unlock(traceparent(span), number, timeout)
        del number
        return self._call("unlock", job, span, nothing)

    @coroutine_function
    def erase(self, number: str, *, timeout: Seconds | None = None) -> Call[int]:
        span = begin("erase")
        job = self._verifier.erase(traceparent(span), number, timeout)
        del number
        return self._call("erase", job, span, the_count)

    @coroutine_function
    def ping(self, *, timeout: Seconds | None = None) -> Call[None]:
        span = begin("ping")
        return self._call("ping", self._verifier.ping(traceparent(span), timeout, None), span, nothing)
