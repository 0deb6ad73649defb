"""One way of making exchanges, in a process of its own: ``client.py WAY JOB URL AUTHORITY AT_ONCE``.

For each number on its input it does that many jobs, so many at once, and prints what they took in ns: on the clock, and
of the process's processor time. When its input ends it prints the most memory that it had, in KiB.
"""

from __future__ import annotations

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


def id_of(worker: int) -> str:
    return f"{worker:032x}"


def measured() -> Callable[[], None]:
    """Begins to measure; what is given back ends it, and prints."""
    clock, processor = time.perf_counter_ns(), time.process_time_ns()

    def end() -> None:
        print(time.perf_counter_ns() - clock, time.process_time_ns() - processor, flush=True)

    return end


def repeat(work: Work, id: str, times: int) -> None:
    for _ in range(times):
        work(id)


def blocking(works: list[Work]) -> None:
    from threading import Thread

    def in_threads(times: int) -> None:
        failed: list[BaseException] = []

        def run(work: Work, id: str) -> None:
            try:
                repeat(work, id, times)
            except BaseException as error:
                failed.append(error)

        threads = [Thread(target=run, args=(work, id_of(i))) for i, work in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def run(times: int) -> None:
        if len(works) == 1:
            repeat(works[0], id_of(0), times)
        else:
            in_threads(times)

    for count in counts():
        run(2)  # Connections that were dropped meanwhile are made again.
        end = measured()
        run(count // len(works))
        end()
    finish()


async def asynchronous(works: list[AsyncWork]) -> None:
    from asyncio import gather

    async def repeat(work: AsyncWork, id: str, times: int) -> None:
        for _ in range(times):
            await work(id)

    async def run(times: int) -> None:
        await gather(*(repeat(work, id_of(i), times) for i, work in enumerate(works)))

    for count in counts():
        await run(2)  # Connections that were dropped meanwhile are made again.
        end = measured()
        await run(count // len(works))
        end()
    finish()


def main(way: str, job: str, url: str, authority: str, at_once: str) -> None:
    if way in BLOCKING:
        work = BLOCKING[way](url, authority)
        blocking([work()[job] for _ in range(int(at_once))])
    else:
        import asyncio

        async def run() -> None:
            work = ASYNC[way](url, authority)
            await asynchronous([work()[job] for _ in range(int(at_once))])

        asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
