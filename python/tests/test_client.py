"""Calls that block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import NUMBER
from egoi_verify import Client, ClosedError, EgoiSms, Engine, InvalidInputError, Outcome, Sandbox, State, VerifyError
from support_wire import Wire


def test_64_threads_on_one_client_work_in_parallel(wire: Wire) -> None:
    wire.hold(until=64)  # none is answered before all are asked
    client = Client("key", "1", base_url=wire.url)
    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(client.get, [f"r{number}" for number in range(64)]))
    assert [each.id for each in answers] == [f"r{number}" for number in range(64)]


def test_other_threads_run_python_while_a_call_is_under_way(wire: Wire) -> None:
    wire.hold()
    client = Client("key", "1", base_url=wire.url)
    call = threading.Thread(target=client.ping)
    call.start()
    wire.wait_for_requests(1)  # written in Python, by a server in this process
    assert call.is_alive()
    wire.release()
    call.join()


def test_threads_that_share_a_client_verify_each_its_own_number(
    sandbox: Sandbox, count: Callable[[int, int], int]
) -> None:
    client = sandbox.client()

    def verify(last: int) -> list[Outcome]:
        number = f"+351 910 000 0{last:02}"
        outcomes = []
        for _ in range(count(3, 100)):
            verification = client.request(number)
            outcomes.append(client.validate(verification.id, sandbox.wait_for_code(number), number=number))
        return outcomes

    with ThreadPoolExecutor(16) as threads:
        outcomes = [outcome for each in threads.map(verify, range(16)) for outcome in each]
    assert set(outcomes) == {Outcome.VERIFIED}


def test_a_connection_that_was_closed_while_no_call_was_under_way_costs_no_request_and_no_second_sms(
    wire: Wire, count: Callable[[int, int], int]
) -> None:
    client = Client("key", "1", base_url=wire.url)
    rounds = count(100, 5_000)
    for sent in range(1, rounds + 1):
        client.ping()
        wire.drop_connections()
        assert client.request(NUMBER).state is State.PENDING
        assert wire.sms == sent


def test_calls_of_one_thread_share_a_connection(wire: Wire) -> None:
    client = Client("key", "1", base_url=wire.url)
    for _ in range(5):
        client.ping()
    assert len(wire.connections) == 1


def test_a_connection_serves_the_thread_that_comes_after_the_one_that_made_it(wire: Wire) -> None:
    client = Client("key", "1", base_url=wire.url)
    for _ in range(5):
        thread = threading.Thread(target=client.ping)
        thread.start()
        thread.join()
    assert len(wire.connections) == 1


def test_closing_lets_a_call_end_that_is_under_way(wire: Wire) -> None:
    wire.hold()
    client = Client("key", "1", base_url=wire.url)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.get, "a")
        wire.wait_for_requests(1)
        client.close()
        wire.release()
        assert call.result().id == "a"


def test_closing_closes_the_connections(wire: Wire) -> None:
    with Client("key", "1", base_url=wire.url) as client:
        client.ping()
    wire.wait_for_dropped(1)


def test_a_client_that_nobody_holds_any_more_closes_its_connections(wire: Wire) -> None:
    Client("key", "1", base_url=wire.url).ping()
    wire.wait_for_dropped(1)


def test_a_closed_client_says_so(wire: Wire) -> None:
    client = Client("key", "1", base_url=wire.url)
    client.close()
    with pytest.raises(ClosedError):
        client.ping()
    assert wire.connections == []


def test_from_env_takes_the_other_options(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOI_API_KEY", "key")
    monkeypatch.setenv("EGOI_SENDER", "1")
    monkeypatch.setenv("EGOI_BASE_URL", wire.url)
    wire.hold()
    with pytest.raises(VerifyError) as late:
        Client.from_env(timeout=0.2).request(NUMBER)
    assert late.value.code == "timeout"
    with pytest.raises(InvalidInputError, match="`app_name`"):
        Client.from_env(app_name="")


def test_egois_sms_is_made_from_the_environment_and_proves_its_key(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGOI_API_KEY", "key")
    monkeypatch.setenv("EGOI_SENDER", "1")
    monkeypatch.setenv("EGOI_BASE_URL", f"{sandbox.url}/api")
    sms = EgoiSms.from_env()
    sms.ping()
    assert [each.id for each in sms.senders()] == [each.id for each in sandbox.client().senders()]


def test_an_engine_is_made_from_the_environment(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGOI_API_KEY", "key")
    monkeypatch.setenv("EGOI_SENDER", "1")
    monkeypatch.setenv("EGOI_BASE_URL", f"{sandbox.url}/api")
    with pytest.raises(InvalidInputError, match="`EGOI_STORE`"):
        Engine.from_env()
    monkeypatch.setenv("EGOI_STORE", f"sqlite:{tmp_path}/store.db")
    with pytest.raises(InvalidInputError, match="`key`"):
        Engine.from_env()
    monkeypatch.setenv("EGOI_STORE_KEY", "k" * 32)
    with Engine.from_env(max_attempts=1) as engine:
        assert engine.request(NUMBER).attempts_left == 1
    assert len(sandbox.messages(NUMBER)) == 1


@pytest.mark.parametrize(("of_client", "of_call", "retries"), [(None, None, 2), (None, 1, 1), (0, None, 0), (0, 2, 2)])
def test_retries_of_a_call_go_before_those_of_the_client_and_the_error_has_their_count(
    sandbox: Sandbox, of_client: int | None, of_call: int | None, retries: int
) -> None:
    client = Client("key", "1", base_url=f"{sandbox.url}/api", retries=of_client)
    verification = client.request(NUMBER)
    sandbox.fail_next("get", status=503, count=3)
    with pytest.raises(VerifyError) as raised:
        client.get(verification.id, retries=of_call)
    assert raised.value.retries == retries


def test_more_than_2_retries_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="`retries` is 3; the maximum is 2"):
        Client("key", "1", retries=3)
    client = sandbox.client()
    for call in (
        lambda: client.request(NUMBER, retries=3),
        lambda: client.validate("1", "123456", retries=3),
        lambda: client.cancel("1", retries=3),
    ):
        with pytest.raises(InvalidInputError, match="`retries` is 3; the maximum is 2"):
            call()
