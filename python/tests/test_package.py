"""The wheel and the source distribution, as they are published."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from support_program import VERSIONS

PYTHON = Path(__file__).parent.parent
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def wheel() -> Path:
    (found,) = (PYTHON / "dist").glob("*.whl")
    return found


def content(wheel: Path, end: str) -> bytes:
    """The only file of the wheel whose name ends so."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(end))
        return archive.read(name)


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(content(wheel, ".dist-info/METADATA").decode())


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of a virtual environment that has the wheel and nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", wheel], check=True)
    return python


def test_it_is_at_most_4_mib(wheel: Path) -> None:
    assert wheel.stat().st_size <= 4 * MIB


def test_it_is_for_cpython_3_10_and_later(wheel: Path) -> None:
    assert "-cp310-abi3-" in wheel.name


def test_it_runs_on_linux_as_old_as_manylinux2014(wheel: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r'constrains the platform tag to\s+"manylinux_2_17_x86_64"', shown) or (
        '"manylinux_2_5_x86_64"' in shown or '"manylinux_2_12_x86_64"' in shown
    ), shown


def test_it_needs_no_other_package_at_run_time(wheel: Path) -> None:
    required = metadata(wheel).get_all("Requires-Dist") or []
    assert [each for each in required if "extra ==" not in each] == []
    assert any("pytest" in each and "extra == 'pytest'" in each for each in required)


def test_it_has_types_and_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"egoi_verify/py.typed", "egoi_verify/_native.pyi", "egoi_verify/_native.abi3.so"} <= set(names)
    licences = {name.rsplit("/", 1)[-1] for name in names if "licenses/" in name}
    assert licences == {"LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENSES.txt"}


def test_it_has_the_licence_of_every_crate_that_its_library_names(wheel: Path) -> None:
    library = content(wheel, "_native.abi3.so")
    # Of a place where it may panic.
    crates = set(re.findall(rb"/registry/src/[^/]+/([a-zA-Z0-9_-]+?)-(\d+\.\d+\.\d+[^/]*)/", library))
    assert len(crates) > 50
    licences = content(wheel, "THIRD-PARTY-LICENSES.txt").decode()
    software, _, texts = licences.partition("=" * 80)
    for name, version in crates:
        crate = f"{name.decode()} {version.decode()}"
        assert f"\n- {crate}: " in software
        assert re.search(rf"(^|, ){re.escape(crate)}(,|$)", texts, re.MULTILINE), crate
    assert "Rust's standard library" in software and "SQLite" in software


def test_it_has_no_folder_of_the_machine_that_built_it(wheel: Path) -> None:
    folders = {str(PYTHON.parent.resolve()), str(Path.home()), os.environ.get("CARGO_HOME", str(Path.home()))}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            found = archive.read(name)
            assert [folder for folder in folders if f"{folder}/".encode() in found] == [], name


def test_its_classifiers_name_the_versions_that_it_is_tested_with(wheel: Path) -> None:
    named = re.findall(
        r"Programming Language :: Python :: (3\.\d+)", "\n".join(metadata(wheel).get_all("Classifier") or [])
    )
    assert tuple(named) == VERSIONS


def test_pypi_can_follow_every_link_of_its_page(wheel: Path) -> None:
    shown = metadata(wheel)
    assert shown.get_all("Project-URL")
    links = re.findall(r"\]\(([^)\s]+)\)", str(shown.get_payload()))
    assert len(links) > 3
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_no_text_in_it_names_a_folder_of_the_machine_that_built_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".so")}
    assert [name for name, text in texts.items() if str(PYTHON.parent).encode() in text] == []


def test_in_a_clean_environment_the_readmes_first_example_runs(clean_python: Path, tmp_path: Path) -> None:
    readme = (PYTHON / "README.md").read_text()
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert example is not None
    ran = subprocess.run(
        [clean_python, "-W", "error", "-c", example[1]], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_importing_it_takes_less_than_10_ms_more_than_a_bare_interpreter(clean_python: Path) -> None:
    def milliseconds(program: str) -> float:
        pid = os.posix_spawn(clean_python, [str(clean_python), "-I", "-c", program], os.environ)
        usage = os.wait4(pid, 0)[2]
        return (usage.ru_utime + usage.ru_stime) * 1000

    # Processor time, and both in turn: other processes run beside the tests.
    pairs = [(milliseconds("pass"), milliseconds("import egoi_verify")) for _ in range(21)]
    assert statistics.median(imported - bare for bare, imported in pairs) < 10


def test_the_source_distribution_builds(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "maturin", "sdist", "--out", tmp_path], check=True, cwd=PYTHON, capture_output=True
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for path in source.rglob("*.rs"):
        path.touch()  # newer than what was built of the checkout
    # As `pip install` builds it, where the wheel was built: what others wrote is not compiled again.
    built = subprocess.run(
        [
            *(PYTHON.parent / "tools" / "without-paths.sh", sys.executable, "-m", "pip", "wheel"),
            *("--quiet", "--no-deps", "--no-build-isolation"),
            *("--config-settings", "build-args=--zig --compatibility manylinux2014"),
            *("--wheel-dir", tmp_path / "built", source),
        ],
        env={
            **os.environ,
            "CARGO_TARGET_DIR": str(PYTHON.parent / "target"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "built").glob("egoi_verify-*.whl")
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", wheel], check=True)
    said = subprocess.run(
        [python, "-c", "import egoi_verify; print(len(egoi_verify.generate_code()))"], capture_output=True, text=True
    )
    assert said.stdout == "6\n"
    shutil.rmtree(home)
