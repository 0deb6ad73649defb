"""The errors: one class for each code, what each says, and that each really comes."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import egoi_verify
import pytest
from egoi_verify import (
    CallInterruptedError,
    CallTimeoutError,
    Client,
    ClosedError,
    ConflictError,
    DeliveryFailedError,
    Engine,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    OutgoingSms,
    RateLimitedError,
    Sandbox,
    Store,
    UnreachableError,
    VerifyError,
    _native,
)

KEY = "key-that-nobody-may-see"
# None that the words of an error show how a number is written with.
NUMBER = "+351 919 876 543"
NATIONAL = "919876543"
CODES = _native.error_codes()
CLASSES = {kind.code: kind for kind in VerifyError.__subclasses__()}


# The classes


def test_each_code_of_the_core_has_a_class_and_each_class_a_code() -> None:
    assert sorted(kind.code for kind in VerifyError.__subclasses__()) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_class_is_named_after_its_code(code: str) -> None:
    # Python itself has an `InterruptedError` and a `TimeoutError`.
    prefix = "Call" if code in ("interrupted", "timeout") else ""
    assert CLASSES[code].__name__ == prefix + "".join(word.title() for word in code.split("_")) + "Error"


@pytest.mark.parametrize("code", CODES)
def test_a_class_knows_the_page_of_its_code(code: str) -> None:
    assert CLASSES[code]("in words").docs_url == f"https://egoi-verify.example/errors/{code}.html"


@pytest.mark.parametrize("kind", [VerifyError, NotSentError, *CLASSES.values()])
def test_a_class_is_found_where_it_says(kind: type[Exception]) -> None:
    assert kind.__module__ == "egoi_verify"
    assert getattr(egoi_verify, kind.__name__) is kind
    assert kind.__name__ in egoi_verify.__all__


def test_invalid_input_is_a_value_error() -> None:
    assert issubclass(InvalidInputError, ValueError)


def test_a_timeout_is_a_timeout_error() -> None:
    assert issubclass(CallTimeoutError, TimeoutError)


def test_what_a_sender_raises_is_no_error_of_the_library() -> None:
    assert not issubclass(NotSentError, VerifyError)


# Each comes


def refused_url() -> str:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def unreachable_store() -> Engine:
    return Engine(print, store=Store("redis://127.0.0.1:1", key=b"k" * 32))  # Port 1 is nobody's.


def another_key(_: Sandbox) -> None:
    """Checks a store that was made with another key."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:{folder}/store.db"
        with Engine(print, store=Store(store, key=b"k" * 32)) as engine:
            engine.request(NUMBER)
        with Engine(print, store=Store(store, key=b"l" * 32)) as engine:
            engine.ping()


