"""The verifier in the user's own process, with calls that block."""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast

from . import _native
from ._client import EgoiSms
from ._errors import DeliveryFailedError, NotSent, VerifyError
from ._values import CodeType, Outcome, OutgoingSms, Quota, Seconds, State, Verification, verification

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from concurrent.futures import Future
    from typing import Literal

    from typing_extensions import Self

    from .testing import TestClock

__all__ = ["DEFAULT", "Engine", "Send"]

T = TypeVar("T")

Send = Callable[[OutgoingSms], None | Awaitable[None]]
"""A function that hands one SMS over, plain or ``async``. It raises :class:`NotSent` when it knows that nothing went
out; anything else that it raises means that the SMS may have been sent."""


class Default(Enum):
    """The default of a limit, as ``None`` is no limit."""

    DEFAULT = "default"

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = Default.DEFAULT


class BaseEngine:
    """What both engines have."""

    _engine: _native.Engine
    _send: Send | None
    _is_async: bool

    def __init__(
        self,
        send: Send | EgoiSms,
        *,
        store: str | None = None,
        key: bytes | None = None,
        previous_keys: Sequence[bytes] | None = None,
        retention: Seconds | None = None,
        max_requests: int | None = None,
        max_attempts: int | None | Literal[Default.DEFAULT] = DEFAULT,
        wrong_codes_per_number: Quota | None | Literal[Default.DEFAULT] = DEFAULT,
        sms_per_number: Quota | None | Literal[Default.DEFAULT] = DEFAULT,
        max_resends: int | None | Literal[Default.DEFAULT] = DEFAULT,
        resend_after: Seconds | None | Literal[Default.DEFAULT] = DEFAULT,
        countries: Sequence[int] | None = None,
        clock: TestClock | None = None,
    ) -> None:
        """Starts nothing; what is wrong with any of the options is :class:`InvalidInput`.

        A stranger can use up the limits of somebody else's number: put a limit per session or address in front.

        Args:
            send: Hands an SMS over: a function, plain or ``async``, of an :class:`OutgoingSms`, or :class:`EgoiSms`.
            store: The store, by its URL: ``"memory:"``, ``"sqlite:PATH"``, ``"postgres://USER:PASSWORD@HOST/DATABASE"``
                or ``"redis://HOST"``. Default: ``"memory:"``, gone with the process.
            key: The secret that codes are bound with and numbers and messages are encrypted with in a store, at least
                32 bytes. Random for ``"memory:"``, required for any other.
            previous_keys: Keys from before the present one, whose codes still count.
            retention: How long after its ``expires_at`` a finished request is kept, so that a late call is told what became
                of it. Default: 24 hours.
            max_requests: How many requests ``"memory:"`` holds; beyond it a request is :class:`RateLimited`. Default:
                10 million.
            max_attempts: Wrong codes for one request, not given back by a resend; then ``TOO_MANY_ATTEMPTS``. Default:
                5; ``None`` is no limit.
            wrong_codes_per_number: Wrong codes for one number across requests, cleared by a success; then
                ``TOO_MANY_ATTEMPTS``. Default: 20 a day; ``None`` is no limit.
            sms_per_number: SMS to one number, requests and resends together; then :class:`RateLimited`. Default: 5 an
                hour; ``None`` is no limit.
            max_resends: Resends of one request; then :class:`RateLimited`. Default: 3; ``None`` is no limit.
            resend_after: The pause between two SMS of one request; before its end a resend is :class:`RateLimited`.
                Default: 30 s; ``None`` is no pause.
            countries: The calling codes that are allowed, ``[351, 34]``; another is :class:`Rejected`. Default: all.
            clock: A clock for tests.
        """
        given: dict[str, Any] = {
            "store": store,
            "key": key,
            "previous_keys": None if previous_keys is None else list(previous_keys),
            "retention": retention,
            "max_requests": max_requests,
            "countries": None if countries is None else list(countries),
            "clock": None if clock is None else clock._clock,  # pyright: ignore[reportPrivateUsage]
        }
        limits: dict[str, Any] = {
            "max_attempts": max_attempts,
            "max_resends": max_resends,
            "resend_after": resend_after,
            "wrong_codes_per_number": wrong_codes_per_number,
            "sms_per_number": sms_per_number,
        }
        for name, limit in limits.items():
            if limit is not DEFAULT:
                given[name] = (limit.most, limit.per) if isinstance(limit, Quota) else limit
        self._loop = Loop()
        if isinstance(send, EgoiSms):
            self._send = None
            self._engine = _native.Engine(given, send._options, self._is_async)  # pyright: ignore[reportPrivateUsage]
        else:
            self._send = send
            self._engine = _native.Engine(given, None, self._is_async)

    def __repr__(self) -> str:
        return f"<egoi_verify.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and state and cannot be pickled; make one where it is used")


def outgoing(sms: _native.HandOver) -> OutgoingSms:
    """An SMS as the function that sends is given it."""
    return OutgoingSms(sms.number, sms.text, sms.attempt_id)


