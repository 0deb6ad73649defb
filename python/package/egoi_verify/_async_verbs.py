"""The calls of clients and engines for ``asyncio``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _native
from ._aio import Call, coroutine_function
from ._calls import Span, begin, traceparent
from ._values import (
    CodeType,
    Outcome,
    OutcomeDetails,
    Seconds,
    State,
    Verification,
    outcome,
    outcome_details,
    verification,
)
from ._verbs import Documented

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

T = TypeVar("T")
R = TypeVar("R")


class AsyncVerbs(Documented):
    """Calls for ``asyncio``."""

    _verifier: _native.Verifier

    def _run(
        self, job: _native.Job[T | _native.Delivery], span: Span | None, convert: Callable[[T], R]
    ) -> Coroutine[Any, Any, R]:
        raise NotImplementedError

    def _call(
        self, verb: str, job: _native.Job[T | _native.Delivery], span: Span | None, convert: Callable[[T], R]
    ) -> Call[R]:
        return Call(f"{type(self).__name__}.{verb}", self._run(job, span, convert))

    @coroutine_function
    def request(
        self,
        number: str,
        *,
        message: str | None = None,
        code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] | None = None,
        code_size: int | None = None,
        ttl: Seconds | None = None,
        group: str | None = None,
        idempotency_key: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Call[Verification]:
        span = begin("request")
        job = self._verifier.request(
            traceparent(span),
            number,
            message,
            code_type,
            code_size,
            ttl,
            group,
            idempotency_key,
            client,
            default_region,
            timeout,
            retries,
        )
        # An error tracker would show what this frame holds.
        del number, message, idempotency_key, client
        return self._call("request", job, span, verification)

    @coroutine_function
    def validate(
        self,
        id: str,
        code: str,
        *,
        number: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Call[Outcome]:
        span = begin("validate")
        job = self._verifier.validate(traceparent(span), id, code, number, client, default_region, timeout, retries)
        del code, number, client
        return self._call("validate", job, span, outcome)

    @coroutine_function
    def validate_with_details(
        self,
        id: str,
        code: str,
        *,
        number: str | None = None,
        client: str | None = None,
        default_region: str | None = None,
        timeout: Seconds | None = None,
        retries: int | None = None,
    ) -> Call[OutcomeDetails]:
        span = begin("validate")
        job = self._verifier.validate_with_details(
            traceparent(span), id, code, number, client, default_region, timeout, retries
        )
        del code, number, client
        return self._call("validate_with_details", job, span, outcome_details)

    @coroutine_function
    def cancel(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Call[State]:
        span = begin("cancel")
        return self._call("cancel", self._verifier.cancel(traceparent(span), id, timeout, retries), span, State)

    @coroutine_function
    def resend(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Call[Verification]:
        span = begin("resend")
        return self._call("resend", self._verifier.resend(traceparent(span), id, timeout, retries), span, verification)

    @coroutine_function
    def get(self, id: str, *, timeout: Seconds | None = None, retries: int | None = None) -> Call[Verification]:
        span = begin("get")
        return self._call("get", self._verifier.get(traceparent(span), id, timeout, retries), span, verification)

    async def aclose(self) -> None:
        """Releases its connections once the calls under way have ended. Later calls raise :class:`ClosedError`."""
        self._verifier.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


for _verb in (
    AsyncVerbs.request,
    AsyncVerbs.validate,
    AsyncVerbs.validate_with_details,
    AsyncVerbs.cancel,
    AsyncVerbs.resend,
    AsyncVerbs.get,
):
    # A TypeError names the call, and not this class.
    _verb.__qualname__ = _verb.__name__
