"""Every row of ``tests/egoi-sms/egoi-sms.json``: what E-goi's own SMS call sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from egoi_verify import EgoiSms, Engine, InvalidInputError
from support_service import REPOSITORY, Service

TABLE = json.loads((REPOSITORY / "tests" / "egoi-sms" / "egoi-sms.json").read_text())


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.mark.parametrize("row", TABLE["sends"], ids=lambda row: row["name"])
def test_an_engine_sends_what_the_table_says(service: Service, row: dict[str, Any]) -> None:
    opened = service.ask("/open")
    with Engine(EgoiSms("key", "1234", base_url=opened["base_url"], **row["client"], **row["sms"])) as engine:
        engine.request(TABLE["number"], message=row["message"])
    assert service.ask("/sms", id=opened["id"])["sms_calls"] == [{"path": row["path"], "body": row["body"]}]


def test_the_environment_takes_the_options_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = service.ask("/open")
    for name, value in {"API_KEY": "key", "SENDER": "1234", "BASE_URL": opened["base_url"]}.items():
        monkeypatch.setenv(f"EGOI_{name}", value)
    with Engine(EgoiSms.from_env(urgent=False, encoding="ucs2", max_parts=3, timeout=5)) as engine:
        engine.request(TABLE["number"])
    [sent] = service.ask("/sms", id=opened["id"])["sms_calls"]
    assert (sent["body"]["priority"], sent["body"]["encoding"], sent["body"]["maxCount"]) == (
        "non-urgent",
        "unicode",
        3,
    )


@pytest.mark.parametrize("row", TABLE["refused"], ids=str)
def test_what_is_no_option_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as raised:
        EgoiSms("key", "1234", **row["sms"])
    assert (raised.value.field, raised.value.reason) == (row["field"], row["reason"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"urgent": "yes"}, "`urgent` is str; it must be bool"),
        ({"encoding": 7}, "`encoding` is int; it must be str"),
        ({"max_parts": 1.5}, "`max_parts` is float; it must be int"),
    ],
)
def test_a_wrong_type_is_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        EgoiSms("key", "1234", **given)
