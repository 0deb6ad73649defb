"""The tables of one comparison, in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from records import Record, amount

OTHERS = {
    "time": "Time. The other columns are relative to ours:",
    "processor time": "Processor time of the whole process. The other columns are relative to ours:",
    "start": "Time until it is ready, and relative to ours:",
    "memory": "Peak memory of the process, and relative to ours:",
    "size": "Size, and relative to ours:",
}
FLOORS = {
    "time": "Time of ours. The other columns are ours relative to a floor:",
    "processor time": "Processor time of ours. The other columns are ours relative to a floor:",
    "start": "Time of ours until it is ready. The other columns are ours relative to a floor:",
    "memory": "Memory of ours. The other columns are ours relative to a floor:",
    "size": "Size of ours. The other columns are ours relative to a floor:",
}


def tables(records: list[Record]) -> list[str]:
    """The lines of all tables of a comparison."""
    lines: list[str] = []
    for measure in dict.fromkeys(record.measure for record in records):
        measured = [record for record in records if record.measure == measure]
        against = [record for record in measured if record.others]
        if against:
            lines += ["", OTHERS[measure], "", *table(against, lambda record: record.others, other_cell)]
        over = [record for record in measured if record.floors]
        if over:
            lines += ["", FLOORS[measure], "", *table(over, lambda record: record.floors, floor_cell)]
        alone = [record for record in measured if not record.others and not record.floors]
        if alone:
            rows = [(record.settings, ours(record, spread=True)) for record in alone]
            lines += ["", *grid(("", measure), rows)]
    return lines


def ours(record: Record, *, spread: bool = False) -> str:
    """The median of ours, and where it is compared with nothing the smallest and the largest."""
    median = amount(statistics.median(record.ours), record.unit)
    if not spread or len(record.ours) == 1:
        return median
    return f"{median} ({amount(min(record.ours), record.unit)} to {amount(max(record.ours), record.unit)})"


def other_cell(record: Record, other: str) -> str:
    times = f"{record.against(other)}"
    if record.measure in ("time", "processor time"):
        return times
    return f"{amount(statistics.median(record.others[other]), record.unit)}, {times}"


def floor_cell(record: Record, floor: str) -> str:
    return f"{record.over(floor)}"


def table(
    records: list[Record], parts: Callable[[Record], dict[str, list[float]]], cell: Callable[[Record, str], str]
) -> list[str]:
    """A column for each of the others; where they differ from row to row, a row for each."""
    columns = list(dict.fromkeys(name for record in records for name in parts(record)))
    if all(len(parts(record)) == len(columns) for record in records):
        rows = [(record.settings, ours(record), *(cell(record, name) for name in columns)) for record in records]
        return grid(("", "ours", *columns), rows)
    each = [(record.settings, ours(record), name, cell(record, name)) for record in records for name in parts(record)]
    return grid(("", "ours", "against", "times"), each)


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    def row(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |".replace("|  |", "| |")

    head = list(head)
    return [row(head), row("---" for _ in head), *(row(cells) for cells in rows)]
