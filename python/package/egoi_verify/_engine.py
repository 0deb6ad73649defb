"""The verifier in the user's own process, with calls that block."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, TypeVar, cast

from . import _green, _native
from ._calls import Span, begin, traceparent
from ._client import Connection, EgoiSms
from ._errors import DeliveryFailedError, InvalidInputError, NotSentError, VerifyError
from ._store import Store, native_store
from ._values import NumberRecord, OutgoingSms, PrefixQuota, Quota, Seconds, number_record, plain_limits
from ._verbs import BlockingVerbs

if TYPE_CHECKING:
    from _thread import LockType
    from asyncio import AbstractEventLoop
    from concurrent.futures import Future
    from typing import Literal

    from typing_extensions import Self, Unpack

    from .testing import TestClock

__all__ = ["Engine", "Send"]

T = TypeVar("T")

Send = Callable[[OutgoingSms], object]
"""A function that sends one SMS, plain or ``async``.

It raises :class:`NotSentError` when it knows that nothing was sent. Any other exception means that the SMS may have
been sent, and so does ``False``. Other results do not matter.
"""


class _Default:
    """The default of a limit, as ``None`` is no limit."""

    def __repr__(self) -> str:
        return "'default'"


_DEFAULT: Any = _Default()


class _FromEnvironment(TypedDict, total=False):
    max_requests: int | None
    max_attempts: int | None
    wrong_codes_per_number: Quota | None
    sms_per_number: Quota | None
    wrong_codes_per_client: Quota | None
    sms_per_client: Quota | None
    sms_per_prefix: PrefixQuota | None
    max_resends: int | None
    resend_after: Seconds | None
    timeout: Seconds | None
    accept: Literal["mobile", "valid", "possible"] | None
    countries: Sequence[str] | None
    calling_codes: Sequence[int] | None


class BaseEngine:
    """What both engines have."""

    _verifier: _native.Verifier
    _send: Send | None
    _is_async: bool

    def __init__(
        self,
        send: Send | EgoiSms,
        *,
        store: Store | None = None,
        max_requests: int | None = None,
        max_attempts: int | None = _DEFAULT,
        wrong_codes_per_number: Quota | None = _DEFAULT,
        sms_per_number: Quota | None = _DEFAULT,
        wrong_codes_per_client: Quota | None = _DEFAULT,
        sms_per_client: Quota | None = _DEFAULT,
        sms_per_prefix: PrefixQuota | None = _DEFAULT,
        max_resends: int | None = _DEFAULT,
        resend_after: Seconds | None = _DEFAULT,
        timeout: Seconds | None = None,
        accept: Literal["mobile", "valid", "possible"] | None = None,
        countries: Sequence[str] | None = None,
        calling_codes: Sequence[int] | None = None,
        clock: TestClock | None = None,
    ) -> None:
        """Starts nothing.

        For production, set ``sms_per_client`` and ``wrong_codes_per_client``, and name the client with each call:
        ``docs/production.md`` says why.

        Args:
            send: Sends an SMS: a function, plain or ``async``, of an :class:`OutgoingSms`, or :class:`EgoiSms`.
            store: The store of the state. Default: ``Store("memory:")``, gone with the process.
            max_requests: How many requests ``"memory:"`` holds; beyond it a request is :class:`RateLimitedError`.
                Default: 10 million.
            max_attempts: Wrong codes for one request, not given back by a resend; then ``TOO_MANY_ATTEMPTS``. Default:
                5; ``None`` is no limit.
            wrong_codes_per_number: Wrong codes for one number across requests, cleared by a success; then
                ``TOO_MANY_ATTEMPTS``. Default: 20 a day; ``None`` is no limit.
            sms_per_number: SMS to one number, requests and resends together; then :class:`RateLimitedError`. Default: 5
                an hour; ``None`` is no limit.
            wrong_codes_per_client: Wrong codes of one ``client``, whichever the numbers; then ``TOO_MANY_ATTEMPTS``. A
                success does not clear them. Default: no limit.
            sms_per_client: SMS for one ``client``, requests and resends together; then :class:`RateLimitedError`.
                Default: no limit.
            sms_per_prefix: SMS to numbers that share all but their last digits; then :class:`RateLimitedError`.
                Default: no limit.
            max_resends: Resends of one request; then :class:`RateLimitedError`. Default: 3; ``None`` is no limit.
            resend_after: The pause between two SMS to one number; before its end a request and a resend are
                :class:`RateLimitedError`. The error of a request has the pending request's ``request_id``: a form
                goes on with it. Default: 30 s; ``None`` is no pause.
            timeout: The deadline of each call. Default: 15 s.
            accept: Which numbers are sent an SMS: ``"mobile"``, ``"valid"`` (the default) or ``"possible"``; another is
                :class:`InvalidInputError`. Premium-rate, toll-free and other such numbers never are.
            countries: The countries that are allowed, by ISO 3166 code, ``["PT", "ES"]``. A number of another country,
                or without a known one, is :class:`RejectedError`. Default: all.
            calling_codes: The calling codes that are allowed with every country that they have, ``[1]``; with
                ``countries``, what either list allows. Default: all.
            clock: A clock for tests.

        Raises:
            InvalidInputError: An option is not accepted. Correct the option that ``field`` names.
        """
        _check_gateway(send)
        given: dict[str, Any] = {
            "max_requests": max_requests,
            "timeout": timeout,
            "accept": accept,
            "countries": countries,
            "calling_codes": calling_codes,
        }
        limits: dict[str, Any] = {
            "max_attempts": max_attempts,
            "max_resends": max_resends,
            "resend_after": resend_after,
            "wrong_codes_per_number": wrong_codes_per_number,
            "sms_per_number": sms_per_number,
            "wrong_codes_per_client": wrong_codes_per_client,
            "sms_per_client": sms_per_client,
            "sms_per_prefix": sms_per_prefix,
        }
        given |= plain_limits({name: limit for name, limit in limits.items() if limit is not _DEFAULT})
        self._loop = DeliveryLoop()
        self._send = None if isinstance(send, EgoiSms) else send
        egoi_sms = send._sms if isinstance(send, EgoiSms) else None  # pyright: ignore[reportPrivateUsage]
        self._verifier = _native.Verifier.engine(
            given, native_store(store), getattr(clock, "_clock", clock), egoi_sms, self._is_async
        )

    @classmethod
    def from_env(
        cls,
        send: Send | EgoiSms | None = None,
        **options: Unpack[_FromEnvironment],
    ) -> Self:
        """Makes one from the environment. The options are the constructor's.

        The store is ``EGOI_STORE`` with the key ``EGOI_STORE_KEY``. Without ``send`` it sends by
        ``EgoiSms.from_env()``.

        Raises:
            InvalidInputError: A variable is missing or cannot be read, or an option was refused.
        """
        url = os.environ.get("EGOI_STORE")
        if not url:
            raise InvalidInputError(
                "`EGOI_STORE` is not set; this environment variable is required", field="EGOI_STORE", reason="missing"
            )
        return cls(
            EgoiSms.from_env() if send is None else send,
            store=Store(url, key=os.environ.get("EGOI_STORE_KEY")),
            **options,
        )

    def find(self, *_: Any, **__: Any) -> Any:
        """Returns the requests of a number, for a support desk, and its limits whose count is not zero.

        On Redis it reads through all keys.

        Raises:
            InvalidInputError: The text is not a number.
            StorageError: The store failed.
        """
        raise NotImplementedError

    def unlock(self, *_: Any, **__: Any) -> Any:
        """Resets the limits of a number.

        A request whose own attempts or resends are used up stays so. A new request is accepted at once.

        Raises:
            InvalidInputError: It is no number.
            StorageError: The store failed.
        """
        raise NotImplementedError

    def erase(self, *_: Any, **__: Any) -> Any:
        """Removes everything about a number (GDPR, article 17): its requests, its limits, and its idempotency keys.

        Redis is read through for it.

        Returns:
            How many requests there were.

        Raises:
            InvalidInputError: It is no number.
            StorageError: The store failed.
        """
        raise NotImplementedError

    def ping(self, *_: Any, **__: Any) -> Any:
        """Checks that the store can be used, and asks E-goi, if the gateway is ``EgoiSms``. Sends no SMS.

        Call it at the start: making an engine calls no server.

        Raises:
            StorageError: The store cannot be reached now.
            UnauthorizedError: E-goi refuses the key of ``EgoiSms``.
            MisconfiguredError: An operator must change something: the key, a right, the database, the version.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<egoi_verify.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds keys and state and cannot be pickled; make it in the process that uses it"
        )