def in_a_forked_child(call: Callable[[], object]) -> None:
    """Raises what the call raises in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                call()
                told: object = None
            except BaseException as error:
                told = error
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(told, pipe)
        finally:
            os._exit(0)  # whatever happens, the tests do not go on here
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pickle.load(pipe)
    os.waitpid(child, 0)
    if isinstance(told, BaseException):
        raise told


def closed_client(sandbox: Sandbox) -> None:
    client = sandbox.client()
    client.close()
    client.ping()


def resend_of_what_is_over(sandbox: Sandbox) -> None:
    def send(sms: OutgoingSms) -> None:
        """Hands over nothing."""

    with Engine(send) as engine:
        made = engine.request(NUMBER)
        engine.cancel(made.id)
        engine.resend(made.id)


def sender_that_fails(failure: Exception) -> Callable[[Sandbox], object]:
    def send(sms: OutgoingSms) -> None:
        raise failure

    return lambda sandbox: Engine(send).request(NUMBER)


@dataclass
class Case:
    """How an error comes about, and what it then says."""

    code: str
    name: str
    call: Callable[[Sandbox], object]
    http_status: int | None = None
    sms_possibly_sent: bool = False
    retry_is_safe: bool = False


def answered(code: str, status: int, sms_possibly_sent: bool = False, retry_is_safe: bool = False) -> Case:
    def call(sandbox: Sandbox) -> None:
        sandbox.fail_next("request", status=status)
        sandbox.client().request(NUMBER)

    return Case(code, f"{status}", call, status, sms_possibly_sent, retry_is_safe)


def cut_after(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", cut="after")
    sandbox.client().request(NUMBER)


def cut_reading(sandbox: Sandbox) -> None:
    made = sandbox.client().request(NUMBER)
    sandbox.fail_next("get", cut="before", count=3)
    sandbox.client().get(made.id)


def too_late(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", delay=30)
    sandbox.client().request(NUMBER, timeout=0.05)


def malformed(sandbox: Sandbox) -> None:
    sandbox.fail_next("request", body="malformed")
    sandbox.client().request(NUMBER)


CASES = [
    Case("invalid_input", "digits alone", lambda sandbox: sandbox.client().request(NATIONAL)),
    answered("unauthorized", 401),
    answered("forbidden", 403),
    answered("not_found", 404),
    Case("not_found", "an id that is none", lambda sandbox: sandbox.client().get("none"), 404),
    answered("rejected", 400),
    answered("rejected", 422),
    answered("conflict", 409),
    Case("conflict", "a resend of what is over", resend_of_what_is_over),
    answered("rate_limited", 429, retry_is_safe=True),
    Case(
        "unreachable",
        "nobody listens",
        lambda sandbox: Client(KEY, "1", base_url=refused_url()).request(NUMBER),
        retry_is_safe=True,
    ),
    answered("timeout", 408, sms_possibly_sent=True),
    Case("timeout", "a deadline", too_late, sms_possibly_sent=True),
    Case("interrupted", "a request", cut_after, sms_possibly_sent=True),
    Case("interrupted", "a get", cut_reading, retry_is_safe=True),
    answered("unavailable", 500, sms_possibly_sent=True),
    answered("unavailable", 503, sms_possibly_sent=True),
    answered("redirected", 302, sms_possibly_sent=True),
    Case("invalid_response", "half of it", malformed, 201, sms_possibly_sent=True),
    Case("unsupported", "a resend over V1", lambda sandbox: sandbox.client("v1").resend("1")),
    Case("storage", "a store that is not there", lambda sandbox: unreachable_store().get("0" * 32), retry_is_safe=True),
    Case("misconfigured", "another key", another_key),
    Case("delivery_failed", "it failed", sender_that_fails(ConnectionError("half way")), sms_possibly_sent=True),
    Case("delivery_failed", "not sent", sender_that_fails(NotSentError("no balance")), retry_is_safe=True),
    Case("closed", "a closed client", closed_client),
    Case("forked", "a sandbox in a child", lambda sandbox: in_a_forked_child(sandbox.messages)),
    # The one that cannot come by itself.
    Case("internal", "a panic", lambda sandbox: _native.panicking(False).run(), sms_possibly_sent=True),
]


def test_each_code_is_provoked_here() -> None:
    assert {case.code for case in CASES} == set(CODES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}, {case.name}")
def test_an_error_says_what_may_have_happened_and_what_may_be_done(sandbox: Sandbox, case: Case) -> None:
    with pytest.raises(VerifyError) as raised:
        case.call(sandbox)
    error = raised.value
    assert type(error) is CLASSES[case.code]
    assert (error.code, error.http_status) == (case.code, case.http_status)
    assert (error.sms_possibly_sent, error.retry_is_safe) == (case.sms_possibly_sent, case.retry_is_safe)
    assert error.detail and str(error) == f"{case.code}: {error.detail}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}, {case.name}")
def test_an_error_survives_pickling_with_every_field(sandbox: Sandbox, case: Case) -> None:
    with pytest.raises(VerifyError) as raised:
        case.call(sandbox)
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is type(raised.value)
    assert vars(again) == vars(raised.value) != {}


# The fields


EVERY_FIELD = {
    "http_status": 503,
    "request_id": "640021fd5280899b85bd88e5129a413a",
    "retry_after": 1.5,
    "retry_is_safe": True,
    "sms_possibly_sent": True,
    "field": "store",
    "reason": "missing",
    "limit": "sms_per_number",
    "cause_code": "unauthorized",
    "retries": 2,
}


def full(code: str) -> VerifyError:
    return CLASSES[code]("in words", *EVERY_FIELD.values())


@pytest.mark.parametrize("code", CODES)
def test_each_class_has_every_field(code: str) -> None:
    error = full(code)
    assert {name: getattr(error, name) for name in EVERY_FIELD} == EVERY_FIELD
    assert (error.code, error.detail) == (code, "in words")


@pytest.mark.parametrize("code", CODES)
def test_each_class_is_made_anew_from_its_args(code: str) -> None:
    # As Celery does with its JSON results.
    error = full(code)
    assert vars(type(error)(*error.args)) == vars(error)


@pytest.mark.parametrize("code", CODES)
def test_each_class_can_be_copied(code: str) -> None:
    error = full(code)
    assert [vars(copied) for copied in (copy.copy(error), copy.deepcopy(error))] == [vars(error)] * 2


def test_an_error_prints_the_fields_that_say_something() -> None:
    assert repr(RateLimitedError("wait", retry_after=1.5, retry_is_safe=True)) == (
        "RateLimitedError('wait', retry_after=1.5, retry_is_safe=True)"
    )


def test_an_error_without_more_prints_its_words_alone() -> None:
    assert repr(ClosedError("the client was closed")) == "ClosedError('the client was closed')"


def test_an_error_names_its_request(sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError) as raised:
        sandbox.client().get("640021fd")
    assert raised.value.request_id == "640021fd"


def test_a_limit_of_the_engine_says_how_long_to_wait() -> None:
    def send(sms: OutgoingSms) -> None:
        """Hands over nothing."""

    with Engine(send) as engine:
        made = engine.request(NUMBER)
        with pytest.raises(RateLimitedError) as raised:
            engine.resend(made.id)
    assert raised.value.retry_after is not None
    assert 29 < raised.value.retry_after <= 30


def test_a_sending_that_may_have_been_names_the_pending_request() -> None:
    def send(sms: OutgoingSms) -> None:
        raise ConnectionError

    with Engine(send) as engine:
        with pytest.raises(DeliveryFailedError) as raised:
            engine.request(NUMBER)
        assert raised.value.request_id is not None
        assert engine.get(raised.value.request_id).sms is egoi_verify.SmsStatus.UNKNOWN


# Causes


def test_the_cause_of_sending_is_what_the_function_raised(sandbox: Sandbox) -> None:
    failure = ConnectionError("half way")
    with pytest.raises(DeliveryFailedError) as raised:
        sender_that_fails(failure)(sandbox)
    assert raised.value.__cause__ is failure


def test_the_cause_of_a_refused_connection_is_the_operating_systems() -> None:
    with pytest.raises(UnreachableError) as raised:
        Client(KEY, "1", base_url=refused_url()).request(NUMBER)
    assert isinstance(raised.value.__cause__, ConnectionRefusedError)


def test_the_cause_of_an_interruption_says_what_happened(sandbox: Sandbox) -> None:
    with pytest.raises(CallInterruptedError) as raised:
        cut_after(sandbox)
    assert "connection closed" in str(raised.value.__cause__)


def test_a_refusal_has_no_cause() -> None:
    with pytest.raises(InvalidInputError) as raised:
        egoi_verify.parse_number(NATIONAL)
    assert raised.value.__cause__ is None


# How they are caught


def test_one_except_catches_all(sandbox: Sandbox) -> None:
    with pytest.raises(VerifyError):
        sandbox.client().request(NATIONAL)
    with pytest.raises(VerifyError):
        sandbox.client().get("none")


def test_a_deadline_is_caught_as_pythons_own_timeout_error(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError):
        too_late(sandbox)


def test_a_refusal_is_caught_as_pythons_own_value_error() -> None:
    with pytest.raises(ValueError, match="it must be a full international number"):
        egoi_verify.parse_number(NATIONAL)


def test_an_idempotency_key_for_another_number_is_a_conflict(sandbox: Sandbox) -> None:
    client = Client(KEY, "1", base_url=f"{sandbox.url}/api", store=Store("memory:", key=b"k" * 32))
    client.request(NUMBER, idempotency_key="sign-up 1")
    with pytest.raises(ConflictError):
        client.request("+351 910 000 001", idempotency_key="sign-up 1")


# Secrets


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}, {case.name}")
def test_a_traceback_of_an_error_shows_no_key_and_no_whole_number(sandbox: Sandbox, case: Case) -> None:
    with pytest.raises(VerifyError) as raised:
        case.call(sandbox)
    words = [repr(raised.value), str(raised.value), *traceback.format_exception_only(type(raised.value), raised.value)]
    shown = "".join([*words, repr(raised.value.__cause__), repr(raised.value.args)])
    assert [secret for secret in (KEY, NATIONAL, "919 876 543") if secret in shown] == []


def test_the_words_of_the_service_are_shown_without_key_and_number() -> None:
    # A service that repeats what it was sent.
    with Sandbox() as sandbox:
        client = Client(KEY, "1", base_url=f"{sandbox.url}/api", v2_paths={"request": f"/nowhere/{KEY}/351-{NATIONAL}"})
        with pytest.raises(VerifyError) as raised:
            client.request(NUMBER)
    assert [secret for secret in (KEY, NATIONAL) if secret in repr(raised.value)] == []


# Between processes


@pytest.mark.parametrize("kind", VerifyError.__subclasses__(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_comes_back_from_a_pickle_with_all_its_fields(kind: type[VerifyError], protocol: int) -> None:
    error = kind("why", http_status=418, request_id="a1", retry_after=1.5, retry_is_safe=True, sms_possibly_sent=True)
    for back in pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error):
        assert type(back) is kind
        assert vars(back) == vars(error)
        assert (str(back), repr(back), back.args) == (str(error), repr(error), error.args)


def test_an_error_that_was_raised_leaves_its_cause_behind() -> None:
    with pytest.raises(VerifyError) as caught:
        Client("key", "1", base_url="http://127.0.0.1:9").ping()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    back = pickle.loads(pickle.dumps(caught.value))
    assert (repr(back), back.__cause__) == (repr(caught.value), None)
