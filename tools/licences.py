#!/usr/bin/env python3
"""Prints the licences of the software in a native library, for the package that ships the library.

`tools/licences.py PACKAGE [OPTION…]`. The options are those of the build that choose crates, for example
`--target aarch64-linux-android --no-default-features --features small-numbers`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
# For crates that come without a text.
TEXTS = {"Apache-2.0": ROOT / "LICENSE-APACHE", "MPL-2.0": ROOT / "tools" / "MPL-2.0.txt"}
LINE = "=" * 80


def said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def linked(package: str, options: list[str]) -> list[dict[str, Any]]:
    """The crates of others in the library. Procedural macros and what only its build runs are not in there."""
    cargo = os.environ.get("CARGO", "cargo")
    edges = ("--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    tree = said(cargo, "tree", "--locked", "--package", package, *edges, *options)
    names = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    crates = json.loads(said(cargo, "metadata", "--locked", "--format-version", "1"))["packages"]
    found = [crate for crate in crates if crate["source"] and (crate["name"], f"v{crate['version']}") in names]
    return sorted(found, key=lambda crate: (crate["name"], crate["version"]))


def texts(crate: dict[str, Any]) -> list[str]:
    folder = Path(crate["manifest_path"]).parent
    # Code of somebody else in a folder of the crate may have a licence of its own.
    files = [path for path in folder.rglob("*") if path.is_file() and path.name.upper().startswith(NAMES)]
    files = files or [path for name, path in TEXTS.items() if name in crate["license"]]
    if files:
        return [file.read_text(encoding="utf-8") for file in sorted(files)]
    if crate["license"] == "MIT" and crate["authors"]:
        _, _, rest = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8").partition("\n\nPermission ")
        return [f"Copyright (c) {', '.join(crate['authors'])}\n\nPermission {rest}"]
    raise SystemExit(f"tools/licences.py: no text for {crate['name']}, which is under {crate['license']}")


def main(package: str, *options: str) -> None:
    crates = linked(package, list(options))
    rust = f"Rust's standard library, {' '.join(said('rustc', '--version').split()[:2])}"
    software = [(rust, "MIT OR Apache-2.0", "https://github.com/rust-lang/rust", [TEXTS["Apache-2.0"].read_text()])]
    for crate in crates:
        # MPL-2.0 asks for the address of the source, which is this one for every crate.
        source = f"https://crates.io/crates/{crate['name']}/{crate['version']}"
        software.append((f"{crate['name']} {crate['version']}", crate["license"], source, texts(crate)))
        if crate["name"] == "libsqlite3-sys":
            software.append(("SQLite", "public domain", "https://sqlite.org", []))

    # Texts with the same words are printed once.
    users: dict[str, list[str]] = defaultdict(list)
    printed: dict[str, str] = {}
    for name, _, _, its_texts in software:
        for text in its_texts:
            words = " ".join(text.split())
            printed.setdefault(words, text.strip("\n"))
            users[words].append(name)

    print("The native library of this package contains:\n")
    for name, licence, source, _ in software:
        print(f"- {name}: {licence}, {source}")
    for words, text in printed.items():
        print(f"\n{LINE}\n{', '.join(dict.fromkeys(users[words]))}\n{LINE}\n\n{text}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    main(*sys.argv[1:])
