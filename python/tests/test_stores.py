"""Engines and clients whose state is kept outside of the process, over every store that is."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from conftest import NUMBER
from egoi_verify import (
    AsyncEngine,
    Client,
    ConflictError,
    Engine,
    InvalidInputError,
    MisconfiguredError,
    NotFoundError,
    Outcome,
    OutgoingSms,
    Quota,
    RateLimitedError,
    Sandbox,
    State,
    StorageError,
    Store,
    VerifyError,
    code_in_sms,
)
from egoi_verify.testing import TestClock
from support_program import command, end, environment, run, start
from support_servers import server

KEY = b"the secret of the tests of stores"
OTHER_KEY = b"another secret of the tests, of 32"
OTHER = "+351 910 000 001"
STORES = ("sqlite", "redis", "postgres")


class Phone:
    """What the function that sends gives its SMS to."""

    def __init__(self) -> None:
        self.received: list[OutgoingSms] = []

    def __call__(self, sms: OutgoingSms) -> None:
        self.received.append(sms)

    def code(self) -> str:
        code = code_in_sms(self.received[-1].text)
        assert code is not None
        return code


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> str:
    """The URL of a store with nothing in it."""
    kind: str = request.param
    if kind == "sqlite":
        return f"sqlite:{tmp_path}/egoi.db"
    if kind == "redis":
        return f"{server(kind)}?prefix={worker_id}-{tmp_path.name}"
    return database(server(kind), f"{worker_id}-{tmp_path.name}")


def database(url: str, name: str) -> str:
    """A database of its own in the server."""
    subprocess.run(["psql", "--quiet", "--dbname", url], input=f'CREATE DATABASE "{name}"', text=True, check=True)
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.fixture
def make(store: str, phone: Phone) -> Iterator[Callable[..., Engine]]:
    """Another engine on the store, as another process would have it."""
    made: list[Engine] = []

    def make(**options: Any) -> Engine:
        for_store = {"key": KEY} | {name: options.pop(name) for name in ("key", "previous_keys") if name in options}
        made.append(Engine(phone, store=Store(store, **for_store), **options))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def wrong(code: str) -> str:
    return "000001" if code == "000000" else "000000"


def test_what_one_engine_began_another_ends(make: Callable[..., Engine], phone: Phone) -> None:
    begun = make().request(NUMBER)
    assert make().validate(begun.id, phone.code(), number=NUMBER) is Outcome.VERIFIED
    assert make().get(begun.id).state is State.VERIFIED


def test_an_asyncio_engine_goes_on_with_what_a_blocking_one_began(
    make: Callable[..., Engine], store: str, phone: Phone
) -> None:
    begun = make().request(NUMBER)

    async def main() -> Outcome:
        async with AsyncEngine(phone, store=Store(store, key=KEY)) as engine:
            await engine.ping()
            return await engine.validate(begun.id, phone.code())

    assert asyncio.run(main()) is Outcome.VERIFIED


def test_wrong_codes_count_across_engines(make: Callable[..., Engine], phone: Phone) -> None:
    begun = make(max_attempts=2).request(NUMBER)
    for _ in range(2):
        assert make(max_attempts=2).validate(begun.id, wrong(phone.code())) is Outcome.WRONG_CODE
    assert make(max_attempts=2).validate(begun.id, phone.code()) is Outcome.TOO_MANY_ATTEMPTS


def test_sms_count_across_engines(make: Callable[..., Engine]) -> None:
    for _ in range(5):
        make(resend_after=None).request(NUMBER)
    with pytest.raises(RateLimitedError):
        make(resend_after=None).request(NUMBER)
    make().request(OTHER)


def test_the_pause_holds_across_engines(make: Callable[..., Engine], phone: Phone) -> None:
    first = make().request(NUMBER)
    with pytest.raises(RateLimitedError) as refused:
        make().request(NUMBER)
    assert (refused.value.limit, refused.value.request_id) == ("resend_after", first.id)
    assert len(phone.received) == 1


def test_the_sms_of_a_client_count_across_engines(make: Callable[..., Engine]) -> None:
    limited = {"sms_per_client": Quota(1, per=3_600)}
    make(**limited).request(NUMBER, client="192.0.2.1")
    with pytest.raises(RateLimitedError) as refused:
        make(**limited).request(OTHER, client="192.0.2.1")
    assert refused.value.limit == "sms_per_client"
    make(**limited).request(OTHER, client="192.0.2.2")


def test_an_idempotency_key_is_known_across_engines(make: Callable[..., Engine], phone: Phone) -> None:
    first = make().request(NUMBER, idempotency_key="order 1")
    assert make().request(NUMBER, idempotency_key="order 1").id == first.id
    assert len(phone.received) == 1
    with pytest.raises(ConflictError):
        make().request(OTHER, idempotency_key="order 1")


def test_an_idempotency_key_is_known_across_clients(store: str, sandbox: Sandbox) -> None:
    def client() -> Client:
        return Client(api_key="key", sender="1", base_url=f"{sandbox.url}/api", store=Store(store, key=KEY))

    with client() as one, client() as another:
        first = one.request(NUMBER, idempotency_key="order 1")
        assert another.request(NUMBER, idempotency_key="order 1").id == first.id
    assert len(sandbox.messages(NUMBER)) == 1


def test_a_test_clock_moves_the_stores_time(make: Callable[..., Engine], phone: Phone) -> None:
    clock = TestClock()
    begun = make(clock=clock).request(NUMBER, ttl=60)
    clock.advance(61)
    assert make(clock=clock).validate(begun.id, phone.code()) is Outcome.EXPIRED
    clock.advance(25 * 3600)
    with pytest.raises(NotFoundError):
        make(clock=clock).get(begun.id)


def test_keys_change_by_previous_keys(make: Callable[..., Engine], phone: Phone) -> None:
    begun = make().request(NUMBER)
    changed = make(key=OTHER_KEY, previous_keys=[KEY])
    assert changed.validate(begun.id, phone.code(), number=NUMBER) is Outcome.VERIFIED


def test_another_key_is_a_failure_that_says_what_to_do(make: Callable[..., Engine]) -> None:
    make().request(NUMBER)
    with pytest.raises(MisconfiguredError, match="previous_keys") as refused:
        make(key=OTHER_KEY).ping()
    assert (refused.value.field, refused.value.reason) == ("key", "wrong_key")


def test_a_store_that_outlives_the_process_needs_a_key(store: str, phone: Phone) -> None:
    with pytest.raises(InvalidInputError, match="`key`"):
        Engine(phone, store=Store(store))


@pytest.mark.parametrize(
    "url", ["mysql://user:hunter2@localhost/db", "redis:/hunter2", "postgres://u:hunter2@h:port/d"]
)
def test_a_url_that_is_none_is_refused_and_not_repeated(url: str, phone: Phone) -> None:
    with pytest.raises(InvalidInputError, match="`store`") as refused:
        Engine(phone, store=Store(url, key=KEY))
    assert "hunter2" not in repr(refused.value)


@pytest.mark.parametrize("scheme", ["redis", "postgres"])
def test_a_server_that_is_not_there_is_said_by_ping_without_its_password(scheme: str, phone: Phone) -> None:
    # Port 1 is nobody's.
    engine = Engine(phone, store=Store(f"{scheme}://user:hunter2@127.0.0.1:1/0", key=KEY))
    with engine, pytest.raises(StorageError) as failed:
        engine.ping(timeout=20)
    error: BaseException | None = failed.value
    while error is not None:
        assert "hunter2" not in repr(error)
        error = error.__cause__


def test_nothing_is_verified_when_the_store_fails(phone: Phone) -> None:
    with Engine(phone, store=Store("redis://127.0.0.1:1", key=KEY)) as engine, pytest.raises(VerifyError) as failed:
        engine.validate("0" * 32, "123456", timeout=20)
    assert failed.value.code == "storage"
    assert phone.received == []


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """PostgreSQL with a certificate, and the file of who signed it."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issued.private_key_pem.write_to_path(folder / "server.key")
    return server("postgres", str(folder / "server.pem"), str(folder / "server.key")), folder / "authority.pem"


