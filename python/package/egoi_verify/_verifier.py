"""What clients and engines share: code for one runs on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ._values import Outcome, Seconds, State, Verification

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Literal

    from ._values import CodeType

__all__ = ["AsyncVerifier", "Verifier"]


class Verifier(Protocol):
    """The five verbs of :class:`Client` and :class:`Engine`: code for one runs on the other.

    It is a protocol, and a fake of yours for tests needs no base class::

        def is_proved(verifier: Verifier, id: str, given: str, number: str) -> bool:
            return verifier.validate(id, given, number=number).is_verified
    """

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
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Verification:
        """Sends one SMS with a code to the number."""
        ...

    def validate(
        self,
        id: str,
        code: str,
        *,
        number: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Outcome:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error."""
        ...

    def cancel(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> State:
        """Cancels the request, and gives back the state that it is in afterwards."""
        ...

    def resend(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Verification:
        """Sends a new code; the old one stops working and the validity starts again."""
        ...

    def get(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Verification:
        """Reads the request."""
        ...


class AsyncVerifier(Protocol):
    """The five verbs of :class:`AsyncClient` and :class:`AsyncEngine`: code for one runs on the other.

    It is a protocol, and a fake of yours for tests needs no base class::

        async def is_proved(verifier: AsyncVerifier, id: str, given: str, number: str) -> bool:
            return (await verifier.validate(id, given, number=number)).is_verified
    """

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
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Coroutine[Any, Any, Verification]:
        """Sends one SMS with a code to the number."""
        ...

    def validate(
        self,
        id: str,
        code: str,
        *,
        number: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Coroutine[Any, Any, Outcome]:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error."""
        ...

    def cancel(
        self, id: str, *, timeout: Seconds | None = None, retries: int | None = None
    ) -> Coroutine[Any, Any, State]:
        """Cancels the request, and gives back the state that it is in afterwards."""
        ...

    def resend(
        self, id: str, *, timeout: Seconds | None = None, retries: int | None = None
    ) -> Coroutine[Any, Any, Verification]:
        """Sends a new code; the old one stops working and the validity starts again."""
        ...

    def get(
        self, id: str, *, timeout: Seconds | None = None, retries: int | None = None
    ) -> Coroutine[Any, Any, Verification]:
        """Reads the request."""
        ...
