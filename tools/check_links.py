"""Checks the links of every document: a relative link leads to a file and a heading, and `make NAME` names a target.

External links are not fetched. A README that a registry shows has no relative link: there it leads nowhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
INLINE = r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)"
LINK = re.compile(INLINE + r"|^\s*\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
SHOWN_BY_REGISTRIES = {"core/README.md", "node/README.md", "python/README.md"}
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:`|\$ |run: )make ((?:[a-z]+(?:-[a-z]+)*\s*)+?)(?=[`#&]|$)", re.MULTILINE)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def anchors(document: Path) -> set[str]:
    """What the headings of a document are linked by, as hosts of Git repositories make it of them."""
    text = FENCED.sub("", document.read_text())
    found: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
        slug = "".join(kept).replace(" ", "-")
        again = sum(1 for each in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", each))
        found.add(f"{slug}-{again}" if again else slug)
    return found


def targets() -> set[str]:
    """The targets of the Makefile."""
    listed = subprocess.run(
        ["make", "--print-data-base", "--question", "help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return set(re.findall(r"^([a-z][a-z0-9_-]*):", listed.stdout, re.MULTILINE))


def main() -> None:
    faults = []
    known = targets()
    for document in tracked("*.md", "*.yml"):
        text, shown = document.read_text(), document.relative_to(ROOT)
        for commands in MAKE.findall(text):
            faults += [f"{shown}: there is no target {name}" for name in commands.split() if name not in known]
        if document.suffix != ".md":
            continue
        for groups in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))):
            link = unquote(groups[0] or groups[1])
            if re.match(r"[a-z][a-z0-9+.-]*:|crate::|\w+::", link, re.IGNORECASE):
                continue
            path, _, anchor = link.partition("#")
            to = (document.parent / path).resolve() if path else document
            if path and shown.as_posix() in SHOWN_BY_REGISTRIES:
                faults.append(f"{shown}: {link} is relative, and a registry shows this file")
            elif not to.exists():
                faults.append(f"{shown}: {link} leads to no file")
            elif anchor and to.suffix == ".md" and anchor not in anchors(to):
                faults.append(f"{shown}: {link} leads to no heading")
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
