"""The verifier that E-goi runs, with calls for ``asyncio``."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from . import _native
from ._aio import Call, coroutine_function, run
from ._calls import begin, is_detailed
from ._client import Connection
from ._values import (
    CodeType,
    Outcome,
    Seconds,
    SenderInfo,
    State,
    Verification,
    nothing,
    sender_infos,
    verification,
)

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

__all__ = ["AsyncClient"]


class AsyncClient(Connection):
    """Has E-goi run verifications, with calls for ``asyncio``.

    It works in whatever loop is running, and in several. Cancelling a task drops its HTTP request. Making one starts
    nothing, and one that was used before a fork works in the child, with connections of its own::

        async with AsyncClient(api_key=key, sender="1234") as client:
            verification = await client.request("+351 910 000 000", ttl=300)
            outcome = await client.validate(verification.id, code, number=session["number"])

    The documentation of :class:`Client` holds here too.
    """

    _verifier: _native.Verifier

    def _connect(self, options: _native.ClientOptions) -> None:
        self._verifier = _native.Verifier.client(options, True)

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
        """Sends one SMS with a code to the number.

        Args:
            number: The number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.
            message: The text of the SMS: 1 to 1,000 characters with ``{CODE}`` where the code goes, at most 6 SMS
                parts. Default: ``{CODE} is your verification code.``
            code_type: The characters of the code. Default: numeric.
            code_size: How many characters the code has, 4 to 20. Default: 6.
            ttl: How long the code is valid, 1 to 3,600 whole seconds. Default: 600.
            group: A label for E-goi's reports, V1 only: 1 to 100 characters. Default: ``2FA``.
            idempotency_key: The same key gives the same request and no second SMS. 1 to 256 characters. Needs a
                ``store``.
            timeout: The deadline of this call. Default: the client's.

        Raises:
            InvalidInputError: An argument was refused; nothing was sent.
            ConflictError: The idempotency key was used for another number.
            RateLimitedError: Too many requests; ``retry_after`` has the seconds to wait.
            VerifyError: Any other failure; ``sms_possibly_sent`` says whether the SMS may have been sent.
        """
        span = begin("request")
        job = self._verifier.request(
            is_detailed(span), number, message, code_type, code_size, ttl, group, idempotency_key, timeout
        )
        del number, message, idempotency_key
        return Call("AsyncClient.request", run(job, span, verification))

    @coroutine_function
    def validate(
        self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None
    ) -> Call[Outcome]:
        """Submits the code that the person typed. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as the person typed it; spaces and hyphens do not matter.
            number: The number that the request must be for. It ties the outcome to the person: take it from your own
                session. V1 cannot check it: keep id and number together in the session.
            timeout: The deadline of this call. Default: the client's.

        Returns:
            The outcome. Only ``Outcome.VERIFIED`` proves the number: test ``outcome.is_verified``.

        Raises:
            NotFoundError: There is no such request, or it is for another number. No code was checked.
            UnsupportedError: ``number`` was given over V1.
        """
        span = begin("validate", id)
        job = self._verifier.validate(is_detailed(span), id, code, number, timeout)
        del code, number
        return Call("AsyncClient.validate", run(job, span, Outcome))

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
        return Call("AsyncClient.cancel", run(job, span, State))

    @coroutine_function
    def resend(self, id: str, *, timeout: Seconds | None = None) -> Call[Verification]:
        """Sends a new code. The old code stops working, and the validity starts again.

        Raises:
            ConflictError: The request is finished.
            RateLimitedError: Too many requests; ``retry_after`` has the seconds to wait.
            UnsupportedError: V1 has no such call.
        """
        span = begin("resend", id)
        job = self._verifier.resend(is_detailed(span), id, timeout)
        return Call("AsyncClient.resend", run(job, span, verification))

    @coroutine_function
    def get(self, id: str, *, timeout: Seconds | None = None) -> Call[Verification]:
        """Reads the request.

        Raises:
            NotFoundError: There is no such request.
            UnsupportedError: V1 has no such call.
        """
        span = begin("get", id)
        job = self._verifier.get(is_detailed(span), id, timeout)
        return Call("AsyncClient.get", run(job, span, verification))

    @coroutine_function
    def ping(self, *, timeout: Seconds | None = None) -> Call[None]:
        """Checks that the service is up. Any key will do."""
        span = begin("ping")
        job = self._verifier.ping(is_detailed(span), timeout)
        return Call("AsyncClient.ping", run(job, span, nothing))

    @coroutine_function
    def senders(self, *, timeout: Seconds | None = None) -> Call[list[SenderInfo]]:
        """Returns the account's senders: the cheapest call that proves a key.

        Raises:
            UnauthorizedError: The key is wrong.
        """
        span = begin("senders")
        job = self._verifier.senders(is_detailed(span), timeout)
        return Call("AsyncClient.senders", run(job, span, sender_infos))

    async def aclose(self) -> None:
        """Closes its connections once the calls under way have ended. Later calls raise :class:`ClosedError`."""
        self._verifier.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
