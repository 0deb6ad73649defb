"""The demo tells the story, and fails where a service is not as it says."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from egoi_verify import Sandbox

DEMO = Path(__file__).parent.parent / "demo.py"


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo says, run as ``make demo-python`` does."""
    done = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def demo() -> ModuleType:
    spec = spec_from_file_location("demo", DEMO)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "word",
    ["pending", "wrong_code", "verified", "already_verified", "cancelled", "expired", "unsupported", "invalid_input",
     "unavailable"],
)  # fmt: skip
def test_each_part_of_the_story_is_told(told: str, word: str) -> None:
    assert f"✓ {word}: " in told


def test_the_story_is_told_over_both_versions(told: str) -> None:
    assert told.index("client = sandbox.client('v1')") < told.index("client = sandbox.client()")


def test_an_error_is_told_with_its_fields(told: str) -> None:
    assert ".http_status       503" in told and ".sms_possibly_sent True" in told


def test_the_last_line_says_that_all_was_right(told: str) -> None:
    last = told.splitlines()[-1]
    assert last.startswith("✓ All as the article and the published clients say: ")


def test_every_run_tells_the_same_codes(told: str) -> None:
    again = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, timeout=60, check=True).stdout

    def messages(text: str) -> list[str]:
        return [line for line in text.splitlines() if "│ Message text: " in line]

    assert messages(told) and messages(told) == messages(again)


def fault(demo: ModuleType, sandbox: Sandbox) -> str:
    with pytest.raises(demo.Fault) as raised:
        demo.play(sandbox)
    return str(raised.value)


def test_a_code_of_another_size_is_a_fault(demo: ModuleType) -> None:
    with Sandbox(code="12345") as sandbox:
        assert fault(demo, sandbox) == "how many digits the code has is (5, True), and should be (4, True)"


def test_an_old_code_that_still_works_is_a_fault(demo: ModuleType) -> None:
    with Sandbox(code="1234") as sandbox:
        assert "should be <Outcome.WRONG_CODE" in fault(demo, sandbox)


def test_a_call_that_fails_is_a_fault(demo: ModuleType, sandbox: Sandbox) -> None:
    sandbox.fail_next("cancel", status=403)
    assert "failed: forbidden: " in fault(demo, sandbox)


def test_a_fault_ends_the_demo_with_1(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_one_digit_too_many(seed: int) -> Sandbox:
        return Sandbox(seed=seed, code="12345")

    monkeypatch.setattr(demo, "Sandbox", with_one_digit_too_many)
    assert demo.main() == 1
    assert "✗ Not as it should be: " in capsys.readouterr().out
