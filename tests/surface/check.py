"""Holds the public surface of every language against one table, and says what is missing, more or different.

`check.py` reads the checked-in `LANGUAGE.txt` files beside it; `check.py FOLDER` first compares them with those of
FOLDER, which were read from what is shipped now.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LANGUAGES = ("rust", "python", "node", "kotlin", "swift")


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def pascal(name: str) -> str:
    return camel(f"_{name}")


ACRONYMS = {"html": "HTML", "http": "HTTP", "id": "ID", "ids": "IDs", "sms": "SMS", "url": "URL"}


def swift(name: str) -> str:
    """Swift's guidelines: an acronym is of one case, lower where it begins the name."""
    first, *rest = name.split("_")
    return first + "".join(ACRONYMS.get(part, part.capitalize()) for part in rest)


def snake(name: str) -> str:
    return name


# How names of options and calls are written, and names of an enum's values.
NAMES: dict[str, Callable[[str], str]] = {
    "rust": snake,
    "python": snake,
    "node": camel,
    "kotlin": camel,
    "swift": swift,
}
VALUES: dict[str, Callable[[str], str]] = {
    "rust": pascal,
    "python": str.upper,
    "node": snake,
    "kotlin": str.upper,
    "swift": swift,
}

ENUMS = (
    "outcomes",
    "states",
    "code types",
    "what is said of an SMS",
    "encodings",
    "versions of the interface",
    "trust",
    "numbers to accept",
    "types of numbers",
    "error codes",
    "calls that fail",
    "cuts",
    "bodies",
)

OTHERS = ("cancel", "resend", "get")

