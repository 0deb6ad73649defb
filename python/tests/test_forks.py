"""Forks: what a child gets of what its parent made. The programs fork, and not the tests, which have threads."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import support_program as program
import trustme
from egoi_verify import Sandbox
from support_wire import Connection, Wire


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Wire, str]]:
    """A server, and the file of the certificate that it is believed by."""
    if request.param == "http":
        with Wire() as wire:
            yield wire, ""
        return
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    certificates = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(certificates)
    with Wire(context) as wire:
        yield wire, str(certificates)


def test_importing_and_constructing_start_nothing(python: str) -> None:
    assert program.run("starts_nothing", python=python) == "True"


@pytest.mark.parametrize("how", ["os.fork", "fork", "spawn", "forkserver"])
def test_a_client_used_in_the_parent_works_in_the_child_over_connections_of_its_own(
    how: str, server: tuple[Wire, str]
) -> None:
    wire, certificates = server
    assert program.run("used_before_fork", wire.url, certificates, how) == "all answered"

    def who(connection: Connection) -> list[str]:
        return re.findall(r"/v2/verify/(\w+-\w+)", " ".join(connection.requests))

    by_parent = [each for each in wire.connections if "parent-blocking" in who(each) or "parent-asyncio" in who(each)]
    # A spawned child imports the program anew; its clients were never used.
    assert sorted(who(each)[0] for each in wire.connections if each not in by_parent) == [
        "child-asyncio",
        "child-blocking",
    ]
    # The parent's were neither used nor closed by the child, nor said goodbye on in the parent's name.
    assert sorted(map(who, by_parent)) == [["parent-asyncio"] * 2, ["parent-blocking"] * 2]


def test_a_child_that_was_forked_in_c_has_connections_of_its_own(wire: Wire) -> None:
    assert program.run("forked_in_c", wire.url) == "all answered"
    paths = [re.findall(r"/v2/verify/(\w+)", " ".join(connection.requests)) for connection in wire.connections]
    assert sorted(paths) == [["child"], ["parent", "parent"]]


def test_what_cannot_work_in_a_child_is_the_error_forked_at_once(python: str) -> None:
    *said, sent, parent = program.run("forked_errors", python=python).splitlines()
    assert len(said) == 11
    assert {line.split(": ")[1] for line in said} == {"forked at once"}
    assert sent == "sent in the child: 0"
    assert parent == "the parent goes on: pending 2"


def test_a_child_that_runs_its_parents_loop_takes_no_answer_from_it(python: str, wire: Wire) -> None:
    wire.hold()
    process = program.start("parents_loop", wire.url, python=python)
    wire.wait_for_requests(1)
    wire.release()
    assert program.end(process, "go") == "a"


@pytest.mark.parametrize("where", ["elsewhere", "here"])
def test_no_child_hangs_that_is_forked_with_calls_in_flight_and_none_draws_what_another_drew(
    where: str, sandbox: Sandbox, count: Callable[[int, int], int]
) -> None:
    """With the sandbox elsewhere, and with one whose server is in the very process that forks."""
    forks = count(30, 1_000)
    said = program.run("forks_in_flight", str(forks), "here" if where == "here" else sandbox.url, patience=20 * forks)
    print(said)
    assert said == f"forks={forks} hangs=0 failures=[] drawn_twice=0"


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param("call", id="another_thread_calls_before_the_fork_is_over"),
        pytest.param("fork", id="another_thread_forks_at_the_same_time"),
        pytest.param("signal", id="a_signals_handler_calls_before_the_fork_is_over"),
        pytest.param("twice", id="the_package_was_imported_twice"),
    ],
)
def test_a_fork_does_not_hang_when(scenario: str, python: str, wire: Wire) -> None:
    assert program.run("fork_hooks", scenario, wire.url, python=python) == "went on"
