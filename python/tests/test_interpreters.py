"""Every interpreter that the wheel is for, and a second one in the same process."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest
import support_program as program


def test_the_one_wheel_works_in_every_version(python: str, request: pytest.FixtureRequest) -> None:
    assert program.run("smoke", python=python) == request.node.callspec.params["python"]


def test_a_second_interpreter_gets_an_import_error_that_names_the_main_one_and_the_first_goes_on(python: str) -> None:
    assert program.run("sub_interpreter", python=python).splitlines() == ["True", "True", "6"]


def test_in_a_zip_file_the_import_error_says_that_a_native_library_must_be_unpacked(tmp_path: Path) -> None:
    shutil.copytree(Path(program.package()) / "egoi_verify", tmp_path / "app" / "egoi_verify")
    (tmp_path / "app" / "__main__.py").write_text("import egoi_verify")
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz")
    ran = subprocess.run([sys.executable, tmp_path / "app.pyz"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("ImportError: egoi_verify has a native library")


def test_a_fork_with_calls_in_flight_does_not_hang_in_any_version(python: str) -> None:
    assert program.run("forks_in_flight", "4", "here", python=python) == "forks=4 hangs=0 failures=[] drawn_twice=0"
