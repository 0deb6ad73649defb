"""Every Python block of the README runs, in its order, and prints what it says."""

from __future__ import annotations

import builtins
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import egoi_verify
import pytest
from conftest import NUMBER
from egoi_verify import Sandbox, VerifyError

pytest_plugins = ["pytester"]

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
FOR_PYTEST = [block for block in BLOCKS if "def test_" in block]
PROGRAMS = [block for block in BLOCKS if block not in FOR_PYTEST]


class Gateway:
    """What a reader sends SMS with."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def deliver(self, number: str, text: str, *, reference: str) -> None:
        self.texts.append(text)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def reader(sandbox: Sandbox, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person who runs the blocks, with an account, a key for a store, and a phone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EGOI_STORE_KEY", "0" * 64)
    monkeypatch.setenv("EGOI_API_KEY", "key")
    monkeypatch.setenv("EGOI_SENDER", "1")
    monkeypatch.setenv("EGOI_BASE_URL", f"{sandbox.url}/api")

    def answer(prompt: str) -> str:
        if prompt == "Your number: ":
            return NUMBER
        assert prompt == "The code: "
        return gateway.texts.pop()[:6] if gateway.texts else sandbox.wait_for_code(NUMBER)

    monkeypatch.setattr(builtins, "input", answer)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged, in the form of ``basicConfig``, which changes nothing under pytest."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler, logger = Lines(), logging.getLogger("egoi_verify")
    handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("reader")
def test_the_programs_run_one_after_the_other_and_print_what_they_say(
    gateway: Gateway, log: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {"__name__": "__main__", "gateway": gateway}
    for block in PROGRAMS:
        exec(compile(block, "README.md", "exec"), names)
        printed = capsys.readouterr().out.splitlines()
        said = re.findall(r"print\(.*\)  # (.+)$", block, re.MULTILINE)
        assert [line for line in said if line not in printed] == [], block
        for line in re.findall(r"^# (DEBUG:.+)$", block, re.MULTILINE):
            pattern = re.sub(r"duration_ms=\d+", r"duration_ms=\\d+", line)
            assert [logged for logged in log if re.fullmatch(pattern, logged)] != []


@pytest.mark.usefixtures("reader")
def test_the_program_with_e_goi_proves_the_number(capsys: pytest.CaptureFixture[str]) -> None:
    [program] = [block for block in PROGRAMS if "Client.from_env()" in block and "match" in block]
    exec(compile(program, "README.md", "exec"), {})
    assert capsys.readouterr().out == "the number is proved\n"


@pytest.mark.parametrize("block", FOR_PYTEST, ids=lambda block: re.findall(r"def (test_\w+)", block)[0])
def test_the_tests_pass(pytester: pytest.Pytester, block: str) -> None:
    pytester.makepyfile(block)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=block.count("def test_"))


def test_every_row_of_where_it_runs_names_a_test_that_is_there() -> None:
    _, _, table = README.partition("### Where it runs\n")
    rows = [row for row in table.partition("\n###")[0].splitlines() if row.startswith("| ")][2:]
    tests = [re.findall(r"`tests/(\w+\.py)`", row) for row in rows]
    assert len(tests) > 10
    assert [row for row, named in zip(rows, tests, strict=True) if not named] == []
    assert {name for named in tests for name in named if not (Path(__file__).parent / name).exists()} == set()


def test_every_error_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)`(?:, a `\w+` too)? \|.*\| .* \| .* \|$", README, re.MULTILINE)
    errors = [kind.__name__ for kind in VerifyError.__subclasses__()]
    assert [row for row in rows if row in errors] == errors


@pytest.mark.parametrize("outcome", egoi_verify.Outcome, ids=str)
def test_every_outcome_is_in_the_table(outcome: egoi_verify.Outcome) -> None:
    assert f"\n| `{outcome.name}` | " in README