# A TypeError names no private class.
BaseEngine.__init__.__qualname__ = "__init__"


def _check_gateway(send: object) -> None:
    """Refuses what can send nothing, before the first SMS is to be sent."""
    wanted = "it must be a function of an OutgoingSms, or an EgoiSms"
    if isinstance(send, EgoiSms):
        return
    if isinstance(send, type):
        raise TypeError(f"`send` is the class {send.__qualname__}; {wanted}")
    if isinstance(send, Connection):
        wanted += ": EgoiSms(api_key, sender) sends by the account of a client"
    if send is None or not callable(send):
        raise TypeError(f"`send` is {'None' if send is None else type(send).__qualname__}; {wanted}")
    if inspect.isgeneratorfunction(send) or inspect.isasyncgenfunction(send):
        raise TypeError(f"`send` has a `yield`, and would not run when it is called; {wanted}")
    try:
        signature = inspect.signature(send)
    except (TypeError, ValueError):  # some that are written in C
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise TypeError(f"`send` cannot be called with one argument ({error}); {wanted}") from None


def outgoing(sms: _native.Delivery) -> OutgoingSms:
    """An SMS as the function that sends is given it."""
    return OutgoingSms(sms.number, sms.text, sms.attempt_id)


def check_result(result: object) -> None:
    """Refuses ``False``: other libraries report a failure by it."""
    if result is False:
        raise TypeError("the function that sends returned False; it must raise NotSentError if nothing was sent")


