"""``python -m egoi_verify``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from conftest import NUMBER
from egoi_verify import Client, Sandbox

COMMAND = [sys.executable, "-m", "egoi_verify"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_demo_proves_a_number_without_an_account() -> None:
    shown = run("demo")
    assert shown.returncode == 0, shown.stderr
    assert [line.rsplit(" ", 1)[1] for line in shown.stdout.splitlines()[1:]] == [
        "wrong_code",
        "verified",
        "already_verified",
    ]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_sandbox_prints_its_address_and_runs_until_a_signal(ending: signal.Signals) -> None:
    options = ["sandbox", "--json", "--code", "1234", "--sender", "7"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        client = Client(api_key="any", sender="7", base_url=f"{url}/api")
        assert client.validate(client.request(NUMBER).id, "1234").is_verified
        process.send_signal(ending)
    assert process.returncode == 0


class TestCheck:
    def check(self, key: str, sender: str) -> subprocess.CompletedProcess[str]:
        with Sandbox(api_key="right", senders=["7"]) as sandbox:
            return run("check", EGOI_API_KEY=key, EGOI_SENDER=sender, EGOI_BASE_URL=f"{sandbox.url}/api")

    def test_a_key_and_its_sender_pass(self) -> None:
        shown = self.check("right", "7")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "sender 7" in shown.stdout

    def test_a_wrong_key_is_named_and_not_shown(self) -> None:
        shown = self.check("wr0ng", "7")
        assert shown.returncode == 1
        assert shown.stderr.startswith("unauthorized: ")
        assert "wr0ng" not in shown.stderr

    def test_a_sender_of_somebody_else_fails(self) -> None:
        assert "EGOI_SENDER is not a sender of the account" in self.check("right", "8").stderr


@pytest.mark.parametrize("arguments", [[], ["sandbocks"], ["sandbox", "--prot", "1"]])
def test_an_unknown_command_or_option_ends_with_2(arguments: list[str]) -> None:
    shown = run(*arguments)
    assert shown.returncode == 2
    assert "usage: python -m egoi_verify" in shown.stderr
