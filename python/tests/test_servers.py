"""Real servers and workers: gunicorn, uWSGI, uvicorn, Hypercorn, Daphne, Celery."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import httpx
import pytest
import support_program as program
from egoi_verify import InvalidInputError, NotFoundError, Sandbox, VerifyError
from support_servers import free_port, server
from support_wire import wait_until

PATIENCE = 30.0
EXAMPLES = Path(__file__).parent.parent / "examples"


@contextmanager
def served(command: list[str], log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**program.environment(), **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=program.PROGRAMS, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{command} does not end:\n{log.read_text()}") from None
            finally:
                print(log.read_text())


def server_command(kind: str, address: str) -> list[str]:
    """The command of a server that imports the application, and forks then."""
    if kind == "uwsgi":
        if shutil.which("uwsgi") is None:
            pytest.skip("there is no uWSGI: tools/setup-debian.sh uwsgi")
        command = ["uwsgi", "--plugin", "python3", "--master", "--processes", "2", "--threads", "4", "--need-app"]
        return [*command, "--die-on-term", "--wsgi-file", "wsgi_app.py", "--http-socket", address]
    if kind == "uvicorn":
        host, port = address.split(":")
        return [sys.executable, "-m", kind, "--workers", "2", "--host", host, "--port", port, "asgi_app:application"]
    if kind in ("hypercorn", "hypercorn with uvloop"):
        loop = "uvloop" if kind.endswith("uvloop") else "asyncio"
        command = [sys.executable, "-m", "hypercorn", "--workers", "2", "--worker-class", loop]
        return [*command, "--bind", address, "asgi_app:application"]
    if kind == "daphne":
        host, port = address.split(":")
        return [sys.executable, "-m", kind, "--bind", host, "--port", port, "asgi_app:application"]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", kind]
    threads = ["--threads", "4"] if kind == "gthread" else []
    return [*command, *threads, "--bind", address, "--no-control-socket", "wsgi_app:application"]


@contextmanager
def web_server(kind: str, sandbox: Sandbox, log: Path, *more: str) -> Iterator[Callable[..., str]]:
    """What asks a server with the application for a path."""
    port = free_port()

    def asked(path: str, **query: str) -> str:
        with urlopen(f"http://127.0.0.1:{port}{path}?{urlencode(query)}", timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def is_up() -> bool:
        try:
            return asked("/") != ""
        except URLError:
            return False

    with served([*server_command(kind, f"127.0.0.1:{port}"), *more], log, SANDBOX=sandbox.url):
        wait_until(is_up, "the server answers")
        yield asked


@pytest.mark.parametrize("kind", ["sync", "gthread", "gevent", "uwsgi"])
def test_a_server_that_forks_serves_a_client_that_was_used_before_the_fork(
    kind: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    with web_server(kind, sandbox, tmp_path / "log") as asked:

        def verify(last: int) -> tuple[str, str]:
            number = f"+351 910 000 0{last:02}"
            parent, child = asked("/").split()
            assert parent != child
            id = asked("/request", number=number)
            return child, asked("/validate", id=id, number=number, code=sandbox.wait_for_code(number))

        with ThreadPoolExecutor(8) as threads:
            verified = list(threads.map(verify, range(40)))
    assert {outcome for _, outcome in verified} == {"verified"}
    assert len(sandbox.messages()) == 40


def faults(sandbox: Sandbox) -> list[Any]:
    """The failures that no call has met yet."""
    with urlopen(f"{sandbox.url}/sandbox/faults", timeout=PATIENCE) as answer:
        return list(json.load(answer)["faults"])


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "hypercorn with uvloop", "daphne"])
def test_a_server_of_asgi_serves_an_asynchronous_client(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    with web_server(kind, sandbox, tmp_path / "log") as asked:

        def verify(last: int) -> str:
            number = f"+351 910 000 0{last:02}"
            id = asked("/request", number=number)
            return asked("/validate", id=id, number=number, code=sandbox.wait_for_code(number))

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(verify, range(40))) == {"verified"}
    assert len(sandbox.messages()) == 40


# One process each: gunicorn's gevent worker, and servers of ASGI.
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("gevent", ["--workers", "1"]),
        ("uvicorn", ["--workers", "1"]),
        ("hypercorn", ["--workers", "1"]),
        ("hypercorn with uvloop", ["--workers", "1"]),
        ("daphne", []),
    ],
)
def test_a_server_answers_others_while_calls_wait(
    kind: str, options: list[str], sandbox: Sandbox, tmp_path: Path
) -> None:
    with web_server(kind, sandbox, tmp_path / "log", *options) as asked, ThreadPoolExecutor(5) as threads:
        sandbox.fail_next("request", delay=3, count=5)
        slow = [threads.submit(asked, "/request", number=f"+351 910 000 00{last}") for last in range(5)]
        wait_until(lambda: not faults(sandbox), "the service has the five requests")
        assert asked("/") != ""
        assert not any(each.done() for each in slow)
        for each in slow:
            each.result()


def worker(app: str, pool: str, concurrency: int) -> list[str]:
    """A Celery worker's command. It is the only one of its broker, so it looks for no other."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        app,
        "worker",
        f"--pool={pool}",
        f"--concurrency={concurrency}",
        "--loglevel=INFO",
    ]
    return [*command, "--without-gossip", "--without-mingle", "--without-heartbeat"]


