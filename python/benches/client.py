"""One way of making exchanges, in a process of its own: ``client.py WAY JOB URL AUTHORITY AT_ONCE``.

For each number on its input it does that many jobs, so many at once, and prints what they took in ns: on the clock, and
of the process's processor time. When its input ends it prints the most memory that it had, in KiB.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

from competitors import ASYNC, BLOCKING, AsyncWork, Work


def counts() -> Iterator[int]:
    for line in sys.stdin:
        yield int(line)


def finish() -> NoReturn:
    """Prints the most memory that the process had. Not ``ru_maxrss``, in which the one that started it counts."""
    with open("/proc/self/status") as status:
        print(*(line.split()[1] for line in status if line.startswith("VmHWM:")), flush=True)
    os._exit(0)  # Closing what is open is the operating system's here.


def ids(worker: int, at_once: int, job: str) -> Iterator[str]:
    """The requests of one worker. No client takes a request for verified twice, so each validation has one of its own."""
    numbers = itertools.count(worker, at_once) if job == "validate" else itertools.repeat(worker)
    return (f"{number:032x}" for number in numbers)


def measured() -> Callable[[], None]:
    """Begins to measure; what is given back ends it, and prints."""
    clock, processor = time.perf_counter_ns(), time.process_time_ns()

    def end() -> None:
        print(time.perf_counter_ns() - clock, time.process_time_ns() - processor, flush=True)

    return end


def repeat(work: Work, ids: Iterator[str], times: int) -> None:
    for _ in range(times):
        work(next(ids))


def blocking(works: list[tuple[Work, Iterator[str]]]) -> None:
    from threading import Thread

    def in_threads(times: int) -> None:
        failed: list[BaseException] = []

        def run(work: Work, ids: Iterator[str]) -> None:
            try:
                repeat(work, ids, times)
            except BaseException as error:
                failed.append(error)

        threads = [Thread(target=run, args=each) for each in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def run(times: int) -> None:
        if len(works) == 1:
            repeat(*works[0], times)
        else:
            in_threads(times)

    for count in counts():
        run(2)  # Connections that were dropped meanwhile are made again.
        end = measured()
        run(count // len(works))
        end()
    finish()


async def asynchronous(works: list[tuple[AsyncWork, Iterator[str]]]) -> None:
    from asyncio import gather

    async def repeat(work: AsyncWork, ids: Iterator[str], times: int) -> None:
        for _ in range(times):
            await work(next(ids))

    async def run(times: int) -> None:
        await gather(*(repeat(work, ids, times) for work, ids in works))

    for count in counts():
        await run(2)  # Connections that were dropped meanwhile are made again.
        end = measured()
        await run(count // len(works))
        end()
    finish()


def main(way: str, job: str, url: str, authority: str, at_once: str) -> None:
    if way in BLOCKING:
        work = BLOCKING[way](url, authority)
        blocking([(work()[job], ids(i, int(at_once), job)) for i in range(int(at_once))])
    else:
        import asyncio

        async def run() -> None:
            work = ASYNC[way](url, authority)
            await asynchronous([(work()[job], ids(i, int(at_once), job)) for i in range(int(at_once))])

        asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
