"""The verifier that E-goi runs, with calls for ``asyncio``."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from . import _native
from ._aio import run
from ._client import Connection
from ._values import CodeType, Outcome, Seconds, SenderInfo, State, Verification, verification

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

    What is said of :class:`Client` holds here too.
    """

    _client: _native.Client

    def _connect(self, options: _native.ClientOptions) -> None:
        self._client = _native.Client(options, True)

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
        """Sends one SMS with a code to the number.

        Args:
            number: The number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.
            message: The text of the SMS: 1 to 1,000 characters with ``{CODE}`` where the code goes, at most 6 SMS
                parts. Default: ``{CODE} is your verification code.``
            code_type: What the code is made of. Default: numeric.
            code_size: How many characters the code has, 4 to 20. Default: 6.
            ttl: How long the code is good, 1 to 3,600 whole seconds. Default: 600.
            group: A label for E-goi's reports, V1 alone: 1 to 100 characters. Default: ``2FA``.
            idempotency_key: The same key gives the same request and no second SMS; with another number it is
                :class:`Conflict`. 1 to 256 characters. Needs a ``store``.
            timeout: The deadline of this call.
        """
        return verification(
            await run(self._client.request, number, message, code_type, code_size, ttl, group, idempotency_key, timeout)
        )

    async def validate(
        self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None
    ) -> Outcome:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as it was given; spaces and hyphens do not matter.
            number: The number that the request must be for; a request for another is :class:`NotFound`, and no code is
                looked at. What ties the verdict to the person: take it from your own session. V1 cannot check it
                (:class:`Unsupported`): keep id and number together in the session.
            timeout: The deadline of this call.
        """
        return Outcome(await run(self._client.validate, id, code, number, timeout))

    async def cancel(self, id: str, *, timeout: Seconds | None = None) -> State:
        """Gives the request up.

        Gives back the state that it is in afterwards: cancelled, or verified or expired where it was too late.
        Cancelling twice is not an error.
        """
        return State(await run(self._client.cancel, id, timeout))

    async def resend(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Sends a new code; the old one stops working and the validity starts again. V2; V1: :class:`Unsupported`."""
        return verification(await run(self._client.resend, id, timeout))

    async def get(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Reads the request. V2; V1: :class:`Unsupported`."""
        return verification(await run(self._client.get, id, timeout))

    async def ping(self, *, timeout: Seconds | None = None) -> None:
        """Returns where the service is up; needs no good key. V2; V1: :class:`Unsupported`."""
        await run(self._client.ping, timeout)

    async def senders(self, *, timeout: Seconds | None = None) -> list[SenderInfo]:
        """The account's senders: the cheapest call that proves a key. V2; V1: :class:`Unsupported`."""
        return [SenderInfo(*row) for row in await run(self._client.senders, timeout)]

    async def aclose(self) -> None:
        """Closes its connections once the calls that are under way have ended. Later calls are :class:`Closed`."""
        self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
