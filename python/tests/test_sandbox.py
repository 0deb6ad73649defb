"""The sandbox: its options, its inbox, its clock, its failures, and how it ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from conftest import NUMBER
from egoi_verify import (
    CallInterruptedError,
    CallTimeoutError,
    Client,
    ClosedError,
    Engine,
    InvalidInputError,
    InvalidResponseError,
    NotFoundError,
    Outcome,
    OutgoingSms,
    RateLimitedError,
    RejectedError,
    Sandbox,
    State,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from egoi_verify.testing import TestClock
from support_wire import wait_until

OTHER = "+351 910 000 001"


def wrong(code: str) -> str:
    """The code with its last digit mistyped."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


# Options


def test_it_listens_on_loopback_and_a_free_port(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        urls = [httpx.URL(sandbox.url), httpx.URL(other.url)]
    assert [url.host for url in urls] == ["127.0.0.1", "127.0.0.1"]
    assert urls[0].port != urls[1].port


def test_it_listens_on_the_port_that_is_given() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with Sandbox(port=port) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{port}"


def test_a_port_that_is_taken_is_invalid_input(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="`port` cannot be used: listening on 127.0.0.1"):
        Sandbox(port=httpx.URL(sandbox.url).port)


@pytest.mark.parametrize("port", [-1, 65_536, 2**70])
def test_a_port_that_is_none_is_invalid_input(port: int) -> None:
    with pytest.raises(InvalidInputError, match="`port` is .*; the (minimum is 0|maximum is 65535)"):
        Sandbox(port=port)


def test_a_host_that_is_none_is_invalid_input() -> None:
    with pytest.raises(InvalidInputError, match="`host` "):
        Sandbox(host="nowhere in particular")


def drawn(sandbox: Sandbox) -> list[str]:
    with sandbox:
        client = sandbox.client()
        for _ in range(3):
            client.request(NUMBER, code_size=20)
        return [message.code for message in sandbox.messages()]


def test_the_same_seed_draws_the_same_codes() -> None:
    assert drawn(Sandbox(seed=1)) == drawn(Sandbox(seed=1))


def test_without_a_seed_no_two_draw_the_same_codes() -> None:
    assert drawn(Sandbox()) != drawn(Sandbox())


def test_a_code_that_is_given_is_every_code() -> None:
    assert drawn(Sandbox(code="1234")) == ["1234"] * 3


def test_any_key_is_accepted_where_none_is_given(sandbox: Sandbox) -> None:
    Client("whatever", "1", base_url=f"{sandbox.url}/api").request(NUMBER)
    assert len(sandbox.messages()) == 1


def test_where_a_key_is_given_another_is_unauthorized() -> None:
    with Sandbox(api_key="right") as sandbox, pytest.raises(UnauthorizedError):
        Client("wrong", "1", base_url=f"{sandbox.url}/api").request(NUMBER)


def test_its_own_client_has_the_key_that_was_given() -> None:
    with Sandbox(api_key="right") as sandbox:
        assert sandbox.client().request(NUMBER).state is State.PENDING


def answer_to_a_wrong_code(sandbox: Sandbox) -> httpx.Response:
    with sandbox:
        made = sandbox.client().request(NUMBER)
        code = wrong(sandbox.wait_for_code(NUMBER))
        url = f"{sandbox.url}/api/v2/verify/{made.id}/validate"
        return httpx.post(url, json={"code": code}, headers={"ApiKey": "any"})


def test_v2_answers_a_wrong_code_as_published_with_200_and_no_word() -> None:
    answer = answer_to_a_wrong_code(Sandbox())
    assert (answer.status_code, set(answer.json()[0])) == (200, {"verifyId"})


def test_v2_answers_with_status_words_where_that_is_asked_for() -> None:
    answer = answer_to_a_wrong_code(Sandbox(v2_words=True))
    assert (answer.status_code, set(answer.json()[0])) == (200, {"verifyId", "status"})


def test_v2_answers_a_wrong_code_with_400_where_that_is_asked_for() -> None:
    assert answer_to_a_wrong_code(Sandbox(v2_wrong=400)).status_code == 400


def test_v2_answers_a_wrong_code_with_nothing_else() -> None:
    with pytest.raises(InvalidInputError, match="`v2_wrong` is 404; it must be 200 or 400"):
        Sandbox(v2_wrong=404)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "make",
    [
        Sandbox,
        lambda: Sandbox(v2_words=True),
        lambda: Sandbox(v2_wrong=400),
        lambda: Sandbox(v2_words=True, v2_wrong=400),
    ],
    ids=["as published", "with words", "400", "with words and 400"],
)
def test_whatever_v2_answers_a_client_tells_wrong_from_right(make: Callable[[], Sandbox]) -> None:
    with make() as sandbox:
        client = sandbox.client()
        made = client.request(NUMBER)
        code = sandbox.wait_for_code(NUMBER)
        outcomes = [client.validate(made.id, given) for given in (wrong(code), code, code)]
    assert outcomes == [Outcome.WRONG_CODE, Outcome.VERIFIED, Outcome.ALREADY_VERIFIED]


