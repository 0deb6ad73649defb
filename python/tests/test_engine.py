"""Engines, and the function that hands an SMS over."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import NUMBER
from egoi_verify import (
    AsyncEngine,
    CallTimeoutError,
    DeliveryFailedError,
    EgoiSms,
    Engine,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    Outcome,
    OutgoingSms,
    RateLimitedError,
    Sandbox,
    SmsStatus,
    State,
    UnauthorizedError,
    Verification,
    code_in_sms,
)
from support_wire import wait_until

PATIENCE = 20.0
OTHER = "+351 910 000 001"


class Verifying:
    """Either engine with either kind of function: what is said of one is said of all."""

    def __init__(self, is_async: bool, sends_async: bool) -> None:
        self.is_async, self.sends_async = is_async, sends_async

    def engine(self, body: Callable[[OutgoingSms], None], **options: Any) -> Engine | AsyncEngine:
        async def coroutine(sms: OutgoingSms) -> None:
            await asyncio.sleep(0)
            body(sms)

        return (AsyncEngine if self.is_async else Engine)(coroutine if self.sends_async else body, **options)

    def run(self, call: Any) -> Any:
        """A call's result, where it is one already or is still to be awaited."""

        async def main() -> Any:
            return await call()

        return asyncio.run(main()) if self.is_async else call()

    def request(self, engine: Engine | AsyncEngine, number: str = NUMBER, **options: Any) -> Verification:
        verification = self.run(lambda: engine.request(number, **options))
        assert isinstance(verification, Verification)
        return verification


@pytest.fixture(
    params=[(False, False), (False, True), (True, False), (True, True)],
    ids=["Engine-plain", "Engine-async", "AsyncEngine-plain", "AsyncEngine-async"],
)
def verifying(request: pytest.FixtureRequest) -> Verifying:
    return Verifying(*request.param)


def code_of(sms: OutgoingSms) -> str:
    code = code_in_sms(sms.text)
    assert code is not None
    return code


def test_a_number_is_verified(verifying: Verifying) -> None:
    sent: list[OutgoingSms] = []
    engine = verifying.engine(sent.append)
    verification = verifying.request(engine, message="Welcome. {CODE} is your code.")
    assert sent[0].number == "+351910000000"
    assert sent[0].text == f"Welcome. {code_of(sent[0])} is your code."
    assert verification.sms is SmsStatus.SENT
    validated = verifying.run(lambda: engine.validate(verification.id, code_of(sent[0]), number=NUMBER))
    assert validated is Outcome.VERIFIED


def test_every_verb_works(verifying: Verifying) -> None:
    sent: list[OutgoingSms] = []
    engine = verifying.engine(sent.append, resend_after=None)
    id = verifying.request(engine).id
    assert verifying.run(lambda: engine.resend(id)).state is State.PENDING
    assert len({sms.attempt_id for sms in sent}) == 2
    assert verifying.run(lambda: engine.get(id)).state is State.PENDING
    assert verifying.run(lambda: engine.cancel(id)) is State.CANCELLED


def test_what_the_function_raises_is_the_cause_and_the_request_is_pending(verifying: Verifying) -> None:
    failure = ConnectionResetError("the gateway hung up")

    def fail(sms: OutgoingSms) -> None:
        raise failure

    engine = verifying.engine(fail)
    with pytest.raises(DeliveryFailedError) as caught:
        verifying.request(engine)
    assert caught.value.__cause__ is failure
    assert caught.value.sms_possibly_sent and not caught.value.retry_is_safe
    pending = verifying.run(lambda: engine.get(caught.value.request_id or ""))
    assert (pending.state, pending.sms) == (State.PENDING, SmsStatus.UNKNOWN)


def test_after_not_sent_there_is_no_request_and_nothing_was_counted(verifying: Verifying) -> None:
    attempts: list[str] = []

    def fail(sms: OutgoingSms) -> None:
        attempts.append(sms.attempt_id)
        raise NotSentError("no credit")

    engine = verifying.engine(fail)
    for _ in range(10):  # five an hour are the limit
        with pytest.raises(DeliveryFailedError) as caught:
            verifying.request(engine)
        assert isinstance(caught.value.__cause__, NotSentError)
        assert caught.value.retry_is_safe and not caught.value.sms_possibly_sent
        assert caught.value.request_id is None
    with pytest.raises(NotFoundError):
        verifying.run(lambda: engine.get(attempts[0]))


