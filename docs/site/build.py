"""Builds the site of the documentation into `target/docs/site`. `--references`: with what tools/references.sh made.

A page of this repository becomes a page of the site as the table below says. Three things change. A link leads to the
page's place on the site. A link to a file that the site does not have becomes text. A line `**Code** (…)` becomes tabs,
whose code is a section of the files that it names. The tests run those files.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Zensical wants all of a project in one folder.
PROJECT = ROOT / "target/docs"
PAGES, SITE = PROJECT / "pages", PROJECT / "site"

# Each page of the repository, and its place on the site. A folder stands for its pages.
PLACES = {
    "docs/guides/README.md": "index.md",
    "docs/guides": "guides",
    "docs/errors": "errors",
    "docs/production.md": "guides/production.md",
    "SECURITY.md": "guides/security.md",
    "docs/limits.md": "limits.md",
    "docs/numbers.md": "numbers.md",
    "docs/fraud.md": "fraud.md",
    "docs/stores.md": "stores.md",
    "docs/wire.md": "wire.md",
    "docs/benchmarks.md": "benchmarks.md",
    "docs/bench/all.md": "measurements.md",
    "CHANGELOG.md": "changelog.md",
}
LANGUAGES = {"Rust": "rust", "Python": "python", "Node": "js", "Kotlin": "kotlin", "Swift": "swift"}
# Each reference below `target/references`, and its first page.
REFERENCES = {
    "rust": "egoi_verify/index.html",
    "python": "egoi_verify.html",
    "node": "index.html",
    "kotlin": "index.html",
    "swift": "egoiverify/documentation/egoiverify/index.html",
    "swift/egoiverifyphone": "documentation/egoiverifyphone/index.html",
}
CODE = re.compile(r"^\*\*Code\*\* \(`(\w+)`\): (.+)$", re.MULTILINE)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def pages() -> dict[Path, str]:
    """Each page of the repository that the site has, and its place there."""
    found: dict[Path, str] = {}
    for name, place in PLACES.items():
        path = ROOT / name
        for page in sorted(path.glob("*.md")) if path.is_dir() else [path]:
            found.setdefault(page, f"{place}/{page.name}" if path.is_dir() else place)
    return found


def tabs(page: Path, section: str, links: str) -> str:
    """The section of each file, a tab for each language."""
    shown = []
    for language, link in re.findall(r"\[(\w+)\]\(([^)]+)\)", links):
        file = (page.parent / link).resolve().relative_to(ROOT)
        lexer = "ts" if file.suffix == ".ts" else LANGUAGES[language]
        shown.append(f'=== "{language}"\n\n    ```{lexer}\n    --8<-- "{file}:{section}"\n    ```\n')
    return "\n".join(shown)


def laid_out(page: Path, places: dict[Path, str]) -> str:
    """The text of a page as the site has it."""

    def moved(match: re.Match[str]) -> str:
        image, text, link = match.groups()
        path, _, anchor = link.partition("#")
        if not path or urlsplit(link).scheme:
            return match[0]
        target = (page.parent / unquote(path)).resolve()
        here = PurePosixPath(places[page]).parent
        if target in places:
            up = "../" * len(here.parts)
            return f"{image}[{text}]({up}{places[target]}{'#' + anchor if anchor else ''})"
        if image:
            copy = PAGES / "images" / target.name
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(target, copy)
            return f"![{text}]({'../' * len(here.parts)}images/{target.name})"
        return text

    parts = FENCED.split(CODE.sub(lambda code: tabs(page, *code.groups()), page.read_text()))
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)


def put_references() -> None:
    """Puts what tools/references.sh made beside the pages, and links to it."""
    page = SITE / "guides/reference.html"
    text = page.read_text()
    for reference, start in REFERENCES.items():
        if (made := ROOT / "target/references" / reference).exists():
            shutil.copytree(made, SITE / "reference" / reference, dirs_exist_ok=True)
            place = f"reference/{reference}"
            text = text.replace(f"<code>{place}</code>", f'<a href="../{place}/{start}"><code>{place}</code></a>')
    page.write_text(text)


class Page(HTMLParser):
    """The links of a page of the site, and the places in it that a link can name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.ids.add(value)


def dead_links() -> list[str]:
    """What is wrong with a link, a script or a picture of the site's own pages."""
    checked = {path: Page(path) for path in SITE.rglob("*.html") if SITE / "reference" not in path.parents}
    faults = []
    for path, page in checked.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme in ("http", "https", "mailto"):
                continue
            # The page for a wrong address is served at any address: its links begin at the root.
            base = SITE if url.path.startswith("/") else path.parent
            target = (base / unquote(url.path).lstrip("/")).resolve() if url.path else path
            shown = f"{path.relative_to(SITE)}: {link}"
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                faults.append(f"{shown} leads to nothing")
            elif (
                url.fragment
                and target in checked
                and unquote(url.fragment) not in checked[target].ids | {"__codelineno"}
            ):
                faults.append(f"{shown} leads to no heading")
    return faults


def fetched() -> list[str]:
    """What a page fetches from elsewhere: nothing, so that the site works without a network."""
    found = []
    for path in SITE.rglob("*.html"):
        if SITE / "reference" not in path.parents:
            found += re.findall(
                r"<(?:script|img)[^>]+src=\"https?:[^\"]+|<link[^>]+stylesheet[^>]+https?:[^\"]+", path.read_text()
            )
    return found


def main() -> None:
    shutil.rmtree(PROJECT, ignore_errors=True)
    shutil.copytree(HERE / "overrides", PROJECT / "overrides")
    shutil.copy(HERE / "mkdocs.yml", PROJECT)
    places = pages()
    for page, place in places.items():
        to = PAGES / place
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(laid_out(page, places))
    (PAGES / "assets").mkdir()
    shutil.copy(HERE / "node_modules/iframe-worker/shim/index.js", PAGES / "assets/iframe-worker.js")

    zensical = Path(sys.executable).with_name("zensical")
    command = [zensical, "build", "--clean", "--strict", "--config-file", PROJECT / "mkdocs.yml"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = built.stdout + built.stderr
    if built.returncode or "arning" in said or not (SITE / "index.html").exists():
        sys.exit(said)
    if "--references" in sys.argv:
        put_references()
    faults = dead_links() + fetched()
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
