"""Checks that a fact is written once: no sentence of eight words or more stands in two documents.

Some documents are read alone, and repeat what their reader needs: the README of each language, the start pages of DocC
and the changelog. The page of an error repeats its row of the list of all errors.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from check_links import FENCED, ROOT, tracked

READ_ALONE = re.compile(
    r"(core|node|python|bindings/kotlin|bindings/swift)/README\.md|.*\.docc/.*|README\.md|CHANGELOG\.md"
)
# Each is one document. The tables of the wire are equal by a test of core. `make bench` writes both pages of the
# measurements.
TOGETHER = {
    "docs/benchmarks.md": re.compile(r"docs/benchmarks\.md|docs/bench/.*|benches/README\.md"),
    "docs/errors": re.compile(r"docs/errors/.*|docs/guides/troubleshooting\.md"),
    "docs/wire.md": re.compile(r"docs/wire\.md|core/src/wire/sources\.md"),
}
SENTENCE_WORDS = 8


def sentences(document: Path) -> set[str]:
    """The sentences, cells and items of a document, as their words in lower case. No heading: a link repeats it."""
    text = re.sub(r"^#.*$", ". ", FENCED.sub("", document.read_text()), flags=re.MULTILINE)
    headed = re.sub(r"\[([^\]]*)\]\([^)]*#[^)]*\)", ". ", text)
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", headed).replace("**", "")
    parts = re.split(r"[.!?:;]\s|\n\s*\n|\n\s*(?:[-*]|\d+\.)\s|\|", plain)
    words = (re.findall(r"[\w{][\w'{}+-]*", part.lower()) for part in parts)
    return {" ".join(each) for each in words if len(each) >= SENTENCE_WORDS}


def main() -> None:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for document in tracked("*.md"):
        name = document.relative_to(ROOT).as_posix()
        if not READ_ALONE.fullmatch(name):
            unit = next((unit for unit, names in TOGETHER.items() if names.fullmatch(name)), name)
            for sentence in sentences(document):
                places[sentence].add(unit)
    faults = [f"{' and '.join(sorted(at))}: {sentence}" for sentence, at in places.items() if len(at) > 1]
    sys.exit("\n".join(sorted(faults)) or 0)


if __name__ == "__main__":
    main()
