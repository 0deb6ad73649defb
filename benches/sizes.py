"""The sizes of what is shipped, and of what an installation has in all. Run by the interpreter of ``python/.venv``."""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import egoi_verify

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
MODULES = ROOT / "node" / "node_modules"
# What is shipped: the newest file of each pattern, left out where it was not built.
SHIPPED = {
    "the wheel": (ROOT, "python/dist/*.whl"),
    "the npm package": (ROOT, "node/build/egoi-verify-[0-9]*.tgz"),
    "its addon, packed": (ROOT, "node/build/egoi-verify-linux-*.tgz"),
    "the jar": (ROOT, "bindings/kotlin/target/egoi-verify-[0-9.]*[0-9].jar"),
    "the library of a phone": (TARGET, "shipped/libegoi_verify_phone_native.so"),
}


def installed_for_python(name: str, seen: set[str]) -> int:
    """The files of a distribution and of all that it requires on this system, in bytes."""
    canonical = re.sub(r"[-_.]+", "-", name).lower()
    if canonical in seen:
        return 0
    seen.add(canonical)
    try:
        found = distribution(name)
    except PackageNotFoundError:  # Required on other systems or versions alone.
        return 0
    sizes = (Path(str(file.locate())) for file in found.files or [])
    own = sum(file.stat().st_size for file in sizes if file.suffix != ".pyc" and file.is_file())
    required = [
        match[0]
        for requirement in found.requires or []
        if "extra ==" not in requirement and (match := re.match(r"[\w.-]+", requirement))
    ]
    return own + sum(installed_for_python(each, seen) for each in required)


def installed_for_node(name: str, seen: set[str]) -> int:
    """The files of a package and of all that it depends on, in bytes."""
    folder = MODULES / name
    if name in seen or not folder.is_dir():
        return 0
    seen.add(name)
    own = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    needed = json.loads((folder / "package.json").read_text()).get("dependencies", {})
    return own + sum(installed_for_node(each, seen) for each in needed)


def record(settings: str, ours: int, others: dict[str, int]) -> dict[str, object]:
    return {
        "name": "sizes",
        "settings": settings,
        "measure": "size",
        "unit": "bytes",
        "ours": [ours],
        "others": {name: [size] for name, size in others.items()},
    }


def main() -> None:
    records = []
    for what, (folder, pattern) in SHIPPED.items():
        files = sorted(folder.glob(pattern), key=lambda file: file.stat().st_mtime)
        if files:
            records.append(record(what, files[-1].stat().st_size, {}))
    python = {
        name: installed_for_python(name, set()) for name in ("requests", "niquests", "httpx", "aiohttp", "urllib3")
    }
    # It needs nothing else, and may be that of the checkout, whose files no distribution lists.
    own = sum(
        file.stat().st_size
        for file in Path(egoi_verify.__file__).parent.rglob("*")
        if file.suffix != ".pyc" and file.is_file()
    )
    records.append(record("installed for Python", own, python))
    shipped = [ROOT / "node" / "dist", ROOT / "node" / "build" / "egoi-verify.node"]
    own = sum(
        file.stat().st_size
        for each in shipped
        for file in ([each] if each.is_file() else each.rglob("*"))
        if file.is_file()
    )
    node = {name: installed_for_node(name, set()) for name in ("undici", "axios", "otplib")}
    records.append(record("installed for Node", own, node))
    (Path(os.environ["EGOI_BENCH_RESULTS"]) / "sizes.json").write_text(json.dumps(records))


if __name__ == "__main__":
    main()