def test_after_a_resend_that_was_not_sent_the_old_code_still_works(verifying: Verifying) -> None:
    sent: list[OutgoingSms] = []

    def send(sms: OutgoingSms) -> None:
        sent.append(sms)
        if len(sent) == 2:
            raise NotSentError

    engine = verifying.engine(send, resend_after=None)
    id = verifying.request(engine).id
    with pytest.raises(DeliveryFailedError):
        verifying.run(lambda: engine.resend(id))
    assert verifying.run(lambda: engine.validate(id, code_of(sent[0]))) is Outcome.VERIFIED


def test_a_limit_is_an_error_that_says_when_to_come_back_and_sends_nothing(verifying: Verifying) -> None:
    sent: list[OutgoingSms] = []
    engine = verifying.engine(sent.append)
    id = verifying.request(engine).id
    with pytest.raises(RateLimitedError) as caught:
        verifying.run(lambda: engine.resend(id))
    assert caught.value.retry_after is not None and 25 < caught.value.retry_after <= 30
    assert len(sent) == 1


def test_the_function_sees_the_context_of_the_call(verifying: Verifying) -> None:
    tenant: ContextVar[str] = ContextVar("tenant", default="none")
    seen: list[str] = []
    engine = verifying.engine(lambda sms: seen.append(tenant.get()))

    if verifying.is_async:

        async def called() -> None:
            tenant.set("of the call")
            await engine.request(NUMBER)  # type: ignore[misc]

        asyncio.run(called())
    else:
        tenant.set("of the call")
        engine.request(NUMBER)
    assert seen == ["of the call"]


def test_an_sms_that_takes_long_holds_up_no_other_verification(verifying: Verifying) -> None:
    sent: list[OutgoingSms] = []
    arrived, may_end = threading.Event(), threading.Event()

    def send(sms: OutgoingSms) -> None:
        if sms.number.endswith("1"):
            arrived.set()
            assert may_end.wait(PATIENCE)
        sent.append(sms)

    async def send_async(sms: OutgoingSms) -> None:
        await asyncio.to_thread(send, sms)

    kind = AsyncEngine if verifying.is_async else Engine
    engine: Any = kind(send_async if verifying.sends_async else send)

    def verify() -> None:
        id = engine.request(NUMBER).id
        assert engine.validate(id, code_of(sent[0])) is Outcome.VERIFIED

    async def main() -> None:
        slow = asyncio.ensure_future(engine.request(OTHER))
        assert await asyncio.to_thread(arrived.wait, PATIENCE)
        verification = await engine.request(NUMBER)
        assert await engine.validate(verification.id, code_of(sent[0])) is Outcome.VERIFIED
        may_end.set()
        assert (await slow).sms is SmsStatus.SENT

    if verifying.is_async:
        asyncio.run(main())
        return
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(engine.request, OTHER)
        assert arrived.wait(PATIENCE)
        verify()
        may_end.set()
        assert slow.result().sms is SmsStatus.SENT


async def turns_during(work: Coroutine[Any, Any, None]) -> int:
    """How often the loop has its turn meanwhile."""
    loop, turns, is_over = asyncio.get_running_loop(), 0, False

    def count() -> None:
        nonlocal turns
        if not is_over:
            turns += 1
            loop.call_soon(count)

    loop.call_soon(count)
    await work
    is_over = True
    return turns


def test_calls_on_a_store_in_memory_do_not_wait_for_the_loop() -> None:
    async def main() -> None:
        sent: list[OutgoingSms] = []

        async def send(sms: OutgoingSms) -> None:
            sent.append(sms)

        engine = AsyncEngine(send)
        verification = await engine.request(NUMBER)

        async def calls() -> None:
            for _ in range(20):
                assert await engine.get(verification.id) == verification
                with pytest.raises(NotFoundError):
                    await engine.get("0" * 32)
            assert await engine.validate(verification.id, code_of(sent[0]), number=NUMBER) is Outcome.VERIFIED

        assert await turns_during(calls()) <= 1

    asyncio.run(main())


