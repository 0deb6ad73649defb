"""How much is measured, and where it goes: the records of ``benches/README.md``."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

SHORT = os.environ.get("EGOI_BENCH_SHORT") == "1"
"""One round of next to no work."""
ROUNDS = 1 if SHORT else int(os.environ.get("EGOI_BENCH_ROUNDS", "15"))


Cost = TypeVar("Cost")


def scaled(full: int) -> int:
    return max(1, full // 100) if SHORT else full


def interleaved(ways: dict[str, Callable[[], Cost]], rounds: int = ROUNDS) -> dict[str, list[Cost]]:
    """What each way says that it takes, round by round, after one to warm up.

    Another one begins each time, so that none always comes after the same one.
    """
    taken: dict[str, list[Cost]] = {way: [] for way in ways}
    names = list(ways)
    for nth in range(rounds + 1):
        for turn in range(len(names)):
            way = names[(nth + turn) % len(names)]
            cost = ways[way]()
            if nth > 0:
                taken[way].append(cost)
    return taken


class Records:
    """The records of one program."""

    def __init__(self, program: str, packages: tuple[str, ...]) -> None:
        self._program = program
        self._versions = ", ".join(
            [
                f"{platform.python_implementation()} {platform.python_version()}",
                *(f"{name} {version(name)}" for name in packages),
            ]
        )
        self._records: list[dict[str, object]] = []

    def add(
        self,
        comparison: str,
        settings: object,
        measure: str,
        unit: str,
        rounds: dict[str, list[float]],
        *,
        ours: str,
        floors: tuple[str, ...] = (),
    ) -> None:
        """Adds what all ways took; those of `floors` cannot be beaten."""
        others = {way: taken for way, taken in rounds.items() if way != ours and way not in floors}
        self._records.append(
            {
                "name": comparison,
                "settings": str(settings),
                "measure": measure,
                "unit": unit,
                "ours": rounds[ours],
                "others": others,
                "floors": {floor: rounds[floor] for floor in floors},
                "versions": self._versions,
            }
        )

    def write(self) -> None:
        folder = Path(os.environ["EGOI_BENCH_RESULTS"])
        (folder / f"{self._program}.json").write_text(json.dumps(self._records))
