"""The native module under valgrind's memory checker.

What CPython itself does to memory is not looked at: an error counts where a module's code is on its stack.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from support_program import PROGRAMS, environment

PATIENCE = 600.0
SUPPRESSIONS = Path(__file__).parent / "valgrind.supp"


@pytest.fixture(scope="module")
def valgrind() -> str:
    """The program, which `make` installs where it can."""
    found = shutil.which("valgrind")
    if found is None:
        said = "VALGRIND IS NOT INSTALLED AND CANNOT BE: THE MEMORY OF THE NATIVE MODULE IS NOT CHECKED"
        assert not os.environ.get("CI"), said
        warnings.warn(said, stacklevel=1)
        pytest.skip(said)
    return found


def errors(valgrind: str, program: str, module: str, folder: Path) -> list[str]:
    """The kinds of errors with code of a module on their stack, each with where it happened."""
    report = folder / "report.xml"
    command = [valgrind, "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=50"]
    command += [f"--suppressions={SUPPRESSIONS}", "--xml=yes", f"--xml-file={report}"]
    done = subprocess.run(
        [*command, sys.executable, str(PROGRAMS / f"{program}.py")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        # CPython's own allocator would hide from the checker what is freed and what is lost.
        env={**environment(), "PYTHONMALLOC": "malloc"},
    )
    assert done.returncode == 0, done.stderr
    found = []
    for error in ElementTree.parse(report).getroot().findall("error"):
        stack = error.find("stack")
        assert stack is not None
        frames = [(frame.findtext("obj", ""), frame.findtext("fn", "?")) for frame in stack.findall("frame")]
        if any(Path(file).name.startswith(f"{module}.") for file, _ in frames):
            words = error.findtext("what") or error.findtext("xwhat/text")
            found.append(f"{error.findtext('kind')}: {words}: {frames}")
    return found


def test_the_native_module_reads_no_memory_that_is_not_its_own_and_loses_none(valgrind: str, tmp_path: Path) -> None:
    assert errors(valgrind, "smoke", "_native", tmp_path) == []


def test_what_is_read_after_it_was_freed_and_what_is_lost_is_found(valgrind: str, tmp_path: Path) -> None:
    found = {error.partition(":")[0] for error in errors(valgrind, "leaking", "_ctypes", tmp_path)}
    assert {"InvalidRead", "Leak_DefinitelyLost"} <= found