# Where each language has what the table names: the members of a type (`Type.`), what a function takes (`function()`),
# or the words of a type (`Type=`). With several, each has all of it, unless they are joined by a plus.
PLACES: dict[str, dict[str, list[str]]] = {
    "calls of a verifier": {
        "rust": ["Verifier."],
        "python": ["Verifier.", "AsyncVerifier."],
        "node": ["Verifier."],
        "kotlin": ["Verifier."],
        "swift": ["Verifier."],
    },
    "calls of an engine": {
        "rust": ["Engine."],
        "python": ["Engine.", "AsyncEngine."],
        "node": ["Engine. + Verifier."],
        "kotlin": ["Engine."],
        "swift": ["Engine."],
    },
    "calls of a client": {
        "rust": ["Client."],
        "python": ["Client.", "AsyncClient."],
        "node": ["Client. + Verifier."],
        "kotlin": ["Client."],
        "swift": ["Client."],
    },
    "calls of E-goi's SMS call": dict.fromkeys(LANGUAGES, ["EgoiSms."]) | {"swift": ["EgoiSMS."]},
    "outcomes": dict.fromkeys(("rust", "python", "kotlin", "swift"), ["Outcome."]) | {"node": ["Outcome="]},
    "states": dict.fromkeys(("rust", "python", "kotlin"), ["State."])
    | {"node": ["State="], "swift": ["VerificationState."]},
    "code types": dict.fromkeys(("rust", "python", "kotlin", "swift"), ["CodeType."]) | {"node": ["CodeType="]},
    "what is said of an SMS": {
        "rust": ["SmsStatus."],
        "python": ["SmsStatus."],
        "node": ["SmsStatus="],
        "kotlin": ["SmsStatus."],
        "swift": ["SMSStatus."],
    },
    "encodings": {
        "rust": ["SmsEncoding."],
        "python": [],
        "node": ["SmsParts.encoding:"],
        "kotlin": ["SmsEncoding."],
        "swift": ["SMSEncoding."],
    },
    "versions of the interface": {
        "rust": ["Api."],
        "python": ["Client.__init__ api:"],
        "node": ["ClientSettings.api:"],
        "kotlin": ["Api."],
        "swift": ["API."],
    },
    "trust": {
        "rust": ["Trust."],
        "python": ["Client.__init__ trust:"],
        "node": ["ClientSettings.trust:"],
        "kotlin": ["Trust."],
        "swift": ["Trust."],
    },
    "numbers to accept": {
        "rust": ["Accept."],
        "python": ["Client.__init__ accept:"],
        "node": ["Accept="],
        "kotlin": ["Accept."],
        "swift": ["Accept."],
    },
    "types of numbers": dict.fromkeys(("rust", "python", "kotlin", "swift"), ["NumberType."])
    | {"node": ["NumberType="]},
    "error codes": {
        "rust": ["ErrorCode."],
        "python": ["< VerifyError"],
        "node": ["ErrorCode="],
        "kotlin": ["VerifyException."],
        "swift": ["VerifyError."],
    },
    "error fields": {
        "rust": ["Error."],
        "python": ["VerifyError."],
        "node": ["VerifyError."],
        "kotlin": ["VerifyException."],
        "swift": ["VerifyError."],
    },
    "fields of a verification": dict.fromkeys(LANGUAGES, ["Verification."]),
    "fields of an outcome with details": dict.fromkeys(LANGUAGES, ["OutcomeDetails."]),
    "fields of a sender": dict.fromkeys(LANGUAGES, ["SenderInfo."]),
    "fields of SMS parts": dict.fromkeys(LANGUAGES, ["SmsParts."]) | {"swift": ["SMSParts."]},
    "fields of an SMS to send": dict.fromkeys(LANGUAGES, ["OutgoingSms."]) | {"swift": ["OutgoingSMS."]},
    "fields of a phone number": dict.fromkeys(LANGUAGES, ["PhoneNumber."]),
    "fields of a quota": dict.fromkeys(LANGUAGES, ["Quota."]),
    "fields of a quota of a prefix": dict.fromkeys(LANGUAGES, ["PrefixQuota."]),
    "functions": dict.fromkeys(LANGUAGES, ["."]),
    "sandbox calls": dict.fromkeys(("rust", "python"), ["Sandbox."])
    | dict.fromkeys(("node", "kotlin", "swift"), ["testing.Sandbox."]),
    "calls of the sandbox's clock": {
        "rust": ["SandboxClock."],
        "python": ["SandboxClock."],
        "node": ["testing.SandboxClock."],
        "kotlin": ["testing.Sandbox.Clock."],
        "swift": ["testing.Sandbox.Clock."],
    },
    "calls of a test clock": {"rust": ["TestClock."]}
    | dict.fromkeys(("python", "node", "kotlin", "swift"), ["testing.TestClock."]),
    "fields of a message": dict.fromkeys(("rust", "python"), ["Message."])
    | dict.fromkeys(("node", "kotlin", "swift"), ["testing.Message."]),
    "fields of a fault": {"rust": ["Fault."], "python": ["Sandbox.fail_next()"]}
    | dict.fromkeys(("node", "kotlin", "swift"), ["testing.Fault."]),
    "calls that fail": {
        "rust": ["FaultCall."],
        "python": ["Sandbox.fail_next call:"],
        "node": ["testing.Fault.call:"],
        "kotlin": ["testing.FaultCall."],
        "swift": ["testing.Fault.Call."],
    },
    "cuts": {
        "rust": ["Cut."],
        "python": ["Sandbox.fail_next cut:"],
        "node": ["testing.Fault.cut:"],
        "kotlin": ["testing.Cut."],
        "swift": ["testing.Fault.Cut."],
    },
    "bodies": {
        "rust": ["FaultBody."],
        "python": ["Sandbox.fail_next body:"],
        "node": ["testing.Fault.body:"],
        "kotlin": ["testing.FaultBody."],
        "swift": ["testing.Fault.Body."],
    },
    "of request": {
        "rust": ["RequestOptions."],
        "node": ["RequestOptions. + CallOptions."],
        "swift": ["RequestOptions.", "Verifier.request()"],
        "python": [
            f"{kind}.request()"
            for kind in ("Client", "AsyncClient", "Engine", "AsyncEngine", "Verifier", "AsyncVerifier")
        ],
        "kotlin": [f"{kind}.request()" for kind in ("Client", "Engine", "Verifier")],
    },
    "of validate": {
        "rust": ["ValidateOptions."],
        "node": ["ValidateOptions. + CallOptions."],
        "swift": ["ValidateOptions.", "Verifier.validate()"],
        "python": [
            f"{kind}.validate()"
            for kind in ("Client", "AsyncClient", "Engine", "AsyncEngine", "Verifier", "AsyncVerifier")
        ],
        "kotlin": [f"{kind}.validate()" for kind in ("Client", "Engine", "Verifier")],
    },
    "of every other call": {
        "rust": ["CallOptions."],
        "node": ["CallOptions."],
        "swift": ["CallOptions.", *(f"Verifier.{verb}()" for verb in OTHERS)],
        "python": [
            f"{kind}.{verb}()"
            for kind in ("Client", "AsyncClient", "Engine", "AsyncEngine", "Verifier", "AsyncVerifier")
            for verb in OTHERS
        ],
        "kotlin": [f"{kind}.{verb}()" for kind in ("Client", "Engine", "Verifier") for verb in OTHERS],
    },
    "of generate_code": {
        "rust": ["generate_code()"],
        "python": ["generate_code()"],
        "node": ["generateCode()"],
        "kotlin": ["generateCode()"],
        "swift": ["generateCode()"],
    },
    "of parse_number": {
        "rust": ["parse_number()"],
        "python": ["parse_number()"],
        "node": ["parseNumber()"],
        "kotlin": ["parseNumber()"],
        "swift": ["PhoneNumber.init()"],
    },
    "of code_in_sms": {
        "rust": ["code_in_sms()"],
        "python": ["code_in_sms()"],
        "node": ["codeInSms()"],
        "kotlin": ["codeInSms()"],
        "swift": ["codeInSMS()"],
    },
    "of a client": {
        "rust": ["ClientOptions.new() + ClientOptions."],
        "python": ["Client.__init__()", "AsyncClient.__init__()"],
        "node": ["ClientOptions. + ClientSettings."],
        "kotlin": ["ClientOptions.constructor()"],
        "swift": ["ClientOptions."],
    },
    "of E-goi's SMS call": {
        "rust": ["EgoiSms."],
        "python": ["EgoiSms.__init__()"],
        "node": ["EgoiSmsSettings."],
        "kotlin": ["EgoiSms.constructor()"],
        "swift": ["EgoiSMS."],
    },
    "of an engine": {
        "rust": ["EngineOptions. + Engine.new()"],
        "python": ["Engine.__init__()", "AsyncEngine.__init__()"],
        "node": ["EngineOptions."],
        "kotlin": ["EngineOptions.constructor() + Engine.constructor()"],
        "swift": ["EngineOptions. + Engine.init()"],
    },
    "of a sandbox": {
        "rust": ["SandboxOptions."],
        "python": ["Sandbox.__init__()"],
        "node": ["testing.SandboxOptions."],
        "kotlin": ["testing.SandboxOptions.constructor()"],
        "swift": ["testing.SandboxOptions."],
    },
}

