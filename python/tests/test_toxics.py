"""Calls through toxiproxy, under load: none outlives its deadline, and nothing is left when they are over."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from egoi_verify import AsyncClient, Client, VerifyError
from support_service import REPOSITORY, TOXIPROXY, Service
from support_wire import wait_until

TOXICS = json.loads((REPOSITORY / "tests" / "faults" / "toxics.json").read_text())
AT_ONCE: int = TOXICS["at_once"]
TIMEOUT: float = TOXICS["timeout"]
NUMBER = "351-910000000"

Ended = tuple[float, "VerifyError | None"]
"""How long after its deadline a call ended, and how it failed."""

pytestmark = pytest.mark.skipif(not TOXIPROXY.exists(), reason="THERE IS NO TOXIPROXY: `make test-programs` BUILDS IT")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def blocking(base_url: str) -> tuple[list[Ended], float]:
    """The calls, each in a thread, and how late a timer is meanwhile."""

    def call(_: int) -> Ended:
        started, failed = time.monotonic(), None
        try:
            client.request(NUMBER)
        except VerifyError as error:
            failed = error
        return time.monotonic() - started - TIMEOUT, failed

    def timer(_: int) -> float:
        started = time.monotonic()
        time.sleep(TIMEOUT)
        return time.monotonic() - started - TIMEOUT

    with Client("key", "1", base_url=base_url, timeout=TIMEOUT) as client, ThreadPoolExecutor(2 * AT_ONCE) as threads:
        timers = threads.map(timer, range(AT_ONCE))
        ended = list(threads.map(call, range(AT_ONCE)))
        return ended, max(timers)


def asynchronous(base_url: str) -> tuple[list[Ended], float]:
    """The calls, each in a task, and how late a timer is meanwhile."""

    async def timed(call: Callable[[], Awaitable[Any]]) -> Ended:
        started, failed = time.monotonic(), None
        try:
            await call()
        except VerifyError as error:
            failed = error
        return time.monotonic() - started - TIMEOUT, failed

    async def main() -> tuple[list[Ended], float]:
        async with AsyncClient("key", "1", base_url=base_url, timeout=TIMEOUT) as client:
            timers = asyncio.gather(*(timed(lambda: asyncio.sleep(TIMEOUT)) for _ in range(AT_ONCE)))
            ended = await asyncio.gather(*(timed(lambda: client.request(NUMBER)) for _ in range(AT_ONCE)))
            late = max(late for late, _ in await timers)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return ended, late

    return asyncio.run(main())


def held() -> tuple[int, int]:
    """Descriptors and threads."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def resident_bytes() -> int:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("play", [blocking, asynchronous])
def test_no_call_outlives_its_deadline_and_nothing_is_left_of_them(
    service: Service, play: Callable[[str], tuple[list[Ended], float]], count: Callable[[int, int], int]
) -> None:
    rounds = count(1, 100)
    for round in range(rounds + 1):
        for path in TOXICS["toxics"]:
            opened = service.ask("/open", toxics=path["name"])
            ended, late = play(opened["base_url"])
            latest = max(late for late, _ in ended)
            assert latest <= max(late, 0) + TOXICS["late"], f"{path['name']}: {latest} s late, a timer {late} s"
            sent = [error for _, error in ended if error is None or error.sms_possibly_sent]
            assert service.seen(opened).sms <= len(sent), path["name"]
            assert not path.get("fails") or all(error for _, error in ended), path["name"]
        if round == 0:
            before, bytes_before = held(), resident_bytes()
    wait_until(
        lambda: all(now <= then for now, then in zip(held(), before, strict=True)), f"no more is held than {before}"
    )
    grown = resident_bytes() - bytes_before
    print(f"{rounds} of 100 rounds, grown by {grown} bytes, {threading.active_count()} threads")
    assert grown < 16 << 20
