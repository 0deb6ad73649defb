"""A call that Ctrl-C ends, and another."""

import asyncio
import signal
import sys

from egoi_verify import AsyncClient, Client

# A shell ignores Ctrl-C for what it runs in the background, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

url, is_async = sys.argv[1], len(sys.argv) > 2
blocking, asynchronous = Client("key", "1", base_url=url), AsyncClient("key", "1", base_url=url)


def call() -> None:
    if is_async:
        asyncio.run(asynchronous.ping())
    else:
        blocking.ping()


try:
    call()
except KeyboardInterrupt:
    print("KeyboardInterrupt")
sys.stdin.readline()
call()
print("still works")
