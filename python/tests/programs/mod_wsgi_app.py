"""What Apache's mod_wsgi runs: every kind of client and engine, in the interpreter that the server chose."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from urllib.request import urlopen

from egoi_verify import AsyncClient, AsyncEngine, Client, Engine, OutgoingSms, Verifier

url = os.environ["SANDBOX"]
codes: dict[str, str] = {}


def send(sms: OutgoingSms) -> None:
    codes[sms.number] = sms.text


async def send_later(sms: OutgoingSms) -> None:
    await asyncio.sleep(0)
    codes[sms.number] = sms.text


client = Client("key", "1", base_url=f"{url}/api")
async_client = AsyncClient("key", "1", base_url=f"{url}/api")
engine = Engine(send)
engine_with_async_gateway = Engine(send_later)
async_engine = AsyncEngine(send_later)


def code(number: str) -> str:
    if number in codes:
        return codes[number]
    with urlopen(f"{url}/sandbox/messages?number=%2B{number[1:]}") as answer:
        return str(json.load(answer)["messages"][0]["code"])


def verified(verifier: Verifier, number: str) -> str:
    id = verifier.request(number, message="{CODE}").id
    return verifier.validate(id, code(number), number=number).value


async def verified_later(verifier: "AsyncClient | AsyncEngine", number: str) -> str:
    id = (await verifier.request(number, message="{CODE}")).id
    return (await verifier.validate(id, code(number), number=number)).value


def outcome(kind: str, number: str) -> str:
    if kind == "async_client":
        return asyncio.run(verified_later(async_client, number))
    if kind == "async_engine":
        return asyncio.run(verified_later(async_engine, number))
    verifiers = {"client": client, "engine": engine, "engine_with_async_gateway": engine_with_async_gateway}
    return verified(verifiers[kind], number)


def application(
    environ: dict[str, str], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    said = {
        "outcome": outcome(environ["PATH_INFO"].removeprefix("/"), f"+{environ['QUERY_STRING']}"),
        "group": environ["mod_wsgi.application_group"],
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]
