"""Writes the list of the crates in each artefact, as CycloneDX 1.5: `tools/sbom.py FOLDER`.

It contains no path of the machine that it is made on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

ARTEFACTS = {
    "crate": ["-p", "egoi-verify"],
    "python": ["-p", "egoi-verify-python"],
    "node": ["-p", "egoi-verify-node"],
    "kotlin-and-swift": ["-p", "egoi-verify-native"],
    "phone": ["-p", "egoi-verify-phone-native"],
    "testing": ["-p", "egoi-verify-testing-native"],
}
"""Each with the arguments that select what is linked into it."""


def cargo(*arguments: str) -> str:
    command = [os.environ.get("CARGO", "cargo"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def crates(selection: list[str]) -> set[tuple[str, str]]:
    """Name and version of what is linked on any system, without what only builds and tests."""
    tree = cargo(
        "tree",
        "--locked",
        "--target",
        "all",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
        *selection,
    )
    lines = {tuple(line.split(" ")[:2]) for line in tree.splitlines() if line}
    return {(name, version.removeprefix("v")) for name, version in lines}


def sbom(
    name: str, selection: list[str], packages: dict[tuple[str, str], dict[str, str]], hashes: dict[tuple[str, str], str]
) -> object:
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:cargo/{crate}@{version}",
            "name": crate,
            "version": version,
            "purl": f"pkg:cargo/{crate}@{version}",
            "licenses": [{"expression": packages[crate, version]["license"].replace("/", " OR ")}],
            **(
                {"hashes": [{"alg": "SHA-256", "content": hashes[crate, version]}]}
                if (crate, version) in hashes
                else {}
            ),
        }
        for crate, version in sorted(crates(selection))
    ]
    own = packages[selection[1], next(version for crate, version in crates(selection) if crate == selection[1])]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "library", "name": f"egoi-verify ({name})", "version": own["version"]}},
        "components": components,
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    metadata = json.loads(cargo("metadata", "--locked", "--all-features", "--format-version", "1"))
    packages = {(each["name"], each["version"]): each for each in metadata["packages"]}
    hashes = {}
    for block in (ROOT / "Cargo.lock").read_text(encoding="utf-8").split("[[package]]")[1:]:
        fields = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if "checksum" in fields:
            hashes[fields["name"].strip('"'), fields["version"].strip('"')] = fields["checksum"].strip('"')
    for name, selection in ARTEFACTS.items():
        text = json.dumps(sbom(name, selection, packages, hashes), indent=2) + "\n"
        assert str(ROOT) not in text and str(Path.home()) not in text
        (folder / f"egoi-verify-{name}.cdx.json").write_text(text, encoding="utf-8")
        print(f"{name}: {text.count('bom-ref')} crates")


if __name__ == "__main__":
    main()