class HandingOver:
    """The hand-over of one SMS, whose end the call is told of.

    What the function that sends raises stops here, unless it means that somebody gives up.
    """

    def __init__(self, sms: _native.HandOver) -> None:
        self._sms = sms
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return self.ended(error)

    def ended(self, error: BaseException | None) -> bool:
        """Whether what was raised stops here."""
        self._failure = error
        self._sms.report(True if error is None else False if isinstance(error, NotSent) else None)
        return isinstance(error, Exception)

    async def wait_for(self, sent: Awaitable[None]) -> None:
        # The loop is there for other calls too; whoever made this one is told.
        with contextlib.suppress(KeyboardInterrupt, SystemExit), self:
            await sent

    def take_failure(self) -> BaseException | None:
        """What was raised. Its traceback has frames that hold this, which lets go of it."""
        failure, self._failure = self._failure, None
        try:
            return failure
        finally:
            del failure


class Engine(BaseEngine):
    """Runs verifications in this process, with calls that block.

    It generates the codes, keeps the state, and has every SMS handed over by a function of yours, in the thread that
    calls; other threads go on meanwhile. An ``async`` function runs in one event loop of the engine's::

        def send(sms: OutgoingSms) -> None:
            gateway.send(to=sms.number, text=sms.text, reference=sms.attempt_id)

        with Engine(send) as engine:
            verification = engine.request("+351 910 000 000")

    With a store in memory it is :class:`Forked` in a forked child.
    """

    _is_async = False

    def _run(self, job: _native.Job[T | _native.HandOver]) -> T:
        step = job.run()
        if not isinstance(step, _native.HandOver):
            return step
        handing = HandingOver(step)
        try:
            sending = self._start_sending(step, handing)
        except BaseException:  # Ctrl-C: the store is told, and nothing more is waited for
            with contextlib.suppress(VerifyError):
                job.run()
            raise
        try:
            return cast(T, job.run())  # one hand-over a call
        except DeliveryFailedError as error:
            raise error from handing.take_failure()
        finally:
            if sending is not None:
                sending.cancel()

    def _start_sending(self, sms: _native.HandOver, handing: HandingOver) -> Future[None] | None:
        assert self._send is not None
        try:
            sent = self._send(outgoing(sms))
            if inspect.isawaitable(sent):
                # It is the loop's now to tell the end; the call's timeout and Ctrl-C end the wait for it.
                return self._loop.start(handing.wait_for(sent))
        except BaseException as error:
            if not handing.ended(error):
                raise
        else:
            handing.ended(None)
        return None

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
        timeout: Seconds | None = None,
    ) -> Verification:
        """Has one SMS with a code handed over to the number.

        The arguments are those of :meth:`Client.request`; ``group`` has no use here.

        Raises:
            DeliveryFailedError: The function that sends failed. Unless it raised :class:`NotSent` the request is
                pending, and ``request_id`` names it.
        """
        return verification(
            self._run(self._engine.request(number, message, code_type, code_size, ttl, group, idempotency_key, timeout))
        )

    def validate(self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None) -> Outcome:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error.

        With ``number``, a request for another number is :class:`NotFound`, and no code is looked at: what ties the
        verdict to the person. Take it from your own session.
        """
        return Outcome(self._run(self._engine.validate(id, code, number, timeout)))

    def cancel(self, id: str, *, timeout: Seconds | None = None) -> State:
        """Gives the request up.

        Gives back the state that it is in afterwards: cancelled, or verified or expired where it was too late.
        Cancelling twice is not an error.
        """
        return State(self._run(self._engine.cancel(id, timeout)))

    def resend(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Sends a new code; the old one stops working and the validity starts again."""
        return verification(self._run(self._engine.resend(id, timeout)))

    def get(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Reads the request."""
        return verification(self._run(self._engine.get(id, timeout)))

    def ping(self, *, timeout: Seconds | None = None) -> None:
        """Checks that the store can be used, and raises :class:`Storage` otherwise, which says what to do.

        Good to call at the start: making an engine opens a file, but calls no server.
        """
        self._run(self._engine.ping(timeout))

    def close(self) -> None:
        """Lets go of what it holds. Later calls are :class:`Closed`."""
        self._engine.close()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Loop:
    """An event loop in a thread of its own, for the ``async`` functions that send for an engine whose calls block.

    The first of them starts it.
    """

    def __init__(self) -> None:
        # By process: a thread does not survive a fork. No lock, which might be held when another thread forks.
        self._loops: dict[int, AbstractEventLoop] = {}

    def start(self, sending: Coroutine[Any, Any, None]) -> Future[None]:
        import asyncio

        return asyncio.run_coroutine_threadsafe(sending, self._here())

    def _here(self) -> AbstractEventLoop:
        import asyncio

        loop = self._loops.get(os.getpid())
        if loop is None:
            new = asyncio.new_event_loop()
            loop = self._loops.setdefault(os.getpid(), new)
            if loop is new:
                threading.Thread(target=_run_until_stopped, args=(new,), name="egoi-verify-send", daemon=True).start()
            else:
                new.close()
        return loop

    def close(self) -> None:
        loop = self._loops.pop(os.getpid(), None)
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def __del__(self) -> None:
        # When the interpreter ends the modules may be gone before this, and its thread is.
        with contextlib.suppress(AttributeError, TypeError):
            self.close()


def _run_until_stopped(loop: AbstractEventLoop) -> None:
    import asyncio

    try:
        loop.run_forever()
        under_way = asyncio.all_tasks(loop)
        if under_way:
            loop.run_until_complete(asyncio.wait(under_way))
    finally:
        loop.close()
