"""The phone example: both servers as an app calls them, and both apps with both servers. `make test-phone` runs it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import pytest
from egoi_verify.testing import Sandbox

REPOSITORY = Path(__file__).parent.parent.parent
DEADLINE = 60.0  # seconds, for what takes a few
NUMBER = "+351 910 000 000"
WHOLE = "+351910000000"
NUMBERS = [f"+351 910 000 00{last}" for last in range(6)]

SERVERS = {
    "python": [sys.executable, "-m", "uvicorn", "phone_server:app", "--app-dir", "python/examples", "--port", "0"],
    "node": ["node", "node/examples/phone-server.mjs"],
}
# How each app is started; `make` says it.
PHONES = {name: os.environ.get(f"PHONE_{name.upper()}") for name in ("kotlin", "swift")}


class Program:
    """A program that was started, its lines and its standard input."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: Queue[str | None] = Queue()
        self.printed = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The next of its lines that has this pattern."""
        try:
            while (line := self._lines.get(timeout=DEADLINE)) is not None:
                self.printed += line + "\n"
                if found := re.search(pattern, line):
                    return found
        except Empty:
            pass
        pytest.fail(f"it printed no line like {pattern}, but:\n{self.printed}")

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def ended(self) -> int:
        return self._process.wait(DEADLINE)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[Program]:
    program = Program(command, **environment)
    try:
        yield program
    finally:
        program.end()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(api_key="key-of-the-example") as sandbox:
        yield sandbox


@contextmanager
def serving(name: str, sandbox: Sandbox, **environment: str) -> Iterator[str]:
    egoi = {"EGOI_API_KEY": "key-of-the-example", "EGOI_SENDER": "1", "EGOI_BASE_URL": f"{sandbox.url}/api"}
    with running(SERVERS[name], **egoi, PORT="0", **environment) as program:
        yield program.wait_for(r"(http://127\.0\.0\.1:\d+)")[1]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[str]:
    with serving(request.param, sandbox) as url:
        yield url


@pytest.fixture(params=SERVERS)
def server_without_pause(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[str]:
    with serving(request.param, sandbox, RESEND_AFTER="0") as url:
        yield url


class App:
    """What an app sends, signed in."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False)
        token = self._http.post("/sessions").json()["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, **body: str) -> Any:
        return self.answer(path, **body).json()

    def answer(self, path: str, **body: str) -> httpx.Response:
        return self._http.post(path, json=body)

    def proved(self) -> str | None:
        return self._http.get("/me").json()["number"]

    def requested(self, number: str = NUMBER) -> str:
        return self.post("/verifications", number=number)["id"]


def wrong(code: str) -> str:
    return "000001" if code == "000000" else "000000"


def test_the_server_says_lengths_of_time_and_no_instants(server: str) -> None:
    sent = App(server).post("/verifications", number=NUMBER)
    assert 290 < sent["expires_in"] <= 300
    assert 20 < sent["resend_in"] <= 30
    assert sent["attempts_left"] == 5


def test_the_right_code_proves_the_number_to_the_server(server: str, sandbox: Sandbox) -> None:
    app = App(server)
    id = app.requested()
    assert app.proved() is None
    code = sandbox.wait_for_code(NUMBER)
    assert app.post(f"/verifications/{id}/code", code=wrong(code)) == {"outcome": "wrong_code", "attempts_left": 4}
    assert app.proved() is None
    assert app.post(f"/verifications/{id}/code", code=code)["outcome"] == "verified"
    assert app.proved() == WHOLE


def test_who_lost_the_answer_is_told_again_and_nobody_else_is(server: str, sandbox: Sandbox) -> None:
    app, other = App(server), App(server)
    id = app.requested()
    code = sandbox.wait_for_code(NUMBER)
    for _ in range(2):
        assert app.post(f"/verifications/{id}/code", code=code)["outcome"] == "verified"
    assert other.post(f"/verifications/{id}/code", code=code)["error"]["code"] == "not_found"
    assert other.proved() is None


def test_who_lost_the_response_to_a_request_asks_again_and_goes_on_with_it(server: str, sandbox: Sandbox) -> None:
    app, other = App(server), App(server)
    id = app.requested()
    assert app.requested() == id
    assert other.post("/verifications", number=NUMBER)["error"]["code"] == "rate_limited"
    (sms,) = sandbox.messages(NUMBER)
    assert app.post(f"/verifications/{id}/code", code=sms.code)["outcome"] == "verified"


def test_a_request_has_five_wrong_codes(server: str, sandbox: Sandbox) -> None:
    app = App(server)
    id = app.requested()
    code = sandbox.wait_for_code(NUMBER)
    for left in (4, 3, 2, 1, 0):
        said = app.post(f"/verifications/{id}/code", code=wrong(code))
        assert said == {"outcome": "wrong_code", "attempts_left": left}
    assert app.post(f"/verifications/{id}/code", code=code)["outcome"] == "too_many_attempts"
    assert app.proved() is None


def test_a_session_has_ten_wrong_codes_whatever_the_numbers(server: str, sandbox: Sandbox) -> None:
    app = App(server)
    for number in NUMBERS[:2]:
        id = app.requested(number)
        code = sandbox.wait_for_code(number)
        for _ in range(5):
            assert app.post(f"/verifications/{id}/code", code=wrong(code))["outcome"] == "wrong_code"
    id = app.requested(NUMBERS[2])
    code = sandbox.wait_for_code(NUMBERS[2])
    assert app.post(f"/verifications/{id}/code", code=code)["outcome"] == "too_many_attempts"
    assert app.proved() is None


def test_a_session_has_five_sms_whatever_the_numbers(server: str, sandbox: Sandbox) -> None:
    app, other = App(server), App(server)
    for number in NUMBERS[:5]:
        app.requested(number)
    refused = app.answer("/verifications", number=NUMBERS[5])
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limited"
    assert sandbox.messages(NUMBERS[5]) == []
    assert other.answer("/verifications", number=NUMBERS[5]).status_code == 200


def test_a_resend_waits_thirty_seconds(server: str) -> None:
    app = App(server)
    error = app.post(f"/verifications/{app.requested()}/resend")["error"]
    assert error["code"] == "rate_limited"
    assert 20 < error["retry_after"] <= 30


def test_after_a_resend_the_new_code_counts(server_without_pause: str, sandbox: Sandbox) -> None:
    app = App(server_without_pause)
    id = app.requested()
    old = sandbox.wait_for_code(NUMBER)
    assert app.post(f"/verifications/{id}/resend")["id"] == id
    new = sandbox.messages(NUMBER)[0].code
    if old != new:
        assert app.post(f"/verifications/{id}/code", code=old)["outcome"] == "wrong_code"
    assert app.post(f"/verifications/{id}/code", code=new)["outcome"] == "verified"


def test_a_cancelled_request_takes_no_code(server: str, sandbox: Sandbox) -> None:
    app = App(server)
    id = app.requested()
    assert app.post(f"/verifications/{id}/cancel") == {"state": "cancelled"}
    assert app.post(f"/verifications/{id}/code", code=sandbox.wait_for_code(NUMBER))["outcome"] == "cancelled"


def test_an_error_is_in_the_words_of_the_library(server: str, sandbox: Sandbox) -> None:
    app = App(server)
    assert app.post("/verifications", number="12")["error"]["code"] == "invalid_input"
    sandbox.fail_next(call="sms", status=503)
    error = app.post("/verifications", number=NUMBER)["error"]
    assert (error["code"], error["sms_possibly_sent"]) == ("delivery_failed", True)


def test_nobody_gets_in_without_a_token(server: str) -> None:
    assert httpx.post(f"{server}/verifications", json={"number": NUMBER}, trust_env=False).status_code == 401


@pytest.fixture(params=PHONES)
def phone(request: pytest.FixtureRequest) -> list[str]:
    command = PHONES[request.param]
    if not command:
        pytest.skip(f"make does not say how the {request.param} app is started")
    return shlex.split(command)


def test_an_app_proves_a_number(phone: list[str], server: str, sandbox: Sandbox) -> None:
    with running([*phone, server, NUMBER]) as app:
        app.wait_for("^sending$")
        app.wait_for("^awaiting_code$")
        code = sandbox.wait_for_code(NUMBER)
        app.type(wrong(code))
        app.wait_for("^checking$")
        app.wait_for("^awaiting_code wrong_code$")
        app.type(f" {code[:3]} {code[3:]}")  # as people type it
        app.wait_for("^verified$")
        app.wait_for(f"^the server says {re.escape(WHOLE)}$")
        assert app.ended() == 0


def test_an_app_asks_for_another_code(phone: list[str], server_without_pause: str, sandbox: Sandbox) -> None:
    with running([*phone, server_without_pause, NUMBER]) as app:
        app.wait_for("^awaiting_code$")
        sandbox.wait_for_code(NUMBER)
        app.type("resend")
        app.wait_for("^awaiting_code resent$")
        app.type(sandbox.messages(NUMBER)[0].code)
        app.wait_for("^verified$")
        assert app.ended() == 0


def test_an_app_gives_up(phone: list[str], server: str, sandbox: Sandbox) -> None:
    with running([*phone, server, NUMBER]) as app:
        app.wait_for("^awaiting_code$")
        app.type("cancel")
        app.wait_for("^cancelled$")
        assert app.ended() == 1


def test_an_app_whose_server_refuses_the_number_says_what_to_do(phone: list[str], server: str) -> None:
    with running([*phone, server, "+44 7400 123456"]) as app:  # of a country that the server does not allow
        app.wait_for("^failed rejected change_number$")
        assert app.ended() == 1


@contextmanager
def routed(sandbox: Sandbox, resend_after: str) -> Iterator[Program]:
    """A server with the router for FastAPI, which the apps' own HTTP server calls."""
    egoi = {"EGOI_API_KEY": "key-of-the-example", "EGOI_SENDER": "1", "EGOI_BASE_URL": f"{sandbox.url}/api"}
    with running([sys.executable, "examples/phone/routed_server.py"], **egoi, RESEND_AFTER=resend_after) as program:
        yield program


def test_an_app_proves_a_number_to_the_router(
    phone: list[str], sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["phone"] == "swift":
        pytest.skip("Foundation on Linux sends no cookie back; the router knows a visitor by one")
    with routed(sandbox, "1") as server:
        url = server.wait_for(r"(http://127\.0\.0\.1:\d+)")[1]
        with running([*phone, f"{url}/phone", NUMBER, "routed"]) as app:
            app.wait_for("^awaiting_code$")
            code = sandbox.wait_for_code(NUMBER)
            app.type(wrong(code))
            app.wait_for("^awaiting_code wrong_code$")
            app.type("resend")
            # The app waits for the server's pause of a second.
            while app.wait_for("^(awaiting_code resent|failed rate_limited wait)$")[1] != "awaiting_code resent":
                app.type("resend")
            app.type(sandbox.messages(NUMBER)[0].code)
            app.wait_for("^verified$")
            server.wait_for(f"^proved {re.escape(WHOLE)}$")
            assert app.ended() == 0


def test_an_app_shows_what_the_router_refuses(phone: list[str], sandbox: Sandbox) -> None:
    with routed(sandbox, "30") as server:
        url = server.wait_for(r"(http://127\.0\.0\.1:\d+)")[1]
        sandbox.fail_next(call="sms", status=401)
        with running([*phone, f"{url}/phone", NUMBER, "routed"]) as app:
            app.wait_for("^failed delivery_failed try_again$")
            assert app.ended() == 1
