"""The verifier in the user's own process, with calls for ``asyncio``."""

from __future__ import annotations

from asyncio import to_thread
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from . import _native
from ._aio import run_handing_over
from ._engine import BaseEngine, HandingOver, Send, outgoing
from ._values import CodeType, Outcome, OutgoingSms, Seconds, State, Verification, verification

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

__all__ = ["AsyncEngine"]

T = TypeVar("T")


def is_async(send: Send) -> bool:
    """Whether calling it does nothing yet."""
    return iscoroutinefunction(send) or iscoroutinefunction(type(send).__call__)


class AsyncEngine(BaseEngine):
    """Runs verifications in this process, with calls for ``asyncio``.

    It generates the codes, keeps the state, and has every SMS handed over by a function of yours: an ``async`` one in
    the loop that calls, a plain one in a thread, both in the context of the call::

        async def send(sms: OutgoingSms) -> None:
            await gateway.send(to=sms.number, text=sms.text, reference=sms.attempt_id)

        async with AsyncEngine(send) as engine:
            verification = await engine.request("+351 910 000 000")

    A call that is cancelled while its SMS is being handed over cancels that too, and the SMS may have been sent. With a
    store in memory it is :class:`Forked` in a forked child, and a call that hands nothing over ends at once: the loop
    has a turn in every 128 calls.
    """

    _is_async = True

    async def _run(self, job: _native.Job[T | _native.HandOver]) -> T:
        return await run_handing_over(job, self._hand_over)

    async def _hand_over(self, sms: _native.HandOver) -> BaseException | None:
        with HandingOver(sms) as handing:
            await self._deliver(outgoing(sms))
        return handing.take_failure()

    async def _deliver(self, sms: OutgoingSms) -> None:
        assert self._send is not None
        if is_async(self._send):
            sent = self._send(sms)
        else:
            # It may block, and other verifications go on meanwhile.
            sent = await to_thread(self._send, sms)
        if sent is not None:
            await sent

    async def request(
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
    ) -> Verification:
        """Has one SMS with a code handed over to the number.

        The arguments are those of :meth:`AsyncClient.request`; ``group`` has no use here.

        Raises:
            DeliveryFailedError: The function that sends failed. Unless it raised :class:`NotSent` the request is
                pending, and ``request_id`` names it.
        """
        return verification(
            await self._run(
                self._engine.request(number, message, code_type, code_size, ttl, group, idempotency_key, timeout)
            )
        )

    async def validate(
        self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None
    ) -> Outcome:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error.

        With ``number``, a request for another number is :class:`NotFound`, and no code is looked at: what ties the
        verdict to the person. Take it from your own session.
        """
        return Outcome(await self._run(self._engine.validate(id, code, number, timeout)))

    async def cancel(self, id: str, *, timeout: Seconds | None = None) -> State:
        """Gives the request up.

        Gives back the state that it is in afterwards: cancelled, or verified or expired where it was too late.
        Cancelling twice is not an error.
        """
        return State(await self._run(self._engine.cancel(id, timeout)))

    async def resend(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Sends a new code; the old one stops working and the validity starts again."""
        return verification(await self._run(self._engine.resend(id, timeout)))

    async def get(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Reads the request."""
        return verification(await self._run(self._engine.get(id, timeout)))

    async def ping(self, *, timeout: Seconds | None = None) -> None:
        """Checks that the store can be used, and raises :class:`Storage` otherwise, which says what to do.

        Good to call at the start: making an engine opens a file, but calls no server.
        """
        await self._run(self._engine.ping(timeout))

    async def aclose(self) -> None:
        """Lets go of what it holds. Later calls are :class:`Closed`."""
        self._engine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
