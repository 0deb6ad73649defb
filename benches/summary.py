"""The page that a person reads in two minutes: for each language one picture, and one table of times relative to ours."""

from __future__ import annotations

import statistics

from records import Record, amount, digits, ratio
from tables import grid

MAIN = {
    "Rust": "rust-exchange",
    "Python": "python-blocking",
    "Node": "node-client",
    "Kotlin": "kotlin-client",
    "Swift": "swift-client",
}
"""The comparison of each language that the page shows."""

INTRODUCTION = """\
A verification is a round trip over the Internet and a person who waits for an SMS: each call takes tens of milliseconds. No user notices
which library made it. A server pays for processor time, memory and start-up. So the comparisons run on one machine, over loopback,
against a server that costs almost nothing. They compare libraries, and do not say how long a call takes in production.

Each table has the time of one call relative to ours: **above 1, ours is ahead**. Rust is compared with the libraries below ours, which do
less: there ours can only be behind. In a picture a dot is the median of the rounds, and a line reaches from the smallest ratio to
the largest.
"""
REPEAT = """\
## Repeat it

`make bench` measures everything on a machine with two processors that does nothing else, and writes this page. `make bench-python` and
its like measure one language. [bench/all.md](bench/all.md) has every table: the engine, the stores, codes, start-up, memory and sizes.
[benches/README.md](../benches/README.md) describes the programs and their records.
"""


def behind(records: list[Record]) -> str:
    """Each library that is ahead of ours, by measure, with its lowest median of all comparisons."""
    lowest: dict[str, dict[str, float]] = {}
    for record in records:
        for name in record.others:
            median = record.against(name).median
            if median < 1:
                measure = lowest.setdefault(record.measure, {})
                measure[name] = min(median, measure.get(name, median))
    parts = [
        f"{measure}: {', '.join(f'{name} ({digits(found)})' for name, found in sorted(names.items(), key=lambda each: each[1]))}"
        for measure, names in lowest.items()
    ]
    if not parts:
        return "Ours is behind nowhere."
    return f"**Ours is behind here**, with the lowest ratio of each library. {'. '.join(part[0].upper() + part[1:] for part in parts)}."


def table(records: list[Record]) -> list[str]:
    """The times of one comparison relative to ours, the medians."""
    timed = [record for record in records if record.measure == "time"]
    compared = {id(record): record.others or record.floors for record in timed}
    columns = list(dict.fromkeys(name for names in compared.values() for name in names))
    rows = []
    for record in timed:
        others = compared[id(record)]
        cells = [digits(ratio(others[name], record.ours).median) if name in others else "" for name in columns]
        rows.append((record.settings, amount(statistics.median(record.ours), record.unit), *cells))
    return grid(("", "ours", *columns), rows)


def summary(records: dict[str, list[Record]]) -> str:
    """The page, of the records of every comparison by its name."""
    every = [record for each in records.values() for record in each]
    lines = ["# Benchmarks", "", behind(every), "", INTRODUCTION]
    for language, name in MAIN.items():
        lines += [f"## {language}", ""]
        if name not in records:
            lines += ["Not measured here.", ""]
            continue
        own = records[name]
        lines += [f"![{language}: times relative to ours](bench/{name}.svg)", "", *table(own), ""]
        versions = f" With {own[0].versions}." if own[0].versions else ""
        lines += [f"Measured on {own[0].date}, commit {own[0].commit}, on {own[0].machine}.{versions}", ""]
    return "\n".join([*lines, REPEAT]).rstrip() + "\n"
