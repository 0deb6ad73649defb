"""A sign-up that proves a phone number, with FastAPI and ``AsyncClient``.

    EGOI_API_KEY=... EGOI_SENDER=... uvicorn fastapi_signup:app

``POST /signup`` with ``{"number": "+351 910 000 000"}`` sends a code, and ``POST /signup/code`` with ``{"code":
"123456"}`` takes it.
"""

import logging
import time
from dataclasses import dataclass
from math import ceil
from secrets import token_urlsafe
from typing import Annotated

from egoi_verify import AsyncClient, InvalidInputError, Outcome, RateLimitedError, VerifyError, parse_number
from fastapi import Cookie, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

SMS_PER_HOUR = 5
CODES_PER_SMS = 5
TTL = 300

logger = logging.getLogger(__name__)
app = FastAPI()

# Making one starts nothing, so that it may be made on import, before a server forks. What is missing in the environment
# is said now and not at the first sign-up.
client = AsyncClient.from_env()


@dataclass
class SignUp:
    number: str
    request_id: str
    codes_left: int = CODES_PER_SMS


# What the browser must not be able to change or to take back is kept here, and its cookie is only the random name of
# it. In one process's memory, to be one file: several processes need a store that they share, such as Redis, which also
# forgets by itself.
sign_ups: dict[str, SignUp] = {}
sms_sent: dict[str, list[float]] = {}


class Number(BaseModel):
    number: str


class Code(BaseModel):
    code: str


class Told(BaseModel):
    detail: str


def count_sms(address: str) -> None:
    """Without this a stranger has you send SMS to anybody, at your expense."""
    now = time.monotonic()
    recent = [sent for sent in sms_sent.get(address, []) if sent > now - 3600]
    if len(recent) >= SMS_PER_HOUR:
        wait = ceil(recent[0] + 3600 - now)
        raise HTTPException(429, "Too many codes were asked for. Try again later.", {"Retry-After": str(wait)})
    sms_sent[address] = [*recent, now]


@app.post("/signup", status_code=202)
async def sign_up(given: Number, request: Request, response: Response) -> Told:
    number = parse_number(given.number).e164  # before the limit: a number that was mistyped sends nothing
    # Behind a proxy this is the proxy's address, unless uvicorn is told to believe its headers.
    count_sms(request.client.host if request.client else "")
    verification = await client.request(number, message="{CODE} is your code for Example.", ttl=TTL)
    name = token_urlsafe()
    sign_ups[name] = SignUp(number, verification.id)
    response.set_cookie("signup", name, max_age=TTL, secure=True, httponly=True, samesite="strict")
    return Told(detail="A code was sent by SMS.")


@app.post("/signup/code")
async def give_code(given: Code, signup: Annotated[str, Cookie()] = "") -> Told:
    known = sign_ups.get(signup)
    if known is None:
        raise HTTPException(409, "Ask for a code first.")
    if known.codes_left == 0:
        raise HTTPException(429, "Too many wrong codes. Ask for a new one.")
    known.codes_left -= 1  # before the call, or a hundred guesses at the same moment would all be looked at
    # The number is the session's and not the form's: who proves one number must not be signed up with another. (V1
    # cannot check it: there leave `number` out. Id and number are together in the session anyway.)
    outcome = await client.validate(known.request_id, given.code, number=known.number)
    if outcome.is_verified:
        sign_ups.pop(signup, None)
        return Told(detail="The number is proved.")  # here an account is made, with `known.number`
    if outcome is Outcome.WRONG_CODE:
        raise HTTPException(400, "That is not the code. Try again.")
    raise HTTPException(410, "That code is no longer good. Ask for a new one.")


@app.exception_handler(VerifyError)
async def failed(_: Request, error: VerifyError) -> JSONResponse:
    if isinstance(error, InvalidInputError):
        return JSONResponse({"detail": error.detail}, 422)
    if isinstance(error, RateLimitedError):
        wait = 60 if error.retry_after is None else ceil(error.retry_after)
        return JSONResponse({"detail": "Try again later."}, 429, {"Retry-After": str(wait)})
    # It can be logged: no error holds a key, a code, a message or a whole number.
    logger.warning("a verification failed: %r", error)
    if error.sms_possibly_sent:
        # Asking again by ourselves might send a second SMS, and nobody told us the id that the first one belongs to.
        text = "Something went wrong. A code may still reach you, and will not work: ask for a new one."
        return JSONResponse({"detail": text}, 502)
    return JSONResponse({"detail": "Something went wrong. Try again later."}, 503)
