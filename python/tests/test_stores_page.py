"""Every command of docs/stores.md runs, and what it is for works then."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import NUMBER
from egoi_verify import Engine, Outcome, OutgoingSms, Store, code_in_sms
from support_servers import server

PAGE = (Path(__file__).parents[2] / "docs/stores.md").read_text()
COMMANDS = re.findall(r"^ *\$ (.+)$", PAGE, re.MULTILINE)
RIGHTS = re.findall(r"^```sql\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(command: str, **environment: str) -> str:
    program = command.partition(" ")[0]
    if shutil.which(program) is None:
        assert "CI" not in os.environ, f"{program} is not installed"
        pytest.skip(f"{program.upper()} IS NOT INSTALLED: A COMMAND OF DOCS/STORES.MD IS NOT TESTED")
    shell = ["bash", "-euc", command]
    ran = subprocess.run(shell, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def works(store: str, key: bytes = b"a key of the tests of this page, 32") -> None:
    """A store over which each call of an engine goes as it should."""
    received: list[OutgoingSms] = []
    with Engine(received.append, store=Store(store, key=key), resend_after=None) as engine:
        engine.ping()
        begun = engine.request(NUMBER, idempotency_key="order 1")
        assert engine.validate(begun.id, "no") is Outcome.WRONG_CODE
        engine.resend(begun.id)
        code = code_in_sms(received[-1].text)
        assert code is not None
        assert engine.validate(begun.id, code, number=NUMBER) is Outcome.VERIFIED
        engine.cancel(engine.request(NUMBER).id)
        assert engine.request(NUMBER, idempotency_key="order 1").id == begun.id


def draws_a_key(command: str, folder: Path) -> None:
    works(f"sqlite:{folder}/verify.db", run(command).strip().encode())


def copies_a_file(command: str, folder: Path) -> None:
    for place in ("/var/lib/shop", "/var/backups"):
        assert place in command
        (folder / place[1:]).mkdir(parents=True)
        command = command.replace(place, f"{folder}{place}")
    key = b"a key of the tests of this page, 32"
    with Engine(lambda sms: None, store=Store(f"sqlite:{folder}/var/lib/shop/verify.db", key=key)) as engine:
        begun = engine.request(NUMBER)
        # While the file is in use.
        run(command)
    with Engine(lambda sms: None, store=Store(f"sqlite:{folder}/var/backups/verify.db", key=key)) as engine:
        assert engine.get(begun.id) == begun
    works(f"sqlite:{folder}/var/backups/verify.db", key)


def makes_a_database(command: str, folder: Path) -> None:
    url = urlsplit(server("postgres"))
    assert url.username is not None
    run(command, PGHOST="127.0.0.1", PGPORT=str(url.port), PGUSER=url.username, PGDATABASE=url.path[1:])
    works(f"postgres://verify:PASSWORD@127.0.0.1:{url.port}/verify")


def makes_a_user(command: str, folder: Path) -> None:
    port = urlsplit(server("redis")).port
    assert run(command.replace("redis-cli", f"redis-cli -p {port}", 1)) == "OK\n"
    # A database that no other test keeps anything in.
    works(f"redis://verify:PASSWORD@127.0.0.1:{port}/7")


FOR: dict[str, Callable[[str, Path], None]] = {
    "openssl": draws_a_key,
    "psql": makes_a_database,
    "redis-cli": makes_a_user,
    "sqlite3": copies_a_file,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs_and_does_what_it_is_for(command: str, tmp_path: Path) -> None:
    FOR[command.split()[0]](command, tmp_path)


def test_a_user_with_the_rights_of_the_page_makes_every_call() -> None:
    (rights,) = RIGHTS
    url = urlsplit(server("postgres"))
    assert url.username is not None
    database = f"127.0.0.1:{url.port}{url.path}?schema=verify"
    to = {"PGHOST": "127.0.0.1", "PGPORT": str(url.port), "PGUSER": url.username, "PGDATABASE": url.path[1:]}
    run('psql -c "CREATE SCHEMA verify" -c "CREATE USER shop PASSWORD \'PASSWORD\'"', **to)
    key = b"a key of the tests of this page, 32"
    with Engine(lambda sms: None, store=Store(f"postgres://{url.username}@{database}", key=key)) as engine:
        engine.ping()
    run(f'psql -c "{rights}"', **to)
    works(f"postgres://shop:PASSWORD@{database}")


def test_the_commands_are_found() -> None:
    assert sorted(command.split()[0] for command in COMMANDS) == sorted(FOR)
    assert re.findall(r"^ *```(\w+)$", PAGE, re.MULTILINE) == ["console", "console", "console", "sql", "console"]
