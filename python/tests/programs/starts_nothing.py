"""Importing and constructing, and what that has started: no thread, no descriptor."""

import os


def running() -> tuple[int, int]:
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


before = running()

import egoi_verify  # noqa: E402

made = [
    egoi_verify.Client("key", "1"),
    egoi_verify.AsyncClient("key", "1"),
    egoi_verify.Client("key", "1", store=egoi_verify.Store("memory:", key=b"k" * 32)),
    egoi_verify.Engine(print),
    egoi_verify.AsyncEngine(print),
    egoi_verify.Engine(egoi_verify.EgoiSms("key", "1")),
]
print(running() == before)
