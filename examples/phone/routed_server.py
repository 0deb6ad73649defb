"""A server with the library's router for FastAPI, as the tests run it: over plain HTTP. It prints proved numbers."""

import os

import uvicorn
from egoi_verify import AsyncEngine, EgoiSms
from egoi_verify.fastapi import Session, verification_router
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="only for tests")
engine = AsyncEngine(EgoiSms.from_env(), resend_after=float(os.environ["RESEND_AFTER"]))


def session(request: Request) -> Session:
    return request.session


def number_is_proved(request: Request, number: str) -> None:
    print(f"proved {number}", flush=True)


app.include_router(verification_router(engine, session=session, verified=number_is_proved, ttl=300), prefix="/phone")

if __name__ == "__main__":
    uvicorn.run(app, port=0)
