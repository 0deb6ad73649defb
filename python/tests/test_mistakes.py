"""Plays ``tests/mistakes/mistakes.json``: wrong arguments are refused in the words of the user."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import egoi_verify
import pytest
from egoi_verify import Sandbox
from egoi_verify.testing import TestClock

FILE = Path(__file__).parent.parent.parent / "tests" / "mistakes" / "mistakes.json"
MISTAKES: dict[str, dict[str, Any]] = {each["name"]: each for each in json.loads(FILE.read_text())["mistakes"]}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_in_the_words_of_the_user(name: str, sandbox: Sandbox) -> None:
    mistake = MISTAKES[name]
    wanted = mistake["python"]
    known = {name: getattr(egoi_verify, name) for name in egoi_verify.__all__}
    known |= {"TestClock": TestClock, "datetime": datetime, "timedelta": timedelta, "sandbox": sandbox}
    with pytest.raises((TypeError, ValueError)) as refused:
        eval(wanted["do"], known)
    assert type(refused.value).__name__ == wanted["error"]
    # Later versions of Python add a hint to some of theirs.
    assert str(refused.value).startswith(wanted["says"])
    assert getattr(refused.value, "code", None) == mistake["code"]


def test_there_are_forty_mistakes_and_more() -> None:
    assert len(MISTAKES) >= 40
