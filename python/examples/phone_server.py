"""The server of an app that proves its user's phone number, with FastAPI and ``AsyncEngine``.

    EGOI_API_KEY=... EGOI_SENDER=... uvicorn phone_server:app

It holds the API key, sends the codes and decides. ``examples/phone/README.md`` has the apps and the interface between
them.
"""

import logging
import os
from dataclasses import dataclass, field
from datetime import datetime, timezone
from math import ceil
from secrets import token_hex, token_urlsafe
from typing import Annotated

from egoi_verify import (
    AsyncEngine,
    EgoiSms,
    NotFoundError,
    Outcome,
    OutcomeDetails,
    Quota,
    State,
    Verification,
    VerifyError,
)
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

logger = logging.getLogger(__name__)
app = FastAPI()
engine = AsyncEngine(
    EgoiSms.from_env(),
    countries=["PT", "ES"],
    # Without these two a stranger sends SMS to anybody at your expense, and spends the limits of other numbers.
    sms_per_client=Quota(5, per=3600),
    wrong_codes_per_client=Quota(10, per=3600),
    resend_after=float(os.environ.get("RESEND_AFTER", "30")) or None,
)


@dataclass
class Session:
    """Somebody who has signed in. Id and number stay here: the app gets the id, and neither is taken from it."""

    name: str = field(default_factory=token_hex)
    request: Verification | None = None
    proved: Verification | None = None

    def known(self, id: str) -> Verification:
        if self.request is None or self.request.id != id:
            raise NotFoundError("there is no such request in this session")
        return self.request


# In one process's memory, to be one file. It stands for what your server has anyway: its users and their sessions.
sessions: dict[str, Session] = {}


def signed_in(authorization: Annotated[str, Header()] = "") -> Session:
    session = sessions.get(authorization.removeprefix("Bearer "))
    if session is None:
        raise HTTPException(401, "sign in first")
    return session


Whose = Annotated[Session, Depends(signed_in)]


class Number(BaseModel):
    number: str


class Code(BaseModel):
    code: str


class CodeSent(BaseModel):
    """Times are in seconds from now, as a phone's clock may be wrong."""

    id: str
    expires_in: float
    resend_in: float | None
    attempts_left: int | None


class Checked(BaseModel):
    outcome: Outcome
    attempts_left: int | None


class Ended(BaseModel):
    state: State


def seconds_until(time: datetime | None) -> float:
    return 0 if time is None else max((time - datetime.now(timezone.utc)).total_seconds(), 0)


def code_sent(request: Verification) -> CodeSent:
    return CodeSent(
        id=request.id,
        expires_in=seconds_until(request.expires_at),
        resend_in=None if request.resends_left == 0 else seconds_until(request.resend_at),
        attempts_left=request.attempts_left,
    )


@app.post("/sessions")
async def sign_in() -> dict[str, str]:
    token = token_urlsafe()
    sessions[token] = Session()
    return {"token": token}


@app.get("/me")
async def me(session: Whose) -> dict[str, str | None]:
    return {"number": session.proved.number if session.proved else None}


@app.post("/verifications")
async def request(given: Number, session: Whose) -> CodeSent:
    try:
        message = "{CODE} is your code for Example."
        session.request = await engine.request(given.number, message=message, ttl=300, client=session.name)
    except VerifyError as error:
        # The response to this phone was lost, and it asks again within the pause: its code is on the way.
        if session.request is None or session.request.id != error.request_id:
            raise
        session.request = await engine.get(session.request.id)
    return code_sent(session.request)


@app.post("/verifications/{id}/code")
async def check(id: str, given: Code, session: Whose) -> Checked:
    request = session.known(id)
    if session.proved is request:
        # The response was lost. This session has proved the number; no other session gets this response.
        details = OutcomeDetails(Outcome.VERIFIED)
    else:
        details = await engine.validate_with_details(id, given.code, number=request.number, client=session.name)
    if details.outcome.is_verified:
        session.proved = request  # Here, and nowhere in the app, the number becomes the user's.
    return Checked(outcome=details.outcome, attempts_left=details.attempts_left)


@app.post("/verifications/{id}/resend")
async def resend(id: str, session: Whose) -> CodeSent:
    session.known(id)
    session.request = await engine.resend(id)
    return code_sent(session.request)


@app.post("/verifications/{id}/cancel")
async def cancel(id: str, session: Whose) -> Ended:
    session.known(id)
    return Ended(state=await engine.cancel(id))


@app.exception_handler(VerifyError)
async def failed(_: object, error: VerifyError) -> JSONResponse:
    """In the library's own words, which the app's session reads. No error holds a key, a code or a whole number."""
    if error.suggested_status >= 500:
        logger.warning("a verification failed: %r", error)
    told = {
        "code": error.code,
        "detail": error.detail,
        "retry_after": error.retry_after,
        "sms_possibly_sent": error.sms_possibly_sent,
    }
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    return JSONResponse({"error": told}, error.suggested_status, headers)
