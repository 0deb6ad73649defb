"""Errors for the visitors of a web site, the same for every framework."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypedDict

    from ._errors import VerifyError

    class ErrorBody(TypedDict):
        """An error as JSON. It holds nothing that only an operator should see."""

        code: str
        detail: str
        field: str | None
        reason: str | None
        limit: str | None
        retry_after: float | None
        sms_possibly_sent: bool


def is_of_visitor(error: VerifyError) -> bool:
    """Whether the visitor can do something about it. The operator needs to see the others."""
    return error.suggested_status < 500


def can_go_on(error: VerifyError) -> bool:
    """Whether a request is pending whose SMS was sent or possibly sent: its id is in the error.

    A double click is stopped by ``resend_after``: the code of the first click is on its way.
    """
    return error.request_id is not None and (error.sms_possibly_sent or error.limit == "resend_after")


def body_of(error: VerifyError) -> ErrorBody:
    """The error as JSON."""
    return {
        "code": error.code,
        "detail": detail_of(error),
        "field": error.field if is_of_visitor(error) else None,
        "reason": error.reason if is_of_visitor(error) else None,
        "limit": error.limit,
        "retry_after": error.retry_after,
        "sms_possibly_sent": error.sms_possibly_sent,
    }


def detail_of(error: VerifyError) -> str:
    """The error for the visitor, in English."""
    if is_of_visitor(error):
        return error.detail
    if can_go_on(error):
        return "Something went wrong. If a code reaches you, enter it. If no code arrives, ask for a new one."
    if error.sms_possibly_sent:
        # The id of that request is not known, so its code cannot be checked.
        return "Something went wrong. If a code reaches you, it will not work. Ask for a new one."
    return "Something went wrong. Try again later."


def headers_of(error: VerifyError) -> dict[str, str]:
    """``Retry-After``, if it is known."""
    return {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
