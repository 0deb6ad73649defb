"""The errors: one base class, and one class for each code."""

from __future__ import annotations

from typing import Any, ClassVar

from . import _native

__all__ = [
    "CallInterruptedError",
    "CallTimeoutError",
    "ClosedError",
    "ConflictError",
    "DeliveryFailedError",
    "ForbiddenError",
    "ForkedError",
    "InternalError",
    "InvalidInputError",
    "InvalidResponseError",
    "MisconfiguredError",
    "NotFoundError",
    "NotSentError",
    "RateLimitedError",
    "RedirectedError",
    "RejectedError",
    "StorageError",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
    "UnsupportedError",
    "VerifyError",
]


class VerifyError(Exception):
    """Why a call failed. It never holds a key, a code, a full phone number or a message.

    Each code has a subclass. An error can be pickled, without its ``__cause__``::

        try:
            client.request(number)
        except RateLimitedError as error:
            print("again in", error.retry_after, "seconds")
        except VerifyError as error:
            print(error.code, error.sms_possibly_sent, error.retry_is_safe, error.docs_url)
    """

    code: ClassVar[str] = "verify_error"
    """The stable word for the kind of failure, the same in every language: ``"rate_limited"`` for example."""

    suggested_status: ClassVar[int] = 500
    """The HTTP status to respond with, when your server fails a request of its user because of this error."""

    detail: str
    """The failure in words, for people, without secrets."""

    http_status: int | None
    """The HTTP status of the service's response, if there was one."""

    request_id: str | None
    """The request that the failure is about, if it is known."""

    retry_after: float | None
    """How many seconds to wait before the next try, if it is known."""

    retry_is_safe: bool
    """Whether repeating the same call may succeed and cannot send another SMS or spend an attempt."""

    sms_possibly_sent: bool
    """Whether this ``request`` or ``resend`` may have sent an SMS; ``False`` is certain."""

    field: str | None
    """The option or argument that was refused (``invalid_input``, ``misconfigured``)."""

    reason: str | None
    """The fault of that field in one stable string: ``"too_long"`` for example. Of ``unreachable`` the cause."""

    limit: str | None
    """The name of the limit that stopped the call: ``"sms_per_number"`` for example."""

    cause_code: str | None
    """The code of the error below: of ``delivery_failed`` with ``EgoiSms``, ``"unauthorized"`` for example."""

    retries: int
    """The number of HTTP requests of the call that were repeated. ``delivery_failed`` has those of ``EgoiSms``."""

    def __init__(
        self,
        detail: str,
        http_status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retry_is_safe: bool = False,
        sms_possibly_sent: bool = False,
        field: str | None = None,
        reason: str | None = None,
        limit: str | None = None,
        cause_code: str | None = None,
        retries: int = 0,
    ) -> None:
        # All of them are its `args`: Celery's JSON results make an exception anew from its class and its `args` alone,
        # and an `sms_possibly_sent` that got lost on the way would say "no".
        super().__init__(
            detail,
            http_status,
            request_id,
            retry_after,
            retry_is_safe,
            sms_possibly_sent,
            field,
            reason,
            limit,
            cause_code,
            retries,
        )
        self.detail = detail
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after = retry_after
        self.retry_is_safe = retry_is_safe
        self.sms_possibly_sent = sms_possibly_sent
        self.field = field
        self.reason = reason
        self.limit = limit
        self.cause_code = cause_code
        self.retries = retries

    @property
    def docs_url(self) -> str:
        """The address of the page that says what causes this failure and what to do."""
        return _native.docs_url(self.code)

    def _fields(self) -> dict[str, Any]:
        return {
            "http_status": self.http_status,
            "request_id": self.request_id,
            "retry_after": self.retry_after,
            "retry_is_safe": self.retry_is_safe,
            "sms_possibly_sent": self.sms_possibly_sent,
            "field": self.field,
            "reason": self.reason,
            "limit": self.limit,
            "cause_code": self.cause_code,
            "retries": self.retries,
        }

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    def __repr__(self) -> str:
        known = "".join(f", {name}={value!r}" for name, value in self._fields().items() if value not in (None, False))
        return f"{type(self).__name__}({self.detail!r}{known})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


