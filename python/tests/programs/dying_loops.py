"""Loops that are closed while calls are under way, and what is left of them: no descriptor, no mailbox, no task."""

import asyncio
import gc
import os
import sys
import threading
import time

from egoi_verify import AsyncClient
from egoi_verify._native import Completions, Job
from loops import LOOPS

url, kind, loops = sys.argv[1], sys.argv[2], int(sys.argv[3])


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def die() -> None:
    loop = LOOPS[kind]()
    tasks = [loop.create_task(client.ping()) for _ in range(3)]  # noqa: F821
    for task in tasks:
        # Whoever leaves tasks behind is told so by asyncio; that is not what is looked at.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    # Until the worker has them: a turn of the loop starts each.
    loop.run_until_complete(asyncio.sleep(0.02))
    loop.close()


def live() -> None:
    loop = LOOPS[kind]()
    loop.run_until_complete(asyncio.wait({loop.create_task(asyncio.sleep(0))}))
    loop.close()


live()
gc.collect()
# The standard streams, that of the list itself, and what the library of a closed loop keeps.
others = descriptors()
client = AsyncClient("key", "1", base_url=url, timeout=600)
die()
gc.collect()
for _ in range(loops - 1):
    die()
del client
gc.collect()
deadline = time.monotonic() + 20
# The worker's and nothing else: two epolls, an eventfd, and three ends of a pipe for signals, which tokio has where the
# command line was built beside the module.
while descriptors() > others + 6 and time.monotonic() < deadline:
    time.sleep(0.01)
left = [
    each for each in gc.get_objects() if isinstance(each, (Completions, asyncio.Task, asyncio.AbstractEventLoop, Job))
]
if left or descriptors() > others + 6 or threading.active_count() > 1:
    print(left, [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")], threading.enumerate())
else:
    print("nothing left")