def test_postgres_is_called_over_tls_where_its_certificate_is_believed(
    over_tls: tuple[str, Path], phone: Phone
) -> None:
    url, authority = over_tls
    with Engine(phone, store=Store(f"{url}?sslmode=require&sslrootcert={authority}", key=KEY)) as engine:
        begun = engine.request(NUMBER)
        assert engine.validate(begun.id, phone.code()) is Outcome.VERIFIED
        ours = "application_name = 'egoi-verify'"
        in_use = f"SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE {ours}"
        assert subprocess.run(["psql", "-Atd", url, "-c", in_use], capture_output=True, text=True).stdout == "t\n"


def test_postgres_is_not_called_where_its_certificate_is_not_believed(over_tls: tuple[str, Path], phone: Phone) -> None:
    with Engine(phone, store=Store(f"{over_tls[0]}?sslmode=require", key=KEY)) as engine, pytest.raises(StorageError):
        engine.ping(timeout=20)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can take its own rights away, or mount a small disk"
)


@needs_root
def test_a_file_that_may_not_be_written_is_said_at_once(phone: Phone, tmp_path: Path) -> None:
    # Every folder above it has to be open to the other user.
    folder = Path(tempfile.mkdtemp(prefix="egoi-"))
    try:
        folder.chmod(0o755)
        Engine(phone, store=Store(f"sqlite:{folder}/egoi.db", key=KEY)).close()
        said = run("bad_disk", "read-only", f"{folder}/egoi.db")
    finally:
        shutil.rmtree(folder)
    assert said.startswith("misconfigured: ") and "write" in said


