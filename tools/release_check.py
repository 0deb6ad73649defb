"""What can be checked of a release without credentials and without a build: `make release-check`.

The versions of all manifests, the section of the changelog, the workflows, the lists of crates, and what cargo and
npm would publish.
With `--tag v0.1.0`, that the tag is of this version, and that the documentation site has an address.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
MAVEN = "{http://maven.apache.org/POM/4.0.0}"


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def found(path: str, pattern: str) -> str:
    match = re.search(pattern, read(path), re.MULTILINE)
    return match[1] if match else f"nothing like {pattern}"


def versions() -> dict[str, str]:
    """The version that each manifest has, the workspace's first: the crate and the wheel have no other."""
    lock = json.loads(read("node/package-lock.json"))
    versions = {
        "Cargo.toml": found("Cargo.toml", r'^\[workspace\.package\]\nversion = "(.*)"'),
        "Cargo.lock": found("Cargo.lock", r'^name = "egoi-verify"\nversion = "(.*)"'),
        "node/package.json": json.loads(read("node/package.json"))["version"],
        "node/package-lock.json": lock["version"],
        "node/package-lock.json, its package": lock["packages"][""]["version"],
        "bindings/kotlin/android/aar.sh": found("bindings/kotlin/android/aar.sh", r"^version=(.*)$"),
    }
    for pom in sorted((ROOT / "bindings/kotlin").glob("**/*pom.xml")):
        if "target" in pom.relative_to(ROOT).parts:
            continue
        project = xml.parse(pom).getroot()
        own = [project] if project.findtext(f"{MAVEN}artifactId", "").startswith("egoi-verify") else []
        for number, part in enumerate([*own, *project.iter(f"{MAVEN}dependency")]):
            if part.findtext(f"{MAVEN}groupId") == "egoi.verify":
                versions[f"{pom.relative_to(ROOT)} ({number})"] = part.findtext(f"{MAVEN}version", "none")
    return versions


def check_versions(tag: str | None) -> list[str]:
    all_versions = versions()
    version = all_versions["Cargo.toml"]
    faults = [
        f"{where} has version {other}, Cargo.toml {version}"
        for where, other in all_versions.items()
        if other != version
    ]
    if tag is not None and tag != f"v{version}":
        faults.append(f"the tag is {tag}, the version {version}")
    heading = re.search(rf"^## \[{re.escape(version)}\] - (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    if heading is None:
        faults.append(f"CHANGELOG.md has no section of {version}")
    elif tag is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", heading[1]):
        faults.append(f"CHANGELOG.md gives {version} no date: {heading[1]}")
    return faults


def check_site(tag: str | None) -> list[str]:
    """An error of a published package leads to the site for as long as the package is used."""
    site = found("docs/site/mkdocs.yml", r"^site_url: (.*)$")
    is_reserved = (urlsplit(site).hostname or "").endswith(".example")
    return [f"docs/site/mkdocs.yml: {site} is a reserved name, and has no site"] if tag and is_reserved else []


def check_workflows() -> list[str]:
    """An action of somebody else's can be another one tomorrow, but for a commit of it."""
    faults = []
    for workflow in sorted((ROOT / ".github/workflows").glob("*.yml")):
        for number, line in enumerate(workflow.read_text(encoding="utf-8").splitlines(), 1):
            action = re.search(r"\buses:\s*(\S+)(.*)", line)
            if action is None or action[1].startswith("./"):
                continue
            if not re.fullmatch(r"[^@]+@[0-9a-f]{40}", action[1]) or not re.fullmatch(r" # v\d\S*", action[2]):
                faults.append(
                    f"{workflow.name}:{number}: {action[1]} is not pinned by its commit, with the version beside it"
                )
    return faults


def run(*command: str, cwd: Path = ROOT) -> list[str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [f"{' '.join(command)}:\n{done.stdout}{done.stderr}"]


def check_crate() -> list[str]:
    """Every file of the crate is packed. `make test-packages` builds it from the archive."""
    return run(
        os.environ.get("CARGO", "cargo"),
        "package",
        "--quiet",
        "--locked",
        "--allow-dirty",
        "--no-verify",
        "-p",
        "egoi-verify",
    )


def check_lists() -> list[str]:
    """The lists of the crates in each artefact can be made, and each names the crate that it is known by."""
    with tempfile.TemporaryDirectory() as folder:
        faults = run(sys.executable, "tools/sbom.py", folder)
        if faults:
            return faults
        files = Path(folder).iterdir()
        lists = {path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8")) for path in files}
    crates = {name: {part["name"] for part in each["components"]} for name, each in lists.items()}
    expected = {
        "egoi-verify-crate": "rustls",
        "egoi-verify-python": "pyo3",
        "egoi-verify-node": "napi",
        "egoi-verify-kotlin-and-swift": "uniffi",
        "egoi-verify-phone": "egoi-verify-phone-native",
        "egoi-verify-testing": "egoi-verify-testing-native",
    }
    faults = [f"the list of {name} lacks {crate}" for name, crate in expected.items() if crate not in crates[name]]
    return faults if crates.keys() == expected.keys() else [*faults, f"there are lists of {sorted(crates)}"]


def check_npm() -> list[str]:
    packed = sorted((ROOT / "node/build").glob("*.tgz"))
    if len(packed) < 2:
        return ["node/build has not the npm packages: run `make packed-node`"]
    return [fault for each in packed for fault in run("npm", "publish", "--dry-run", "--access", "public", str(each))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag")
    tag = parser.parse_args().tag
    faults = [*check_versions(tag), *check_site(tag)]
    faults += [fault for check in (check_workflows, check_crate, check_lists, check_npm) for fault in check()]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"release-check: {len(versions())} versions, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
