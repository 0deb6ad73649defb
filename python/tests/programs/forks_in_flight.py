"""Forks, with calls in flight in the parent: threads that block, and a loop.

Every child makes calls of its own, has a deadline, and says what it drew.
"""

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

from egoi_verify import AsyncClient, AsyncEngine, Client, CodeType, OutgoingSms, Sandbox, generate_code

forks, where = int(sys.argv[1]), sys.argv[2]
DEADLINE = 20.0

sandbox = Sandbox() if where == "here" else None
url = sandbox.url if sandbox is not None else where
blocking = Client("key", "1", base_url=f"{url}/api", timeout=DEADLINE)
asynchronous = AsyncClient("key", "1", base_url=f"{url}/api", timeout=DEADLINE)
COUNTRIES = ["+351 910 000 0", "+34 612 345 6", "+44 7400 1234", "+33 6 12 34 56 ", "+49 1512 34567", "+55 11 96123 45"]


def draw() -> str:
    return generate_code(CodeType.HEX, 20)


def child(number: int, report: int) -> None:
    signal.alarm(int(DEADLINE))  # kills it, should it hang
    said = [draw()]
    phone = f"{COUNTRIES[number % len(COUNTRIES)]}{number % 100:02}"
    if number % 2 == 0:
        said.append(blocking.request(phone).id)
        asyncio.run(asynchronous.get(said[-1]))
    else:
        said.append(asyncio.run(asynchronous.request(phone)).id)
        blocking.get(said[-1])
    os.write(report, f"{' '.join(said)}\n".encode())


def fork(number: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            child(number, writing)
            os._exit(0)
        except BaseException as error:
            os.write(2, f"child {number}: {error!r}\n".encode())
            os._exit(1)
    os.close(writing)
    return pid, reading


def gathered(pid: int, reading: int) -> list[str]:
    ready, _, _ = select.select([reading], [], [], DEADLINE + 5)
    said = os.read(reading, 1000).decode().split() if ready else []
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == -signal.SIGALRM:
        hangs.append(pid)
    elif status != 0 or len(said) != 2:
        failures.append(f"a child ended with {status} and said {said}")
    return said


hangs: list[int] = []
failures: list[str] = []
over = threading.Event()
calls = [0] * 5


def keep_calling(slot: int, call: Callable[[], object]) -> None:
    try:
        while not over.is_set():
            call()
            calls[slot] += 1
    except BaseException as error:
        failures.append(f"in the parent: {error!r}")


async def keep_awaiting() -> None:
    async def calling() -> None:
        while not over.is_set():
            await asynchronous.ping()
            calls[3] += 1

    await asyncio.gather(*(calling() for _ in range(8)))


async def send(sms: OutgoingSms) -> None:
    await asyncio.sleep(0)


callers = [
    threading.Thread(target=keep_calling, args=(0, blocking.ping)),
    threading.Thread(target=keep_calling, args=(1, lambda: blocking.request("+351 920 000 000"))),
    threading.Thread(target=keep_calling, args=(2, lambda: Client("k", "1", base_url=f"{url}/api").ping())),
    threading.Thread(target=keep_calling, args=(3, lambda: asyncio.run(keep_awaiting()))),
    threading.Thread(target=keep_calling, args=(4, lambda: asyncio.run(AsyncEngine(send).request("+351 930 000 000")))),
]
for caller in callers:
    caller.start()
while not all(calls):
    time.sleep(0.001)

drawn: list[str] = []
for number in range(0, forks, 2):
    # By the main thread, and by another while calls are under way there too.
    made: list[tuple[int, int]] = []
    other = threading.Thread(target=lambda: made.append(fork(number + 1)))
    other.start()
    made.append(fork(number))
    other.join()
    for pid, reading in made:
        drawn.append(draw())
        drawn.extend(gathered(pid, reading))
over.set()
for caller in callers:
    caller.join(DEADLINE)
    if caller.is_alive():
        hangs.append(0)
print(f"forks={forks} hangs={len(hangs)} failures={failures[:3]} drawn_twice={len(drawn) - len(set(drawn))}")
if sandbox is not None:
    sandbox.close()