class Delivering:
    """The delivery of one SMS, and the report of its end.

    An exception of the function that sends stops here, unless it means that the call is cancelled.
    """

    def __init__(self, sms: _native.Delivery) -> None:
        self._sms = sms
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return self.ended(error)

    def ended(self, error: BaseException | None) -> bool:
        """Whether the exception stops here."""
        self._failure = error
        self._sms.report(True if error is None else False if isinstance(error, NotSentError) else None)
        return isinstance(error, Exception)

    async def wait_for(self, sent: Awaitable[object]) -> None:
        """Waits for an ``async`` function that sends."""
        # The loop is there for other calls too; the thread that made this one is told.
        with contextlib.suppress(KeyboardInterrupt, SystemExit), self:
            check_result(await sent)

    def take_failure(self) -> BaseException | None:
        """The exception. Its traceback has frames that hold this, which releases it."""
        failure, self._failure = self._failure, None
        try:
            return failure
        finally:
            del failure


class Engine(BaseEngine, BlockingVerbs):
    """Runs verifications in this process, with calls that block.

    It generates the codes, keeps the state, and sends every SMS by a function of yours, in the thread that calls; other
    threads go on meanwhile. An ``async`` function runs in one event loop of the engine's::

        def send(sms: OutgoingSms) -> None:
            gateway.send(to=sms.number, text=sms.text, reference=sms.attempt_id)

        with Engine(send) as engine:
            verification = engine.request("+351 910 000 000")

    With a store in memory its calls raise :class:`ForkedError` in a forked child.
    """

    _is_async = False

    def _run(self, job: _native.Job[T | _native.Delivery], span: Span | None) -> T:
        try:
            result = self._run_job(job)
        except BaseException as error:
            if span is not None:
                span.failed(job, error)
            raise
        if span is not None:
            span.succeeded(job)
        return result

    def _run_job(self, job: _native.Job[T | _native.Delivery]) -> T:
        step = _green.run(job)
        if not isinstance(step, _native.Delivery):
            return step
        delivering = Delivering(step)
        try:
            sending = self._start_sending(step, delivering)
        except BaseException:  # Ctrl-C: the store is told, and nothing more is waited for
            with contextlib.suppress(VerifyError):
                _green.run(job)
            raise
        try:
            return cast(T, _green.run(job))  # one delivery a call
        except DeliveryFailedError as error:
            raise error from delivering.take_failure()
        finally:
            if sending is not None:
                sending.cancel()

    def _start_sending(self, sms: _native.Delivery, delivering: Delivering) -> Future[None] | None:
        assert self._send is not None
        try:
            sent = self._send(outgoing(sms))
            if inspect.isawaitable(sent):
                # It is the loop's now to report the end; the call's timeout and Ctrl-C end the wait for it.
                return self._loop.start(delivering.wait_for(sent))
            check_result(sent)
        except BaseException as error:
            if not delivering.ended(error):
                raise
        else:
            delivering.ended(None)
        return None

    def find(self, number: str, *, timeout: Seconds | None = None) -> NumberRecord:
        span = begin("find")
        job = self._verifier.find(traceparent(span), number, timeout)
        del number
        return number_record(self._run(job, span))

    def unlock(self, number: str, *, timeout: Seconds | None = None) -> None:
        span = begin("unlock")
        job = self._verifier.unlock(traceparent(span), number, timeout)
        del number
        self._run(job, span)

    def erase(self, number: str, *, timeout: Seconds | None = None) -> int:
        span = begin("erase")
        job = self._verifier.erase(traceparent(span), number, timeout)
        del number
        return self._run(job, span)

    def ping(self, *, timeout: Seconds | None = None) -> None:
        span = begin("ping")
        job = self._verifier.ping(traceparent(span), timeout, None)
        self._run(job, span)

    def close(self) -> None:
        """Releases its resources. Later calls raise :class:`ClosedError`."""
        super().close()
        self._loop.close()


