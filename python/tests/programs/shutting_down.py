"""An interpreter that ends while calls are in flight. The server holds its answers back, or gives them all the time."""

import asyncio
import atexit
import gc
import sys
import threading
from collections.abc import Callable

from egoi_verify import AsyncClient, Client, Engine, OutgoingSms, Sandbox
from loops import WithoutReaders

how, url = sys.argv[1:3]
NUMBER = "+351 910 000 000"
blocking, asynchronous = Client("key", "1", base_url=url), AsyncClient("key", "1", base_url=url)


def daemon(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()


def for_ever(call: Callable[[], object]) -> None:
    while True:
        call()


async def calls() -> None:
    await asyncio.gather(*(asynchronous.ping() for _ in range(8)))


async def calls_for_ever() -> None:
    while True:
        await calls()


def in_flight() -> None:
    """Waits until the server says that it has the calls, which it does by way of standard input."""
    print("ready", flush=True)
    sys.stdin.readline()


if how == "blocking":
    for _ in range(8):
        daemon(blocking.ping)
    in_flight()
elif how == "blocking-answered":
    for _ in range(8):
        daemon(lambda: for_ever(blocking.ping))
    in_flight()
elif how == "asyncio":
    daemon(lambda: asyncio.run(calls()))
    in_flight()
elif how == "asyncio-answered":
    daemon(lambda: asyncio.run(calls_for_ever()))
    in_flight()
elif how == "without-readers-answered":
    loop = WithoutReaders()
    daemon(lambda: loop.run_until_complete(calls_for_ever()))
    in_flight()
elif how == "stopped-loop":
    # Neither closed nor run to its end, and alive until the very last moment.
    stopped = asyncio.new_event_loop()
    task = stopped.create_task(calls())
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    stopped.run_until_complete(asyncio.sleep(0.05))
    gc.disable()
    in_flight()
elif how == "sending":
    started = threading.Event()

    async def send(sms: OutgoingSms) -> None:
        started.set()
        await asyncio.Event().wait()

    engine = Engine(send)
    daemon(lambda: engine.request(NUMBER))
    started.wait()
    in_flight()
elif how == "sandbox":
    sandbox = Sandbox()
    client = sandbox.client()
    daemon(lambda: sandbox.wait_for_code(NUMBER))
    daemon(lambda: for_ever(client.ping))
    in_flight()
elif how == "atexit":

    def at_exit() -> None:
        blocking.ping()
        asyncio.run(asynchronous.ping())
        # A thread can no longer be started now, as its `async` function would need; a plain one can be called.
        Engine(lambda sms: None).request(NUMBER)
        print("called", flush=True)

    atexit.register(at_exit)
    in_flight()
elif how == "del":

    class Last:
        # Held here, since a module's own names may be gone by then.
        def __init__(self, client: Client) -> None:
            self.client = client

        def __del__(self) -> None:
            self.client.ping()
            sys.__stdout__.write("called\n")  # type: ignore[union-attr]
            sys.__stdout__.flush()  # type: ignore[union-attr]

    last = Last(blocking)
    in_flight()
else:
    raise ValueError(how)
print("ending", flush=True)
