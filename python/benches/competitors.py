"""The ways of reading and validating a request over V2: this library's, and what one writes with a library for HTTP.

Each has the limits that it needs for 64 exchanges at once, keeps its connections, sends the key, believes the test's
certificates alone, has a deadline, and gives back the same fields. Only its own library is imported.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any, NamedTuple

KEY = "0123456789abcdef0123456789abcdef01234567"
NUMBER = "351-910000000"
CODE = "123456"
AT_MOST = 64
TIMEOUT = 15.0

Body = dict[str, str]
Exchange = Callable[[str, str, "Body | None"], Any]
AsyncExchange = Callable[[str, str, "Body | None"], Awaitable[Any]]
Work = Callable[[str], object]
AsyncWork = Callable[[str], Awaitable[object]]


class Known(NamedTuple):
    id: str
    status: str
    number: str
    created: str
    validity: int


def known(answer: Any) -> Known:
    return Known(answer["id"], answer["status"], answer["recipientNumber"], answer["createDate"], answer["codeTTL"])


def checked(known: Known, status: str) -> Known:
    if known.status != status or known.number != NUMBER:
        raise ValueError(known)
    return known


def with_exchange(exchange: Exchange) -> dict[str, Work]:
    """The two jobs, for one that makes exchanges."""

    def get(id: str) -> Known:
        return known(exchange("GET", f"/v2/verify/{id}", None))

    def validate(id: str) -> Known:
        checked(get(id), "pending")
        exchange("POST", f"/v2/verify/{id}/validate", {"code": CODE})
        return checked(get(id), "verified")

    return {"get": get, "validate": validate}


def with_async_exchange(exchange: AsyncExchange) -> dict[str, AsyncWork]:
    """The two jobs, for one that makes exchanges in an event loop."""

    async def get(id: str) -> Known:
        return known(await exchange("GET", f"/v2/verify/{id}", None))

    async def validate(id: str) -> Known:
        checked(await get(id), "pending")
        await exchange("POST", f"/v2/verify/{id}/validate", {"code": CODE})
        return checked(await get(id), "verified")

    return {"get": get, "validate": validate}


def egoi_verify(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    from egoi_verify import Client

    client = Client(api_key=KEY, sender="1234", base_url=url, ca_certificates=_pem(url, authority))

    def validate(id: str) -> object:
        if not client.validate(id, CODE, number=NUMBER).is_verified:
            raise ValueError(id)
        return id

    return lambda: {"get": client.get, "validate": validate}


def egoi_verify_async(url: str, authority: str) -> Callable[[], dict[str, AsyncWork]]:
    from egoi_verify import AsyncClient

    client = AsyncClient(api_key=KEY, sender="1234", base_url=url, ca_certificates=_pem(url, authority))

    async def validate(id: str) -> object:
        outcome = await client.validate(id, CODE, number=NUMBER)
        if not outcome.is_verified:
            raise ValueError(id)
        return id

    return lambda: {"get": client.get, "validate": validate}


def _pem(url: str, authority: str) -> str | None:
    if url.startswith("http:"):
        return None
    with open(authority) as file:
        return file.read()


def requests(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    import requests

    session = requests.Session()
    session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=AT_MOST))
    session.headers["apikey"] = KEY
    session.verify = authority
    session.trust_env = False

    def exchange(method: str, path: str, body: Body | None) -> Any:
        answer = session.request(method, url + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    return lambda: with_exchange(exchange)


def niquests(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    import niquests

    session = niquests.Session(pool_maxsize=AT_MOST)
    session.headers["apikey"] = KEY
    session.verify = authority
    session.trust_env = False

    def exchange(method: str, path: str, body: Body | None) -> Any:
        answer = session.request(method, url + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    return lambda: with_exchange(exchange)


def urllib3(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    import urllib3

    pool = urllib3.PoolManager(maxsize=AT_MOST, headers={"apikey": KEY}, ca_certs=authority, timeout=TIMEOUT)

    def exchange(method: str, path: str, body: Body | None) -> Any:
        answer = pool.request(method, url + path, json=body) if body else pool.request(method, url + path)
        if answer.status != 200:
            raise ValueError(answer.status)
        return answer.json()

    return lambda: with_exchange(exchange)


def pycurl(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    import pycurl

    # A handle is one thread's.
    def work() -> dict[str, Work]:
        curl = pycurl.Curl()
        curl.setopt(pycurl.CAINFO, authority)
        curl.setopt(pycurl.TIMEOUT_MS, int(TIMEOUT * 1000))
        curl.setopt(pycurl.NOSIGNAL, 1)
        headers = [f"apikey: {KEY}"]

        def exchange(method: str, path: str, body: Body | None) -> Any:
            received = BytesIO()
            curl.setopt(pycurl.URL, url + path)
            curl.setopt(pycurl.WRITEDATA, received)
            if body is None:
                curl.setopt(pycurl.HTTPGET, 1)
                curl.setopt(pycurl.HTTPHEADER, headers)
            else:
                curl.setopt(pycurl.POSTFIELDS, json.dumps(body))
                curl.setopt(pycurl.HTTPHEADER, [*headers, "content-type: application/json"])
            curl.perform()
            status = curl.getinfo(pycurl.RESPONSE_CODE)
            if status != 200:
                raise ValueError(status)
            return json.loads(received.getvalue())

        return with_exchange(exchange)

    return work


def httpx(url: str, authority: str) -> Callable[[], dict[str, Work]]:
    import ssl

    import httpx

    client = httpx.Client(
        base_url=url,
        headers={"apikey": KEY},
        verify=ssl.create_default_context(cafile=authority),
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=AT_MOST, max_keepalive_connections=AT_MOST),
        trust_env=False,
    )

    def exchange(method: str, path: str, body: Body | None) -> Any:
        return client.request(method, path, json=body).raise_for_status().json()

    return lambda: with_exchange(exchange)


def httpx_async(url: str, authority: str) -> Callable[[], dict[str, AsyncWork]]:
    import ssl

    import httpx

    client = httpx.AsyncClient(
        base_url=url,
        headers={"apikey": KEY},
        verify=ssl.create_default_context(cafile=authority),
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=AT_MOST, max_keepalive_connections=AT_MOST),
        trust_env=False,
    )

    async def exchange(method: str, path: str, body: Body | None) -> Any:
        answer = await client.request(method, path, json=body)
        return answer.raise_for_status().json()

    return lambda: with_async_exchange(exchange)


def aiohttp(url: str, authority: str) -> Callable[[], dict[str, AsyncWork]]:
    import ssl

    import aiohttp

    # It is made in the loop that it works in.
    session = aiohttp.ClientSession(
        url,
        headers={"apikey": KEY},
        connector=aiohttp.TCPConnector(limit=AT_MOST, ssl=ssl.create_default_context(cafile=authority)),
        timeout=aiohttp.ClientTimeout(TIMEOUT),
        raise_for_status=True,
    )

    async def exchange(method: str, path: str, body: Body | None) -> Any:
        async with session.request(method, path, json=body) as answer:
            return await answer.json()

    return lambda: with_async_exchange(exchange)


BLOCKING = {
    "egoi_verify": egoi_verify,
    "requests": requests,
    "niquests": niquests,
    "httpx": httpx,
    "urllib3": urllib3,
    "pycurl": pycurl,
}
ASYNC = {"egoi_verify async": egoi_verify_async, "httpx async": httpx_async, "aiohttp": aiohttp}
