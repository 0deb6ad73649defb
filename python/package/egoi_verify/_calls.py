"""Running a call in the caller's thread, and logging its result."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import _green
from ._errors import VerifyError

if TYPE_CHECKING:
    from logging import Logger

    from ._native import Job, VerificationRow

T = TypeVar("T")

# Levels of `logging`, whose import alone takes as long as that of the rest of this package.
INFO, WARNING, ERROR = 20, 30, 40

# What a caller causes. All other failures are for an operator to see.
CALLERS_FAULT = {
    "invalid_input",
    "not_found",
    "conflict",
    "rate_limited",
    "rejected",
    "unsupported",
    "closed",
    "forked",
}

_loggers: list[Logger] = []


class Span:
    """One call, for its record."""

    __slots__ = ("id", "is_detailed", "logger", "started", "verb")

    def __init__(self, logger: Logger, verb: str, id: object) -> None:
        self.logger = logger
        self.verb = verb
        self.id: str | None = id if isinstance(id, str) else None
        self.is_detailed = logger.isEnabledFor(INFO)
        self.started = perf_counter()

    def succeeded(self, job: Job[Any], result: object) -> None:
        if self.is_detailed:
            if isinstance(result, tuple):
                row = cast("VerificationRow", result)
                self.id, result = row[:2]
            self._log(INFO, job, result if isinstance(result, str) else "ok")

    def failed(self, job: Job[Any], error: BaseException) -> None:
        if isinstance(error, VerifyError):
            self.id = error.request_id or self.id
            level = WARNING if error.code in CALLERS_FAULT else ERROR
            self._log(level, job, error.code, error.http_status)
        elif not isinstance(error, Exception):
            self._log(INFO, job, "cancelled")
        else:
            self._log(WARNING, job, type(error).__name__)

    def _log(self, level: int, job: Job[Any], outcome: str, status: int | None = None) -> None:
        if not self.logger.isEnabledFor(level):
            return
        traced = job.fields()
        fields = {
            "verb": self.verb,
            "number": job.masked_number,
            "request_id": self.id,
            "outcome": outcome,
            "status": status or traced.get("status"),
            "retries": traced.get("retries"),
            "duration_ms": round((perf_counter() - self.started) * 1000, 3),
        }
        known = {name: value for name, value in fields.items() if value is not None}
        self.logger.log(
            level,
            " ".join(f"{name}={value}" for name, value in known.items()),
            extra={f"egoi_{name}": value for name, value in known.items()},
        )


def begin(verb: str, id: object = None) -> Span | None:
    """Logs that a call begins, if a logger is in use."""
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
    return Span(logger, verb, id) if logger.isEnabledFor(ERROR) else None


def is_detailed(span: Span | None) -> bool:
    """Whether the native module is to trace the call."""
    return span is not None and span.is_detailed


def run(job: Job[T], span: Span | None) -> T:
    """Runs a call of a client in this thread."""
    if span is None:
        return _green.run(job)
    try:
        result = _green.run(job)
    except BaseException as error:
        span.failed(job, error)
        raise
    span.succeeded(job, result)
    return result
