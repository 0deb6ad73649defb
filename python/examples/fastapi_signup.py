"""A sign-up that proves a phone number, with FastAPI and ``AsyncEngine``.

    EGOI_API_KEY=... EGOI_SENDER=... SESSION_SECRET=... uvicorn fastapi_signup:app

``POST /signup/request`` with ``{"number": "+351 910 000 000"}`` sends a code. ``POST /signup/validate`` with ``{"code":
"123456"}`` checks it. ``POST /signup/resend`` sends another one.
"""

import logging
import os

from egoi_verify import AsyncEngine, EgoiSms, Quota
from egoi_verify.fastapi import Session, verification_router
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

logging.basicConfig(level=logging.INFO)

app = FastAPI()
app.add_middleware(
    SessionMiddleware, secret_key=os.environ["SESSION_SECRET"], https_only=True, same_site="strict", max_age=600
)

# This store is the memory of one process. Several processes need one that they share: `AsyncEngine.from_env()` takes it
# from EGOI_STORE and EGOI_STORE_KEY.
engine = AsyncEngine(
    EgoiSms.from_env(),
    # The limits of each caller: docs/production.md says why.
    sms_per_client=Quota(5, per=3600),
    wrong_codes_per_client=Quota(20, per=3600),
)


def session(request: Request) -> Session:
    return request.session


async def number_is_proved(request: Request, number: str) -> None:
    """Here an account is made with the number."""
    request.session["number"] = number


app.include_router(
    verification_router(
        engine, session=session, verified=number_is_proved, message="{CODE} is your code for Example.", ttl=300
    ),
    prefix="/signup",
)
