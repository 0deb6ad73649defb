"""Every fault of ``tests/faults/faults.json``, and random runs of them, blocking and with asyncio."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from egoi_verify import AsyncClient, Client, InvalidInputError, VerifyError
from support_service import REPOSITORY, Seen, Service

TABLE = json.loads((REPOSITORY / "tests" / "faults" / "faults.json").read_text())
NUMBER, CODE, ID = TABLE["number"], TABLE["code"], TABLE["id"]

AT_ONCE = 64
"""Most of the time is waiting."""


@dataclass(frozen=True)
class Row:
    """A fault, and a call that meets it."""

    fault: dict[str, Any]
    expectation: dict[str, Any]
    name: str

    def __str__(self) -> str:
        return f"{self.fault['name']}: {self.name}"

    @property
    def call(self) -> dict[str, Any]:
        return dict(TABLE["calls"][self.name])


def rows() -> Iterator[Row]:
    for fault in TABLE["faults"]:
        expect = fault["expect"]
        for expectation in TABLE["patterns"][expect] if isinstance(expect, str) else expect:
            for of in expectation["of"]:
                for name in TABLE["groups"].get(of, [of]):
                    yield Row(fault, expectation, name)


ROWS = {str(row): row for row in rows()}


def options(opened: dict[str, Any], api: str, timeout: float) -> dict[str, Any]:
    given = {"api": api, "base_url": opened["base_url"], "timeout": timeout}
    if "ca_certificates" in opened:
        given["ca_certificates"] = opened["ca_certificates"]
    if opened.get("proxy") is not None:
        given |= {"proxy": opened["proxy"], "allow_http": True}
    return given


def arguments(verb: str, id: str, code: str) -> tuple[str, ...]:
    return {"request": (NUMBER,), "validate": (id, code), "ping": (), "senders": ()}.get(verb, (id,))


def word(verb: str, given: Any) -> str:
    if verb in ("request", "resend", "get"):
        return str(given.state.value)
    return {"ping": "up", "senders": "listed"}.get(verb) or str(given.value)


class Blocking:
    """Calls that block, each in a thread."""

    def __init__(self, api_key: str, **options: Any) -> None:
        self._client = Client(api_key, "1234", **options)

    async def call(self, verb: str, *arguments: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, getattr(self._client, verb), *arguments)


class Asynchronous:
    """Calls of asyncio."""

    def __init__(self, api_key: str, **options: Any) -> None:
        self._client = AsyncClient(api_key, "1234", **options)

    async def call(self, verb: str, *arguments: str) -> Any:
        return await getattr(self._client, verb)(*arguments)


Kind = Callable[..., "Blocking | Asynchronous"]


def never(verb: str, done: Any, seen: Seen) -> list[str]:
    """What must never be, whatever happened."""
    denied = isinstance(done, VerifyError) and not done.sms_possibly_sent and seen.sms > 0
    believed = verb in ("validate", "get") and done == "verified" and seen.verified == 0
    faults = {
        "more than one SMS": seen.sms > 1,
        "a code submitted twice": seen.submits > 1,
        "an SMS that was denied": denied,
        "verified without the service's word": believed,
    }
    return [f"{fault}: {done!r}, {seen}" for fault, is_so in faults.items() if is_so]


def unsaid(error: VerifyError, row: dict[str, Any]) -> list[str]:
    return [words for words in row.get("says", []) if words not in error.detail]


def wrong(row: Row, done: Any, seen: Seen) -> list[str]:
    """What is not as the row says."""
    fault, expectation, call = row.fault, row.expectation, row.call
    code = expectation["code"] if "code" in expectation else fault["code"]
    found: dict[str, tuple[object, object]] = {"tries": (seen.tries, expectation["tries"])}
    if isinstance(done, VerifyError) and code is not None:
        low, high = fault.get("retry_after", (None, None))
        shown = [secret for secret in (TABLE["key"], CODE, NUMBER) if secret in f"{done} {done!r}"]
        found |= {
            "code": (done.code, code),
            "http_status": (done.http_status, fault.get("http_status")),
            "reason": (done.reason, fault.get("reason")),
            f"what {done.detail!r} does not say": (unsaid(done, fault), []),
            "sms_possibly_sent": (done.sms_possibly_sent, expectation["sms"]),
            "retry_is_safe": (done.retry_is_safe, expectation["safe"]),
            "request_id": (done.request_id, None if call["verb"] in ("request", "ping", "senders") else ID),
            "shown secrets": (shown, []),
        }
        if low is None or done.retry_after is None:
            found["retry_after"] = (done.retry_after, low)
        else:
            found["retry_after in its range"] = (low <= done.retry_after <= high, True)
    else:
        found["what it gives"] = (done, expectation.get("gives", call["gives"]) if code is None else code)
    told = [f"{name} is {is_so!r}, not {should!r}" for name, (is_so, should) in found.items() if is_so != should]
    return told + never(call["verb"], done, seen)


async def make(client: Blocking | Asynchronous, verb: str, id: str, code: str) -> tuple[Any, str]:
    """Makes a call: what it came to, and the id of the request there is now."""
    try:
        given = await client.call(verb, *arguments(verb, id, code))
    except VerifyError as error:
        return error, id
    return word(verb, given), given.id if verb == "request" else id


async def play(service: Service, kind: Kind, row: Row) -> list[str]:
    opened = await asyncio.to_thread(service.ask, "/open", fault=row.fault["name"], call=row.name)
    given = options(opened, row.call["api"], row.fault.get("timeout", TABLE["timeout"]))
    if "connect_timeout" in row.fault:
        given["connect_timeout"] = row.fault["connect_timeout"]
    done, _ = await make(kind(TABLE["key"], **given), row.call["verb"], ID, CODE)
    return wrong(row, done, await asyncio.to_thread(service.seen, opened))


async def run(service: Service, kind: Kind, seed: int) -> list[str]:
    """Makes the calls that this seed draws."""
    opened = await asyncio.to_thread(service.ask, "/open", seed=seed)
    client = kind(TABLE["key"], **options(opened, opened["api"], 0.5))
    id = ID
    for at, planned in enumerate(opened["calls"]):
        verb, code = planned["verb"], planned.get("code", "")
        done, id = await make(client, verb, id, code)
        told = never(verb, done, await asyncio.to_thread(service.seen, opened))
        if verb == "validate" and done == "verified" and code != CODE:
            told.append("a wrong code was verified")
        if told:
            return [f"seed {seed}, call {at}, {verb}: {each}" for each in told]
    return []


def all_at_once(play: Callable[[Any], Any], each: list[Any]) -> list[list[str]]:
    async def main() -> list[list[str]]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * AT_ONCE))
        room = asyncio.Semaphore(AT_ONCE)

        async def one(given: Any) -> list[str]:
            async with room:
                told: list[str] = await play(given)
                return told

        return await asyncio.gather(*map(one, each))

    return asyncio.run(main())


# All of it in one worker, so that no row is played twice. Some go by way of a proxy, which loopback addresses never do.
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.egoi_network]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture(scope="module", params=[Blocking, Asynchronous], ids=["blocking", "asyncio"])
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, service: Service, kind: Kind) -> dict[str, list[str]]:
    """Every row that is to be tested here, with what was wrong.

    They are played at once, as the rows wait more than they work.
    """
    wanted = {item.callspec.params["row"] for item in request.session.items if "played" in item.fixturenames}
    rows = sorted(wanted)
    return dict(zip(rows, all_at_once(lambda row: play(service, kind, ROWS[row]), rows), strict=True))


def test_one_worker_plays_all_rows(request: pytest.FixtureRequest) -> None:
    assert "PYTEST_XDIST_WORKER" not in os.environ or request.node.nodeid.endswith("@faults")


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_is_told_as_the_table_says(played: dict[str, list[str]], row: str) -> None:
    assert played[row] == []


@pytest.mark.parametrize("row", TABLE["environment"], ids=lambda row: " ".join(map("=".join, row["variables"].items())))
def test_a_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]) -> None:
    for name, value in row["variables"].items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInputError) as raised:
        Client("key", "1234")
    assert (raised.value.field, raised.value.reason) == (row["field"], row["reason"])
    assert unsaid(raised.value, row) == [], raised.value


def test_random_faults_never_send_twice_deny_an_sms_or_verify(
    service: Service, kind: Kind, count: Callable[[int, int], int]
) -> None:
    seeds = list(range(count(200, 10_000)))
    told = all_at_once(lambda seed: run(service, kind, seed), seeds)
    print(f"{len(seeds)} random runs")
    assert [each for of in told for each in of] == []
