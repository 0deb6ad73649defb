"""Calls under gevent or eventlet: `green.py gevent`, against a sandbox of its own in another process."""

import sys
import time

kind, url = sys.argv[1:]
if kind == "gevent":
    from gevent import monkey

    monkey.patch_all()
    import gevent

    spawn, sleep = gevent.spawn, gevent.sleep
    GiveUp = gevent.Timeout

    def wait(green: "gevent.Greenlet") -> object:
        return green.get()
else:
    import warnings

    warnings.simplefilter("ignore")  # that it is deprecated
    import eventlet

    eventlet.monkey_patch()
    spawn, sleep = eventlet.spawn, eventlet.sleep
    GiveUp = eventlet.Timeout

    def wait(green: object) -> object:
        return green.wait()


import logging

from egoi_verify import CallTimeoutError, Client, Engine, InvalidInputError, OutgoingSms, code_in_sms

logging.basicConfig(level=logging.CRITICAL)
client = Client("key", "1", base_url=f"{url}/api")
client.ping()

# While calls wait for a second each, the hub runs.
ticks = 0


def tick() -> None:
    global ticks
    while True:
        ticks += 1
        sleep(0.01)


ticking = spawn(tick)
started = time.monotonic()
# Numbers that play a part: three seconds each.
slow = [spawn(client.request, "+447700900003") for _ in range(5)]
for each in slow:
    wait(each)
took = time.monotonic() - started
print("together" if took < 10 else f"one after the other: {took}", "the hub runs" if ticks > 50 else f"{ticks} ticks")

try:
    client.request("12")
except InvalidInputError as error:
    print(error.code)

# A greenlet that is given up does not wait for its call.
started = time.monotonic()
try:
    with GiveUp(0.1):
        client.request("+447700900003")
except GiveUp:
    print("given up" if time.monotonic() - started < 2 else "waited")

sent: list[OutgoingSms] = []


async def send(sms: OutgoingSms) -> None:
    import asyncio

    await asyncio.sleep(0)
    sent.append(sms)


async def never(sms: OutgoingSms) -> None:
    import asyncio

    await asyncio.sleep(600)


def plain(sms: OutgoingSms) -> None:
    sleep(0.01)
    sent.append(sms)


for gateway in (send, plain):
    with Engine(gateway) as engine:
        id = engine.request("+351 910 000 000", timeout=20).id
        print(engine.validate(id, code_in_sms(sent[-1].text) or ""))
try:
    Engine(never).request("+351 910 000 000", timeout=0.2)
except CallTimeoutError as error:
    print(error.code)