class DeliveryLoop:
    """An event loop in its own thread, for the ``async`` functions that send for an engine whose calls block.

    The first of them starts it.
    """

    def __init__(self) -> None:
        # By process: a thread does not survive a fork. No lock, which might be held when another thread forks.
        self._loops: dict[int, AbstractEventLoop] = {}

    def start(self, sending: Coroutine[Any, Any, None]) -> Future[None]:
        import asyncio

        return asyncio.run_coroutine_threadsafe(sending, self._here())

    def _here(self) -> AbstractEventLoop:
        loop = self._loops.get(os.getpid())
        if loop is None:
            new = _started_loop()
            loop = self._loops.setdefault(os.getpid(), new)
            if loop is not new:
                new.call_soon_threadsafe(new.stop)
        return loop

    def close(self) -> None:
        loop = self._loops.pop(os.getpid(), None)
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def __del__(self) -> None:
        # When the interpreter ends the modules may be gone before this, and its thread is.
        with contextlib.suppress(AttributeError, TypeError):
            self.close()


def _started_loop() -> AbstractEventLoop:
    """A loop that runs in its own thread, which made it: under gevent its selector belongs to its thread."""
    made: list[AbstractEventLoop] = []
    lock = _green.real_lock()
    lock.acquire()
    _green.start_thread(_run_until_stopped, made, lock)
    with lock:  # once it is made
        return made[0]


def _run_until_stopped(made: list[AbstractEventLoop], lock: LockType) -> None:
    import asyncio

    try:
        loop = asyncio.new_event_loop()
        made.append(loop)
    finally:
        lock.release()
    try:
        loop.run_forever()
        under_way = asyncio.all_tasks(loop)
        if under_way:
            loop.run_until_complete(asyncio.wait(under_way))
    finally:
        loop.close()