def test_a_request_whose_sms_is_sent_at_once_takes_two_turns_of_the_loop() -> None:
    """One for the function that sends, and one for who waits for the request."""

    async def main() -> None:
        async def send(sms: OutgoingSms) -> None:
            pass

        engine = AsyncEngine(send)

        async def request(number: str) -> None:
            await engine.request(number)

        # One of every 128 calls waits a turn before it begins.
        assert min([await turns_during(request(f"+35191000000{n}")) for n in (1, 2)]) == 2

    asyncio.run(main())


def test_many_calls_on_a_store_in_memory_let_the_loop_have_its_turn() -> None:
    async def main() -> None:
        async def send(sms: OutgoingSms) -> None:
            pass

        engine = AsyncEngine(send)
        verification = await engine.request(NUMBER)

        async def calls() -> None:
            for _ in range(1_000):
                await engine.get(verification.id)

        assert await turns_during(calls()) >= 7

    asyncio.run(main())


def test_an_async_function_is_begun_by_the_loop_and_not_by_the_call() -> None:
    """As a task of its own, so that a call which is cancelled at once has sent nothing."""

    async def main() -> None:
        begun: list[str] = []

        async def send(sms: OutgoingSms) -> None:
            begun.append(sms.attempt_id)

        engine = AsyncEngine(send)
        request = engine.request(NUMBER)
        request.send(None)
        assert begun == []
        request.close()
        await asyncio.sleep(0)
        assert begun == []

    asyncio.run(main())


def test_every_kind_of_loop_runs_an_engines_calls_beside_each_other_and_a_clients(
    new_loop: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox, count: Callable[[int, int], int]
) -> None:
    texts: dict[str, str] = {}

    async def send(sms: OutgoingSms) -> None:
        await asyncio.sleep(0)
        texts[sms.number] = sms.text

    engine, client = AsyncEngine(send, sms_per_number=None, resend_after=None), sandbox.async_client()

    async def verify(number: str) -> Outcome:
        verification = await engine.request(number, timeout=PATIENCE)
        code = code_in_sms(texts[number])
        assert code is not None
        await client.ping()
        return await engine.validate(verification.id, code, number=number)

    async def main(thread: int) -> list[Outcome]:
        return await asyncio.gather(*(verify(f"+35191000{thread:02}{last:02}") for last in range(count(20, 100))))

    def in_a_loop(thread: int) -> list[Outcome]:
        loop = new_loop()
        try:
            return loop.run_until_complete(main(thread))
        finally:
            loop.close()

    with ThreadPoolExecutor(4) as threads:
        assert {outcome for each in threads.map(in_a_loop, range(4)) for outcome in each} == {Outcome.VERIFIED}


def test_many_send_at_the_same_time(verifying: Verifying) -> None:
    together = threading.Barrier(16)

    def send(sms: OutgoingSms) -> None:
        together.wait(PATIENCE)

    async def send_async(sms: OutgoingSms) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, send, sms)

    numbers = [f"+351 910 000 0{last:02}" for last in range(16)]
    with ThreadPoolExecutor(16) as pool, ThreadPoolExecutor(16) as callers:
        if verifying.is_async:

            async def main() -> list[Verification]:
                asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(16))
                engine = AsyncEngine(send_async if verifying.sends_async else send)
                return await asyncio.gather(*map(engine.request, numbers))

            requested = asyncio.run(main())
        else:
            engine = Engine(send_async if verifying.sends_async else send)
            requested = list(callers.map(engine.request, numbers))
    assert [each.sms for each in requested] == [SmsStatus.SENT] * 16


@pytest.mark.parametrize("kind", [Engine, AsyncEngine])
def test_a_timeout_ends_the_wait_for_an_async_function_which_is_cancelled(kind: type[Engine | AsyncEngine]) -> None:
    cancelled = threading.Event()

    async def send(sms: OutgoingSms) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    verifying = Verifying(kind is AsyncEngine, True)
    engine = kind(send)
    with pytest.raises(CallTimeoutError) as caught:
        verifying.request(engine, timeout=0.1)
    assert caught.value.sms_possibly_sent
    assert cancelled.wait(PATIENCE)
    assert verifying.run(lambda: engine.get(caught.value.request_id or "")).sms is SmsStatus.UNKNOWN


