"""A code from the operating system's randomness."""

from __future__ import annotations

import random
import secrets
import string
from collections.abc import Callable
from timeit import timeit

from rounds import Records, interleaved, scaled

CODES = scaled(5_000)


def measure() -> None:
    from egoi_verify import CodeType, generate_code

    records = Records("python-codes", ())
    system_random = random.SystemRandom()
    for settings, code_type, alphabet, size in (
        ("6 digits", CodeType.NUMERIC, string.digits, 6),
        ("20 of `0-9A-Z`", CodeType.ALPHANUMERIC, string.digits + string.ascii_uppercase, 20),
    ):
        ways: dict[str, Callable[[], str]] = {
            "generate_code": lambda: generate_code(code_type, size),
            "`secrets.choice`, joined": lambda: "".join(secrets.choice(alphabet) for _ in range(size)),
            "`SystemRandom().choices`, joined": lambda: "".join(system_random.choices(alphabet, k=size)),
        }
        taken = interleaved(
            {way: lambda draw=draw: timeit(draw, number=CODES) / CODES * 1e9 for way, draw in ways.items()}
        )
        records.add("python-codes", settings, "time", "ns", taken, ours="generate_code")
    records.write()


if __name__ == "__main__":
    measure()
