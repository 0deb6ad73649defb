"""Codes as they come out of the package.

Each character comes as often as the others, and no code twice, wherever it was drawn.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from statistics import NormalDist

import pytest
from egoi_verify import CodeType, generate_code

ALPHABETS = {
    CodeType.NUMERIC: "0123456789",
    CodeType.ALPHA: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    CodeType.ALPHANUMERIC: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    CodeType.HEX: "0123456789ABCDEF",
}


def chi_square(counts: list[int]) -> float:
    """Pearson's statistic of the counts against all being equally likely."""
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def limit(characters: int) -> float:
    """What the statistic passes once in 10^9 times, by Wilson and Hilferty's approximation."""
    freedom = characters - 1
    spread = 2 / (9 * freedom)
    deviation: float = NormalDist().inv_cdf(1 - 1e-9) * spread**0.5
    return float(freedom * (1 - spread + deviation) ** 3)


@pytest.mark.parametrize("code_type", CodeType)
def test_in_every_place_of_a_code_each_character_comes_equally_often(
    code_type: CodeType, count: Callable[[int, int], int]
) -> None:
    codes = count(20_000, 1_000_000)
    places = [Counter[str]() for _ in range(6)]
    for _ in range(codes):
        for place, character in zip(places, generate_code(code_type, 6), strict=True):
            place[character] += 1
    for place in places:
        assert set(place) == set(ALPHABETS[code_type])
        assert chi_square(list(place.values())) < limit(len(place)), place


def test_the_statistic_finds_the_bias_of_a_byte_taken_modulo_ten() -> None:
    assert chi_square([(26 if digit < 6 else 25) * 4_000 for digit in range(10)]) > limit(10)


def drawn(_: int) -> list[str]:
    return [generate_code("hex", 20) for _ in range(500)]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_no_two_processes_draw_the_same_code(method: str) -> None:
    codes = drawn(0)  # before the children are made, so that they could inherit what was drawn from
    with multiprocessing.get_context(method).Pool(4) as pool:
        codes += [code for each in pool.map(drawn, range(8), chunksize=1) for code in each]
    assert len(set(codes)) == len(codes) == 4_500


def test_no_two_threads_draw_the_same_code() -> None:
    codes: list[str] = []
    threads = [threading.Thread(target=lambda: codes.extend(drawn(0))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(codes)) == len(codes) == 4_000
