"""Runs a bench program and keeps what it measured: ``measure.py --command "make …" -- PROGRAM …``.

Adds to each record where and when it was measured, and prints the tables. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from records import load
from tables import tables

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "benches"


def machine() -> str:
    """Its processors and system, for people."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = platform.release().partition("-")[0]
    return f"{os.cpu_count()} processors of {model}, {memory:.0f} GiB, {platform.system()} {release}"


def commit() -> str:
    """The commit that is checked out, with a ``+`` where files were changed since."""
    git = ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}"]
    try:
        head = subprocess.check_output([*git, "rev-parse", "--short=10", "HEAD"], text=True).strip()
        changed = subprocess.check_output([*git, "status", "--porcelain", "--untracked-files=no"])
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}{'+' if changed else ''}"


def busy_seconds() -> float:
    """What all processors have worked so far, and what was taken from this machine."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """What the programs that ended have worked so far."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs a bench program and keeps what it measured.")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder for its records")
    parser.add_argument("--command", required=True, help="what a reader runs to repeat it")
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        started, busy, own = time.monotonic(), busy_seconds(), own_seconds()
        ended = subprocess.run(arguments.program, env={**os.environ, "EGOI_BENCH_RESULTS": folder}, check=False)
        if ended.returncode != 0:
            sys.exit(f"{arguments.program[0]} failed: {ended.returncode}")
        disturbed = ((busy_seconds() - busy) - (own_seconds() - own)) / (time.monotonic() - started)
        stamp = {
            "command": arguments.command,
            "machine": machine(),
            "date": datetime.date.today().isoformat(),
            "commit": commit(),
            "disturbed": max(0.0, disturbed),
        }
        files = list(Path(folder).glob("*.json"))
        if not files:
            sys.exit(f"{arguments.program[0]} measured nothing")
        for file in files:
            stamped = [{**stamp, **record} for record in json.loads(file.read_text())]
            (arguments.results / file.name).write_text(json.dumps(stamped, indent=1))
    records = load(arguments.results / file.name for file in files)
    for name in dict.fromkeys(record.name for record in records):
        print(f"\n{name}\n" + "\n".join(tables([record for record in records if record.name == name])))


if __name__ == "__main__":
    main()
