"""The public surface of the Swift package, from its symbol graphs: `swift.py EgoiVerify.symbols.json …`."""

import json
import re
import sys
from pathlib import Path

PREFIXES = {
    "EgoiVerify": "",
    "EgoiVerifyTesting": "testing.",
    "EgoiVerifyPhone": "phone.",
    "EgoiVerifyPhoneTesting": "phone.testing.",
}
lines: set[str] = set()


def split(text: str) -> list[str]:
    """What stands between commas that are within no bracket."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([<{") - (c in ")]}" or (c == ">" and not parts[-1].endswith("-")))
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def callable_(path: str, declaration: str) -> None:
    inside = declaration[declaration.index("(") + 1 :]
    depth, end = 1, 0
    while depth > 0:
        depth += (inside[end] == "(") - (inside[end] == ")")
        end += 1
    after = inside[end:].strip()
    effects = [word for word in ("async", "throws") if word in after.split("->")[0].split()]
    lines.add(" ".join([path, *effects]))
    for parameter in split(inside[: end - 1]):
        lines.add(f"{path} {parameter}")
    if "->" in after:
        lines.add(f"{path} -> {after.split('->', 1)[1].split(' where ')[0].strip()}")


for file in sys.argv[1:]:
    graph = json.loads(Path(file).read_text())
    names = {symbol["identifier"]["precise"]: symbol["pathComponents"] for symbol in graph["symbols"]}
    prefix = PREFIXES[graph["module"]["name"]]
    for symbol in graph["symbols"]:
        kind = symbol["kind"]["identifier"].removeprefix("swift.")
        *parents, name = symbol["pathComponents"]
        path = prefix + ".".join([*parents, name.split("(")[0]])
        declaration = re.sub(r"\s+", " ", "".join(each["spelling"] for each in symbol["declarationFragments"]))
        declaration = re.sub(r"@\w+ (?=.*\b(?:func|init|var|let|struct|class|enum|protocol)\b)", "", declaration)
        if kind in ("method", "type.method", "func", "init"):
            callable_(path, declaration)
        elif kind in ("property", "type.property", "var"):
            lines.add(f"{path}:{declaration.split(':', 1)[1]}" if ":" in declaration else path)
        elif kind == "enum.case":
            lines.add(path + re.sub(r"^case [\w`]+", "", declaration))
        elif kind in ("struct", "class", "enum", "protocol", "typealias"):
            lines.add(f"{path} {kind}")
    for relation in graph["relationships"]:
        if relation["kind"] == "conformsTo" and relation["source"] in names:
            to = relation.get("targetFallback", ".".join(names.get(relation["target"], ["?"])))
            lines.add(f"{prefix}{'.'.join(names[relation['source']])} is {to.split('.')[-1]}")
print("\n".join(sorted(lines)))