@needs_root
def test_a_full_disk_is_said_and_nothing_is_sent_or_verified_there(tmp_path: Path) -> None:
    mounted = f'mount -t tmpfs -o size=2m none {tmp_path} && exec "$@"'
    small_disk = ["unshare", "--mount", "sh", "-euc", mounted, "sh", *command("bad_disk", "full", str(tmp_path))]
    ran = subprocess.run(small_disk, env=environment(), capture_output=True, text=True)
    if "permission denied" in ran.stderr or "not permitted" in ran.stderr:
        assert "CI" not in os.environ
        pytest.skip("NOTHING MAY BE MOUNTED HERE: A FULL DISK IS NOT TESTED")
    refused, *written_down, failed = ran.stdout.splitlines()
    assert "full" in refused and " False " in refused
    assert set(written_down) <= {"verified verified"}
    assert failed.startswith("storage: ") and failed.endswith(" pending")


def in_a_child(call: Callable[[], str]) -> str:
    """What it gives in a forked child, or the code of what it raises."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                said = call()
            except VerifyError as error:
                said = error.code
            os.write(write, said.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def test_an_engine_that_was_made_before_a_fork_works_on_both_sides(make: Callable[..., Engine], phone: Phone) -> None:
    engine = make()
    id, code = in_a_child(lambda: f"{engine.request(NUMBER).id} {phone.code()}").split()
    assert engine.validate(id, code) is Outcome.VERIFIED


def test_an_engine_that_was_used_before_a_fork_goes_on_in_the_child(
    make: Callable[..., Engine], phone: Phone, store: str
) -> None:
    engine = make()
    begun = engine.request(NUMBER)
    said = in_a_child(lambda: engine.validate(begun.id, phone.code()).value)
    # SQLite forbids what the child would have to do, until its file was closed a second after the last call.
    assert said == ("forked" if store.startswith("sqlite:") else "verified")
    assert engine.get(begun.id).state is (State.PENDING if said == "forked" else State.VERIFIED)


def test_sqlite_that_nobody_used_for_a_second_goes_on_in_a_child(phone: Phone, tmp_path: Path) -> None:
    file = tmp_path / "egoi.db"
    with Engine(phone, store=Store(f"sqlite:{file}", key=KEY)) as engine:
        begun = engine.request(NUMBER)
        deadline = time.monotonic() + 60
        # Until the file is closed, a second after the last call.
        while (said := in_a_child(lambda: engine.validate(begun.id, phone.code()).value)) == "forked":
            assert time.monotonic() < deadline, "the file is not closed"
        assert said == "verified"
        assert engine.get(begun.id).state is State.VERIFIED


def test_of_many_processes_with_the_right_code_one_is_told_verified(
    make: Callable[..., Engine], store: str, phone: Phone
) -> None:
    begun = make().request(NUMBER)
    racers = [start("racer", store, KEY.decode(), begun.id, phone.code(), "16") for _ in range(4)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    told = " ".join(end(racer, "go") for racer in racers).split()
    assert len(told) == 64
    assert told.count("verified") == 1
    assert told.count("already_verified") == 63
