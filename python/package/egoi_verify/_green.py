"""Calls under gevent or eventlet, which replace threads by greenlets: a call must not stop all of them."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from _thread import LockType

    from ._native import Job

T = TypeVar("T")


def _gevent() -> Any:
    """Gevent's monkey, if it has patched the process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey if monkey is not None and monkey.is_module_patched("socket") else None


def _eventlet() -> Any:
    """Eventlet's patcher, if it has patched the process."""
    patcher = sys.modules.get("eventlet.patcher")
    return patcher if patcher is not None and patcher.is_monkey_patched("socket") else None


def run(job: Job[T]) -> T:
    """Runs a call in this thread, or in a real one while the other greenlets go on."""
    if _gevent() is not None:
        hub: Any = import_module("gevent").get_hub()
        return _in_pool(job, lambda work: hub.threadpool.spawn(work).get())
    if _eventlet() is not None:
        tpool: Any = import_module("eventlet.tpool")
        return _in_pool(job, tpool.execute)
    return job.run()


def _in_pool(job: Job[T], in_pool: Callable[[Callable[[], Any]], Any]) -> T:
    def work() -> tuple[T | None, BaseException | None]:
        # The pools print what their work raises.
        try:
            return job.run(), None
        except BaseException as error:
            return None, error

    try:
        result, error = in_pool(work)
    except BaseException:  # the greenlet is killed, or its time is up
        job.cancel()
        raise
    if error is not None:
        try:
            raise error
        finally:
            del error
    return result  # type: ignore[no-any-return]


def real_lock() -> LockType:
    """A lock of real threads."""
    gevent, eventlet = _gevent(), _eventlet()
    if gevent is not None:
        return cast("LockType", gevent.get_original("_thread", "allocate_lock")())
    if eventlet is not None:
        return cast("LockType", eventlet.original("_thread").allocate_lock())
    return allocate_lock()


def start_thread(function: Callable[..., object], *args: object) -> None:
    """Starts a real thread."""
    gevent, eventlet = _gevent(), _eventlet()
    if gevent is not None:
        gevent.get_original("_thread", "start_new_thread")(function, args)
    elif eventlet is not None:
        eventlet.original("_thread").start_new_thread(function, args)
    else:
        import threading

        threading.Thread(target=function, args=args, name="egoi-verify-send", daemon=True).start()
