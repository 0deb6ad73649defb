"""What error trackers find in the frames of the library: Sentry with its default settings, and Django's debug page.

Prints the frames that hold a secret. What the frames of this program hold is not looked at.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import django
import sentry_sdk
from django.conf import settings
from django.views.debug import ExceptionReporter
from egoi_verify import AsyncClient, AsyncEngine, Client, Engine, NotSentError, OutgoingSms, Store, parse_number
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

KEY, STORE_KEY, CODE, NUMBER, MESSAGE = (
    "the-api-key",
    "the-key-of-the-store-1234567890123",
    "739154",
    "+351 910 864 209",
    "Ana",
)
SECRETS = (KEY, STORE_KEY, CODE, "910 864 209", "910864209", MESSAGE)

settings.configure(DEBUG=True)
django.setup()

events: list[dict[str, Any]] = []


class Kept(Transport):
    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            events.append(dict(event))


sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", transport=Kept)


def plain(sms: OutgoingSms) -> None:
    raise ConnectionError


async def asynchronous(sms: OutgoingSms) -> None:
    raise NotSentError


url = sys.argv[1]
clients = (Client(KEY, "1", base_url=url), AsyncClient(KEY, "1", base_url=url))
engines = (Engine(plain), Engine(asynchronous), AsyncEngine(plain), AsyncEngine(asynchronous))
down = Store("redis://127.0.0.1:1", key=STORE_KEY)
stored = (Engine(plain, store=down), AsyncEngine(plain, store=down))
calls: dict[str, Callable[[], Any]] = {
    "a wrong key": lambda: Client(f"{KEY}\x07", "1"),
    "a wrong option": lambda: Client(KEY, "1", timeout="x"),  # type: ignore[arg-type]
    "a wrong store": lambda: Store("memory:", key=STORE_KEY, retention="x"),  # type: ignore[arg-type]
    "a wrong URL": lambda: Engine(plain, store=Store(f"x://:{STORE_KEY}@x", key=STORE_KEY)),
    "a wrong number": lambda: parse_number(f"{NUMBER}000000000"),
}
for verifier in (*clients, *engines, *stored):
    name = f"{type(verifier).__name__} {len(calls)}"
    calls[f"{name} request"] = lambda verifier=verifier: verifier.request(NUMBER, message=f"{MESSAGE}: {{CODE}}")
    calls[f"{name} validate"] = lambda verifier=verifier: verifier.validate("0" * 32, CODE, number=NUMBER)
    calls[f"{name} refused"] = lambda verifier=verifier: verifier.request(NUMBER, message=MESSAGE)
    calls[f"{name} code"] = lambda verifier=verifier: verifier.validate("0" * 32, CODE * 20, number=NUMBER)
    calls[f"{name} type"] = lambda verifier=verifier: verifier.validate(1, CODE, number=NUMBER)


async def awaited(call: Any) -> None:
    await call


def of_the_library(path: str) -> bool:
    return "/egoi_verify/" in path


def looked_at(what: str, frame: str, held: str) -> None:
    for secret in SECRETS:
        if secret in held:
            print(what, frame, held)


frames = 0
for what, call in calls.items():
    try:
        made = call()
        if hasattr(made, "send"):
            asyncio.run(awaited(made))
    except Exception as error:
        sentry_sdk.capture_exception(error)
        for value in events.pop()["exception"]["values"]:
            for frame in value.get("stacktrace", {}).get("frames", []):
                if of_the_library(frame["abs_path"]):
                    frames += 1
                    looked_at(what, f"{frame['module']}.{frame['function']}", json.dumps(frame.get("vars", {})))
        for frame in ExceptionReporter(None, type(error), error, error.__traceback__).get_traceback_frames():
            if of_the_library(frame.get("filename", "")):
                frames += 1
                looked_at(what, f"{frame['filename']}:{frame['function']}", str(frame["vars"]))
    else:
        print(what, "did not fail")
print("frames" if frames > 100 else frames)