# What is no option of the calls whose options are among their arguments.
ARGUMENTS = {"of request": {"number", "options"}, "of an engine": {"options"}}
# How a value is made, printed, compared, copied and let go of is each language's own.
OWN = {
    "__init__",
    "constructor",
    "new",
    "init",
    "parse",
    "__enter__",
    "__aenter__",
    "__str__",
    "__bool__",
    "toJSON",
    "toString",
    "close",
    "aclose",
    "description",
    "debugDescription",
    "customMirror",
    "errorDescription",
    "encode",
}


def found_at(lines: list[str], place: str) -> dict[str, str]:
    """What there is at a place, by name, each with what is said of it."""
    found: dict[str, str] = {}
    for part in place.split(" + "):
        for line in lines:
            if part.startswith("< "):
                match = re.fullmatch(rf"(\w+) {re.escape(part)}\b.*", line)
                word = next(
                    (each.split("'")[1] for each in lines if match and each.startswith(f"{match[1]}.code = ")), None
                )
                if word is not None:
                    found[word.upper()] = ""
            elif part.endswith("()"):
                match = re.fullmatch(rf"{re.escape(part[:-2])} (?:_ )?(\w+)(\??:.*)", line)
                if match:
                    found[match[1]] = match[2]
            elif part.endswith("="):
                if line.startswith(f"{part[:-1]} = "):
                    found[line.split('"')[1]] = ""
            elif part.endswith(":"):
                if re.match(rf"{re.escape(part[:-1])}\??: ", line):
                    found |= dict.fromkeys(re.findall("[\"'](\\w+)[\"']", line), "")
            else:
                match = re.fullmatch(rf"{re.escape(part.removeprefix('.'))}(\w+)((?:\??[:(= ].*)?)", line)
                if match and not (match[2].startswith(" ") and re.match(r" (_ )?\w+\??: ", match[2])):
                    found.setdefault(match[1], match[2])
    return found


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def default_of(language: str, said: str) -> tuple[bool, Any]:
    """Whether an option may be left out, and what it is then, where its declaration says that; else `...`."""
    declared = said.split(" = ", 1)[1].removesuffix(" by name") if " = " in said else None
    if declared in ("None", "nil", "'default'", ".standard", "Limit.standard"):
        return True, ...
    if declared is not None:
        if declared.startswith("."):
            return True, declared[1:]
        return True, {"true": True, "false": False}.get(declared) if declared in (
            "true",
            "false",
        ) else as_list(ast.literal_eval(declared))
    if language == "swift":
        return said.split(" {")[0].endswith("?") or "Limit<" in said, ...
    return said.startswith("?") or said.endswith("| undefined") or (language == "rust" and " impl " not in said), ...


