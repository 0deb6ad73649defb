"""The public surface of the crate, from rustdoc's JSON: `rust.py egoi_verify.json`."""

import json
import sys
from pathlib import Path

doc = json.loads(Path(sys.argv[1]).read_text())
index = doc["index"]
lines: set[str] = set()


def of(id: int) -> dict:
    return index[str(id)]


def typed(type: dict | None) -> str:
    """A type as one writes it, without paths."""
    if type is None:
        return "()"
    kind, what = next(iter(type.items()))
    match kind:
        case "resolved_path":
            return what["path"].split("::")[-1] + arguments(what["args"])
        case "primitive" | "generic":
            return what
        case "borrowed_ref":
            return "&" + ("mut " if what["is_mutable"] else "") + typed(what["type"])
        case "tuple":
            return f"({', '.join(map(typed, what))})"
        case "slice":
            return f"[{typed(what)}]"
        case "array":
            return f"[{typed(what['type'])}; {what['len']}]"
        case "impl_trait":
            return "impl " + " + ".join(map(bound, what))
        case "dyn_trait":
            return "dyn " + " + ".join(
                each["trait"]["path"].split("::")[-1] + arguments(each["trait"]["args"]) for each in what["traits"]
            )
        case "qualified_path":
            return f"{typed(what['self_type'])}::{what['name']}"
    raise ValueError(f"no way to write {kind}")


def arguments(args: dict | None) -> str:
    if args is None:
        return ""
    if "parenthesized" in args:
        both = args["parenthesized"]
        return f"({', '.join(map(typed, both['inputs']))}) -> {typed(both['output'])}"
    given = [typed(each["type"]) for each in args["angle_bracketed"]["args"] if "type" in each]
    given += [
        f"{each['name']} = {typed(each['binding']['equality']['type'])}"
        for each in args["angle_bracketed"]["constraints"]
        if "equality" in each["binding"]
    ]
    return f"<{', '.join(given)}>" if given else ""


def bound(given: dict) -> str:
    if "trait_bound" in given:
        trait = given["trait_bound"]["trait"]
        return trait["path"].split("::")[-1] + arguments(trait["args"])
    return f"'{given['outlives'].lstrip(chr(39))}" if "outlives" in given else "use<..>"


def function(path: str, item: dict) -> None:
    signature, header = item["inner"]["function"]["sig"], item["inner"]["function"]["header"]
    lines.add(path + (" async" if header["is_async"] else ""))
    for name, type in signature["inputs"]:
        if name != "self":
            lines.add(f"{path} {name}: {typed(type)}")
    if signature["output"] is not None:
        lines.add(f"{path} -> {typed(signature['output'])}")


def members(path: str, ids: list[int]) -> None:
    for item in map(of, ids):
        kind = next(iter(item["inner"]))
        if kind == "function":
            function(f"{path}.{item['name']}", item)
        elif kind == "struct_field" and item["visibility"] in ("public", "default"):
            lines.add(f"{path}.{item['name']}: {typed(item['inner'][kind])}")
        elif kind == "variant":
            variant = item["inner"]["variant"]["kind"]
            fields = variant["tuple"] if isinstance(variant, dict) and "tuple" in variant else []
            lines.add(
                f"{path}.{item['name']}"
                + "".join(f"({typed(of(field)['inner']['struct_field'])})" for field in fields if field is not None)
            )
            if isinstance(variant, dict) and "struct" in variant:
                members(f"{path}.{item['name']}", variant["struct"]["fields"])
        elif kind == "assoc_const":
            lines.add(f"{path}.{item['name']}: {typed(item['inner'][kind]['type'])}")


def walk(prefix: str, ids: list[int]) -> None:
    for id in ids:
        item = of(id)
        if "use" in item["inner"]:
            used = item["inner"]["use"]
            show(prefix + used["name"], of(used["id"]))
        elif item["visibility"] == "public":
            show(prefix + item["name"], item)


def show(path: str, item: dict) -> None:
    kind, inner = next(iter(item["inner"].items()))
    match kind:
        case "module":
            walk(f"{path}::", inner["items"])
        case "function":
            function(path, item)
        case "type_alias":
            lines.add(f"{path} = {typed(inner['type'])}")
        case "trait":
            lines.add(path)
            members(path, inner["items"])
        case "struct" | "enum":
            lines.add(path)
            if kind == "enum":
                members(path, inner["variants"])
            elif isinstance(inner["kind"], dict) and "plain" in inner["kind"]:
                members(path, inner["kind"]["plain"]["fields"])
            elif isinstance(inner["kind"], dict):
                for n, field in enumerate(inner["kind"]["tuple"]):
                    if field is not None:
                        lines.add(f"{path}.{n}: {typed(of(field)['inner']['struct_field'])}")
            for each in (of(id)["inner"]["impl"] for id in inner["impls"]):
                if each["trait"] is None:
                    members(path, [id for id in each["items"] if of(id)["visibility"] == "public"])
                elif (
                    not each["is_synthetic"]
                    and each["blanket_impl"] is None
                    and each["trait"]["path"] != "StructuralPartialEq"
                ):
                    trait = each["trait"]
                    lines.add(f"{path} is {trait['path'].split('::')[-1]}{arguments(trait['args'])}")


walk("", of(doc["root"])["inner"]["module"]["items"])
print("\n".join(sorted(lines)))
