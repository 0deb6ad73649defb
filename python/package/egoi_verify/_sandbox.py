"""E-goi's interface on localhost."""

from __future__ import annotations

import json
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from . import _green, _native
from ._client import Client
from ._values import Message, Seconds, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from typing_extensions import Self

    from ._async_client import AsyncClient

__all__ = ["Sandbox"]


class Sandbox:
    """E-goi on localhost: both versions of its interface, with an inbox instead of a network.

    Its clock can be moved. It runs in this process until it is closed; an inbox page is at :attr:`url`::

        with Sandbox() as sandbox:
            client = sandbox.client()
            verification = client.request("+351 910 000 000")
            code = sandbox.wait_for_code("+351 910 000 000")
            assert client.validate(verification.id, code).is_verified
    """

    def __init__(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        seed: int | None = None,
        code: str | None = None,
        api_key: str | None = None,
        v2_words: bool = False,
        v2_wrong: Literal[200, 400] = 200,
        senders: Sequence[str] = ("1",),
        own_limits: bool = True,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        """Starts it.

        Args:
            host: The address to listen on. Default: 127.0.0.1, which no other machine reaches.
            port: The port. Default: a free one. A port that is taken is :class:`InvalidInputError`.
            seed: Draws the same codes in every run. Default: the operating system's randomness.
            code: Every code is this one, for every size.
            api_key: The one key that is accepted. Default: any.
            v2_words: V2's response to a validation has a status word in each item; it is the bare list as published
                otherwise.
            v2_wrong: The status of V2's response to a wrong code.
            senders: The senders of the account: V2's ids, V1's hashes. A request of any other is refused.
            own_limits: Whether the library's own limits hold, which E-goi does not document: a code of at least 4
                characters, a message of at most 1,000 characters and 6 SMS parts.
            allow_hosts: Host names that programs may call it by, such as the ``sandbox`` of ``http://sandbox:8080``.
                Default: ``localhost`` and addresses.
        """
        self._sandbox = _native.Sandbox(
            {
                "host": host,
                "port": port,
                "seed": seed,
                "code": code,
                "api_key": api_key,
                "v2_words": v2_words,
                "v2_wrong": v2_wrong,
                "senders": senders,
                "own_limits": own_limits,
                "allow_hosts": allow_hosts,
            }
        )
        self.url: str = self._sandbox.url()
        """Its address, ``http://127.0.0.1:PORT``. V2's base URL is ``URL/api``, V1's ``URL/api/public``."""
        self.clock = SandboxClock(self._sandbox)
        """Its clock."""

    @classmethod
    def start(cls, **options: Any) -> Self:
        """Starts one: the constructor, under the name that it has in every language."""
        return cls(**options)

    def client(self, api: Literal["v1", "v2"] = "v2") -> Client:
        """A client of it, ready to use."""
        return Client._of(self._sandbox.client_options(api))  # pyright: ignore[reportPrivateUsage]

    def async_client(self, api: Literal["v1", "v2"] = "v2") -> AsyncClient:
        """A client of it for ``asyncio``, ready to use."""
        from ._async_client import AsyncClient

        return AsyncClient._of(self._sandbox.client_options(api))  # pyright: ignore[reportPrivateUsage]

    def messages(self, number: str | None = None) -> list[Message]:
        """Returns the SMS that were sent to a number, or to all numbers, the newest first.

        Raises:
            InvalidInputError: A text that is no number: correct it.
        """
        rows = self._sandbox.messages(number)
        return [Message(*row[:6], datetime.fromisoformat(row[6].replace("Z", "+00:00")), row[7]) for row in rows]

    def wait_for_code(self, number: str, timeout: Seconds | None = None) -> str:
        """Waits for an SMS to the number that this method has not returned before, and returns its code.

        In a coroutine it returns the code of an SMS that is already there. To wait for another, call it by
        ``asyncio.to_thread``.

        Raises:
            CallTimeoutError: No SMS came in time, by default 10 s. Look at :meth:`messages`.
            InvalidInputError: A text that is no number: correct it.
        """
        return _green.run(self._sandbox.wait_for_code(number, timeout))

    def fail_next(
        self,
        call: Literal["request", "validate", "cancel", "resend", "get", "ping", "senders", "sms"] | None = None,
        *,
        number: str | None = None,
        status: int | None = None,
        delay: Seconds = 0,
        cut: Literal["before", "after"] | None = None,
        body: Literal["malformed", "huge", "text_html", "integer_ids", "lagging_read", "masked_code", "errors"]
        | None = None,
        probability: float = 1,
        count: int | None = 1,
    ) -> None:
        """Injects a failure.

        Args:
            call: The call that fails. Default: any.
            number: The number that the request must be for. Default: any.
            status: The HTTP status of the response, 300 to 599.
            delay: How long to wait first, at most 60 s.
            cut: When to cut the connection: ``"before"`` the call has any effect, or ``"after"`` it, in place of the
                response.
            body: What replaces the response.
            probability: How likely it strikes, 0 to 1.
            count: How often it strikes. ``None`` is without end.

        Raises:
            InvalidInputError: A fault that is not accepted: correct it.
        """
        seconds = delay if isinstance(delay, (int, float)) else delay.total_seconds()
        self._sandbox.fail_next(
            json.dumps(
                {
                    "call": call,
                    "number": number,
                    "status": status,
                    "delay_ms": round(seconds * 1000),
                    "cut": cut,
                    "body": body,
                    "probability": probability,
                    "count": count,
                }
            )
        )

    def reset(self) -> None:
        """Forgets every request, message, failure and journal entry. The clock goes on."""
        self._sandbox.reset()

    def close(self) -> None:
        """Ends it. It has stopped listening when this returns."""
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<egoi_verify.Sandbox {self.url}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Sandbox runs in this process and cannot be pickled; pass its url")


class SandboxClock:
    """The clock of a sandbox.

    An engine takes it too::

    engine = Engine(send, clock=sandbox.clock)
    sandbox.clock.advance(601)
    """

    def __init__(self, sandbox: _native.Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def _clock(self) -> _native.TestClock:
        """The same clock, for an engine."""
        return self._sandbox.test_clock()

    def advance(self, by: Seconds) -> None:
        """Moves the time on."""
        self._sandbox.advance(by)

    def freeze(self, frozen: bool = True) -> None:
        """Stops the time, or lets it continue."""
        self._sandbox.freeze(frozen)

    def now(self) -> datetime:
        """The time now, in UTC."""
        return moment(self._sandbox.now())
