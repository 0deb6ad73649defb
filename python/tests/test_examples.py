"""The examples, each run as its first lines say: real servers, real HTTP, a real worker, and a sandbox for E-goi."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from base64 import urlsafe_b64decode
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count as counting
from pathlib import Path
from typing import Literal

import httpx
import pytest
import support_broker as support_broker
from celery import Celery
from egoi_verify import CallInterruptedError, InvalidInputError, RateLimitedError, Sandbox, UnavailableError

EXAMPLES = Path(__file__).parent.parent / "examples"
DEADLINE = 30.0  # seconds, for what takes about one

# A worker that looks for no others.
ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")

Example = Literal["fastapi", "flask", "django"]
COMMANDS: dict[Example, list[str]] = {
    "fastapi": ["-m", "uvicorn", "fastapi_signup:app", "--port", "0"],
    "flask": ["-m", "flask", "--app", "flask_app", "run", "--port", "0"],
    "django": ["django_form.py", "runserver", "--noreload", "127.0.0.1:0"],
}


class Started:
    """A process that was started, and what it prints."""

    def __init__(self, command: list[str], sandbox: Sandbox, **environment: str) -> None:
        ours = {
            "EGOI_API_KEY": "key-of-the-examples",
            "EGOI_SENDER": "1",
            "EGOI_BASE_URL": f"{sandbox.url}/api",
            "FLASK_SECRET_KEY": "secret of a test",
            "SESSION_SECRET": "secret of a test",
            "DJANGO_SECRET_KEY": "secret of a test",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=EXAMPLES,
            env={**os.environ, **ours, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._printed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._printed:
                    self._lines.append(line)
                    self._printed.notify_all()
        with self._printed:
            self._printed.notify_all()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """What it prints of this pattern."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, "".join(self._lines))

        with self._printed:
            self._printed.wait_for(lambda: found() or self._process.poll() is not None, DEADLINE)
            match = found()
            assert match, "".join(self._lines)
            return match

    def stop(self) -> str:
        """Ends it, and gives all that it printed."""
        self._process.terminate()
        try:
            self._process.wait(DEADLINE)
        finally:
            self.kill()
        return "".join(self._lines)

    def kill(self) -> None:
        """Ends it at once, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)


@contextmanager
def served(example: Example, sandbox: Sandbox) -> Generator[tuple[Started, str], None, None]:
    """The example on a free port: its process and its URL."""
    process = Started(COMMANDS[example], sandbox)
    try:
        yield process, process.wait_for(r"http://127\.0\.0\.1:[1-9]\d*")[0]
    finally:
        process.stop()


@dataclass
class Person:
    """Somebody with a phone and a browser. Each has an address of its own, since the examples count by address."""

    number: str
    browser: httpx.Client
    sandbox: Sandbox
    # Of our own: a browser sends a cookie that is marked `Secure` to localhost over HTTP too, and httpx does not.
    cookies: dict[str, str] = field(default_factory=lambda: dict[str, str]())

    def send_cookies(self, request: httpx.Request) -> None:
        if self.cookies:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def keep_cookies(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.browser.post(path, json=fields)

    def submit(self, path: str, **fields: str) -> httpx.Response:
        return self.browser.post(path, data=fields)

    def fill_in(self, path: str, **fields: str) -> httpx.Response:
        """Fills the form in that is at that path, as a browser does, with what is hidden in it."""
        form = self.browser.get(path)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form.text))
        return self.browser.post(path, data={**hidden, **fields})

    def code(self) -> str:
        return self.sandbox.wait_for_code(self.number)

    def sms(self) -> int:
        """How many SMS there are on the phone."""
        return len(self.sandbox.messages(self.number))


_people = counting(2)


@contextmanager
def person(url: str, sandbox: Sandbox) -> Generator[Person, None, None]:
    place = next(_people)
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{place}")
    with httpx.Client(base_url=url, transport=transport, timeout=DEADLINE) as browser:
        somebody = Person(f"+3519100000{place:02}", browser, sandbox)
        browser.event_hooks = {"request": [somebody.send_cookies], "response": [somebody.keep_cookies]}
        yield somebody


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def wrong(code: str) -> str:
    """The code with its last digit mistyped."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


