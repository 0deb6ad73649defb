"""What ``logging`` is told under the name ``egoi_verify``: one record per call, and never a secret."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator

import pytest
from conftest import NUMBER
from egoi_verify import AsyncClient, AsyncEngine, Client, Engine, OutgoingSms, Quota, Sandbox, Store, VerifyError

MASKED = "+35191*****00"
KEY = "key-that-nobody-may-see"


class Told(logging.Handler):
    """Every record of the logger, as its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def fields(self) -> list[dict[str, object]]:
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
    [fields] = told.fields()
    assert len(str(fields.pop("request_id"))) > 10
    assert fields == {
        "verb": "request",
        "number": MASKED,
        "country": "PT",
        "outcome": "pending",
        "status": 201,
        "retries": 0,
    }


@both
def test_a_validation_is_one_record_without_retries_though_it_takes_three_exchanges(
    sandbox: Sandbox, told: Told, run: Run
) -> None:
    id = sandbox.client().request(NUMBER).id
    code = sandbox.wait_for_code(NUMBER)
    told.records.clear()
    run(sandbox, lambda client: client.validate(id, code), lambda client: client.validate(id, code))
    assert told.fields() == [{"verb": "validate", "request_id": id, "outcome": "verified", "status": 200, "retries": 0}]


@both
def test_a_call_that_was_repeated_is_one_record_with_its_retries(sandbox: Sandbox, told: Told, run: Run) -> None:
    sandbox.fail_next("senders", status=503)
    run(sandbox, lambda client: client.senders(), lambda client: client.senders())
    assert told.fields() == [{"verb": "senders", "outcome": "ok", "status": 200, "retries": 1}]


def send(sms: OutgoingSms) -> None:
    """Sends nothing."""


def test_a_call_of_an_engine_is_one_record(told: Told) -> None:
    with Engine(send) as engine:
        id = engine.request(NUMBER).id
        engine.validate(id, "000")
    assert told.fields() == [
        {"verb": "request", "number": MASKED, "country": "PT", "request_id": id, "outcome": "pending", "retries": 0},
        {"verb": "validate", "request_id": id, "outcome": "wrong_code", "retries": 0},
    ]


def test_a_call_of_an_asynchronous_engine_is_one_record(told: Told) -> None:
    async def main() -> str:
        async with AsyncEngine(send) as engine:
            id = (await engine.request(NUMBER)).id
            await engine.cancel(id)
            return id

    id = asyncio.run(main())
    assert told.fields() == [
        {"verb": "request", "number": MASKED, "country": "PT", "request_id": id, "outcome": "pending", "retries": 0},
        {"verb": "cancel", "request_id": id, "outcome": "cancelled", "retries": 0},
    ]


# How grave


def level_of(told: Told, fails: Callable[[], object]) -> int:
    with pytest.raises(VerifyError):
        fails()
    [record] = told.records
    return record.levelno


def test_a_success_is_info(sandbox: Sandbox, told: Told) -> None:
    sandbox.client().ping()
    assert [(record.name, record.levelno) for record in told.records] == [("egoi_verify", logging.INFO)]


def test_a_refused_argument_is_a_warning(sandbox: Sandbox, told: Told) -> None:
    assert level_of(told, lambda: sandbox.client().request("910")) == logging.WARNING
    assert told.fields() == [{"verb": "request", "outcome": "invalid_input", "retries": 0}]


def test_a_request_that_is_not_there_is_a_warning_with_its_id(told: Told) -> None:
    assert level_of(told, lambda: Engine(send).get("0" * 32)) == logging.WARNING
    assert told.fields() == [{"verb": "get", "request_id": "0" * 32, "outcome": "not_found", "retries": 0}]


def test_a_limit_is_a_warning(told: Told, logger: logging.Logger) -> None:
    engine = Engine(send, sms_per_number=Quota(1, per=60), resend_after=None)
    engine.request(NUMBER)
    told.records.clear()
    assert level_of(told, lambda: engine.request(NUMBER)) == logging.WARNING


@both
def test_a_service_that_is_unavailable_is_an_error(sandbox: Sandbox, told: Told, run: Run) -> None:
    sandbox.fail_next("request", status=503)
    fails = lambda client: client.request(NUMBER)  # noqa: E731
    assert level_of(told, lambda: run(sandbox, fails, fails)) == logging.ERROR
    assert told.fields() == [
        {
            "verb": "request",
            "number": MASKED,
            "country": "PT",
            "outcome": "unavailable",
            "status": 503,
            "retries": 0,
        }
    ]


def test_an_sms_that_could_not_be_sent_is_an_error(told: Told) -> None:
    def fail(sms: OutgoingSms) -> None:
        raise ConnectionError

    engine = Engine(fail)
    assert level_of(told, lambda: engine.request(NUMBER)) == logging.ERROR
    [fields] = told.fields()
    assert engine.get(str(fields["request_id"])).number is not None


def test_a_store_that_is_down_is_an_error(told: Told) -> None:
    engine = Engine(send, store=Store("redis://127.0.0.1:1", key=b"k" * 32))
    assert level_of(told, engine.ping) == logging.ERROR


def test_a_failure_is_told_where_only_warnings_are_wanted(sandbox: Sandbox, told: Told, logger: logging.Logger) -> None:
    logger.setLevel(logging.WARNING)
    client = sandbox.client()
    client.ping()
    sandbox.fail_next("ping", status=500)
    assert level_of(told, client.ping) == logging.ERROR


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
    took = vars(record)["egoi_duration_ms"]
    assert isinstance(took, float)
    assert 50 <= took < 30_000


def test_the_words_of_a_record_are_its_fields(sandbox: Sandbox, told: Told) -> None:
    sandbox.client().ping()
    [record] = told.records
    words = dict(word.split("=") for word in record.getMessage().split())
    assert words == {name.removeprefix("egoi_"): str(v) for name, v in vars(record).items() if name.startswith("egoi_")}


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
    assert sorted(str(fields["number"]) for fields in told.fields()) == [
        f"+35191*****{place:02}" for place in range(20)
    ]


def test_above_info_no_success_is_told(sandbox: Sandbox, told: Told, logger: logging.Logger) -> None:
    logger.setLevel(logging.WARNING)
    sandbox.client().ping()
    asyncio.run(sandbox.async_client().ping())
    assert told.records == []


def test_an_application_that_sets_nothing_up_finds_nothing_on_its_standard_error() -> None:
    program = (
        "import logging\n"
        "from egoi_verify import Client, VerifyError\n"
        "try:\n"
        "    Client('key', '1', base_url='http://127.0.0.1:1').ping()\n"
        "except VerifyError as error:\n"
        "    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("unreachable\n", "")


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
