"""Three endpoints for FastAPI that prove a phone number. Install ``egoi-verify[fastapi]``.

.. code-block:: python

    app.include_router(verification_router(AsyncClient.from_env(), session=my_session, verified=number_is_proved))

======================  ========================  ===============================================
``POST /request``       ``{"number": "…"}``       202: a code was sent by SMS. :class:`CodeSent`
``POST /validate``      ``{"code": "123456"}``    200: :class:`Checked`
``POST /resend``                                  202: a new code was sent. :class:`CodeSent`
======================  ========================  ===============================================

A failure is ``{"error": {"code", "detail", …}}`` with the error's ``suggested_status``: 422 for a number that cannot be
used, 409 without a request to go on with, 429 with ``Retry-After`` for a limit, 500 and above for what the visitor
cannot correct.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime, timezone
from typing import Annotated, Any, TypedDict, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from ._async_client import AsyncClient
from ._async_engine import AsyncEngine
from ._errors import ConflictError, VerifyError
from ._functions import parse_number
from ._values import Outcome, OutcomeDetails, Seconds, Verification
from ._verifier import AsyncVerifier
from ._web import body_of, can_go_on, headers_of, is_of_visitor

__all__ = ["Checked", "CodeSent", "Session", "verification_router"]

logger = logging.getLogger("egoi_verify.fastapi")

Session = MutableMapping[str, Any]
"""The server's data about one visitor, such as ``request.session`` of Starlette's ``SessionMiddleware``."""

_KEY = "egoi_verify"


class _Pending(TypedDict):
    """Id and number stay together in the session: a code for one number must not prove another."""

    id: str
    number: str
    is_verified: bool


class CodeSent(BaseModel):
    """A code is on its way. Times are in seconds from now, as a phone's clock may be wrong."""

    expires_in: float | None
    resend_in: float | None
    resends_left: int | None


class Checked(BaseModel):
    """The outcome of a code, with its details if they are known. Only ``verified`` proves the number."""

    outcome: Outcome
    attempts_left: int | None = None
    limit: str | None = None


class _Number(BaseModel):
    number: str


class _Code(BaseModel):
    code: str


class _Route(APIRoute):
    """Returns an error of the library as JSON."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handle_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except VerifyError as error:
                if not is_of_visitor(error):
                    logger.error("a verification failed: %r", error)
                return JSONResponse({"error": body_of(error)}, error.suggested_status, headers_of(error))

        return handle_errors


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def verification_router(
    verifier: AsyncVerifier,
    *,
    session: Callable[..., Session | Awaitable[Session]],
    verified: Callable[[Request, str], object],
    client: Callable[[Request], str | None] = _address,
    message: str | None = None,
    ttl: Seconds | None = None,
) -> APIRouter:
    """A router with the three endpoints.

    Args:
        verifier: An ``AsyncClient`` or an ``AsyncEngine``. It sets the limits.
        session: A dependency of FastAPI that returns the visitor's session. A session in a signed cookie will do: it
            holds the number and the request's id, and neither lets anybody do more.
        verified: Called with the request and the number (E.164) when the number is proved, before the response. Plain
            or ``async``. An exception of it is the response's.
        client: Names who asks, for ``sms_per_client`` and ``wrong_codes_per_client`` of an engine. Default: the address
            of the connection. Behind a proxy that is the proxy's, unless the server believes its headers.
        message: The SMS, with ``{CODE}``; the verifier's default if not given.
        ttl: The validity in seconds; the verifier's default if not given.

    Returns:
        The router, for ``app.include_router``.
    """
    router = APIRouter(route_class=_Route, tags=["phone verification"])

    async def pending(known: Annotated[Session, Depends(session)]) -> _Pending:
        request = known.get(_KEY)
        if request is None:
            raise ConflictError("ask for a code first")
        return cast(_Pending, request)

    @router.post("/request", status_code=202)
    async def request(given: _Number, request: Request, known: Annotated[Session, Depends(session)]) -> CodeSent:
        number = parse_number(given.number).e164
        try:
            sent = await verifier.request(number, message=message, ttl=ttl, client=client(request))
        except VerifyError as error:
            if can_go_on(error):
                known[_KEY] = _Pending(id=error.request_id or "", number=number, is_verified=False)
            raise
        known[_KEY] = _Pending(id=sent.id, number=number, is_verified=False)
        return _code_sent(sent)

    @router.post("/validate", response_model_exclude_none=True)
    async def validate(
        given: _Code,
        request: Request,
        known: Annotated[Session, Depends(session)],
        asked: Annotated[_Pending, Depends(pending)],
    ) -> Checked:
        if asked["is_verified"]:
            # The response was lost on its way, and the same visitor asks again.
            return Checked(outcome=Outcome.VERIFIED)
        # The number is the session's, never the form's.
        details = await _validated(verifier, asked["id"], given.code, number=asked["number"], client=client(request))
        if details.outcome.is_verified:
            done = verified(request, asked["number"])
            if inspect.isawaitable(done):
                await done
            known[_KEY] = _Pending(id=asked["id"], number=asked["number"], is_verified=True)
        return Checked(outcome=details.outcome, attempts_left=details.attempts_left, limit=details.limit)

    @router.post("/resend", status_code=202)
    async def resend(asked: Annotated[_Pending, Depends(pending)]) -> CodeSent:
        return _code_sent(await verifier.resend(asked["id"]))

    return router


async def _validated(verifier: AsyncVerifier, id: str, code: str, *, number: str, client: str | None) -> OutcomeDetails:
    """The outcome of a code. A fake for tests need not know details."""
    if isinstance(verifier, (AsyncClient, AsyncEngine)):
        return await verifier.validate_with_details(id, code, number=number, client=client)
    return OutcomeDetails(await verifier.validate(id, code, number=number, client=client))


def _code_sent(sent: Verification) -> CodeSent:
    now = datetime.now(timezone.utc)

    def seconds_to(at: datetime | None) -> float | None:
        return None if at is None else max((at - now).total_seconds(), 0)

    return CodeSent(
        expires_in=seconds_to(sent.expires_at), resend_in=seconds_to(sent.resend_at), resends_left=sent.resends_left
    )
