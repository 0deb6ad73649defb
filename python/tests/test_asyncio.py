"""Calls for asyncio."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from unittest.mock import create_autospec

import anyio
import pytest
import support_program as program
import trio
from conftest import NUMBER
from egoi_verify import (
    AsyncClient,
    AsyncEngine,
    AsyncVerifier,
    CallTimeoutError,
    ClosedError,
    NotFoundError,
    Outcome,
    OutgoingSms,
    Sandbox,
    UnsupportedError,
    Verification,
    VerifyError,
)
from egoi_verify._native import Completions
from loops import LOOPS
from support_wire import Wire, wait_until

T = TypeVar("T")


def run(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, T]) -> T:
    loop = new_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


async def requested(wire: Wire, count: int) -> None:
    await asyncio.to_thread(wire.wait_for_requests, count)


async def verify(client: AsyncClient, sandbox: Sandbox, number: str = NUMBER) -> Outcome:
    verification = await client.request(number)
    code = await asyncio.to_thread(sandbox.wait_for_code, number)
    return await client.validate(verification.id, code, number=number)


def test_a_number_is_verified_on_every_kind_of_loop(
    new_loop: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox
) -> None:
    assert run(new_loop, verify(sandbox.async_client(), sandbox)) is Outcome.VERIFIED


def test_a_call_that_waits_for_nothing_makes_no_future() -> None:
    futures = 0

    class Loop(asyncio.SelectorEventLoop):
        def create_future(self) -> asyncio.Future[Any]:
            nonlocal futures
            futures += 1
            return super().create_future()

    async def main() -> tuple[int, int]:
        engine = AsyncEngine(_no_sms)
        before = futures
        assert await engine.erase(NUMBER) == 0
        with pytest.raises(NotFoundError):
            await engine.validate("unknown", "123456")
        return before, futures

    before, after = run(Loop, main())
    assert after == before


def test_64_calls_of_one_loop_are_under_way_at_once(
    new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire
) -> None:
    wire.hold(until=64)
    client = AsyncClient("key", "1", base_url=wire.url)

    async def main() -> list[Verification]:
        return await asyncio.gather(*(client.get(f"r{number}") for number in range(64)))

    assert [each.id for each in run(new_loop, main())] == [f"r{number}" for number in range(64)]


def test_a_client_goes_on_in_a_second_loop_when_the_first_was_closed(
    new_loop: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox
) -> None:
    client = sandbox.async_client()
    assert [run(new_loop, verify(client, sandbox)) for _ in range(3)] == [Outcome.VERIFIED] * 3


def test_a_call_ends_when_its_loop_is_run_again(new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire) -> None:
    wire.hold()
    loop = new_loop()
    call = loop.create_task(AsyncClient("key", "1", base_url=wire.url).get("a"))
    loop.run_until_complete(requested(wire, 1))
    wire.release()  # while nobody runs the loop
    assert loop.run_until_complete(call).id == "a"
    loop.close()


def test_loops_in_several_threads_share_a_client(sandbox: Sandbox, count: Callable[[int, int], int]) -> None:
    client = sandbox.async_client()
    outcomes: list[Outcome] = []

    async def main(last: int) -> None:
        for _ in range(count(5, 200)):
            outcome = await verify(client, sandbox, f"+351 910 000 0{last:02}")
            outcomes.append(outcome)

    threads = [threading.Thread(target=asyncio.run, args=(main(last),)) for last in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [Outcome.VERIFIED] * 8 * count(5, 200)


def test_the_loop_goes_on_while_a_call_is_under_way(
    new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire
) -> None:
    wire.hold()

    async def main() -> str:
        call = asyncio.ensure_future(AsyncClient("key", "1", base_url=wire.url).get("a"))
        await requested(wire, 1)  # awaited by the same loop
        assert not call.done()
        wire.release()
        return (await call).id

    assert run(new_loop, main()) == "a"


def test_cancelling_a_task_drops_its_request_and_no_other(
    new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire
) -> None:
    wire.hold()

    async def main() -> str:
        client = AsyncClient("key", "1", base_url=wire.url)
        dropped, kept = (asyncio.ensure_future(client.get(id)) for id in ("dropped", "kept"))
        await requested(wire, 2)
        dropped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dropped
        await asyncio.to_thread(wire.wait_for_dropped, 1)
        (connection,) = (each for each in wire.connections if each.is_dropped)
        assert connection.requests == ["GET /v2/verify/dropped HTTP/1.1"]
        wire.release()
        return (await kept).id

    assert run(new_loop, main()) == "kept"


def test_a_timeout_of_asyncios_drops_the_request(wire: Wire) -> None:
    wire.hold()

    async def main() -> None:
        client = AsyncClient("key", "1", base_url=wire.url)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.ping(), 0.05)
        await asyncio.to_thread(wire.wait_for_dropped, 1)

    asyncio.run(main())


def test_the_calls_own_timeout_is_an_error_of_the_library(wire: Wire) -> None:
    wire.hold()

    async def main() -> None:
        with pytest.raises(CallTimeoutError) as caught:
            await AsyncClient("key", "1", base_url=wire.url).ping(timeout=0.05)
        assert isinstance(caught.value, TimeoutError)

    asyncio.run(main())


def test_a_connection_that_was_closed_between_two_calls_costs_no_request_and_no_second_sms(
    wire: Wire, count: Callable[[int, int], int]
) -> None:
    async def main() -> None:
        client = AsyncClient("key", "1", base_url=wire.url)
        for sent in range(1, count(50, 2_000) + 1):
            await client.ping()
            wire.drop_connections()
            await asyncio.to_thread(wire.wait_for_dropped, 2 * sent - 1)
            await client.request(NUMBER)
            wire.drop_connections()
            await asyncio.to_thread(wire.wait_for_dropped, 2 * sent)
            assert wire.sms == sent

    asyncio.run(main())


def test_a_call_outside_of_a_loop_is_refused(wire: Wire) -> None:
    call = AsyncClient("key", "1", base_url=wire.url).ping()
    with pytest.raises(UnsupportedError, match="no event loop of asyncio is running"):
        call.send(None)


def test_a_closed_client_says_so(wire: Wire) -> None:
    async def main() -> None:
        async with AsyncClient("key", "1", base_url=wire.url) as client:
            await client.ping()
        with pytest.raises(ClosedError):
            await client.ping()
        await asyncio.to_thread(wire.wait_for_dropped, 1)

    asyncio.run(main())


def test_a_sandbox_starts_and_ends_in_a_loop_while_answers_come_in(
    new_loop: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox
) -> None:
    """The worker, which has them both, may be waiting for Python meanwhile."""

    async def main() -> None:
        client = sandbox.async_client()
        calls = [asyncio.ensure_future(client.ping()) for _ in range(200)]
        await calls[0]
        for _ in range(20):
            Sandbox().close()
        await asyncio.gather(*calls)

    run(new_loop, main())


def test_an_error_leaves_no_cycle_behind(sandbox: Sandbox) -> None:
    """A cycle would hold the frames of whoever called, with all that is in them, until the collector comes."""

    class Local:
        pass

    gone = threading.Event()

    async def main() -> None:
        client = sandbox.async_client()
        local = Local()
        local.__class__.__del__ = lambda self: gone.set()  # type: ignore[attr-defined]
        with suppress(VerifyError):
            await client.get("nope")

    gc.collect()
    gc.disable()
    try:
        asyncio.run(main())
        assert gone.is_set()
    finally:
        gc.enable()


def test_completions_are_gone_with_their_loop(new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire) -> None:
    client = AsyncClient("key", "1", base_url=wire.url)
    run(new_loop, client.ping())
    gc.collect()
    assert [each for each in gc.get_objects() if type(each) is Completions] == []


def test_an_answer_that_comes_after_the_loop_was_closed_is_dropped_in_silence(
    new_loop: Callable[[], asyncio.AbstractEventLoop], wire: Wire, capfd: pytest.CaptureFixture[str]
) -> None:
    wire.hold()
    client = AsyncClient("key", "1", base_url=wire.url)
    loop = new_loop()
    call = loop.create_task(client.ping())
    loop.run_until_complete(requested(wire, 1))
    loop.close()
    wire.release()  # while the task, and with it the call, is still there

    run(new_loop, client.ping())
    assert not call.done()
    assert capfd.readouterr() == ("", "")
    call._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own complaint of the task above


@pytest.mark.parametrize("kind", LOOPS)
def test_loops_that_die_with_calls_in_flight_print_nothing_and_leak_nothing(
    kind: str, wire: Wire, count: Callable[[int, int], int]
) -> None:
    wire.hold()
    loops = count(20, 500)
    process = program.start("dying_loops", wire.url, kind, str(loops))
    assert program.end(process) == "nothing left"
    wait_until(lambda: wire.dropped() == len(wire.connections), "every connection was ended")
    assert len(wire.requests) > loops  # most of the three that each had in flight


def test_an_answer_to_a_loop_that_is_gone_does_not_kill_a_program_that_dies_of_broken_pipes(wire: Wire) -> None:
    wire.hold()
    process = program.start("broken_pipe", wire.url)
    wire.wait_for_requests(1)
    wire.release()
    assert program.end(process, "go") == "started\nalive"


# A call that was not awaited


CALLS: dict[str, Callable[[AsyncVerifier], Coroutine[Any, Any, object]]] = {
    "request": lambda verifier: verifier.request(NUMBER),
    "validate": lambda verifier: verifier.validate("1", "123456"),
    "cancel": lambda verifier: verifier.cancel("1"),
    "resend": lambda verifier: verifier.resend("1"),
    "get": lambda verifier: verifier.get("1"),
}


@pytest.mark.parametrize("verb", CALLS)
def test_a_call_that_was_not_awaited_has_no_truth_value(sandbox: Sandbox, verb: str) -> None:
    async def send(sms: OutgoingSms) -> None: ...

    for verifier in (sandbox.async_client(), AsyncEngine(send)):
        with pytest.raises(TypeError, match=f"{type(verifier).__name__}.{verb} was not awaited"):
            bool(CALLS[verb](verifier))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_call_that_was_never_awaited_is_named_in_the_warning(sandbox: Sandbox) -> None:
    with pytest.warns(RuntimeWarning, match="'AsyncClient.ping' was never awaited"):  # noqa: PT031
        sandbox.async_client().ping()
        gc.collect()


def test_a_call_is_a_coroutine_to_whatever_takes_one(sandbox: Sandbox) -> None:
    client = sandbox.async_client()

    async def main() -> None:
        assert isinstance(client.ping(), Coroutine)
        task: asyncio.Task[None] = asyncio.create_task(client.ping())
        assert "ping" in repr(task)
        await task
        await asyncio.gather(client.ping(), client.ping())
        await asyncio.wait_for(client.ping(), 10)
        if sys.version_info >= (3, 11):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(client.ping())
            assert task.done()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the one that is only looked at
        asyncio.run(main())
    asyncio.run(client.ping())


def test_a_mock_of_a_client_is_awaited(sandbox: Sandbox) -> None:
    mock = create_autospec(sandbox.async_client(), instance=True)
    mock.ping.return_value = None
    asyncio.run(mock.ping())
    mock.ping.assert_awaited_once_with()


def in_trio(call: Callable[[], Coroutine[Any, Any, object]]) -> None:
    trio.run(call)


def in_anyio_on_trio(call: Callable[[], Coroutine[Any, Any, object]]) -> None:
    anyio.run(call, backend="trio")


@pytest.mark.parametrize("start", [in_trio, in_anyio_on_trio])
@pytest.mark.parametrize("kind", ["client", "engine"])
def test_under_trio_an_asynchronous_call_is_refused_with_what_works_there(
    start: Callable[[Callable[[], Coroutine[Any, Any, object]]], None], kind: str, sandbox: Sandbox
) -> None:
    verifier: AsyncVerifier = sandbox.async_client() if kind == "client" else AsyncEngine(_no_sms)

    async def call() -> None:
        await verifier.request(NUMBER)

    with pytest.raises(UnsupportedError, match=r"trio\.to_thread\.run_sync"):
        start(call)
    assert sandbox.messages(NUMBER) == []


def test_under_trio_a_blocking_client_runs_in_a_thread_and_the_others_go_on(sandbox: Sandbox) -> None:
    client = sandbox.client()

    async def verify() -> Outcome:
        verification = await trio.to_thread.run_sync(client.request, NUMBER)
        code = await trio.to_thread.run_sync(sandbox.wait_for_code, NUMBER)
        return await trio.to_thread.run_sync(client.validate, verification.id, code)

    assert trio.run(verify) is Outcome.VERIFIED


async def _no_sms(_: OutgoingSms) -> None:
    raise AssertionError("an SMS went out")
