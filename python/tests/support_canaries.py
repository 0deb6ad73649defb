"""What must never be seen, from `tests/secrets`, a service that repeats it, and the looking for it."""

from __future__ import annotations

import copy
import http.server
import json
import pickle
import pprint
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

FILE = Path(__file__).parents[2] / "tests" / "secrets" / "secrets.json"
SECRETS: dict[str, Any] = json.loads(FILE.read_text())
SPELLINGS: dict[str, str] = {
    f"{name}, {spelling}": written
    for name, canary in SECRETS["canaries"].items()
    for spelling, written in canary["spellings"].items()
}


def given(name: str) -> str:
    """A canary as a program gives it."""
    return str(SECRETS["canaries"][name]["given"])


def found_in(text: str) -> list[str]:
    """Which canaries are in a text, in whatever case, and how they are spelled there."""
    text = text.lower()
    return [name for name, written in SPELLINGS.items() if written.lower() in text]


class Looked:
    """Everything that was looked at."""

    def __init__(self) -> None:
        self.texts = 0
        self.found: list[str] = []

    def at(self, place: str, text: str) -> None:
        assert text, f"{place}: there is nothing to look at"
        self.texts += 1
        if found := found_in(text):
            self.found.append(f"{place} shows {found}: {text}")

    def at_value(self, place: str, value: object) -> None:
        """At what printing makes of a value."""
        for text in repr(value), str(value), f"{value}", ascii(value), pprint.pformat(value), repr([value]):
            self.at(place, text)

    def at_error(self, place: str, error: BaseException) -> None:
        """At an error with everything below it: printed, as a traceback, in pickles and copies, and its fields."""
        self.at(place, "".join(traceback.format_exception(error)))
        below: list[BaseException] = [error]
        while below:
            one = below.pop()
            below += [each for each in (one.__cause__, one.__context__) if each is not None]
            self.at_value(place, one)
            self.at(place, repr(one.args))
            self.at(place, json.dumps(vars(one) | {"args": one.args}, default=repr))
            self.at(place, repr(copy.copy(one)))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                self.at(place, pickle.dumps(one, protocol).decode("latin-1"))

    def end(self, what: str, at_least: int) -> None:
        """Fails where anything was found, or where less was looked at than there is."""
        assert self.found == []
        assert self.texts >= at_least, f"{what}: looked at {self.texts} texts, expected {at_least} at least"
        print(f"{what}: looked at {self.texts} texts")


class Hostile(http.server.ThreadingHTTPServer):
    """A service that answers as it is told to. Before a validation over V2 it lets itself be read."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answer: dict[str, Any] | str = "close"
        """An answer, or what is done in the place of one: ``close``, ``stall``."""
        self.is_read_first = False
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Hostile:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hostile

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_read = self.command == "GET" and "/verify/" in self.path and self.server.is_read_first
        answer = SECRETS["before_a_v2_validation"] if is_read else self.server.answer
        if isinstance(answer, str):
            if answer == "stall":
                self.server.released.wait(20)
            self.close_connection = True
            return
        body = answer["body"].encode()
        self.send_response_only(answer["status"])
        for name, value in {**answer["headers"], "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
