"""The verifier in the user's own process, with calls for ``asyncio``."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable
from inspect import isawaitable, iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from . import _native
from ._aio import Call, coroutine_function, run_delivering
from ._calls import Span, begin, is_detailed
from ._engine import BaseEngine, Delivering, Send, check_result, outgoing
from ._values import CodeType, Outcome, OutgoingSms, Seconds, State, Verification, nothing, verification

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

__all__ = ["AsyncEngine"]

T = TypeVar("T")
R = TypeVar("R")


def is_async(send: Send) -> bool:
    """Whether calling it does nothing yet."""
    return iscoroutinefunction(send) or iscoroutinefunction(type(send).__call__)


class AsyncEngine(BaseEngine):
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

    async def _run(self, job: _native.Job[T | _native.Delivery], span: Span | None, convert: Callable[[T], R]) -> R:
        return await run_delivering(job, span, convert, self._deliver)

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
    def request(
        self,
        number: str,
        *,
        message: str | None = None,
        code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] | None = None,
        code_size: int | None = None,
        ttl: Seconds | None = None,
        group: str | None = None,
        idempotency_key: str | None = None,
        timeout: Seconds | None = None,
    ) -> Call[Verification]:
        """Sends one SMS with a code to the number, by your function.

        The arguments are those of :meth:`AsyncClient.request`; ``group`` has no use here.

        Raises:
            InvalidInputError: An argument was refused; nothing was sent.
            RateLimitedError: A limit was reached: ``limit`` names it, ``retry_after`` has the seconds to wait.
            RejectedError: The country is not allowed.
            DeliveryFailedError: The function that sends failed. Unless it raised :class:`NotSentError` the request is
                pending, and ``request_id`` names it.
            StorageError: The store failed.
        """
        span = begin("request")
        job = self._verifier.request(
            is_detailed(span), number, message, code_type, code_size, ttl, group, idempotency_key, timeout
        )
        del number, message, idempotency_key
        return Call("AsyncEngine.request", self._run(job, span, verification))

    @coroutine_function
    def validate(
        self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None
    ) -> Call[Outcome]:
        """Submits the code that the person typed. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as the person typed it; spaces and hyphens do not matter.
            number: The number that the request must be for. It ties the outcome to the person: take it from your own
                session.
            timeout: The deadline of this call.

        Returns:
            The outcome. Only ``Outcome.VERIFIED`` proves the number: test ``outcome.is_verified``.

        Raises:
            NotFoundError: There is no such request, or it is for another number. No code was checked.
            StorageError: The store failed; nothing was verified.
        """
        span = begin("validate", id)
        job = self._verifier.validate(is_detailed(span), id, code, number, timeout)
        del code, number
        return Call("AsyncEngine.validate", self._run(job, span, Outcome))

    @coroutine_function
    def cancel(self, id: str, *, timeout: Seconds | None = None) -> Call[State]:
        """Cancels the request. Cancelling twice is not an error.

        Returns:
            The state afterwards: cancelled, or verified or expired if it was too late.

        Raises:
            NotFoundError: There is no such request.
        """
        span = begin("cancel", id)
        job = self._verifier.cancel(is_detailed(span), id, timeout)
        return Call("AsyncEngine.cancel", self._run(job, span, State))

    @coroutine_function
    def resend(self, id: str, *, timeout: Seconds | None = None) -> Call[Verification]:
        """Sends a new code. The old code stops working, and the validity starts again.

        Raises:
            ConflictError: The request is finished.
            RateLimitedError: A limit was reached: ``limit`` names it, ``retry_after`` has the seconds to wait.
            DeliveryFailedError: The function that sends failed.
        """
        span = begin("resend", id)
        job = self._verifier.resend(is_detailed(span), id, timeout)
        return Call("AsyncEngine.resend", self._run(job, span, verification))

    @coroutine_function
    def get(self, id: str, *, timeout: Seconds | None = None) -> Call[Verification]:
        """Reads the request.

        Raises:
            NotFoundError: There is no such request.
        """
        span = begin("get", id)
        job = self._verifier.get(is_detailed(span), id, timeout)
        return Call("AsyncEngine.get", self._run(job, span, verification))

    @coroutine_function
    def ping(self, *, timeout: Seconds | None = None) -> Call[None]:
        """Checks that the store can be used. Good to call at the start: making an engine calls no server.

        Raises:
            StorageError: The store cannot be reached now.
            MisconfiguredError: An operator must change something: the key, a right, the database, the version.
        """
        span = begin("ping")
        job = self._verifier.ping(is_detailed(span), timeout)
        return Call("AsyncEngine.ping", self._run(job, span, nothing))

    async def aclose(self) -> None:
        """Releases what it holds. Later calls raise :class:`ClosedError`."""
        self._verifier.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
