"""Every interpreter that the wheel is for, and a second one in the same process."""

from __future__ import annotations

import pytest
import support_program as program


def test_the_one_wheel_works_in_every_version(python: str, request: pytest.FixtureRequest) -> None:
    assert program.run("smoke", python=python) == request.node.callspec.params["python"]


def test_a_second_interpreter_in_the_process_gets_an_import_error_and_the_first_goes_on(python: str) -> None:
    assert program.run("sub_interpreter", python=python).splitlines() == ["ImportError", "ImportError", "6"]


def test_a_fork_with_calls_in_flight_does_not_hang_in_any_version(python: str) -> None:
    assert program.run("forks_in_flight", "4", "here", python=python) == "forks=4 hangs=0 failures=[] drawn_twice=0"