@pytest.mark.parametrize("example", COMMANDS)
def test_the_log_of_a_server_has_no_code_no_key_and_no_whole_number(example: Example, sandbox: Sandbox) -> None:
    with served(example, sandbox) as (process, url), person(url, sandbox) as somebody:
        sandbox.fail_next("sms", status=403)  # certainly not sent, and logged
        for _ in range(2):
            match example:
                case "fastapi":
                    somebody.post("/signup/request", number=somebody.number)
                case "flask":
                    somebody.submit("/number", number=somebody.number)
                case "django":
                    somebody.fill_in("/", number=somebody.number)
        code = somebody.code()
        match example:
            case "fastapi":
                answer = somebody.post("/signup/validate", code=code)
            case "flask":
                answer = somebody.submit("/code", code=code)
            case "django":
                answer = somebody.fill_in("/code/", code=code)
        log = process.stop()
    assert answer.status_code == 200, answer.text
    assert "POST" in log
    national = somebody.number.removeprefix("351-")
    assert [secret for secret in (code, "key-of-the-examples", national) if secret in log] == []


@pytest.fixture(scope="module")
def fastapi_url(shared_sandbox: Sandbox) -> Iterator[str]:
    with served("fastapi", shared_sandbox) as (_, url):
        yield url


class TestFastApi:
    @pytest.fixture
    def somebody(self, fastapi_url: str, shared_sandbox: Sandbox) -> Iterator[Person]:
        with person(fastapi_url, shared_sandbox) as somebody:
            yield somebody

    def test_the_code_of_the_sms_proves_the_number(self, somebody: Person) -> None:
        assert somebody.post("/signup/request", number=somebody.number).status_code == 202
        answer = somebody.post("/signup/validate", code=somebody.code())
        assert (answer.status_code, answer.json()) == (200, {"outcome": "verified"})

    def test_after_five_wrong_codes_the_right_one_is_refused_too(self, somebody: Person) -> None:
        somebody.post("/signup/request", number=somebody.number)
        code = somebody.code()
        for left in (4, 3, 2, 1, 0):
            answer = somebody.post("/signup/validate", code=wrong(code)).json()
            assert answer == {"outcome": "wrong_code", "attempts_left": left}
        answer = somebody.post("/signup/validate", code=code).json()
        assert answer == {"outcome": "too_many_attempts", "attempts_left": 0, "limit": "max_attempts"}

    def test_the_sixth_sms_of_one_address_is_429_for_whichever_number(self, somebody: Person) -> None:
        numbers = [f"{somebody.number[:-3]}9{last}{somebody.number[-1]}" for last in range(6)]
        answers = [somebody.post("/signup/request", number=number) for number in numbers]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert answers[-1].json()["error"]["limit"] == "sms_per_client"
        assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600

    def test_a_cookie_is_kept_from_scripts_and_from_other_sites(self, somebody: Person) -> None:
        cookie = somebody.post("/signup/request", number=somebody.number).headers["Set-Cookie"].lower()
        assert [word for word in ("httponly", "secure", "samesite=strict") if word not in cookie] == []


@pytest.fixture(scope="module")
def flask_url(shared_sandbox: Sandbox) -> Iterator[str]:
    with served("flask", shared_sandbox) as (_, url):
        yield url


class TestFlask:
    @pytest.fixture
    def somebody(self, flask_url: str, shared_sandbox: Sandbox) -> Iterator[Person]:
        with person(flask_url, shared_sandbox) as somebody:
            yield somebody

    def test_the_code_of_the_sms_proves_the_number(self, somebody: Person) -> None:
        assert somebody.submit("/number", number=somebody.number).status_code == 202
        answer = somebody.submit("/code", code=somebody.code())
        assert (answer.status_code, answer.text) == (200, "The number is proved.")

    def test_a_resend_within_the_pause_is_429_and_says_when_to_come_back(self, somebody: Person) -> None:
        somebody.submit("/number", number=somebody.number)
        answer = somebody.submit("/resend")
        assert (answer.status_code, somebody.sms()) == (429, 1)
        assert 0 < int(answer.headers["Retry-After"]) <= 30

    def test_a_double_click_is_one_sms(self, somebody: Person) -> None:
        assert [somebody.submit("/number", number=somebody.number).status_code for _ in range(2)] == [202, 202]
        assert somebody.sms() == 1
        assert somebody.submit("/code", code=somebody.code()).status_code == 200

    def test_a_session_that_was_put_back_gives_no_new_guesses(self, somebody: Person) -> None:
        somebody.submit("/number", number=somebody.number)
        code = somebody.code()
        before = dict(somebody.cookies)
        for _ in range(5):
            somebody.submit("/code", code=wrong(code))
        somebody.cookies = before
        assert somebody.submit("/code", code=code).status_code == 429

    def test_the_session_that_the_browser_can_read_holds_neither_number_nor_id(self, somebody: Person) -> None:
        somebody.submit("/number", number=somebody.number)
        payload = somebody.cookies["session"].partition(".")[0]
        assert set(json.loads(urlsafe_b64decode(payload + "=="))) == {"sign_up"}

    def test_the_sixth_sms_of_one_address_is_429_for_whichever_number(self, somebody: Person) -> None:
        numbers = [f"{somebody.number[:-3]}8{last}{somebody.number[-1]}" for last in range(6)]
        answers = [somebody.submit("/number", number=number) for number in numbers]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600

    def test_a_number_without_its_country_is_422(self, somebody: Person) -> None:
        assert somebody.submit("/number", number="910000000").status_code == 422

    def test_where_an_sms_was_possibly_sent_its_code_works_and_no_second_one_is_sent(self, somebody: Person) -> None:
        somebody.sandbox.fail_next("sms", cut="after")
        assert somebody.submit("/number", number=somebody.number).status_code == 202
        code = somebody.code()
        assert somebody.sms() == 1
        assert somebody.submit("/code", code=code).status_code == 200


