"""What a type checker says of the package, of what is written with it, and of its wrong uses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PYTHON = Path(__file__).parent.parent
TYPING = PYTHON / "tests" / "typing"
WRONG = TYPING / "wrong.py"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=PYTHON)


def mypy(*what: str | Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "mypy", "--strict", *what)


def pyright(*options: str | Path) -> subprocess.CompletedProcess[str]:
    program = TYPING / "node_modules" / "pyright" / "index.js"
    return run("node", program, "--pythonpath", sys.executable, *options)


def lines_marked_wrong() -> set[int]:
    lines = WRONG.read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if "  # wrong: " in line}


def test_mypy_in_its_strict_mode_finds_nothing() -> None:
    checked = mypy("package/egoi_verify", "examples", "demo.py")
    assert checked.returncode == 0, checked.stdout


def test_mypy_finds_nothing_in_the_package_as_it_is_installed() -> None:
    checked = mypy("-p", "egoi_verify")
    assert checked.returncode == 0, checked.stdout


def test_pyright_in_its_strict_mode_finds_nothing() -> None:
    checked = pyright()
    assert checked.returncode == 0, checked.stdout


def test_mypy_rejects_every_wrong_use_and_nothing_else() -> None:
    found = {int(number) for number in re.findall(r"wrong\.py:(\d+): error", mypy(WRONG).stdout)}
    assert found == lines_marked_wrong()


def test_pyright_rejects_every_wrong_use_and_nothing_else() -> None:
    said = json.loads(pyright("--outputjson", "--project", TYPING).stdout)
    errors = [each for each in said["generalDiagnostics"] if each["severity"] == "error"]
    assert {each["range"]["start"]["line"] + 1 for each in errors} == lines_marked_wrong()


def test_the_stubs_of_the_native_module_are_what_it_is() -> None:
    allowlist = TYPING / "stubtest-allowlist.txt"
    program = "from mypy.stubtest import main; main()"
    checked = run(sys.executable, "-c", program, "egoi_verify._native", "--allowlist", allowlist)
    assert checked.returncode == 0, checked.stdout
