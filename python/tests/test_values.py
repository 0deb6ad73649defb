"""What the verbs take and give back: words, times, lengths of time, and what is never printed."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from conftest import NUMBER
from django.core.signing import JSONSerializer
from egoi_verify import (
    AsyncClient,
    AsyncEngine,
    Client,
    CodeType,
    EgoiSms,
    Engine,
    InvalidInputError,
    Message,
    Outcome,
    OutgoingSms,
    PhoneNumber,
    Quota,
    Sandbox,
    SenderInfo,
    SmsParts,
    SmsStatus,
    State,
    Store,
    Verification,
    generate_code,
    parse_number,
    sms_parts,
)
from flask import Flask, jsonify

NATIONAL = "910000000"


def send(sms: OutgoingSms) -> None:
    """Hands over nothing."""


# Words


def test_the_outcomes_have_the_words_that_they_have_in_every_language() -> None:
    assert [outcome.value for outcome in Outcome] == [
        "verified",
        "wrong_code",
        "expired",
        "already_verified",
        "cancelled",
        "too_many_attempts",
    ]


def test_the_states_have_the_words_that_they_have_in_every_language() -> None:
    assert [state.value for state in State] == ["pending", "verified", "expired", "cancelled"]


def test_the_code_types_have_the_words_that_they_have_in_every_language() -> None:
    assert [code_type.value for code_type in CodeType] == ["numeric", "alpha", "alphanumeric", "hex"]


def test_an_sms_is_sent_or_maybe() -> None:
    assert [sms.value for sms in SmsStatus] == ["sent", "unknown"]


@pytest.mark.parametrize("outcome", Outcome)
def test_only_verified_is_verified(outcome: Outcome) -> None:
    assert outcome.is_verified is (outcome.value == "verified")


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_has_no_truth_value(outcome: Outcome) -> None:
    with pytest.raises(TypeError, match=r"use outcome\.is_verified"):
        bool(outcome)


@pytest.mark.parametrize("code_type", CodeType)
def test_a_code_type_prints_as_its_word(code_type: CodeType) -> None:
    assert (str(code_type), f"{code_type}") == (code_type.value, code_type.value)


@pytest.mark.parametrize(
    ("code_type", "alphabet"),
    [
        (CodeType.NUMERIC, "0123456789"),
        (CodeType.ALPHA, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (CodeType.ALPHANUMERIC, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (CodeType.HEX, "0123456789ABCDEF"),
    ],
)
def test_a_code_is_made_of_all_of_its_alphabet_and_nothing_else(code_type: CodeType, alphabet: str) -> None:
    # One of 36 characters is missing among 20,000 with a probability of 10^-243.
    drawn = "".join(generate_code(code_type, 20) for _ in range(1_000))
    assert "".join(sorted(set(drawn))) == alphabet


def test_a_code_type_may_be_given_as_its_word(sandbox: Sandbox) -> None:
    sandbox.client().request(NUMBER, code_type="alpha")
    assert sandbox.wait_for_code(NUMBER).isalpha()


def test_a_code_type_may_be_given_as_an_enum(sandbox: Sandbox) -> None:
    sandbox.client().request(NUMBER, code_type=CodeType.ALPHA)
    assert sandbox.wait_for_code(NUMBER).isalpha()


def test_a_word_that_is_no_code_type_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInputError, match="`numeric`, `alpha`, `alphanumeric` or `hex`"):
        generate_code("digits")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("size", [4, 20])
def test_a_code_has_the_size_that_was_asked_for(size: int) -> None:
    assert len(generate_code(code_size=size)) == size


@pytest.mark.parametrize("size", [-1, 0, 3, 21, 256 + 6, 2**32 + 6, 2**64 + 6])
def test_a_code_size_outside_4_to_20_is_refused(size: int) -> None:
    with pytest.raises(
        InvalidInputError, match="`code_size` is .* characters; the (minimum is 4|maximum is 20) characters"
    ):
        generate_code(code_size=size)


def test_a_code_has_6_digits_where_nothing_else_was_asked_for() -> None:
    code = generate_code()
    assert (len(code), code.isdecimal()) == (6, True)


# Times


def test_the_times_of_a_request_are_aware_and_in_utc(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    assert made.created_at is not None and made.expires_at is not None
    assert (made.created_at.tzinfo, made.expires_at.tzinfo) == (timezone.utc, timezone.utc)


def test_the_times_of_a_request_are_those_of_this_machine(sandbox: Sandbox) -> None:
    before = datetime.now(timezone.utc)
    made = sandbox.client().request(NUMBER).created_at
    assert made is not None
    assert before <= made <= datetime.now(timezone.utc)


def test_the_time_of_a_message_is_aware_and_in_utc(sandbox: Sandbox) -> None:
    sandbox.client().request(NUMBER)
    assert sandbox.messages()[0].sent_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("ttl", [300, 300.0, timedelta(minutes=5)], ids=repr)
def test_a_length_of_time_is_a_number_of_seconds_or_a_timedelta(sandbox: Sandbox, ttl: float | timedelta) -> None:
    made = sandbox.client().request(NUMBER, ttl=ttl)
    assert made.created_at is not None and made.expires_at is not None
    assert made.expires_at - made.created_at == timedelta(minutes=5)


@pytest.mark.parametrize(
    "ttl", [0, -1, 3601, 1.5, timedelta(milliseconds=1500), timedelta(days=1), float("nan"), 1e300]
)
def test_a_validity_that_is_not_1_to_3600_whole_seconds_is_refused(sandbox: Sandbox, ttl: float | timedelta) -> None:
    with pytest.raises(InvalidInputError, match="^invalid_input: `ttl` "):
        sandbox.client().request(NUMBER, ttl=ttl)
    assert sandbox.messages() == []


@pytest.mark.parametrize("timeout", [-1.0, float("nan"), timedelta(seconds=-1)], ids=repr)
def test_a_deadline_that_is_no_length_of_time_is_refused(sandbox: Sandbox, timeout: float | timedelta) -> None:
    with pytest.raises(InvalidInputError, match="`timeout` "):
        sandbox.client().get("1", timeout=timeout)


# Dataclasses


@pytest.mark.parametrize("kind", [Verification, SenderInfo, PhoneNumber, SmsParts, OutgoingSms, Message, Quota])
def test_what_is_given_back_is_a_dataclass_that_does_not_change(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    first = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(object.__new__(kind), first, None)


def test_equal_numbers_are_equal_however_they_were_written() -> None:
    assert parse_number("+351 910 000 000") == parse_number("00351910000000")


def test_a_number_has_its_parts() -> None:
    number = parse_number("+351 910 000 000")
    assert (number.e164, number.calling_code) == ("+351910000000", 351)


def test_a_text_has_its_sms_parts() -> None:
    assert sms_parts("€" * 81) == SmsParts("gsm7", 162, 2)


@pytest.mark.parametrize("value", [Outcome.VERIFIED, State.PENDING, CodeType.HEX, SmsStatus.UNKNOWN], ids=str)
def test_an_enum_survives_pickling_as_itself(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) is value


def test_a_verification_survives_pickling(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    assert pickle.loads(pickle.dumps(made)) == made


# Secrets


def test_a_verification_has_the_whole_number_and_prints_it_masked(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    assert made.number == "+351910000000"
    assert "number='+35191*****00'" in repr(made) and NATIONAL not in repr(made)


def test_a_verification_prints_its_id_and_its_state(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    assert repr(made).startswith(f"Verification(id={made.id!r}, state='pending', ")


def test_a_number_prints_masked() -> None:
    number = parse_number("+351 910 000 000")
    assert (str(number), repr(number)) == ("+35191*****00", "PhoneNumber('+35191*****00')")


def test_a_message_of_the_sandbox_prints_neither_number_nor_text_nor_code(sandbox: Sandbox) -> None:
    sandbox.client().request(NUMBER, message="Dear Ana: {CODE}")
    [message] = sandbox.messages()
    printed = repr(message)
    assert [secret for secret in (NATIONAL, "Ana", repr(message.code)) if secret in printed] == []


def test_an_sms_to_hand_over_prints_neither_number_nor_text() -> None:
    printed = repr(OutgoingSms("+351910000000", "123456 is your code", "ab" * 16))
    assert printed == f"OutgoingSms(number='+35191*****00', attempt_id='{'ab' * 16}')"


def test_what_is_no_number_prints_as_a_star() -> None:
    assert "number='*'" in repr(Verification("1", State.PENDING, number="not a number"))


KEY = "key-that-nobody-may-see"


@pytest.mark.parametrize(
    ("made", "printed"),
    [
        (Client(KEY, "1"), "<egoi_verify.Client>"),
        (AsyncClient(KEY, "1"), "<egoi_verify.AsyncClient>"),
        (Engine(send, store=Store("memory:", key=KEY.encode() * 2)), "<egoi_verify.Engine>"),
        (AsyncEngine(send, store=Store("memory:", key=KEY.encode() * 2)), "<egoi_verify.AsyncEngine>"),
        (EgoiSms(KEY, "1"), "<egoi_verify.EgoiSms>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_holds_a_key_does_not_print_it(made: object, printed: str) -> None:
    assert (repr(made), str(made)) == (printed, printed)


@pytest.mark.parametrize(
    "made",
    [Client(KEY, "1"), AsyncClient(KEY, "1"), EgoiSms(KEY, "1"), Engine(send), AsyncEngine(send)],
    ids=lambda made: type(made).__name__,
)
def test_who_holds_a_key_refuses_to_be_pickled_and_says_what_to_do(made: object) -> None:
    with pytest.raises(TypeError, match=f"{type(made).__name__} holds .* make it in the process that uses it"):
        pickle.dumps(made)


def test_a_sandbox_refuses_to_be_pickled_and_says_what_to_do(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="pass its url"):
        pickle.dumps(sandbox)


def test_a_sandbox_prints_its_url(sandbox: Sandbox) -> None:
    assert repr(sandbox) == f"<egoi_verify.Sandbox {sandbox.url}>"


@pytest.mark.parametrize("kind", [Client, AsyncClient, Engine, AsyncEngine, Sandbox], ids=lambda kind: kind.__name__)
def test_what_holds_a_key_or_a_connection_refuses_to_be_pickled_and_says_why(kind: type, sandbox: Sandbox) -> None:
    making: dict[type, Callable[[], object]] = {
        Client: sandbox.client,
        AsyncClient: sandbox.async_client,
        Engine: lambda: Engine(print),
        AsyncEngine: lambda: AsyncEngine(print),
        Sandbox: lambda: sandbox,
    }
    made = making[kind]()
    ways: list[Callable[[object], object]] = [pickle.dumps, copy.copy, copy.deepcopy]
    for way in ways:
        with pytest.raises(TypeError, match=f"{kind.__name__} .* cannot be pickled; (make it|pass its url)"):
            way(made)


# Strings


WORDS = [State.PENDING, Outcome.WRONG_CODE, SmsStatus.UNKNOWN, CodeType.HEX]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_a_string_wherever_one_is_wanted(word: State | Outcome | SmsStatus | CodeType) -> None:
    assert word == word.value
    assert f"{word}" == str(word) == word.value
    assert json.dumps({"word": word}) == f'{{"word": "{word.value}"}}'
    assert {word.value: 1}[word] == 1


@pytest.mark.parametrize("word", WORDS)
def test_a_word_goes_through_flasks_json(word: State | Outcome | SmsStatus | CodeType) -> None:
    with Flask("app").app_context():
        assert jsonify(word=word).get_json() == {"word": word.value}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_goes_through_a_session_of_django(word: State | Outcome | SmsStatus | CodeType) -> None:
    # Sessions and signed cookies of Django are made by this.
    serializer = JSONSerializer()
    assert serializer.loads(serializer.dumps({"word": word})) == {"word": word.value}