def test_cancelling_a_task_cancels_the_hand_over_and_the_sms_may_have_been_sent() -> None:
    async def main() -> None:
        attempts: list[str] = []
        started, ended = asyncio.Event(), asyncio.Event()

        async def send(sms: OutgoingSms) -> None:
            attempts.append(sms.attempt_id)
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        engine = AsyncEngine(send)
        request = asyncio.ensure_future(engine.request(NUMBER))
        await started.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await asyncio.wait_for(ended.wait(), PATIENCE)
        # The first attempt's id is the request's.
        assert (await engine.get(attempts[0])).sms is SmsStatus.UNKNOWN

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Engine, AsyncEngine])
def test_a_function_that_cancels_itself_has_failed_and_nobody_else_is_cancelled(
    kind: type[Engine | AsyncEngine],
) -> None:
    async def send(sms: OutgoingSms) -> None:
        raise asyncio.CancelledError

    verifying = Verifying(kind is AsyncEngine, True)
    with pytest.raises(DeliveryFailedError) as caught:
        verifying.request(kind(send))
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


def test_a_function_that_exits_has_failed_and_the_next_sms_is_handed_over() -> None:
    async def send(sms: OutgoingSms) -> None:
        if sms.number.endswith("1"):
            raise SystemExit

    engine = Engine(send)
    with pytest.raises(DeliveryFailedError) as caught:
        engine.request(OTHER)
    assert isinstance(caught.value.__cause__, SystemExit)
    assert engine.request(NUMBER).sms is SmsStatus.SENT


def test_a_failure_to_send_leaves_no_cycle_behind(verifying: Verifying) -> None:
    """The frames of its traceback have the SMS, and with it the code."""

    class Failure(Exception):
        pass

    failures: list[weakref.ref[Failure]] = []

    def fail(sms: OutgoingSms) -> None:
        failure = Failure()
        failures.append(weakref.ref(failure))
        try:
            raise failure
        finally:
            del failure

    engine: Any = verifying.engine(fail)

    def fails() -> Any:
        # Within the loop: asyncio's own way out of it has a cycle.
        async def awaited() -> None:
            with suppress(DeliveryFailedError):
                await engine.request(NUMBER)

        if verifying.is_async:
            return awaited()
        with suppress(DeliveryFailedError):
            engine.request(NUMBER)
        return None

    gc.collect()
    gc.disable()
    try:
        verifying.run(fails)
        wait_until(lambda: failures[0]() is None, "nobody holds the failure any more")
    finally:
        gc.enable()


def test_an_object_with_an_async_call_is_a_function_too() -> None:
    class Gateway:
        async def __call__(self, sms: OutgoingSms) -> None:
            await asyncio.sleep(0)

    assert Engine(Gateway()).request(NUMBER).sms is SmsStatus.SENT
    assert asyncio.run(AsyncEngine(Gateway()).request(NUMBER)).sms is SmsStatus.SENT


def test_an_engine_that_blocks_has_its_async_function_run_though_a_loop_runs_in_its_thread() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def send(sms: OutgoingSms) -> None:
        loops.append(asyncio.get_running_loop())

    async def main() -> None:
        with Engine(send, resend_after=None) as engine:
            assert engine.request(NUMBER).sms is SmsStatus.SENT
            assert engine.request(NUMBER).sms is SmsStatus.SENT
        assert loops[0] is loops[1] is not asyncio.get_running_loop()

    asyncio.run(main())


def test_closing_lets_an_sms_end_that_is_being_handed_over_and_ends_the_engines_thread() -> None:
    senders: list[threading.Thread] = []
    started, may_end = threading.Event(), threading.Event()

    async def send(sms: OutgoingSms) -> None:
        senders.append(threading.current_thread())
        started.set()
        assert await asyncio.to_thread(may_end.wait, PATIENCE)

    engine = Engine(send)
    with ThreadPoolExecutor(1) as threads:
        request = threads.submit(engine.request, NUMBER)
        assert started.wait(PATIENCE)
        engine.close()
        may_end.set()
        assert request.result(PATIENCE).sms is SmsStatus.SENT
    senders[0].join(PATIENCE)
    assert not senders[0].is_alive()


