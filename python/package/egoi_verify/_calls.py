"""Running a call in the caller's thread, and reporting its result."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import _green
from ._errors import VerifyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from ._native import Job

T = TypeVar("T")

# Levels of `logging`, whose import alone takes as long as that of the rest of this package.
INFO, WARNING, ERROR = 20, 30, 40

_loggers: list[Logger] = []
_observers: list[tuple[Callable[[CallEvent], object], Callable[[CallEvent], object] | None]] = []


class CallEvent:
    """The event of one call of a client or an engine. It holds no key, code, message or full number.

    When the call begins, it has only its ``verb``.

    Example:
        >>> stop = observe(lambda event: print(event.verb, event.outcome, event.duration))
        >>> stop()
    """

    __slots__ = (
        "__weakref__",
        "country",
        "duration",
        "error_code",
        "http_status",
        "limit",
        "number",
        "outcome",
        "request_id",
        "retries",
        "traceparent",
        "verb",
    )

    verb: str
    """The name of the call: ``"request"`` for example."""

    outcome: str | None
    """The outcome of a success: an :class:`Outcome`, the :class:`State` of the request afterwards, or ``"ok"``.
    The error's code of a failure. ``"aborted"``, if the call was cancelled."""

    error_code: str | None
    """The error's code, if the call failed."""

    duration: float
    """How many seconds the call took."""

    retries: int
    """How often a client repeated an HTTP request in this call."""

    http_status: int | None
    """The status of the service's last response, if there was one."""

    request_id: str | None
    """The id of the request, if it is known."""

    number: str | None
    """The number, masked, if the call had one."""

    country: str | None
    """The ISO 3166 code of the number's country: ``"PT"`` for example."""

    limit: str | None
    """The name of the limit that stopped the call: ``"sms_per_number"`` for example."""

    traceparent: str | None
    """The header ``traceparent`` (W3C Trace Context) of the call's HTTP requests. Set it when the call begins."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.duration = 0.0
        self.retries = 0
        self.outcome = self.error_code = self.http_status = self.request_id = None
        self.number = self.country = self.limit = self.traceparent = None

    def __repr__(self) -> str:
        fields = ((name, getattr(self, name)) for name in self.__slots__[1:])
        return f"CallEvent({', '.join(f'{name}={value!r}' for name, value in fields if value is not None)})"


def observe(
    ended: Callable[[CallEvent], object], *, started: Callable[[CallEvent], object] | None = None
) -> Callable[[], None]:
    """Calls ``ended`` at the end of each call of every client and engine of the process.

    Both functions run in the thread or event loop that makes the call, and in its context. The logger ``egoi_verify``
    records an exception that they raise. The call goes on.

    Args:
        ended: Receives the :class:`CallEvent` of each call.
        started: Receives the same object when the call begins. It may set ``traceparent``.

    Returns:
        A function that ends the observation.

    Example:
        >>> stop = observe(lambda event: print(event.verb, event.outcome))
        >>> stop()
    """
    observer = (ended, started)
    _observers.append(observer)

    def stop() -> None:
        if observer in _observers:
            _observers.remove(observer)

    return stop


def _report(function: Callable[[CallEvent], object] | None, event: CallEvent) -> None:
    if function is None:
        return
    try:
        function(event)
    except Exception:
        import logging

        logging.getLogger("egoi_verify").exception("an observer of calls failed")


class Span:
    """One call, for its event and its record."""

    __slots__ = ("event", "logger", "observers", "started")

    def __init__(self, logger: Logger | None, verb: str) -> None:
        self.logger = logger
        self.event = CallEvent(verb)
        self.observers = tuple(_observers)
        for _, started in self.observers:
            _report(started, self.event)
        self.started = perf_counter()

    def succeeded(self, job: Job[Any]) -> None:
        self._end(job, INFO, "ok")

    def failed(self, job: Job[Any], error: BaseException) -> None:
        if isinstance(error, VerifyError):
            self.event.error_code = error.code
            self.event.http_status = error.http_status
            self.event.limit = error.limit
            self.event.request_id = error.request_id
            self._end(job, WARNING if error.suggested_status < 500 else ERROR, error.code)
        elif not isinstance(error, Exception):
            self._end(job, INFO, "aborted")
        else:
            self._end(job, WARNING, type(error).__name__)

    def _end(self, job: Job[Any], level: int, outcome: str) -> None:
        is_logged = self.logger is not None and self.logger.isEnabledFor(level)
        if not is_logged and not self.observers:
            return
        event = self.event
        event.outcome = outcome
        event.number = job.masked_number
        event.duration = perf_counter() - self.started
        # Nothing of a call that was refused before it began, or cancelled.
        for name, value in job.fields().items():
            setattr(event, name, value)
        for ended, _ in self.observers:
            _report(ended, event)
        if is_logged:
            self._log(level)

    def _log(self, level: int) -> None:
        event = self.event
        fields = {
            "verb": event.verb,
            "number": event.number,
            "country": event.country,
            "request_id": event.request_id,
            "outcome": event.outcome,
            "limit": event.limit,
            "status": event.http_status,
            "retries": event.retries,
            "duration_ms": round(event.duration * 1000, 3),
        }
        known = {name: value for name, value in fields.items() if value is not None}
        cast("Logger", self.logger).log(
            level,
            " ".join(f"{name}={value}" for name, value in known.items()),
            extra={f"egoi_{name}": value for name, value in known.items()},
        )


def begin(verb: str) -> Span | None:
    """Begins the event of a call, if an observer or a logger is in use."""
    logger = _logger()
    return Span(logger, verb) if logger is not None or _observers else None


def _logger() -> Logger | None:
    if not _loggers:
        # Without this import nobody has set a level or a handler either.
        logging = sys.modules.get("logging")
        if logging is None:
            return None
        logger = logging.getLogger("egoi_verify")
        # An application that sets nothing up is not to find records on its standard error.
        logger.addHandler(logging.NullHandler())
        _loggers.append(logger)
    logger = _loggers[0]
    return logger if logger.isEnabledFor(ERROR) else None


def traceparent(span: Span | None) -> str | None:
    """What the native module is to send with the call, or nothing if it is not to observe it."""
    return None if span is None else span.event.traceparent or ""


def run(job: Job[T], span: Span | None) -> T:
    """Runs a call of a client in this thread."""
    if span is None:
        return _green.run(job)
    try:
        result = _green.run(job)
    except BaseException as error:
        span.failed(job, error)
        raise
    span.succeeded(job)
    return result
