"""What servers of ASGI run: an asynchronous client, without a framework."""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from egoi_verify import AsyncClient

client = AsyncClient("key", "1", base_url=f"{os.environ['SANDBOX']}/api")


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await client.aclose()
        await send({"type": "lifespan.shutdown.complete"})
        return
    asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    if scope["path"] == "/request":
        said = (await client.request(asked["number"])).id
    elif scope["path"] == "/validate":
        said = (await client.validate(asked["id"], asked["code"], number=asked["number"])).value
    else:
        said = str(os.getpid())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": said.encode()})