class InvalidInputError(VerifyError, ValueError):
    """Refused before anything was sent; the detail names the field, the fault and the limit."""

    code = "invalid_input"


class UnauthorizedError(VerifyError):
    """401: the API key is missing or wrong."""

    code = "unauthorized"


class ForbiddenError(VerifyError):
    """403: the account may not do this; often the transactional service is not activated."""

    code = "forbidden"


class NotFoundError(VerifyError):
    """404: no such request, or a request for another number."""

    code = "not_found"


class RejectedError(VerifyError):
    """Any other 4xx but 408, V1's ``Error``, or a country that is not allowed; in the service's own words."""

    code = "rejected"


class ConflictError(VerifyError):
    """409, the resend of a request that is over, or an idempotency key that was used for another number."""

    code = "conflict"


class RateLimitedError(VerifyError):
    """429, or a limit of the engine; ``retry_after`` says for how long."""

    code = "rate_limited"


class UnreachableError(VerifyError):
    """No connection was made: DNS, refused, proxy, certificate, connect timeout."""

    code = "unreachable"


class CallTimeoutError(VerifyError, TimeoutError):
    """Bytes went out, and no complete response came in time."""

    code = "timeout"


class CallInterruptedError(VerifyError):
    """Bytes went out, and the connection broke before a complete response came."""

    code = "interrupted"


class UnavailableError(VerifyError):
    """5xx."""

    code = "unavailable"


class RedirectedError(VerifyError):
    """A 3xx, which is never followed, because the key would travel with it."""

    code = "redirected"


class InvalidResponseError(VerifyError):
    """The response does not match the documented API."""

    code = "invalid_response"


class UnsupportedError(VerifyError):
    """Not in this version of the API."""

    code = "unsupported"


class StorageError(VerifyError):
    """The store failed; nothing was verified."""

    code = "storage"


class MisconfiguredError(VerifyError):
    """An operator must change something: a key that does not match the store, missing rights, a missing database."""

    code = "misconfigured"


class DeliveryFailedError(VerifyError):
    """The SMS could not be handed over (engines). What the function that sends raised is the ``__cause__``."""

    code = "delivery_failed"


class ClosedError(VerifyError):
    """Used after it was closed."""

    code = "closed"


class ForkedError(VerifyError):
    """A store in memory, a sandbox, or a call that was under way, used in a forked child."""

    code = "forked"


class InternalError(VerifyError):
    """A panic in the native module, turned into an error: a bug of this library."""

    code = "internal"


_BY_CODE: dict[str, type[VerifyError]] = {kind.code: kind for kind in VerifyError.__subclasses__()}

for _code, _status in _native.error_codes().items():
    _BY_CODE[_code].suggested_status = _status


def make(
    code: str,
    detail: str,
    http_status: int | None,
    request_id: str | None,
    retry_after: float | None,
    retry_is_safe: bool,
    sms_possibly_sent: bool,
    field: str | None,
    reason: str | None,
    limit: str | None,
    cause_code: str | None,
    retries: int,
) -> VerifyError:
    """What the native module raises."""
    return _BY_CODE[code](
        detail,
        http_status=http_status,
        request_id=request_id,
        retry_after=retry_after,
        retry_is_safe=retry_is_safe,
        sms_possibly_sent=sms_possibly_sent,
        field=field,
        reason=reason,
        limit=limit,
        cause_code=cause_code,
        retries=retries,
    )


class NotSentError(Exception):
    """Raise it in the function that an engine sends with, only if it is certain that no SMS went out.

    Then a ``request`` leaves nothing behind, a ``resend`` leaves the old code as it was, and nothing is counted::

        def send(sms: OutgoingSms) -> None:
            try:
                gateway.deliver(sms.number, sms.text, reference=sms.attempt_id)
            except ConnectionRefusedError as error:
                raise NotSentError from error
    """


# Where users find them: a traceback shows it, and a pickle and a result of Celery's look the class up there.
for _kind in (VerifyError, NotSentError, *_BY_CODE.values()):
    _kind.__module__ = "egoi_verify"
