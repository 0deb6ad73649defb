"""Until a new interpreter has imported what calls a service, against one that imports nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter_ns

from rounds import ROUNDS, Records, interleaved

IMPORTS = {
    "ours": "from egoi_verify import Client",
    "requests": "import requests",
    "niquests": "import niquests",
    "httpx": "import httpx",
    "aiohttp": "import aiohttp",
    "urllib3": "import urllib3",
    "pycurl": "import pycurl",
    "a bare interpreter": "pass",
}


def measure() -> None:
    def start(program: str) -> Callable[[], float]:
        def run() -> float:
            started = perf_counter_ns()
            subprocess.run([sys.executable, "-c", program], check=True)
            return perf_counter_ns() - started

        return run

    records = Records("python-start", ("requests", "niquests", "httpx", "aiohttp", "urllib3", "pycurl"))
    taken = interleaved({name: start(program) for name, program in IMPORTS.items()}, min(ROUNDS, 10))
    floors = ("a bare interpreter",)
    records.add("python-start", IMPORTS["ours"], "start", "ns", taken, ours="ours", floors=floors)
    records.write()


if __name__ == "__main__":
    measure()
