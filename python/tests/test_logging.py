"""What ``logging`` is told under the name ``egoi_verify``: one record a call at DEBUG, and never a secret."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator

import pytest
from conftest import NUMBER
from egoi_verify import AsyncClient, Client, Sandbox, VerifyError

KEY = "key-that-nobody-may-see"


class Told(logging.Handler):
    """Every record of the logger, as its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def fields(self) -> list[dict[str, str]]:
        """Without the duration, which is another one in every run."""
        known = [{k: v for k, v in vars(record).items() if k.startswith("egoi_")} for record in self.records]
        return [{k.removeprefix("egoi_"): v for k, v in each.items() if k != "egoi_duration_ms"} for each in known]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("egoi_verify")
    yield logger
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def told(logger: logging.Logger) -> Iterator[Told]:
    told = Told()
    logger.addHandler(told)
    logger.setLevel(logging.DEBUG)
    yield told
    logger.removeHandler(told)


def blocking(sandbox: Sandbox, call: Callable[[Client], object], _: Callable[[AsyncClient], object]) -> None:
    call(sandbox.client())


def asynchronous(
    sandbox: Sandbox, _: Callable[[Client], object], call: Callable[[AsyncClient], Coroutine[None, None, object]]
) -> None:
    asyncio.run(call(sandbox.async_client()))


Run = Callable[
    [Sandbox, Callable[[Client], object], Callable[[AsyncClient], Coroutine[None, None, object]]],
    None,
]
both = pytest.mark.parametrize("run", [blocking, asynchronous])


@both
def test_a_call_is_one_record_with_what_it_did(sandbox: Sandbox, told: Told, run: Run) -> None:
    run(sandbox, lambda client: client.request(NUMBER), lambda client: client.request(NUMBER))
    assert told.fields() == [
        {"verb": "request", "number": "+35191*****00", "outcome": "pending", "status": "201", "tries": "1"}
    ]


@both
def test_a_validation_is_one_record_though_it_takes_three_exchanges(sandbox: Sandbox, told: Told, run: Run) -> None:
    id = sandbox.client().request(NUMBER).id
    code = sandbox.wait_for_code(NUMBER)
    told.records.clear()
    run(sandbox, lambda client: client.validate(id, code), lambda client: client.validate(id, code))
    assert told.fields() == [{"verb": "validate", "outcome": "verified", "status": "200", "tries": "3"}]


@both
def test_a_call_that_fails_is_one_record_with_the_code_of_its_error(sandbox: Sandbox, told: Told, run: Run) -> None:
    sandbox.fail_next("request", status=503)
    with pytest.raises(VerifyError):
        run(sandbox, lambda client: client.request(NUMBER), lambda client: client.request(NUMBER))
    assert told.fields() == [
        {"verb": "request", "number": "+35191*****00", "outcome": "unavailable", "status": "503", "tries": "1"}
    ]


@both
def test_a_call_that_was_repeated_is_one_record_with_its_tries(sandbox: Sandbox, told: Told, run: Run) -> None:
    sandbox.fail_next("senders", status=503)
    run(sandbox, lambda client: client.senders(), lambda client: client.senders())
    assert told.fields() == [{"verb": "senders", "outcome": "listed", "status": "200", "tries": "2"}]


VERBS: dict[str, Callable[[Client, str], object]] = {
    "get": lambda client, id: client.get(id),
    "resend": lambda client, id: client.resend(id),
    "cancel": lambda client, id: client.cancel(id),
    "ping": lambda client, id: client.ping(),
    "senders": lambda client, id: client.senders(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_told_by_its_name(sandbox: Sandbox, told: Told, verb: str) -> None:
    id = sandbox.client().request(NUMBER).id
    told.records.clear()
    VERBS[verb](sandbox.client(), id)
    assert [fields["verb"] for fields in told.fields()] == [verb]


def test_a_record_says_how_many_milliseconds_it_took(sandbox: Sandbox, told: Told) -> None:
    sandbox.fail_next("ping", delay=0.05)
    sandbox.client().ping()
    [record] = told.records
    assert 50 <= int(vars(record)["egoi_duration_ms"]) < 30_000


def test_the_words_of_a_record_are_its_fields(sandbox: Sandbox, told: Told) -> None:
    sandbox.client().ping()
    [record] = told.records
    words = dict(word.split("=") for word in record.getMessage().split())
    assert words == {name.removeprefix("egoi_"): v for name, v in vars(record).items() if name.startswith("egoi_")}


def test_a_record_is_of_the_logger_egoi_verify_at_debug(sandbox: Sandbox, told: Told) -> None:
    sandbox.client().ping()
    [record] = told.records
    assert (record.name, record.levelno) == ("egoi_verify", logging.DEBUG)


def test_a_record_is_made_in_the_thread_that_called(sandbox: Sandbox, told: Told) -> None:
    sandbox.client().ping()
    [record] = told.records
    assert record.threadName == "MainThread"


def test_calls_at_the_same_time_are_one_record_each(sandbox: Sandbox, told: Told) -> None:
    numbers = [f"351-9100000{place:02}" for place in range(20)]

    async def all_of_them() -> None:
        client = sandbox.async_client()
        await asyncio.gather(*(client.request(number) for number in numbers))

    asyncio.run(all_of_them())
    assert sorted(fields["number"] for fields in told.fields()) == [f"+35191*****{place:02}" for place in range(20)]


def test_above_debug_nothing_is_told(sandbox: Sandbox, told: Told, logger: logging.Logger) -> None:
    logger.setLevel(logging.INFO)
    sandbox.client().ping()
    asyncio.run(sandbox.async_client().ping())
    assert told.records == []


def test_where_nothing_was_set_nothing_is_told_and_logging_is_not_even_imported() -> None:
    program = (
        "import sys\n"
        "from egoi_verify import Sandbox\n"
        "with Sandbox() as sandbox:\n"
        "    sandbox.client().request('+351 910 000 000')\n"
        "print('logging' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def everything(client: Client, sandbox: Sandbox) -> list[str]:
    """Makes every call, also such that fail, and gives what nobody may see of them."""
    made = client.request(NUMBER, message="Dear Ana: {CODE}", code_size=12)
    first = sandbox.wait_for_code(NUMBER)
    client.validate(made.id, "000000000000", number=NUMBER)
    client.resend(made.id)
    second = sandbox.wait_for_code(NUMBER)
    client.get(made.id)
    client.validate(made.id, second, number=NUMBER)
    client.cancel(made.id)
    for status in (400, 401, 503):
        sandbox.fail_next("request", status=status)
        with pytest.raises(VerifyError):
            client.request(NUMBER, message="Dear Ana: {CODE}")
    sandbox.fail_next("validate", cut="after")
    again = client.request(NUMBER)
    third = sandbox.wait_for_code(NUMBER)
    with pytest.raises(VerifyError):
        client.validate(again.id, third)
    return [first, second, third, "000000000000"]


def test_no_record_holds_a_key_a_code_a_whole_number_or_a_message(told: Told) -> None:
    with Sandbox(api_key=KEY) as sandbox:
        codes = everything(Client(KEY, "1", base_url=f"{sandbox.url}/api"), sandbox)
    assert len(told.records) == 11
    words = " ".join(f"{record.getMessage()} {vars(record)}" for record in told.records)
    assert [secret for secret in (KEY, *codes, "910000000", "910 000 000", "Ana") if secret in words] == []