@pytest.fixture
def broker(tmp_path: Path) -> Path:
    """The folder of a Celery broker."""
    for folder in ("queue", "control", "results"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.fixture
def tasks(sandbox: Sandbox, broker: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The tasks of ``celery_app``, which a worker of this environment runs."""
    monkeypatch.setenv("SANDBOX", sandbox.url)
    monkeypatch.setenv("BROKER", str(broker))
    # The module reads its broker when it is imported, and another test may have had another.
    monkeypatch.delitem(sys.modules, "celery_app", raising=False)
    return importlib.import_module("celery_app")


def test_a_celery_prefork_worker_runs_tasks_on_a_client_that_was_used_before_the_fork(
    tasks: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    with served(worker("celery_app", "prefork", 2), tmp_path / "log"):
        parent, child = tasks.processes.delay().get(timeout=PATIENCE, interval=0.02)
        assert parent not in (child, os.getpid())

        requests = {number: tasks.request.delay(number) for number in (f"+351 910 000 00{last}" for last in range(8))}
        validations = [
            tasks.validate.delay(request.get(timeout=PATIENCE, interval=0.02), sandbox.wait_for_code(number), number)
            for number, request in requests.items()
        ]
        assert [each.get(timeout=PATIENCE, interval=0.02) for each in validations] == ["verified"] * 8

        # An error comes back as what it is, with its fields.
        with pytest.raises(InvalidInputError) as refused:
            tasks.request.delay("12").get(timeout=PATIENCE, interval=0.02)
        assert isinstance(refused.value, VerifyError) and isinstance(refused.value, ValueError)
        with pytest.raises(NotFoundError) as unknown:
            tasks.validate.delay("nope", "123456", "+351 910 000 000").get(timeout=PATIENCE, interval=0.02)
        assert (unknown.value.code, unknown.value.http_status, unknown.value.request_id) == ("not_found", 404, "nope")


def test_a_celery_worker_with_a_gevent_pool_runs_other_tasks_while_a_call_waits(
    tasks: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    with served(worker("celery_app", "gevent", 20), tmp_path / "log"):
        tasks.processes.delay().get(timeout=PATIENCE, interval=0.02)
        # These take three seconds each.
        slow = [tasks.request.delay("+447700900003") for _ in range(8)]
        request = tasks.request.delay("+351 910 000 000").get(timeout=PATIENCE, interval=0.02)
        assert not any(each.ready() for each in slow)
        validation = tasks.validate.delay(request, sandbox.wait_for_code("+351 910 000 000"), "+351 910 000 000")
        assert validation.get(timeout=PATIENCE, interval=0.02) == "verified"
        for each in slow:
            each.get(timeout=PATIENCE, interval=0.02)


class Person:
    """Somebody with a cookie and an address, who asks the web workers."""

    def __init__(self, url: str, address: str) -> None:
        transport = httpx.HTTPTransport(local_address=address)
        self._http = httpx.Client(base_url=url, transport=transport, timeout=PATIENCE)
        self.workers: set[str] = set()

    def asks(self, path: str, **body: str) -> Any:
        # A connection of its own each time, which any worker may take.
        answer = self._http.post(path, json=body, headers={"Connection": "close"})
        self.workers.add(answer.headers["Worker"])
        return answer.json()

    def is_answered(self) -> bool:
        try:
            self._http.get("/")
        except httpx.TransportError:
            return False
        return True


@pytest.mark.parametrize("kind", ["redis", "postgres"])
def test_workers_of_gunicorn_and_of_celery_share_a_store(
    kind: str, sandbox: Sandbox, broker: Path, tmp_path: Path
) -> None:
    port = free_port()
    variables = {
        "EGOI_STORE": server(kind),
        "EGOI_STORE_KEY": os.urandom(32).hex(),
        "EGOI_API_KEY": "key",
        "EGOI_SENDER": "1",
        "EGOI_BASE_URL": f"{sandbox.url}/api",
        "FLASK_SECRET_KEY": "secret of a test",
        "BROKER": str(broker),
        "PYTHONPATH": os.pathsep.join(map(str, (program.package(), EXAMPLES, Path(__file__).parent))),
    }
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--preload",
        "--workers",
        "4",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
    ]
    with (
        served(worker("workers_app:tasks", "prefork", 2), tmp_path / "celery.log", **variables),
        served([*gunicorn, "workers_app:web"], tmp_path / "gunicorn.log", **variables),
    ):
        people = [Person(f"http://127.0.0.1:{port}", f"127.0.0.{last}") for last in range(2, 18)]
        wait_until(people[0].is_answered, "gunicorn answers")

        def verify(last: int) -> list[str]:
            number = f"+351 910 000 0{last:02}"
            assert people[last].asks("/number", number=number) == {"sent": True}
            code = sandbox.wait_for_code(number, timeout=PATIENCE)
            return [people[last].asks("/code", code=code)["outcome"] for _ in range(2)]

        with ThreadPoolExecutor(16) as threads:
            said = list(threads.map(verify, range(16)))
        # Whichever worker of Celery sends it, the engine counts the SMS of one address.
        for last in range(20, 24):
            people[0].asks("/number", number=f"+351 910 000 0{last:02}")
            sandbox.wait_for_code(f"+351 910 000 0{last:02}", timeout=PATIENCE)
        people[0].asks("/number", number="+351 910 000 024")
        assert people[0].asks("/code", code="123456") == {"error": "rate_limited"}
    assert said == [["verified", "already_verified"]] * 16
    # One SMS each, whichever process sent it.
    assert len(sandbox.messages()) == 16 + 4
    assert len(set().union(*(person.workers for person in people))) > 1
