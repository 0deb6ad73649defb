"""What gunicorn preloads: one client of the module's, made and used before the fork."""

import os
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

from egoi_verify import AsyncClient, Client

url = os.environ["SANDBOX"]
client = Client("key", "1", base_url=f"{url}/api")
asynchronous = AsyncClient("key", "1", base_url=f"{url}/api")


def preload() -> None:
    import asyncio

    client.ping()
    asyncio.run(asynchronous.ping())


preload()
PRELOADED_BY = os.getpid()


def application(
    environ: dict[str, str], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    if environ["PATH_INFO"] == "/request":
        said = client.request(asked["number"]).id
    elif environ["PATH_INFO"] == "/validate":
        said = client.validate(asked["id"], asked["code"], number=asked["number"]).value
    else:
        said = f"{PRELOADED_BY} {os.getpid()}"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))])
    return [said.encode()]