def test_a_function_may_itself_use_the_engine(verifying: Verifying) -> None:
    """A look at the request, say, for a template of the gateway's."""
    states: list[State] = []
    if verifying.is_async:

        async def main() -> None:
            async def send(sms: OutgoingSms) -> None:
                states.append((await engine.get(sms.attempt_id)).state)

            engine = AsyncEngine(send)
            await engine.request(NUMBER)

        asyncio.run(main())
    else:
        engine = verifying.engine(lambda sms: states.append(engine.get(sms.attempt_id).state))  # type: ignore[union-attr]
        engine.request(NUMBER)
    assert states == [State.PENDING]


@pytest.mark.parametrize("kind", [Engine, AsyncEngine])
def test_egois_own_call_sends_the_sms(kind: type[Engine | AsyncEngine], sandbox: Sandbox) -> None:
    verifying = Verifying(kind is AsyncEngine, False)
    engine = kind(EgoiSms("key", "1", base_url=f"{sandbox.url}/api"))
    verification = verifying.request(engine)
    (message,) = sandbox.messages(NUMBER)
    code = code_in_sms(message.text)
    assert code is not None
    assert verifying.run(lambda: engine.validate(verification.id, code, number=NUMBER)) is Outcome.VERIFIED


@pytest.mark.parametrize("kind", [Engine, AsyncEngine])
def test_what_egois_call_refuses_is_the_cause(kind: type[Engine | AsyncEngine], sandbox: Sandbox) -> None:
    sandbox.fail_next("sms", status=403)
    verifying = Verifying(kind is AsyncEngine, False)
    with pytest.raises(DeliveryFailedError) as caught:
        verifying.request(kind(EgoiSms("key", "1", base_url=f"{sandbox.url}/api")))
    assert getattr(caught.value.__cause__, "code", None) == "forbidden"
    assert not caught.value.sms_possibly_sent


def test_threads_on_one_engine_verify_each_its_own_number(count: Callable[[int, int], int]) -> None:
    sent: dict[str, OutgoingSms] = {}
    engine = Engine(lambda sms: sent.__setitem__(sms.number, sms), sms_per_number=None, resend_after=None)

    def verify(last: int) -> list[Outcome]:
        number = f"+3519100000{last:02}"
        return [
            engine.validate(engine.request(number).id, code_of(sent[number]), number=number)
            for _ in range(count(5, 1_000))
        ]

    with ThreadPoolExecutor(16) as threads:
        outcomes = {outcome for each in threads.map(verify, range(16)) for outcome in each}
    assert outcomes == {Outcome.VERIFIED}


def test_ping_asks_e_goi_whether_the_key_of_its_sms_call_is_right() -> None:
    with Sandbox(api_key="right") as sandbox:
        for key in ("right", "another"):
            engine = Engine(EgoiSms(api_key=key, sender="1", base_url=f"{sandbox.url}/api"))
            if key == "right":
                engine.ping()
            else:
                with pytest.raises(UnauthorizedError):
                    engine.ping()


def test_an_engine_takes_the_clock_of_a_sandbox(sandbox: Sandbox) -> None:
    engine = Engine(lambda _: None, clock=sandbox.clock)
    id = engine.request(OTHER).id
    sandbox.clock.advance(601)
    assert engine.get(id).state is State.EXPIRED


def test_a_number_is_found_unlocked_and_erased(verifying: Verifying) -> None:
    engine = verifying.engine(lambda sms: None)

    def run(verb: str, *args: object) -> Any:
        return verifying.run(lambda: getattr(engine, verb)(*args))

    made = run("request", NUMBER)
    record = run("find", NUMBER)
    assert (record.number, [request.id for request in record.requests]) == (made.number, [made.id])
    assert [(limit.limit, limit.count, limit.max) for limit in record.limits] == [
        ("sms_per_number", 1, 5),
        ("resend_after", 1, 1),
    ]
    assert record.limits[0].ends_at > made.created_at
    assert made.number not in repr(record)
    assert run("unlock", NUMBER) is None
    assert run("find", NUMBER).limits == []
    assert run("erase", NUMBER) == 1
    assert run("find", NUMBER).requests == []
    with pytest.raises(NotFoundError):
        run("get", made.id)
    with pytest.raises(InvalidInputError):
        run("find", "x")
