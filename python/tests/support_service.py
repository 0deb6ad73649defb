"""The scripted service of ``tests/service``: what it is asked, and what it saw."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

REPOSITORY = Path(__file__).parents[2]
PROGRAM = REPOSITORY / "tests" / "bin" / "scripted-service"
TOXIPROXY = PROGRAM.with_name("toxiproxy-server")


@dataclass
class Seen:
    """What the service saw since it was last asked."""

    requests: int
    tries: int
    submits: int
    sms: int
    verified: int


class Service:
    """The program, which ends with its standard input: with this process at the latest."""

    def __init__(self) -> None:
        assert PROGRAM.exists(), "there is no scripted service: `make test-programs` builds it"
        self._process = subprocess.Popen(
            [PROGRAM, *([TOXIPROXY] if TOXIPROXY.exists() else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._address = json.loads(self._process.stdout.readline())["url"].removeprefix("http://")

    def ask(self, path: str, **query: object) -> dict[str, Any]:
        connection = HTTPConnection(self._address)
        try:
            connection.request("GET", f"{path}?{urlencode(query)}")
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, said
        return said

    def seen(self, opened: dict[str, Any]) -> Seen:
        return Seen(**self.ask("/seen", id=opened["id"]))

    def close(self) -> None:
        self._process.communicate()