def check(language: str, lines: list[str], table: dict[str, Any]) -> list[str]:
    faults = []
    given = [each for each in table["exceptions"] if each["language"] == language]
    unused = [(each["of"], kind, name) for each in given for kind in ("lacks", "more") for name in each.get(kind, ())]
    for what, wanted in (table["lists"] | table["options"]).items():
        here = [each for each in given if each["of"] == what]
        lacks = {name for each in here for name in each.get("lacks", ())}
        more = {name for each in here for name in each.get("more", ())}
        called = {name: other for each in here for name, other in each.get("called", {}).items()}
        for place in PLACES[what][language]:
            found = found_at(lines, place)
            is_enum = what in ENUMS and place.endswith(".")
            rule = VALUES[language] if is_enum or place.startswith("<") else snake if what in ENUMS else NAMES[language]
            if (what, language) == ("error codes", "kotlin"):
                rule = pascal
            if is_enum:  # and not what there is beside its values
                upper = language != "swift"
                found = {name: said for name, said in found.items() if said[:1] != ":" and name[0].isupper() == upper}
            elif place.endswith("."):  # and no type within a type, no case of an enum
                found = {name: said for name, said in found.items() if not name[0].isupper() and said[:1] != "("}
            names = {name: called.get(name, rule(name)) for name in wanted}
            for name, own in names.items():
                if (own in found) == (name in lacks):
                    faults.append(
                        f"{place}: {own} " + ("is there, and said not to be" if own in found else "is missing")
                    )
                unused = [each for each in unused if each != (what, "lacks", name)]
                if own in found and isinstance(wanted, dict):
                    optional, default = default_of(language, found[own])
                    if optional == (wanted[name] == "required") and (language != "rust" or "new()" in place):
                        faults.append(f"{place}: {own} is {'optional' if optional else 'required'}")
                    if default is not ... and default != wanted[name]:
                        faults.append(f"{place}: {own} is {default!r} by default, and not {wanted[name]!r}")
            arguments = ARGUMENTS.get(what, {"id", "code", "options"}) if "()" in place else set()
            for name in found.keys() - set(names.values()) - OWN - arguments if what != "functions" else ():
                if name in more:
                    unused = [each for each in unused if each != (what, "more", name)]
                else:
                    faults.append(f"{place}: {name} is not in the table")
    return faults + [f"the exception is not needed: {what} {kind} {name}" for what, kind, name in unused]


def main() -> int:
    table = json.loads((HERE / "table.json").read_text())
    faults = 0
    for language in LANGUAGES:
        known = (HERE / f"{language}.txt").read_text()
        now = Path(sys.argv[1]) / f"{language}.txt" if len(sys.argv) > 1 else None
        if now is not None and now.exists() and now.read_text() != known:
            print(
                f"THE PUBLIC SURFACE OF {language.upper()} IS ANOTHER: `make surface` writes it down", file=sys.stderr
            )
            sys.stderr.writelines(
                difflib.unified_diff(known.splitlines(True), now.read_text().splitlines(True), "before", "now", n=0)
            )
            faults += 1
        for fault in check(language, known.splitlines(), table):
            print(f"{language}: {fault}", file=sys.stderr)
            faults += 1
    print(f"{len(LANGUAGES)} surfaces, {faults} faults")
    return faults != 0


sys.exit(main())
