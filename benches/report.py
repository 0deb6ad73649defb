"""Makes the page and its pictures of what was measured: ``report.py RESULTS --to FOLDER``.

Writes ``docs/benchmarks.md``, and ``all.md`` and the pictures in ``docs/bench``, into the folder. The same records make the
same bytes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from comparisons import PARTS, Comparison
from pictures import picture
from records import Record, load
from summary import summary
from tables import tables

ROOT = Path(__file__).resolve().parent.parent
INTRODUCTION = """\
# Every measurement

[Benchmarks](../benchmarks.md) is the page to read. This one has every table, as `make bench` writes it.
"""
METHOD = """\
## How it is measured

In each round every library has its turn, in a new order. Then other load of the machine meets all libraries alike. A ratio is
taken within a round. A table has the median of the ratios, the ratio of the means of all rounds and, in
brackets, the smallest and the largest ratio.

In the pictures a dot is the median, and a line reaches from the smallest to the largest ratio. A dot right of 1: ours is ahead. A
diamond left of 1: the other library is ahead.

A floor is work that ours does too: a system call, or the library below ours. Ours can only be behind a floor, and the figures say by
how much. [benches/README.md](../../benches/README.md) describes the programs and their records.
"""


def behind(records: list[Record]) -> list[str]:
    """What else is faster or smaller, in the median."""
    return [
        f"{name} ({record.settings}, {record.measure}: {record.against(name)})"
        for record in records
        for name in record.others
        if record.against(name).median < 1
    ]


def within_the_spread(records: list[Record]) -> list[str]:
    """What is behind in the median, and not in every round."""
    return [
        f"{name} ({record.settings}, {record.measure})"
        for record in records
        for name in record.others
        if (ratio := record.against(name)).smallest <= 1 <= ratio.median
    ]


def measured(records: list[Record]) -> str:
    """When, where and how, in one paragraph."""
    record = records[0]
    rounds = max(len(record.ours) for record in records)
    versions = f" With {record.versions}." if record.versions else ""
    return (
        f"`{record.command}`, {record.date}, commit {record.commit}, {rounds} round{'s' if rounds > 1 else ''}, on {record.machine}; "
        f"other processes took {record.disturbed:.2f} of a processor meanwhile.{versions}"
    )


def section(name: str, comparison: Comparison, records: list[Record]) -> list[str]:
    lines = [f"### {comparison.title}", "", comparison.what, ""]
    lines += [f"![{comparison.title.replace('`', '')}: the figures of the tables below](./{name}.svg)"]
    lines += [*tables(records), ""]
    ahead = [record for record in records if record.others]
    if slower := behind(records):
        if not comparison.where:
            print(f"{name.upper()} IS BEHIND, AND BENCHES/COMPARISONS.PY DOES NOT SAY WHY", file=sys.stderr)
        lines += [f"**Ahead of ours:** {'; '.join(slower)}. {comparison.where}".rstrip(), ""]
    elif not ahead and comparison.where:
        lines += [comparison.where, ""]
    if near := within_the_spread(records):
        lines += [f"Behind ours in the median, but ahead in some rounds: {'; '.join(near)}.", ""]
    return [*lines, f"Measured by {measured(records)}", ""]


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the page and its pictures of what was measured.")
    parser.add_argument("results", type=Path, help="the folder of the records")
    parser.add_argument("--to", type=Path, default=ROOT, help="where docs/benchmarks.md and docs/bench go")
    arguments = parser.parse_args()
    records: dict[str, list[Record]] = {}
    for record in load(arguments.results.glob("*.json")):
        records.setdefault(record.name, []).append(record)
    known = [name for part in PARTS for name in part.comparisons]
    if unknown := [name for name in records if name not in known]:
        sys.exit(f"benches/comparisons.py does not know {', '.join(unknown)}")
    folder = arguments.to / "docs" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [INTRODUCTION, METHOD]
    for part in PARTS:
        of = {name: records[name] for name in part.comparisons if name in records}
        lines += [f"## {part.title}", ""]
        if not of:
            lines += ["Not measured here.", ""]
        for name, own in of.items():
            lines += section(name, part.comparisons[name], own)
            (folder / f"{name}.svg").write_text(picture(part.comparisons[name].title, own))
    (folder / "all.md").write_text("\n".join(lines).rstrip() + "\n")
    (folder.parent / "benchmarks.md").write_text(summary(records))
    for name in known:
        if name not in records:
            print(f"NOT MEASURED: {name.upper()}", file=sys.stderr)


if __name__ == "__main__":
    main()
