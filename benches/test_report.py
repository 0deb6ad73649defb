"""What is promised of the page."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from pictures import picture
from records import Ratio, Record, load
from report import behind, within_the_spread
from summary import summary, table
from tables import tables

RECORD = Record(
    "node-client", "TLS, one at a time", "time", "ns", [100.0, 200.0, 100.0], {"fetch": [250.0, 300.0, 90.0]}, {"a call": [50.0] * 3},
    "make bench-node", "a machine", "2026-11-25", "0123456789", "Node 20", 0.0,
)  # fmt: skip


class Report(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self) -> None:
        self.assertEqual(RECORD.against("fetch"), Ratio(1.5, 0.9, 2.5, 640 / 400))
        self.assertEqual(RECORD.over("a call"), Ratio(2.0, 2.0, 4.0, 400 / 150))

    def test_a_table_has_the_median_the_mean_and_the_spread(self) -> None:
        self.assertIn("| TLS, one at a time | 100 ns | 1.50, mean 1.60 (0.90 to 2.50) |", tables([RECORD]))
        self.assertIn("| TLS, one at a time | 100 ns | 2.00, mean 2.67 (2.00 to 4.00) |", tables([RECORD]))

    def test_what_is_ahead_of_ours_is_named(self) -> None:
        ahead = RECORD._replace(others={"fetch": [90.0, 100.0, 110.0]})
        self.assertEqual(behind([RECORD]), [])
        self.assertEqual(behind([ahead]), ["fetch (TLS, one at a time, time: 0.90, mean 0.75 (0.50 to 1.10))"])

    def test_what_is_not_slower_in_every_round_is_named(self) -> None:
        self.assertEqual(within_the_spread([RECORD]), ["fetch (TLS, one at a time, time)"])

    def test_the_same_records_make_the_same_picture_and_its_text_is_text(self) -> None:
        drawn = picture("A comparison", [RECORD])
        self.assertEqual(drawn, picture("A comparison", [RECORD]))
        self.assertRegex(drawn, r"<text[^>]*>fetch</text>")
        self.assertIn("prefers-color-scheme: dark", drawn)

    def test_a_record_without_what_is_compared_can_be_read(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            alone = {
                key: value for key, value in RECORD._asdict().items() if key not in ("others", "floors", "disturbed")
            }
            (Path(folder) / "program.json").write_text(json.dumps([alone]))
            [read] = load(Path(folder).glob("*.json"))
        self.assertEqual((read.others, read.floors, read.ours), ({}, {}, RECORD.ours))

    def test_the_page_begins_with_what_ours_is_behind(self) -> None:
        ahead = RECORD._replace(others={"fetch": [90.0, 100.0, 110.0]})
        page = summary({"node-client": [ahead]})
        self.assertIn("# Benchmarks\n\n**Ours is behind here**", page)
        self.assertIn("Time: fetch (0.90).", page)
        self.assertIn("Ours is behind nowhere.", summary({"node-client": [RECORD]}))

    def test_the_table_of_a_language_is_relative_to_ours(self) -> None:
        self.assertIn("| TLS, one at a time | 100 ns | 1.50 |", table([RECORD]))
        self.assertIn("| TLS, one at a time | 100 ns | 0.50 |", table([RECORD._replace(others={})]))


if __name__ == "__main__":
    unittest.main()
