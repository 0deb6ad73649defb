"""Panics in Rust: an error to whoever called, and nothing to anybody else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import NUMBER
from egoi_verify import InternalError, Sandbox, State, VerifyError
from egoi_verify._aio import run as run_in_loop
from egoi_verify._calls import run
from egoi_verify._native import panicking


@pytest.mark.parametrize("is_at_hand", [False, True])
def test_a_panic_is_an_error_that_says_where_and_the_next_call_works(sandbox: Sandbox, is_at_hand: bool) -> None:
    client = sandbox.client()
    for _ in range(3):
        with pytest.raises(InternalError, match=r"src/functions\.rs:\d+") as caught:
            run(panicking(False, is_at_hand), None)
        assert isinstance(caught.value, VerifyError)
        assert client.request(NUMBER).state is State.PENDING


@pytest.mark.parametrize("is_at_hand", [False, True])
def test_a_panic_in_a_loop_is_an_error_and_the_next_call_and_those_under_way_work(
    sandbox: Sandbox, is_at_hand: bool
) -> None:
    async def main() -> None:
        client = sandbox.async_client()
        calls = [asyncio.ensure_future(client.ping()) for _ in range(8)]
        panic = asyncio.ensure_future(run_in_loop(panicking(True, is_at_hand), None, bool))
        with pytest.raises(InternalError):
            await panic
        await asyncio.gather(*calls)
        assert (await client.request(NUMBER)).state is State.PENDING

    asyncio.run(main())


def test_panics_in_many_threads_at_once_leave_the_others_alone(sandbox: Sandbox) -> None:
    client = sandbox.client()

    def call(number: int) -> bool:
        if number % 2:
            client.ping()
            return True
        with pytest.raises(InternalError):
            run(panicking(False), None)
        return True

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(call, range(200)))


def test_what_a_panic_says_is_printed_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """It may hold what a user typed, or a key."""
    with pytest.raises(InternalError) as caught:
        run(panicking(False), None)
    assert "on purpose" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
