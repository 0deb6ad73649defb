"""A day of verifications through one process: memory stays as it is, and what was kept is forgotten."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import NUMBER
from egoi_verify import Engine, NotFoundError, Outcome, OutgoingSms, Sandbox, Store
from egoi_verify.testing import TestClock

DAY = timedelta(hours=24).total_seconds()


def resident_bytes() -> int:
    gc.collect()
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize()


def test_a_day_of_traffic_leaves_the_memory_as_it_is_and_is_forgotten(count: Callable[[int, int], int]) -> None:
    codes: dict[str, str] = {}

    def send(sms: OutgoingSms) -> None:
        codes[sms.number] = sms.text.split()[0]

    verifications = count(20_000, 1_000_000)
    clock = TestClock()
    clock.freeze()
    # What is kept is an hour's traffic and not a day's, so that the store is as large at the end as after the warm-up.
    engine = Engine(
        send,
        clock=clock,
        store=Store("memory:", retention=timedelta(minutes=50)),
        sms_per_number=None,
        resend_after=None,
        wrong_codes_per_number=None,
    )
    first = engine.request(NUMBER)
    warm_up = verifications // 5
    for each in range(verifications):
        number = f"+35191{each % 10_000_000:07}"
        made = engine.request(number)
        assert engine.validate(made.id, codes.pop(made.number or ""), number=number) is Outcome.VERIFIED
        clock.advance(DAY / verifications)
        if each == warm_up:
            before = resident_bytes()
    grown = resident_bytes() - before
    print(f"{verifications} of 1000000 verifications over a day, grown by {grown} bytes")
    assert grown < (8 << 20) + 8 * verifications
    for forgotten in (first.id, made.id):
        if forgotten == made.id:
            clock.advance(timedelta(hours=1, seconds=1))
        with pytest.raises(NotFoundError):
            engine.get(forgotten)


def test_verifications_over_http_leave_the_memory_as_it_is(sandbox: Sandbox, count: Callable[[int, int], int]) -> None:
    verifications = count(1_000, 50_000)
    client = sandbox.client()
    for each in range(verifications):
        made = client.request(NUMBER)
        code = sandbox.messages(NUMBER)[0].code
        assert client.validate(made.id, code, number=NUMBER) is Outcome.VERIFIED
        if each % 100 == 0:
            sandbox.reset()  # it forgets nothing by itself
        if each == verifications // 5:
            before = resident_bytes()
    grown = resident_bytes() - before
    print(f"{verifications} of 50000 verifications over HTTP, grown by {grown} bytes")
    assert grown < 8 << 20
