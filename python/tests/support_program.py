"""Running a program of `tests/programs` in a process of its own, and interpreters to run it with."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import egoi_verify

PROGRAMS = Path(__file__).parent / "programs"

PATIENCE = 60.0
"""Seconds after which a program hangs."""

_OF_FORKS = "ignore:This process:DeprecationWarning"

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Those that the wheel is for and that are looked for."""


def command(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    return [python, "-X", "faulthandler", str(PROGRAMS / f"{name}.py"), *arguments]


def start(name: str, *arguments: str, python: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(name, *arguments, python=python),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def end(process: subprocess.Popen[str], told: str = "", patience: float = PATIENCE) -> str:
    """Tells it something; gives what it printed.

    It must have ended well, in time, and with nothing on its standard error.
    """
    try:
        output, errors = process.communicate(told + "\n", timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError(f"{process.args!r} hangs; it printed {output!r} and {errors!r}") from None
    assert process.returncode == 0, f"{process.args!r} ended with {process.returncode}: {output}{errors}"
    assert errors == "", f"{process.args!r} printed {errors}"
    return output.strip()


def run(name: str, *arguments: str, python: str = sys.executable, patience: float = PATIENCE) -> str:
    return end(start(name, *arguments, python=python), patience=patience)


@functools.cache
def package() -> str:
    """A folder that holds the package and nothing else, which every interpreter can be pointed at."""
    folder = Path(tempfile.mkdtemp(prefix="egoi-verify-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "egoi_verify").symlink_to(Path(egoi_verify.__file__).parent)
    return str(folder)


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": package(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        # From 3.12 on, Python warns of every fork of a process with threads, which is what the programs are about. The
        # filter that a test has set comes later, so that it wins.
        "PYTHONWARNINGS": ",".join(filter(None, [_OF_FORKS, os.environ.get("PYTHONWARNINGS")])),
    }


@functools.cache
def interpreter(version: str) -> str | None:
    """An interpreter of that version, where the machine has one."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    of_pyenv = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for candidate in [*([found] if found else []), *map(str, of_pyenv)]:
        # pyenv's shims are there for versions that are not.
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == version:
            return candidate
    return None
