"""What was measured: the records of ``benches/README.md``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple


class Ratio(NamedTuple):
    """The median of the ratios within the rounds, the smallest and the largest; and the ratio of the means of all rounds.

    What strikes few rounds counts in the means only: a garbage collector, for example.
    """

    median: float
    smallest: float
    largest: float
    mean: float

    def __str__(self) -> str:
        if self.smallest == self.largest:
            return digits(self.median)
        return f"{digits(self.median)}, mean {digits(self.mean)} ({digits(self.smallest)} to {digits(self.largest)})"


class Record(NamedTuple):
    name: str
    settings: str
    measure: str
    unit: str
    ours: list[float]
    others: dict[str, list[float]]
    floors: dict[str, list[float]]
    command: str
    machine: str
    date: str
    commit: str
    versions: str
    disturbed: float

    def against(self, other: str) -> Ratio:
        """How many times as much as ours the other takes."""
        return ratio(self.others[other], self.ours)

    def over(self, floor: str) -> Ratio:
        """How many times as much as the floor ours takes."""
        return ratio(self.ours, self.floors[floor])


def ratio(of: list[float], to: list[float]) -> Ratio:
    ratios = [a / b for a, b in zip(of, to, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios), sum(of) / sum(to))


def digits(number: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def step(number: float, unit: str) -> tuple[float, str]:
    """What a number of this unit is given in, and how much of the unit that is."""
    if unit == "ns":
        steps = [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")]
    else:
        steps = [(2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "bytes")]
    return next((each for each in steps if number >= each[0]), steps[-1])


def amount(number: float, unit: str) -> str:
    """For people."""
    size, name = step(number, unit)
    return f"{digits(number / size) if size > 1 else f'{number:.0f}'} {name}"


def load(files: Iterable[Path]) -> list[Record]:
    """All records, in the order of the files' names."""
    defaults: dict[str, Any] = {"others": {}, "floors": {}, "versions": "", "disturbed": 0.0}
    return [Record(**{**defaults, **record}) for file in sorted(files) for record in json.loads(file.read_text())]