@pytest.fixture(scope="module")
def django_url(shared_sandbox: Sandbox) -> Iterator[str]:
    with served("django", shared_sandbox) as (_, url):
        yield url


class TestDjango:
    @pytest.fixture
    def somebody(self, django_url: str, shared_sandbox: Sandbox) -> Iterator[Person]:
        with person(django_url, shared_sandbox) as somebody:
            yield somebody

    def test_the_code_of_the_sms_proves_the_number(self, somebody: Person) -> None:
        asked = somebody.fill_in("/", number=somebody.number)
        assert (asked.status_code, asked.headers["Location"]) == (302, "/code/")
        answer = somebody.fill_in("/code/", code=somebody.code())
        assert (answer.status_code, answer.text) == (200, "The number is proved.")

    def test_a_form_without_its_csrf_token_is_refused_and_sends_nothing(self, somebody: Person) -> None:
        somebody.browser.get("/")
        answer = somebody.submit("/", number=somebody.number)
        assert (answer.status_code, somebody.sms()) == (403, 0)

    def test_a_wrong_code_is_told_and_the_right_one_works_after_it(self, somebody: Person) -> None:
        somebody.fill_in("/", number=somebody.number)
        code = somebody.code()
        answer = somebody.fill_in("/code/", code=wrong(code))
        assert answer.status_code == 400
        assert "That is not the code. Try again." in answer.text
        assert somebody.fill_in("/code/", code=code).status_code == 200

    def test_after_five_wrong_codes_the_right_one_is_refused_too(self, somebody: Person) -> None:
        somebody.fill_in("/", number=somebody.number)
        code = somebody.code()
        for _ in range(5):
            somebody.fill_in("/code/", code=wrong(code))
        assert somebody.fill_in("/code/", code=code).status_code == 429

    def test_the_sixth_sms_of_one_address_is_429_for_whichever_number(self, somebody: Person) -> None:
        numbers = [f"{somebody.number[:-3]}7{last}{somebody.number[-1]}" for last in range(6)]
        answers = [somebody.fill_in("/", number=number).status_code for number in numbers]
        assert answers == [302] * 5 + [429]

    def test_who_proves_one_number_is_not_proved_to_have_another(self, somebody: Person) -> None:
        somebody.fill_in("/", number=somebody.number)
        answer = somebody.fill_in("/code/", code=somebody.code(), number="+351 919 999 999")
        assert answer.status_code == 200
        assert somebody.sandbox.messages("+351 919 999 999") == []

    def test_a_new_session_has_no_code_to_give(self, somebody: Person) -> None:
        answer = somebody.browser.get("/code/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")

    def test_a_proved_number_gets_the_session_another_name(self, somebody: Person) -> None:
        somebody.fill_in("/", number=somebody.number)
        before = somebody.cookies["sessionid"]
        somebody.fill_in("/code/", code=somebody.code())
        assert somebody.cookies["sessionid"] != before

    def test_the_form_says_how_a_number_is_written(self, somebody: Person) -> None:
        answer = somebody.fill_in("/", number="910000000")
        assert "+351 910 000 000" in answer.text

    def test_where_an_sms_was_possibly_sent_its_code_works_and_no_second_one_is_sent(self, somebody: Person) -> None:
        somebody.sandbox.fail_next("sms", cut="after")
        assert somebody.fill_in("/", number=somebody.number).status_code == 302
        code = somebody.code()
        assert somebody.sms() == 1
        assert somebody.fill_in("/code/", code=code).status_code == 200


