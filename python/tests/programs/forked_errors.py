"""What cannot work in a child, and how long it takes to say so."""

import asyncio
import os
import sys
import time
from collections.abc import Callable

from egoi_verify import AsyncClient, AsyncEngine, Client, Engine, ForkedError, OutgoingSms, Sandbox, Store

NUMBER = "+351 910 000 000"
sent: list[OutgoingSms] = []


async def send(sms: OutgoingSms) -> None:
    sent.append(sms)


engine, unused_engine = Engine(sent.append), Engine(sent.append)
async_engine = AsyncEngine(send)
sandbox = Sandbox()
remembering = Client("key", "1", base_url=f"{sandbox.url}/api", store=Store("memory:", key=b"k" * 32))
async_remembering = AsyncClient("key", "1", base_url=f"{sandbox.url}/api", store=Store("memory:", key=b"k" * 32))
loop = asyncio.new_event_loop()
async_client = sandbox.async_client()

verification = engine.request(NUMBER)
loop.run_until_complete(async_engine.request(NUMBER))
remembering.request(NUMBER, idempotency_key="a")
loop.run_until_complete(async_remembering.request(NUMBER, idempotency_key="a"))
loop.run_until_complete(async_client.ping())

CALLS: dict[str, Callable[[], object]] = {
    "engine": lambda: engine.request(NUMBER),
    "engine, another verb": lambda: engine.validate(verification.id, "123456"),
    "engine that was not used": lambda: unused_engine.request(NUMBER),
    "engine, asyncio": lambda: asyncio.run(async_engine.request(NUMBER)),
    "idempotency key": lambda: remembering.request(NUMBER, idempotency_key="a"),
    "idempotency key, new": lambda: remembering.request(NUMBER, idempotency_key="b"),
    "idempotency key, asyncio": lambda: asyncio.run(async_remembering.request(NUMBER, idempotency_key="a")),
    "sandbox": lambda: sandbox.messages(),
    "sandbox, waiting": lambda: sandbox.wait_for_code(NUMBER),
    "sandbox, client": lambda: sandbox.client(),
    "loop of the parent's": lambda: loop.run_until_complete(async_client.ping()),
}
before = len(sent)
child = os.fork()
if child == 0:
    for what, call in CALLS.items():
        started = time.monotonic()
        try:
            call()
            print(f"{what}: no error")
        except ForkedError:
            took = time.monotonic() - started
            print(f"{what}: forked {'at once' if took < 0.5 else f'after {took} s'}")
    print("sent in the child:", len(sent) - before)
    sandbox.close()
    sys.stdout.flush()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
engine.request("+351 910 000 001")
loop.run_until_complete(async_client.ping())
print("the parent goes on:", remembering.request(NUMBER, idempotency_key="a").state.value, len(sandbox.messages()))
sandbox.close()
