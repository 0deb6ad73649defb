"""The verifier that E-goi runs, with calls for ``asyncio``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from . import _native
from ._aio import Call, coroutine_function, run
from ._async_verbs import AsyncVerbs
from ._calls import Span, begin, traceparent
from ._client import Connection, DocumentedService
from ._values import Seconds, SenderInfo, nothing, sender_infos

__all__ = ["AsyncClient"]

T = TypeVar("T")
R = TypeVar("R")


class AsyncClient(Connection, DocumentedService, AsyncVerbs):
    """Has E-goi run verifications, with calls for ``asyncio``.

    It works in any running loop, and in several. Cancelling a task drops its HTTP request. Making one starts
    nothing, and one that was used before a fork works in the child, with its own connections::

        async with AsyncClient(api_key=key, sender="1234") as client:
            verification = await client.request("+351 910 000 000", ttl=300)
            outcome = await client.validate(verification.id, code, number=session["number"])

    The documentation of :class:`Client` holds here too.
    """

    def _connect(self, options: _native.ClientOptions) -> None:
        self._verifier = _native.Verifier.client(options, True)

    def _run(
        self, job: _native.Job[T | _native.Delivery], span: Span | None, convert: Callable[[T], R]
    ) -> Coroutine[Any, Any, R]:
        return run(cast("_native.Job[T]", job), span, convert)  # a client delivers nothing itself

    @coroutine_function
    def ping(self, *, timeout: Seconds | None = None, retries: int | None = None) -> Call[None]:
        span = begin("ping")
        return self._call("ping", self._verifier.ping(traceparent(span), timeout, retries), span, nothing)

    @coroutine_function
    def senders(self, *, timeout: Seconds | None = None, retries: int | None = None) -> Call[list[SenderInfo]]:
        span = begin("senders")
        return self._call("senders", self._verifier.senders(traceparent(span), timeout, retries), span, sender_infos)
