"""Every file of ``tests/scenarios`` on every verifier that it names, blocking and for asyncio.

The README of that folder says what a file holds.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

import egoi_verify
import pytest
from egoi_verify import (
    AsyncClient,
    AsyncEngine,
    Client,
    Engine,
    NotSentError,
    Outcome,
    OutcomeDetails,
    OutgoingSms,
    PhoneNumber,
    PrefixQuota,
    Quota,
    Sandbox,
    SenderInfo,
    SmsParts,
    State,
    Store,
    Verification,
    VerifyError,
)
from egoi_verify.testing import TestClock

FILES = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parents[2] / "tests/scenarios").glob("*.json")
}
assert FILES and all(scenario["on"] for scenario in FILES.values())
STORE = os.environ.get("EGOI_SCENARIOS_STORE")
SANDBOXES: dict[str, dict[str, Any]] = {
    "client-v1": {},
    "client-v2": {},
    "client-v2-words": {"v2_words": True},
    "client-v2-400": {"v2_wrong": 400},
    "engine": {},
}
OF_THE_STORE = ("key", "previous_keys", "retention")
FUNCTIONS = ("generate_code", "parse_number", "sms_parts", "with_origin", "with_app_hash", "code_in_sms")


@pytest.mark.parametrize("calls", ["blocking", "asyncio"])
@pytest.mark.parametrize(("name", "on"), [(name, on) for name in sorted(FILES) for on in FILES[name]["on"]])
def test_scenario(name: str, on: str, calls: str) -> None:
    with Sandbox(**SANDBOXES[on], **FILES[name].get("sandbox", {})) as sandbox:
        Run(name, on, sandbox, calls == "asyncio").play()


class Run:
    def __init__(self, name: str, on: str, sandbox: Sandbox, is_async: bool) -> None:
        self.name, self.on, self.sandbox, self.is_async = name, on, sandbox, is_async
        self.clock = TestClock()
        self.sent: list[OutgoingSms] = []
        self.send_fails: str | None = None
        self.kept: dict[str, str] = {}
        self.loop = asyncio.new_event_loop()
        sandbox.clock.freeze()
        self.clock.freeze()

    def play(self) -> None:
        scenario = dict(FILES[self.name])
        options = {kind: scenario.pop(kind, {}) for kind in ("client", "engine", "sandbox")}
        steps = scenario.pop("steps")
        assert scenario.keys() == {"about", "on"}
        self.make(self.told(options["engine" if self.on == "engine" else "client"]))
        try:
            for step in steps:
                self.play_step(dict(step))
        finally:
            self.call("aclose" if self.is_async else "close")
            self.loop.close()

    def play_step(self, step: dict[str, Any]) -> None:
        said = json.dumps(step, ensure_ascii=False)
        gives = step.pop("gives", ANYTHING)
        if self.on not in step.pop("on", [self.on]):
            return
        for _ in range(step.pop("times", 1)):
            keys = self.told(step)
            kind = keys.pop("do")
            keep_as = keys.pop("as", {"request": "id", "read": "code"}.get(kind))
            try:
                gave = plain(self.do(kind, keys))
            except VerifyError as error:
                gave = plain(error)
            kept = (gave.get("id") or gave.get("code")) if isinstance(gave, dict) else gave
            if keep_as is not None and kept is not None:
                self.kept[keep_as] = kept
            is_failure = isinstance(gave, dict) and "error" in gave
            assert not is_failure if gives is ANYTHING else matches(self.told(gives), gave), f"{said}\ngave {gave}"

    def do(self, kind: str, keys: dict[str, Any]) -> Any:
        if kind == "request":
            return self.call("request", keys.pop("number", "+351 910 000 000"), **keys)
        if kind in ("validate", "validate_with_details"):
            return self.call(kind, keys.pop("id", self.kept.get("id")), keys.pop("code", self.kept.get("code")), **keys)
        if kind in ("cancel", "resend", "get"):
            return self.call(kind, keys.pop("id", self.kept.get("id")), **keys)
        if kind in ("ping", "senders"):
            done = self.call(kind, **keys)
            return "up" if done is None else done
        if kind == "make":
            return self.make(**keys)
        if kind == "close":
            return self.call("aclose" if self.is_async else "close", **keys)
        if kind == "read":
            return next(iter(self.messages(**keys)), None)
        if kind == "count":
            return len(self.messages(**keys))
        if kind == "advance":
            self.sandbox.clock.advance(keys["seconds"])
            return self.clock.advance(keys.pop("seconds"), **keys)
        if kind == "fail":
            return self.sandbox.fail_next(**keys)
        if kind == "send_fails":
            self.send_fails = keys.pop("with")
            assert not keys and self.send_fails in ("not_sent", "maybe")
            return None
        if kind == "reset":
            return self.sandbox.reset(**keys)
        assert kind in FUNCTIONS, f"there is no step {kind}"
        texts = [keys.pop(name) for name in ("text", "host", "hash") if name in keys]
        return getattr(egoi_verify, kind)(*texts, **keys)

    def call(self, verb: str, *args: Any, **options: Any) -> Any:
        done = getattr(self.verifier, verb)(*args, **options)
        return self.loop.run_until_complete(done) if inspect.isawaitable(done) else done

    def make(self, options: dict[str, Any]) -> str:
        options = dict(options)
        store = {name: options.pop(name) for name in OF_THE_STORE if name in options}
        url = options.pop("store", None)
        if self.on == "engine":
            if STORE is not None and url is None:
                url = STORE.replace("<name>", f"{self.name}-asyncio" if self.is_async else self.name)
                store = {"key": "k" * 32, **store}
            elif store:
                url = url or "memory:"
        if url is not None:
            options["store"] = Store(url, **store)
        for name, limit in options.items():
            if "_per_" in name and limit is not None:
                options[name] = (PrefixQuota if name == "sms_per_prefix" else Quota)(*limit)
        if self.on == "engine":
            self.verifier: Any = (AsyncEngine if self.is_async else Engine)(self.send, clock=self.clock, **options)
        else:
            v1 = self.on == "client-v1"
            own = {"api": "v1" if v1 else "v2", "base_url": self.sandbox.url + ("/api/public" if v1 else "/api")}
            self.verifier = (AsyncClient if self.is_async else Client)(
                **{"api_key": "key", "sender": "1", **own, **options}
            )
        return "made"

    def send(self, sms: OutgoingSms) -> None:
        fails, self.send_fails = self.send_fails, None
        if fails == "not_sent":
            raise NotSentError("no credit")
        self.sent.append(sms)
        if fails is not None:
            raise ConnectionError("the gateway went away")

    def messages(
        self, number: str | None = None, code_type: Any = None, code_size: int | None = None
    ) -> list[dict[str, Any]]:
        """What the recipients got, newest first."""
        if self.on != "engine":
            rows = self.sandbox.messages(number)
            return [
                {name: getattr(sms, name) for name in ("number", "text", "code", "parts", "sender")} for sms in rows
            ]
        whole = None if number is None else egoi_verify.parse_number(number).e164
        return [
            {
                "number": sms.number,
                "text": sms.text,
                "code": egoi_verify.code_in_sms(sms.text, code_type=code_type, code_size=code_size),
                "parts": egoi_verify.sms_parts(sms.text).parts,
            }
            for sms in reversed(self.sent)
            if whole in (None, sms.number)
        ]

    def told(self, value: Any) -> Any:
        """A value with what earlier steps kept in the place of ``<name>``, and with texts that are described made."""
        if isinstance(value, str):
            return re.sub("<([a-z_]+)>", lambda found: self.kept.get(found[1], found[0]), value)
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "pieces" in value:
            assert value.keys() == {"pieces"}
            return "".join(self.told(piece) * times for piece, times in value["pieces"])
        if "characters_of" in value:
            assert value.keys() <= {"characters_of", "become", "between"}
            become = dict(zip(*value.get("become", ["", ""]), strict=True))
            return value.get("between", "").join(become.get(c, c) for c in self.told(value["characters_of"]))
        return {name: self.told(each) for name, each in value.items()}


ANYTHING = object()


def plain(gave: Any) -> Any:
    """What a step gave, in the words of the files."""
    if isinstance(gave, (Outcome, State)):
        return gave.value
    if isinstance(gave, Verification):
        lives = None
        if gave.created_at is not None and gave.expires_at is not None:
            lives = (gave.expires_at - gave.created_at).total_seconds()
        return {
            "id": gave.id,
            "state": gave.state.value,
            "number": gave.number,
            "sms": gave.sms and gave.sms.value,
            "attempts_left": gave.attempts_left,
            "resends_left": gave.resends_left,
            "resend_in": gave.created_at and gave.resend_at and (gave.resend_at - gave.created_at).total_seconds(),
            "lives": lives,
        }
    if isinstance(gave, VerifyError):
        names = (
            *("detail", "http_status", "request_id", "retry_after", "retry_is_safe", "sms_possibly_sent"),
            *("field", "reason", "limit", "cause_code"),
        )
        return {"error": gave.code, **{name: getattr(gave, name) for name in names}}
    if isinstance(gave, PhoneNumber):
        return gave.e164
    if isinstance(gave, (OutcomeDetails, SmsParts, SenderInfo)):
        return dict(vars(gave))
    return [plain(each) for each in gave] if isinstance(gave, list) else gave


def matches(expected: Any, given: Any) -> bool:
    """Whether what a step gave is what it must give."""
    if isinstance(expected, dict) and isinstance(given, str):
        assert expected.keys() <= {"starts", "has", "made_of", "size"}
        return (
            given.startswith(expected.get("starts", ""))
            and expected.get("has", "") in given
            and set(given) <= set(expected.get("made_of", given))
            and len(given) == expected.get("size", len(given))
        )
    if isinstance(expected, dict) and isinstance(given, dict):
        return all(name in given and matches(each, given[name]) for name, each in expected.items())
    if isinstance(expected, list) and isinstance(given, (int, float)):
        return bool(expected[0] <= given <= expected[1])
    if isinstance(expected, list) and isinstance(given, list):
        return len(expected) == len(given) and all(map(matches, expected, given))
    if isinstance(expected, (int, float)) and isinstance(given, (int, float)):
        return abs(expected - given) < 1e-3 and isinstance(expected, bool) == isinstance(given, bool)
    return bool(expected == given)
