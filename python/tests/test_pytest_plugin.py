"""The pytest plugin, in a pytest of its own each time: what a project has that installs the wheel."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider")
    return pytester


def passes(project: pytest.Pytester, body: str, *options: str, count: int = 1) -> str:
    """Runs tests without a conftest and without an import of the plugin. Gives what they printed."""
    project.makepyfile(body)
    result = project.runpytest_subprocess("-s", *options)
    result.assert_outcomes(passed=count)
    return result.stdout.str()


def test_the_wheel_names_the_plugin_to_pytest() -> None:
    [entry] = [entry for entry in entry_points(group="pytest11") if entry.name == "egoi-verify"]
    assert entry.value == "egoi_verify.pytest_plugin"


def test_the_fixture_is_a_sandbox_that_a_client_works_against(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        def test_sign_up(egoi_sandbox):
            client = egoi_sandbox.client()
            verification = client.request("+351 910 000 000")
            code = egoi_sandbox.wait_for_code("+351 910 000 000")
            assert client.validate(verification.id, code).is_verified
        """,
    )


def test_the_fixture_has_a_url_for_the_environment_of_what_is_tested(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        from egoi_verify import Client

        def test_environment(egoi_sandbox, monkeypatch):
            monkeypatch.setenv("EGOI_API_KEY", "any")
            monkeypatch.setenv("EGOI_SENDER", "1")
            monkeypatch.setenv("EGOI_BASE_URL", f"{egoi_sandbox.url}/api")
            Client.from_env().request("+351 910 000 000")
            assert len(egoi_sandbox.messages()) == 1
        """,
    )


def test_the_fixture_has_a_clock_that_can_be_moved(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        from egoi_verify import Outcome

        def test_expiry(egoi_sandbox):
            client = egoi_sandbox.client()
            verification = client.request("+351 910 000 000", ttl=60)
            egoi_sandbox.clock.advance(61)
            code = egoi_sandbox.wait_for_code("+351 910 000 000")
            assert client.validate(verification.id, code) is Outcome.EXPIRED
        """,
    )


def test_the_fixture_injects_failures(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import pytest
        from egoi_verify import UnavailableError

        def test_failure(egoi_sandbox):
            egoi_sandbox.fail_next("request", status=503)
            with pytest.raises(UnavailableError):
                egoi_sandbox.client().request("+351 910 000 000")
        """,
    )


def test_each_test_has_a_fresh_one(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_it_is_empty(egoi_sandbox, time):
            assert egoi_sandbox.messages() == []
            egoi_sandbox.client().request("+351 910 000 000")
        """,
        count=2,
    )


def test_it_is_closed_when_its_test_is_over(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import pytest
        from egoi_verify import ClosedError

        used = []

        def test_one(egoi_sandbox):
            used.append(egoi_sandbox)

        def test_two():
            with pytest.raises(ClosedError):
                used[0].messages()
        """,
        count=2,
    )


def test_it_is_closed_when_its_test_has_failed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from egoi_verify import ClosedError

        used = []

        def test_one(egoi_sandbox):
            used.append(egoi_sandbox)
            assert False

        def test_two():
            with pytest.raises(ClosedError):
                used[0].messages()
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1, failed=1)


def test_each_worker_of_xdist_has_its_own(project: pytest.Pytester) -> None:
    # Each test waits until all four run: so they run in four workers, at the same time, each with its sandbox open.
    project.makepyfile(
        """
        import os
        import time
        from pathlib import Path

        import pytest

        HERE = Path(__file__).parent

        @pytest.mark.parametrize("place", range(4))
        def test_own(egoi_sandbox, place):
            egoi_sandbox.client().request("+351 910 000 000")
            made = HERE / f"{place}.made"
            made.write_text(egoi_sandbox.url)
            made.rename(HERE / f"{place}.url")
            deadline = time.monotonic() + 30
            while len(urls := [path.read_text() for path in HERE.glob("*.url")]) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert len(set(urls)) == 4
            assert len(egoi_sandbox.messages()) == 1
        """
    )
    project.runpytest_subprocess("-n", "4").assert_outcomes(passed=4)


def test_the_fixture_is_listed_with_what_it_is(project: pytest.Pytester) -> None:
    listed = project.runpytest_subprocess("--fixtures").stdout.str()
    assert re.search(r"egoi_sandbox.*\n\s+E-goi on localhost, a fresh one for each test", listed)


def test_a_project_that_does_not_use_it_starts_nothing(project: pytest.Pytester) -> None:
    printed = passes(
        project,
        """
        import sys

        def test_nothing():
            print("sandbox:", "egoi_verify._sandbox" in sys.modules)
        """,
    )
    assert "sandbox: False" in printed


def test_a_test_reaches_no_address_but_loopback_unless_it_asks_for_the_network(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import pytest
        from egoi_verify import Client, InvalidInputError, UnreachableError

        # Nobody has this name.
        client = Client("key", "1", base_url="https://egoi.invalid", timeout=5)

        def test_offline():
            with pytest.raises(InvalidInputError, match="EGOI_VERIFY_OFFLINE"):
                client.request("+351 910 000 000")

        @pytest.mark.egoi_network
        def test_online():
            with pytest.raises(UnreachableError):
                client.request("+351 910 000 000")

        def test_offline_again():
            with pytest.raises(InvalidInputError, match="EGOI_VERIFY_OFFLINE"):
                client.request("+351 910 000 000")
        """,
        count=3,
    )


def test_beside_disable_socket_a_call_reaches_no_network_either(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import socket

        import pytest
        from egoi_verify import Client, InvalidInputError
        from pytest_socket import SocketBlockedError

        def test_both():
            with pytest.raises(SocketBlockedError):
                socket.socket()
            with pytest.raises(InvalidInputError, match="EGOI_VERIFY_OFFLINE"):
                Client("key", "1", base_url="https://egoi.invalid", timeout=5).request("+351 910 000 000")
        """,
        "--disable-socket",
    )


def test_beside_responses_a_call_reaches_no_network_either(project: pytest.Pytester) -> None:
    passes(
        project,
        """
        import pytest
        import requests
        import responses
        from egoi_verify import Client, InvalidInputError

        @responses.activate
        def test_both():
            with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
                requests.get("https://egoi.invalid")
            with pytest.raises(InvalidInputError, match="EGOI_VERIFY_OFFLINE"):
                Client("key", "1", base_url="https://egoi.invalid", timeout=5).request("+351 910 000 000")
        """,
    )


def test_a_traceback_that_shows_the_values_of_variables_shows_no_code_and_no_whole_number(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        """
        from egoi_verify import Client

        def test_it():
            client = Client("k-secret", "1", base_url="http://127.0.0.1:1/api")
            client.validate("id", "73" + "9182", number="+3519100" + "00000")
        """
    )
    result = project.runpytest_subprocess("--showlocals", "--tb=long")
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "egoi_verify/_client.py" in printed
    assert [secret for secret in ("739182", "910000000") if secret in printed] == []