def test_start_is_another_name_for_the_constructor() -> None:
    with Sandbox.start(code="4321") as sandbox:
        sandbox.client().request(NUMBER)
        assert sandbox.wait_for_code(NUMBER) == "4321"


# Clients


def test_its_v1_client_speaks_v1(sandbox: Sandbox) -> None:
    made = sandbox.client("v1").request(NUMBER)
    assert sandbox.client("v1").validate(made.id, sandbox.wait_for_code(NUMBER)).is_verified


def test_a_client_of_another_version_is_invalid_input(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="`api` "):
        sandbox.client("v3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Inbox


def test_the_inbox_begins_empty(sandbox: Sandbox) -> None:
    assert sandbox.messages() == []


def test_a_message_is_what_the_recipient_got(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER, message="{CODE}: yours")
    [message] = sandbox.messages()
    assert message.text == f"{message.code}: yours"
    assert (message.id, message.number, message.sender, message.request_id, message.parts) == (
        1,
        "+351910000000",
        "1",
        made.id,
        1,
    )


def test_the_newest_message_is_first(sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.client().request(NUMBER)
    assert [message.id for message in sandbox.messages()] == [3, 2, 1]


def test_messages_can_be_had_for_one_number_however_it_is_written(sandbox: Sandbox) -> None:
    sandbox.client().request(NUMBER)
    sandbox.client().request(OTHER)
    assert [message.id for message in sandbox.messages("00351910000001")] == [2]


def test_messages_for_what_is_no_number_are_invalid_input(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="`number` "):
        sandbox.messages("910000000")


def test_waiting_for_a_code_gives_each_sms_once(sandbox: Sandbox) -> None:
    client = sandbox.client()
    made = client.request(NUMBER, code_size=20)
    first = sandbox.wait_for_code(NUMBER)
    client.resend(made.id)
    assert [first, sandbox.wait_for_code(NUMBER)] == [message.code for message in reversed(sandbox.messages())]


def test_waiting_for_a_code_ends_when_the_sms_comes(sandbox: Sandbox) -> None:
    later = threading.Thread(target=lambda: sandbox.client().request(NUMBER))
    later.start()
    try:
        assert sandbox.wait_for_code(NUMBER, timeout=timedelta(seconds=30)) == sandbox.messages()[0].code
    finally:
        later.join()


def test_a_code_that_does_not_come_in_time_is_a_timeout(sandbox: Sandbox) -> None:
    sandbox.client().request(OTHER)
    with pytest.raises(CallTimeoutError, match="no new SMS"):
        sandbox.wait_for_code(NUMBER, timeout=0.01)


# Clock


def test_the_clock_begins_at_the_time_of_the_machine(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER).created_at
    assert made is not None
    assert abs(sandbox.clock.now() - made) < timedelta(seconds=30)


@pytest.mark.parametrize("by", [61, 61.0, timedelta(seconds=61)], ids=repr)
def test_a_clock_that_stands_still_is_moved_by_exactly_so_much(sandbox: Sandbox, by: float | timedelta) -> None:
    sandbox.clock.freeze()
    before = sandbox.clock.now()
    sandbox.clock.advance(by)
    assert sandbox.clock.now() - before == timedelta(seconds=61)


def test_a_clock_that_stands_still_goes_on_when_it_is_let(sandbox: Sandbox) -> None:
    sandbox.clock.freeze()
    stood = sandbox.clock.now()
    assert sandbox.clock.now() == stood
    sandbox.clock.freeze(False)
    wait_until(lambda: sandbox.clock.now() > stood, "the clock goes on")


def test_a_clock_does_not_go_back(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="`by` "):
        sandbox.clock.advance(-1)


def test_a_request_expires_when_the_clock_says_so(sandbox: Sandbox) -> None:
    sandbox.clock.freeze()
    client = sandbox.client()
    made = client.request(NUMBER, ttl=60)
    sandbox.clock.advance(59)
    assert client.get(made.id).state is State.PENDING
    sandbox.clock.advance(1)
    assert client.get(made.id).state is State.EXPIRED


# Failures


def test_a_status_is_answered_once_and_the_call_has_no_effect(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", status=429)
    with pytest.raises(RateLimitedError):
        sandbox.client().request(NUMBER)
    assert sandbox.messages() == []
    assert sandbox.client().request(NUMBER).state is State.PENDING


def test_a_failure_strikes_as_often_as_it_is_told_to(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", status=400, count=2)
    for _ in range(2):
        with pytest.raises(RejectedError):
            sandbox.client().request(NUMBER)
    assert sandbox.client().request(NUMBER).state is State.PENDING


def test_a_failure_without_end_lasts_until_the_reset(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", status=400, count=None)
    for _ in range(5):
        with pytest.raises(RejectedError):
            sandbox.client().request(NUMBER)
    sandbox.reset()
    assert sandbox.client().request(NUMBER).state is State.PENDING


def test_a_failure_of_one_call_does_not_strike_another(sandbox: Sandbox) -> None:
    sandbox.fail_next("cancel", status=400)
    assert sandbox.client().request(NUMBER).state is State.PENDING


def test_a_failure_of_any_call_strikes_the_first(sandbox: Sandbox) -> None:
    sandbox.fail_next(status=400)
    with pytest.raises(RejectedError):
        sandbox.client().senders()


def test_a_failure_of_one_number_does_not_strike_another(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", number=OTHER, status=400)
    assert sandbox.client().request(NUMBER).state is State.PENDING
    with pytest.raises(RejectedError):
        sandbox.client().request(OTHER)


def test_a_connection_cut_before_the_call_has_no_effect(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", cut="before")
    with pytest.raises(CallInterruptedError):
        sandbox.client().request(NUMBER)
    assert sandbox.messages() == []


def test_a_connection_cut_after_the_call_has_its_effect(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", cut="after")
    with pytest.raises(CallInterruptedError):
        sandbox.client().request(NUMBER)
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize("body", ["malformed", "huge"])
def test_an_answer_that_is_none_is_unexpected(sandbox: Sandbox, body: str) -> None:
    sandbox.fail_next("request", body=body)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidResponseError):
        sandbox.client().request(NUMBER)


@pytest.mark.parametrize("delay", [30, timedelta(seconds=30)], ids=repr)
def test_an_answer_that_is_delayed_past_the_deadline_is_a_timeout(sandbox: Sandbox, delay: float | timedelta) -> None:
    sandbox.fail_next("request", delay=delay)
    with pytest.raises(CallTimeoutError):
        sandbox.client().request(NUMBER, timeout=0.05)


def test_a_failure_that_is_never_likely_never_strikes(sandbox: Sandbox) -> None:
    sandbox.fail_next("get", status=400, probability=0, count=None)
    made = sandbox.client().request(NUMBER)
    assert {sandbox.client().get(made.id).state for _ in range(20)} == {State.PENDING}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200},
        {"status": 600},
        {"delay": 61},
        {"delay": -1},
        {"probability": 2},
        {"count": -1},
        {"call": "fly"},
    ],
    ids=str,
)
def test_a_failure_that_cannot_be_is_refused(sandbox: Sandbox, fault: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        sandbox.fail_next(**fault)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Reset and close


def test_a_reset_forgets_requests_messages_and_failures(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    sandbox.fail_next(status=503, count=None)
    sandbox.reset()
    assert sandbox.messages() == []
    with pytest.raises(NotFoundError):
        sandbox.client().get(made.id)


def test_a_reset_leaves_the_clock_as_it_is(sandbox: Sandbox) -> None:
    sandbox.clock.freeze()
    sandbox.clock.advance(3600)
    before = sandbox.clock.now()
    sandbox.reset()
    assert sandbox.clock.now() == before


def test_once_closed_nothing_listens_any_more() -> None:
    with Sandbox() as sandbox:
        client = sandbox.client()
    # Its first call: a connection that it had kept could be reset in the middle of a request.
    with pytest.raises(UnreachableError):
        client.request(NUMBER)


def test_its_port_is_free_again_when_it_is_closed() -> None:
    with Sandbox() as first:
        port = httpx.URL(first.url).port
        first.client().ping()
    with Sandbox(port=port) as second:
        second.client().ping()


def test_closing_twice_is_not_an_error(sandbox: Sandbox) -> None:
    sandbox.close()
    sandbox.close()
    with pytest.raises(ClosedError):
        sandbox.reset()


USES: dict[str, Callable[[Sandbox], object]] = {
    "client": lambda sandbox: sandbox.client(),
    "async_client": lambda sandbox: sandbox.async_client(),
    "messages": lambda sandbox: sandbox.messages(),
    "wait_for_code": lambda sandbox: sandbox.wait_for_code(NUMBER),
    "fail_next": lambda sandbox: sandbox.fail_next(status=503),
    "reset": lambda sandbox: sandbox.reset(),
    "now": lambda sandbox: sandbox.clock.now(),
    "advance": lambda sandbox: sandbox.clock.advance(1),
    "freeze": lambda sandbox: sandbox.clock.freeze(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_whatever_is_asked_of_a_closed_sandbox_is_closed(use: Callable[[Sandbox], object]) -> None:
    with Sandbox() as sandbox:
        pass
    with pytest.raises(ClosedError, match="the sandbox was closed"):
        use(sandbox)


def test_an_exception_that_leaves_the_with_closes_it() -> None:
    with pytest.raises(KeyError), Sandbox() as sandbox:
        raise KeyError
    with pytest.raises(ClosedError):
        sandbox.messages()


# The numbers that play a part


def test_a_number_that_plays_unavailable_is_unavailable(sandbox: Sandbox) -> None:
    with pytest.raises(UnavailableError):
        sandbox.client().request("44-7700900503")


def test_the_inbox_page_is_at_its_url(sandbox: Sandbox) -> None:
    answer = httpx.get(sandbox.url)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")


# The clock of an engine in a test


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def test_a_test_clock_begins_at_the_time_of_the_machine(clock: TestClock) -> None:
    assert abs(clock.now() - datetime.now(timezone.utc)) < timedelta(seconds=30)


@pytest.mark.parametrize("by", [61, timedelta(seconds=61)], ids=repr)
def test_a_test_clock_that_stands_still_is_moved_by_exactly_so_much(clock: TestClock, by: float | timedelta) -> None:
    clock.freeze()
    before = clock.now()
    clock.advance(by)
    assert clock.now() - before == timedelta(seconds=61)


def test_an_engine_goes_by_its_test_clock(clock: TestClock) -> None:
    sent: list[OutgoingSms] = []
    clock.freeze()
    with Engine(sent.append, clock=clock) as engine:
        made = engine.request(NUMBER, message="{CODE}", ttl=60)
        clock.advance(59)
        assert engine.get(made.id).state is State.PENDING
        clock.advance(1)
        assert engine.validate(made.id, sent[0].text) is Outcome.EXPIRED


def test_the_testing_module_has_all_that_a_test_needs() -> None:
    from egoi_verify import testing

    assert sorted(testing.__all__) == ["Message", "Sandbox", "SandboxClock", "TestClock"]
