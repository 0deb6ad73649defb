"""The calls of clients and engines, each written once for calls that block and once for ``asyncio``."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _native
from ._calls import Span, begin, traceparent
from ._values import (
    CodeType,
    Outcome,
    OutcomeDetails,
    Seconds,
    State,
    Verification,
    outcome,
    outcome_details,
    verification,
)

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

T = TypeVar("T")


class Documented:
    """The documentation of the calls, which the classes below inherit."""

    def request(self, *_: Any, **__: Any) -> Any:
        """Sends one SMS with a code to the number.

        Args:
            number: The number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.
            message: The text of the SMS: 1 to 1,000 characters with ``{CODE}`` in the place of the code, at most 6 SMS
                parts. Default: ``{CODE} is your verification code.``
            code_type: The characters of the code. Default: numeric.
            code_size: How many characters the code has, 4 to 20. Default: 6.
            ttl: How long the code is valid, 1 to 3,600 whole seconds. Default: 600.
            group: A label for E-goi's reports, V1 only: 1 to 100 characters. Default: ``2FA``. An engine ignores it.
            idempotency_key: The same key gives the same request and no second SMS. 1 to 256 characters. A client needs
                a ``store`` for it.
            client: Who asks: an address, a session or a device, 1 to 256 characters. ``sms_per_client``
                counts by it. Resends of the request count for the same client. Only a keyed hash of it is stored.
            default_region: The country of a number without its calling code: an ISO 3166 code such as ``"PT"``.
            timeout: The deadline of this call. Default: the client's or engine's. It does not interrupt a plain
                function that sends for a blocking :class:`Engine`, because that runs in the thread that calls: give
                your gateway's client its own timeout.
            retries: The maximum of retries of each HTTP request of this call, 0 to 2. Default: the client's. An engine
                repeats nothing.

        Raises:
            InvalidInputError: An argument was refused; nothing was sent.
            ConflictError: The idempotency key was used for another number.
            RateLimitedError: Too many requests: ``retry_after`` has the seconds to wait, ``limit`` the name of an
                engine's limit.
            RejectedError: The country is not allowed, or the service refused the request.
            DeliveryFailedError: An engine's function that sends failed. Unless it raised :class:`NotSentError` the
                request is pending, and ``request_id`` names it.
            StorageError: The store failed.
            VerifyError: Any other failure; ``sms_possibly_sent`` says whether the SMS may have been sent.
        """
        raise NotImplementedError

    def validate(self, *_: Any, **__: Any) -> Any:
        """Submits the code that the person typed. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as the person typed it; spaces and hyphens do not matter.
            number: The number that the request must be for. It ties the outcome to the person: take it from your own
                session. V1 cannot check it: keep id and number together in the session.
            client: Who submits the code: an address, a session or a device, 1 to 256 characters.
                ``wrong_codes_per_client`` counts by it. Only a keyed hash of it is stored.
            default_region: The country of a ``number`` without its calling code.
            timeout: The deadline of this call. Default: the client's or engine's.
            retries: The maximum of retries of each HTTP request of this call, 0 to 2. Default: the client's. An engine
                repeats nothing.

        Returns:
            The outcome. Only ``Outcome.VERIFIED`` proves the number: test ``outcome.is_verified``.

        Raises:
            NotFoundError: There is no such request, or it is for another number. No code was checked.
            UnsupportedError: ``number`` was given over V1.
            StorageError: The engine's store failed; nothing was verified.
        """
        raise NotImplementedError

    def validate_with_details(self, *_: Any, **__: Any) -> Any:
        """Submits the code as :meth:`validate` does, with the same arguments and errors.

        Returns:
            The outcome with its details: how many attempts are left, and the limit that stopped the call. A client has
            only the details of its own limit, because E-goi counts the attempts.
        """
        raise NotImplementedError

    def cancel(self, *_: Any, **__: Any) -> Any:
        """Cancels the request. Cancelling twice is not an error.

        Returns:
            The state afterwards: cancelled, or verified or expired if it was too late.

        Raises:
            NotFoundError: There is no such request.
        """
        raise NotImplementedError

    def resend(self, *_: Any, **__: Any) -> Any:
        """Sends a new code. The old code stops working, and the validity starts again.

        Raises:
            ConflictError: The request is finished.
            RateLimitedError: Too many requests: ``retry_after`` has the seconds to wait, ``limit`` the name of an
                engine's limit.
            DeliveryFailedError: An engine's function that sends failed.
            UnsupportedError: V1 has no such call.
        """
        raise NotImplementedError

    def get(self, *_: Any, **__: Any) -> Any:
        """Reads the request.

        Raises:
            NotFoundError: There is no such request.
            UnsupportedError: V1 has no such call.
        """
        raise NotImplementedError


class BlockingVerbs(Documented):
    """Calls that block."""

    _verifier: _native.Verifier

    def _run(self, job: _native.Job[T | _native.Delivery], span: Span | None) -> T:
        raise NotImplementedError

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
        span = begin("request")
        job = self._verifier.request(
            traceparent(span),
            number,
            message,
            code_type,
            code_size,
            ttl,
            group,
            idempotency_key,
            client,
            default_region,
            timeout,
            retries,
        )
        # An error tracker would show what this frame holds.
        del number, message, idempotency_key, client
        return verification(self._run(job, span))

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
        span = begin("validate")
        job = self._verifier.validate(traceparent(span), id, code, number, client, default_region, timeout, retries)
        del code, number, client
        return outcome(self._run(job, span))

    def validate_with_details(
        self,
        id: str,
        code: str,
        *,
        number: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> OutcomeDetails:
        span = begin("validate")
        job = self._verifier.validate_with_details(
            traceparent(span), id, code, number, client, default_region, timeout, retries
        )
        del code, number, client
        return outcome_details(self._run(job, span))

    def cancel(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> State:
        span = begin("cancel")
        return State(self._run(self._verifier.cancel(traceparent(span), id, timeout, retries), span))

    def resend(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Verification:
        span = begin("resend")
        return verification(self._run(self._verifier.resend(traceparent(span), id, timeout, retries), span))

    def get(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Verification:
        span = begin("get")
        return verification(self._run(self._verifier.get(traceparent(span), id, timeout, retries), span))

    def close(self) -> None:
        """Releases its connections once the calls under way have ended. Later calls raise :class:`ClosedError`."""
        self._verifier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


for _verb in (
    BlockingVerbs.request,
    BlockingVerbs.validate,
    BlockingVerbs.validate_with_details,
    BlockingVerbs.cancel,
    BlockingVerbs.resend,
    BlockingVerbs.get,
):
    # A TypeError names the call, and not this class.
    _verb.__qualname__ = _verb.__name__
