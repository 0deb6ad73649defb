"""Running a call, and telling ``logging`` of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from logging import Logger
    from typing import Concatenate, ParamSpec

    from ._native import Job

    Given = ParamSpec("Given")

T = TypeVar("T")


_loggers: list[Logger] = []


def listener() -> Logger | None:
    """Who wants to hear of calls: nobody, unless the level of the logger ``egoi_verify`` is DEBUG or lower."""
    if not _loggers:
        # Who has not imported it has not set a level either, and importing it takes as long as the rest of this
        # package.
        logging = sys.modules.get("logging")
        if logging is None:
            return None
        _loggers.append(logging.getLogger("egoi_verify"))
    logger = _loggers[0]
    return logger if logger.isEnabledFor(10) else None


def tell(logger: Logger, job: Job[object]) -> None:
    """Tells what the call did: the verb, the masked number, the outcome, the HTTP status, tries and milliseconds."""
    fields = job.fields()
    if not fields:  # refused before there was anything to tell
        return
    logger.debug(
        " ".join(f"{name}={value}" for name, value in fields.items()),
        extra={f"egoi_{name}": value for name, value in fields.items()},
    )


def run(verb: Callable[Concatenate[bool, Given], Job[T]], *args: Given.args, **kwargs: Given.kwargs) -> T:
    """Runs a call of a client in this thread."""
    logger = listener()
    if logger is None:
        return verb(False, *args, **kwargs).run()
    job = verb(True, *args, **kwargs)
    try:
        return job.run()
    finally:
        tell(logger, job)
