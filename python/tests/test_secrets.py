"""No key, code, message or full number in anything that the package prints, logs, pickles or reports of a failure.

Through every verb of every verifier, at every level of logging, whatever the service repeats.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import logging
import pickle
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import support_program as program
from egoi_verify import (
    AsyncClient,
    AsyncEngine,
    Client,
    EgoiSms,
    Engine,
    NotSentError,
    OutgoingSms,
    Sandbox,
    Store,
    VerifyError,
    _native,
    code_in_sms,
    generate_code,
    parse_number,
    sms_parts,
)
from egoi_verify._calls import run
from egoi_verify.testing import TestClock
from support_canaries import SECRETS, SPELLINGS, Hostile, Looked, found_in, given

ID: str = SECRETS["id"]
CALLS: list[str] = SECRETS["calls"]
KEY, CODE, LETTERS = given("api_key"), given("code"), given("code_of_letters")
NUMBER, MESSAGE, ENGINE_KEY = given("number"), given("message"), given("engine_key").encode()
PROXY, STORE = given("proxy_password"), given("store_password")

ARGUMENTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "request": ((NUMBER,), {"message": MESSAGE, "code_size": 12}),
    "validate": ((ID, LETTERS), {}),
    "cancel": ((ID,), {}),
    "resend": ((ID,), {}),
    "get": ((ID,), {}),
    "ping": ((), {}),
    "senders": ((), {}),
}


def blocking(options: dict[str, Any], verb: str, *args: str, **kwargs: Any) -> object:
    with Client(**options) as client:
        return getattr(client, verb)(*args, **kwargs)


def asynchronous(options: dict[str, Any], verb: str, *args: str, **kwargs: Any) -> object:
    async def call() -> object:
        async with AsyncClient(**options) as client:
            return await getattr(client, verb)(*args, **kwargs)

    return asyncio.run(call())


both = pytest.mark.parametrize("make", [blocking, asynchronous])
Make = Callable[..., object]


def options(call: str, url: str, **more: Any) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "sender": "1",
        "api": call[:2],
        "base_url": url,
        "store": Store("memory:", key=ENGINE_KEY),
        **more,
    }


def failure(call: Callable[[], object]) -> VerifyError:
    with pytest.raises(VerifyError) as caught:
        call()
    return caught.value


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Gives what was logged since it was last asked, by any logger at any level, with every field of every record."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    records: list[logging.LogRecord] = []
    handler.addFilter(lambda record: not records.append(record))  # type: ignore[func-returns-value]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)

    def taken() -> str:
        text = stream.getvalue() + "".join(f"{vars(record)}" for record in records)
        stream.truncate(0)
        stream.seek(0)
        records.clear()
        return text

    yield taken
    root.setLevel(level)
    root.removeHandler(handler)


@both
def test_whatever_a_service_repeats_no_call_tells_a_secret(make: Make, log: Callable[[], str]) -> None:
    looked, codes, exchanges = Looked(), set[str](), 0
    with Hostile() as service:
        for answer in SECRETS["answers"]:
            for call in answer.get("calls", CALLS):
                row, verb = f"{call}, {answer['name']}", call[3:]
                service.answer, service.is_read_first = answer, call == "v2 validate"
                log()
                args, kwargs = ARGUMENTS[verb]
                error = failure(lambda: make(options(call, service.url), verb, *args, **kwargs))
                looked.at(row, log())
                assert error.code == answer["code"], row
                logging.getLogger("application").error("it failed", exc_info=error)
                looked.at(row, log())
                looked.at_error(row, error)
                codes.add(error.code)
                exchanges += 1
    assert exchanges >= 200
    assert len(codes) == 10, codes
    looked.end("failures of a service that repeats secrets", 14 * exchanges)


@both
def test_every_code_that_every_language_shows_comes_without_a_secret(
    make: Make, log: Callable[[], str], sandbox: Sandbox
) -> None:
    looked, codes = Looked(), set[str]()
    codes |= {answer["code"] for answer in SECRETS["answers"]}  # shown above

    def fails(row: str, call: Callable[[], object]) -> None:
        error = failure(call)
        codes.add(error.code)
        looked.at_error(row, error)
        looked.at(row, f"- {log()}")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    proxy = f"http://u:{PROXY}@{nobody.removeprefix('http://')}"
    doings: list[tuple[str, str, dict[str, Any], str]]
    with Hostile() as service:
        for call in CALLS:
            verb = call[3:]
            args, kwargs = ARGUMENTS[verb]
            service.is_read_first = call == "v2 validate"
            doings = [
                ("nobody there", nobody, {"timeout": 0.05}, "close"),
                ("no proxy", "https://nowhere.invalid", {"timeout": 0.05, "proxy": proxy}, "close"),
                ("closed", service.url, {}, "close"),
                ("silence", service.url, {"timeout": 0.05}, "stall"),
            ]
            for row, url, more, doing in doings:
                service.answer = doing
                fails(f"{call}, {row}", lambda: make(options(call, url, **more), verb, *args, **kwargs))
    for verb in "resend", "get", "ping", "senders":
        args, kwargs = ARGUMENTS[verb]
        fails(verb, lambda: make(options("v1", nobody), verb, *args, **kwargs))
    closed = Client(**options("v2", nobody))
    closed.close()
    fails("closed", closed.ping)
    fails("refused", lambda: parse_number(f"{NUMBER}000"))
    fails("a panic", lambda: run(_native.panicking(False), None))

    def not_sent(sms: OutgoingSms) -> None:
        looked.at_value("an SMS", sms)
        raise NotSentError("the gateway is closed")

    with Engine(not_sent, store=Store("memory:", key=ENGINE_KEY)) as engine:
        fails("not sent", lambda: engine.request(NUMBER, message=MESSAGE))
    assert codes >= set(SECRETS["codes"]) | {"internal"}, set(SECRETS["codes"]) - codes
    looked.end("failures of every code", 500)


REFUSED: dict[str, Callable[[], object]] = {
    "a key with a control character": lambda: Client(f"{KEY}\x07", "1"),
    "a key outside ASCII": lambda: Client(f"{KEY}é", "1"),
    "a key that is no text": lambda: Client(KEY.encode(), "1"),  # type: ignore[arg-type]
    "a timeout that is text": lambda: Client(KEY, "1", timeout=KEY),  # type: ignore[arg-type]
    "an API that is none": lambda: Client(KEY, "1", api=KEY),  # type: ignore[arg-type]
    "a proxy that is none": lambda: Client(KEY, "1", proxy=f"socks9://u:{PROXY}@x"),
    "a base URL with a password": lambda: Client(KEY, "1", base_url=f"https://u:{PROXY}@x"),
    "a base URL with a query": lambda: Client(KEY, "1", base_url=f"https://x/?key={KEY}"),
    "a client's store": lambda: Client(KEY, "1", store=Store(f"x://:{STORE}@x", key=ENGINE_KEY)),
    "an engine's store": lambda: Engine(print, store=Store(f"x://:{STORE}@x", key=ENGINE_KEY)),
    "an engine key that is too short": lambda: Engine(print, store=Store("memory:", key=ENGINE_KEY[:31])),
    "a limit that is text": lambda: Engine(print, max_attempts=CODE),  # type: ignore[arg-type]
    "a number without a calling code": lambda: parse_number(NUMBER.replace("+351 ", "")),
    "a number that is too long": lambda: parse_number(f"{NUMBER}000"),
    "a number that is bytes": lambda: parse_number(NUMBER.encode()),  # type: ignore[arg-type]
    "a code that is too long": lambda: Client(KEY, "1").validate(ID, LETTERS * 6),
    "a code that is a number": lambda: Client(KEY, "1").validate(ID, int(CODE)),  # type: ignore[arg-type]
    "a code in an id": lambda: Client(KEY, "1").get(f"{ID} {CODE}"),
    "a message without a place": lambda: Client(KEY, "1").request(NUMBER, message=MESSAGE.replace("{CODE}", CODE)),
    "a message that is too long": lambda: Client(KEY, "1").request(NUMBER, message=MESSAGE * 40),
    "a size that is a code": lambda: Client(KEY, "1").request(NUMBER, code_size=CODE),  # type: ignore[arg-type]
    "a code type that is a code": lambda: Client(KEY, "1").request(NUMBER, code_type=LETTERS),  # type: ignore[arg-type]
    "an idempotency key": lambda: Client(KEY, "1").request(NUMBER, idempotency_key=KEY * 9),
    "an option that there is not": lambda: Client(KEY, "1", code=CODE),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_not_repeated(what: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        REFUSED[what]()
    looked = Looked()
    # The traceback holds the lines of this test, and in them no canary.
    looked.at_error(what, caught.value)
    looked.end(what, 10)


def everything(looked: Looked, verifier: Client | Engine, code: Callable[[], str]) -> None:
    """The five verbs, and what each gives."""
    looked.at_value("a verifier", verifier)
    made = verifier.request(NUMBER, message=MESSAGE, code_size=12)
    looked.at_value("request", made)
    looked.at_value("validate", verifier.validate(made.id, LETTERS))
    looked.at_value("get", verifier.get(made.id))
    looked.at_value("validate", verifier.validate(made.id, code()))
    looked.at_value("cancel", verifier.cancel(made.id))
    # What travels between processes has the number, which is the user's to read, and no other secret.
    found = found_in(pickle.dumps(made).decode("latin-1"))
    assert [name for name in found if not name.startswith("number")] == []


def test_whole_verifications_of_a_client_tell_no_secret(log: Callable[[], str]) -> None:
    looked = Looked()
    with Sandbox(code=CODE, api_key=KEY) as sandbox:
        looked.at_value("a sandbox", sandbox)
        client = sandbox.client()
        everything(looked, client, lambda: CODE)
        looked.at_value("senders", client.senders())
        looked.at_value("resend", client.resend(client.request(NUMBER, message=MESSAGE).id))
        looked.at_value("messages", sandbox.messages())
        looked.at_value("an asynchronous client", sandbox.async_client())
    looked.at("log", log())
    looked.end("a client", 60)


def test_whole_verifications_of_an_engine_tell_no_secret(log: Callable[[], str]) -> None:
    looked, clock = Looked(), TestClock()
    texts: list[str] = []

    def send(sms: OutgoingSms) -> None:
        looked.at_value("an SMS", sms)
        texts.append(sms.text)

    with Engine(send, store=Store("memory:", key=ENGINE_KEY, previous_keys=[ENGINE_KEY[::-1]]), clock=clock) as engine:
        everything(looked, engine, lambda: str(code_in_sms(texts[-1], None, 12)))
        clock.advance(31)
        made = engine.request(NUMBER, message=MESSAGE, code_size=12)
        clock.advance(31)
        looked.at_value("resend", engine.resend(made.id))
    looked.at_value("an asynchronous engine", AsyncEngine(send, store=Store("memory:", key=ENGINE_KEY)))
    looked.at_value("E-goi's SMS", EgoiSms(KEY, "1"))
    looked.at_value("a number", parse_number(NUMBER))
    looked.at_value("a clock", clock)
    looked.at_value("parts", sms_parts(MESSAGE))
    looked.at("log", f"- {log()}")
    assert len(texts) == 3
    looked.end("an engine", 70)


def test_a_sender_is_printed_with_its_number_masked() -> None:
    body = '[{"id":"1","name":"Shop","phoneNumber":"+351917305826","senderStatus":"active"}]'
    with Hostile() as service:
        service.answer = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
        senders = Client(KEY, "1", base_url=service.url).senders()
    assert senders[0].number == "+351917305826"
    looked = Looked()
    looked.at_value("senders", senders)
    looked.at_value("a sender", senders[0])
    looked.end("a sender", 12)


# That it would be found


def test_a_canary_is_found_in_every_spelling() -> None:
    for name, written in SPELLINGS.items():
        for text in f"<{written}>", written.upper(), repr(written.lower()):
            assert name in found_in(text)
    assert len(SPELLINGS) >= 70
    assert found_in("the key +35191*****26 was refused, 3 of 5") == []


def test_a_leak_is_found_in_a_dataclass_a_log_a_cause_and_a_pickle(log: Callable[[], str]) -> None:
    @dataclasses.dataclass
    class Leaking:
        key: bytes

    log()
    logging.getLogger("egoi_verify").debug("validating", extra={"code": CODE})
    leaks: dict[str, Callable[[Looked], None]] = {
        "a dataclass": lambda looked: looked.at_value("it", Leaking(ENGINE_KEY)),
        "a log": lambda looked: looked.at("it", log()),
        "an error": lambda looked: looked.at_error("it", ValueError(list(ENGINE_KEY))),
    }
    try:
        raise RuntimeError("it failed") from ValueError(KEY)
    except RuntimeError as error:
        caused = error
    leaks["a cause"] = lambda looked: looked.at_error("it", caused)
    for where, look in leaks.items():
        looked = Looked()
        look(looked)
        assert looked.found, where
        with pytest.raises(AssertionError):
            looked.end(where, 0)


def spelled(spelling: str, text: str) -> str | None:
    """A text in a spelling of the file, which was written by hand."""
    raw = text.encode()
    kind, _, rest = spelling.partition(" ")
    if spelling == "plain":
        return text
    if kind == "base64":
        before = int(rest.split()[2])
        whole = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        # The characters that hold bits of the text alone.
        return whole[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
    if spelling == "hex":
        return raw.hex()
    if spelling == "percent-encoded throughout":
        return "".join(f"%{byte:02X}" for byte in raw)
    if spelling == "percent-encoded where it must be":
        return urllib.parse.quote(text, safe="")
    if kind == "split":
        separator = {"hyphens,": "-", "spaces,": " "}[rest.split()[1]]
        size = int(rest.split()[2])
        return separator.join(text[place : place + size] for place in range(0, len(text), size))
    lists = {"bytes as a list": str(list(raw))[1:-1], "bytes as hex pairs": raw.hex(" ")}
    lists["bytes as a list without spaces"] = lists["bytes as a list"].replace(" ", "")
    return lists.get(spelling)


@pytest.mark.parametrize("name", SECRETS["canaries"])
def test_the_spellings_of_the_file_are_those_of_its_canaries(name: str) -> None:
    canary = SECRETS["canaries"][name]
    plain = canary["spellings"]["plain"]
    assert plain.replace(" ", "") in canary["given"].replace(" ", "")
    checked = {spelling: spelled(spelling, plain) for spelling in canary["spellings"]}
    other = {spelling for spelling, text in checked.items() if text is None}
    assert {**canary["spellings"], **dict.fromkeys(other)} == checked
    assert other <= {"whole in base64", "with its calling code in base64"}


def test_a_service_that_repeats_secrets_repeats_every_kind() -> None:
    answers = " ".join(f"{answer}" for answer in SECRETS["answers"])
    repeated = {name.partition(",")[0] for name in found_in(answers)}
    assert repeated == {"api_key", "code", "code_of_letters", "number", "message"}


def test_generated_codes_are_not_logged(log: Callable[[], str]) -> None:
    log()
    code = generate_code("alphanumeric", 20)
    assert code not in log()


# Error trackers


def test_no_frame_of_the_library_holds_a_secret_when_sentry_or_djangos_debug_page_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Sentry imports eventlet, which is deprecated
    assert program.run("trackers", "http://127.0.0.1:1") == "frames"
