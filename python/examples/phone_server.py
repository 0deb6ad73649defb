"""The server of an app that proves its user's phone number, with FastAPI and ``AsyncClient``.

    EGOI_API_KEY=... EGOI_SENDER=... uvicorn phone_server:app

It holds the API key, sends the codes and decides. What it speaks with the app, and the apps themselves, are in
``examples/phone/README.md``.
"""

import logging
import os
import time
from dataclasses import dataclass
from math import ceil
from secrets import token_urlsafe
from typing import Annotated

from egoi_verify import AsyncClient, ConflictError, NotFoundError, Outcome, RateLimitedError, State, VerifyError
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

TTL = 300
RESEND_AFTER = float(os.environ.get("RESEND_AFTER", "30"))
SMS_PER_SESSION = 5
CODES_PER_REQUEST = 5
STATUSES = {"invalid_input": 400, "rejected": 400, "not_found": 404, "conflict": 409, "rate_limited": 429}

logger = logging.getLogger(__name__)
app = FastAPI()
client = AsyncClient.from_env()


@dataclass
class Request:
    """A request for one number. Both stay here: the app is told the id, and believed neither."""

    id: str
    number: str
    codes_left: int
    resend_at: float


@dataclass
class Session:
    """Somebody who has signed in."""

    sms_left: int = SMS_PER_SESSION
    request: Request | None = None
    proved: Request | None = None

    def count_sms(self) -> None:
        """Client has no limits: without one of your own a stranger has you send SMS to anybody."""
        if self.sms_left == 0:
            raise RateLimitedError("too many codes were asked for")
        self.sms_left -= 1

    def known(self, id: str) -> Request:
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
    """Lengths of time and no instants: what time it is, a phone need not know."""

    id: str
    expires_in: float
    resend_in: float | None
    attempts_left: int


class Checked(BaseModel):
    outcome: Outcome
    attempts_left: int


class Ended(BaseModel):
    state: State


def code_sent(session: Session, request: Request, asked_at: float) -> CodeSent:
    now = time.monotonic()
    request.resend_at = now + RESEND_AFTER
    resend_in = RESEND_AFTER if session.sms_left else None
    # Counted from before the call, as the service counts from when it had it.
    expires_in = max(asked_at + TTL - now, 0)
    return CodeSent(id=request.id, expires_in=expires_in, resend_in=resend_in, attempts_left=request.codes_left)


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
    session.count_sms()
    asked_at = time.monotonic()
    verification = await client.request(given.number, message="{CODE} is your code for Example.", ttl=TTL)
    # The number as the library read it; `request` always says it.
    session.request = Request(verification.id, verification.number or given.number, CODES_PER_REQUEST, 0)
    return code_sent(session, session.request, asked_at)


@app.post("/verifications/{id}/code")
async def check(id: str, given: Code, session: Whose) -> Checked:
    request = session.known(id)
    if session.proved is request:
        # The answer of before was lost on its way to the phone. This session proved it; nobody else is told so.
        return Checked(outcome=Outcome.VERIFIED, attempts_left=request.codes_left)
    if request.codes_left == 0:
        return Checked(outcome=Outcome.TOO_MANY_ATTEMPTS, attempts_left=0)
    request.codes_left -= 1  # before the call, or a hundred guesses at the same moment would all be looked at
    outcome = await client.validate(id, given.code, number=request.number)
    if outcome.is_verified:
        session.proved = request  # Here, and nowhere in the app, the number becomes the user's.
    return Checked(outcome=outcome, attempts_left=request.codes_left)


@app.post("/verifications/{id}/resend")
async def resend(id: str, session: Whose) -> CodeSent:
    request = session.known(id)
    wait = request.resend_at - time.monotonic()
    if wait > 0:
        raise RateLimitedError("too soon after the code before", retry_after=wait)
    session.count_sms()
    asked_at = time.monotonic()
    await client.resend(id)
    return code_sent(session, request, asked_at)


@app.post("/verifications/{id}/cancel")
async def cancel(id: str, session: Whose) -> Ended:
    session.known(id)
    return Ended(state=await client.cancel(id))


@app.exception_handler(VerifyError)
async def failed(_: object, error: VerifyError) -> JSONResponse:
    """In the library's own words, which the app's session reads. No error holds a key, a code or a whole number."""
    if not isinstance(error, (ConflictError, NotFoundError, RateLimitedError)):
        logger.warning("a verification failed: %r", error)
    told = {
        "code": error.code,
        "detail": error.detail,
        "retry_after": error.retry_after,
        "sms_possibly_sent": error.sms_possibly_sent,
    }
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    return JSONResponse({"error": told}, STATUSES.get(error.code, 503), headers)