@dataclass
class Queue:
    """What a web process has of Celery."""

    app: Celery
    worker: Started
    sandbox: Sandbox

    def send_code(self, number: str) -> str:
        result = self.app.send_task("celery_task.send_code", [number]).get(DEADLINE, interval=0.02)
        assert isinstance(result, str)
        return result


@pytest.fixture(scope="module")
def queue(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    folder = tmp_path_factory.mktemp("celery")
    for name in ("messages", "control", "results"):
        (folder / name).mkdir()
    options = {
        "data_folder_in": f"{folder}/messages",
        "data_folder_out": f"{folder}/messages",
        "control_folder": f"{folder}/control",
        "polling_interval": 0.02,
    }
    broker, results = "filesystem://", f"file://{folder}/results"
    # This broker is told its folders in the configuration alone.
    (folder / "worker.py").write_text(
        f"import support_broker\nfrom celery_task import app\n\napp.conf.broker_transport_options = {options!r}\n"
    )
    worker = Started(
        ["-m", "celery", "--app", "worker", "worker", "--concurrency", "2", "--loglevel", "INFO", *ALONE],
        shared_sandbox,
        CELERY_BROKER_URL=broker,
        CELERY_RESULT_BACKEND=results,
        PYTHONPATH=os.pathsep.join(map(str, (folder, EXAMPLES, Path(__file__).parent))),
    )
    try:
        worker.wait_for(r"ready\.")
        app = Celery("web", broker=broker, backend=results)
        app.conf.broker_transport_options = options
        yield Queue(app, worker, shared_sandbox)
    finally:
        worker.kill()  # a worker that is asked to end takes five seconds


class TestCelery:
    @pytest.fixture
    def number(self) -> str:
        return f"+3519200000{next(_people):02}"

    def test_the_task_sends_a_code_and_gives_the_id_to_validate_it_with(self, queue: Queue, number: str) -> None:
        request_id = queue.send_code(number)
        code = queue.sandbox.wait_for_code(number)
        assert queue.sandbox.client().validate(request_id, code, number=number).is_verified

    def test_a_task_that_cannot_have_sent_an_sms_is_retried(self, queue: Queue, number: str) -> None:
        queue.sandbox.fail_next("request", number=number, status=429)
        assert queue.send_code(number) == queue.sandbox.messages(number)[0].request_id

    def test_a_task_whose_connection_broke_after_the_sms_sends_no_second_one(self, queue: Queue, number: str) -> None:
        queue.sandbox.fail_next("request", number=number, cut="after")
        with pytest.raises(CallInterruptedError):
            queue.send_code(number)
        assert len(queue.sandbox.messages(number)) == 1

    def test_a_task_that_may_have_sent_an_sms_is_not_retried(self, queue: Queue, number: str) -> None:
        queue.sandbox.fail_next("request", number=number, status=503)
        with pytest.raises(UnavailableError):
            queue.send_code(number)
        assert queue.sandbox.messages(number) == []

    def test_an_error_arrives_as_itself_with_its_fields(self, queue: Queue, number: str) -> None:
        queue.sandbox.fail_next("request", number=number, cut="after")
        with pytest.raises(CallInterruptedError) as raised:
            queue.send_code(number)
        error = raised.value
        assert (error.code, error.detail) == (
            "interrupted",
            "the connection broke before the service's complete response",
        )
        assert (error.sms_possibly_sent, error.retry_is_safe, error.http_status) == (True, False, None)

    def test_a_number_that_is_none_is_refused_with_its_words(self, queue: Queue) -> None:
        with pytest.raises(InvalidInputError, match="has no calling code"):
            queue.send_code("910000000")

    def test_a_task_that_fails_again_and_again_ends_with_its_error(self, queue: Queue, number: str) -> None:
        queue.sandbox.fail_next("request", number=number, status=429, count=None)
        with pytest.raises(RateLimitedError):
            queue.send_code(number)
        assert queue.sandbox.messages(number) == []

    def test_the_log_of_the_worker_has_no_code_no_key_and_no_whole_number(self, queue: Queue, number: str) -> None:
        request_id = queue.send_code(number)
        code = queue.sandbox.wait_for_code(number)
        log = queue.worker.wait_for(rf"(?s)\A.*succeeded in [\d.]+s: '{request_id}'")[0]
        assert [secret for secret in (code, "key-of-the-examples", number) if secret in log] == []
