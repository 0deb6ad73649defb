"""The Django app, in a project of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import django
import pytest
from conftest import NUMBER
from django.conf import settings
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client as Visitor
from django.test.utils import override_settings
from django.urls import include, path
from django.utils.translation import trans_real
from egoi_verify import Client, Engine, OutgoingSms, Quota, Sandbox

E164 = "+351910000000"
PROVED: list[str] = []

settings.configure(
    SECRET_KEY="secret of a test",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["egoi_verify.django"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()

urlpatterns: list[Any] = [path("phone/", include("egoi_verify.django.urls"))]


def proved(_: HttpRequest, number: str) -> HttpResponse | None:
    PROVED.append(number)
    return None


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    PROVED.clear()
    with (
        Sandbox() as sandbox,
        override_settings(EGOI_VERIFY={"VERIFIER": sandbox.client(), "VERIFIED": proved, "NEXT": "/home"}),
    ):
        yield sandbox


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(raise_request_exception=False)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode().replace("&#x27;", "'"))


def ask(visitor: Visitor, number: str = NUMBER) -> Any:
    return visitor.post("/phone/", {"number": number})


def give(visitor: Visitor, code: str, **fields: str) -> Any:
    return visitor.post("/phone/code/", {"code": code, **fields})


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def test_the_code_of_the_sms_proves_the_number(sandbox: Sandbox, visitor: Visitor) -> None:
    assert ask(visitor).headers["Location"] == "/phone/code/"
    answer = give(visitor, sandbox.wait_for_code(NUMBER))
    assert (answer.status_code, answer.headers["Location"], PROVED) == (302, "/home", [E164])


def test_both_pages_have_a_form(sandbox: Sandbox, visitor: Visitor) -> None:
    assert 'name="number"' in text(visitor.get("/phone/"))
    ask(visitor)
    assert 'autocomplete="one-time-code"' in text(visitor.get("/phone/code/"))


def test_a_wrong_code_is_told_and_the_right_one_works_after_it(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    code = sandbox.wait_for_code(NUMBER)
    answer = give(visitor, wrong(code))
    assert (answer.status_code, PROVED) == (400, [])
    assert "That is not the code" in text(answer)
    assert give(visitor, code).status_code == 302


def test_an_expired_code_is_told(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    sandbox.clock.advance(601)
    answer = give(visitor, sandbox.wait_for_code(NUMBER))
    assert (answer.status_code, PROVED) == (410, [])


def test_a_resent_code_proves_the_number(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    assert visitor.post("/phone/resend/").headers["Location"] == "/phone/code/"
    give(visitor, sandbox.wait_for_code(NUMBER))
    assert PROVED == [E164]


def test_a_resend_that_fails_is_told_on_the_page_that_asks_for_the_code(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    sandbox.fail_next("resend", status=429)
    answer = visitor.post("/phone/resend/")
    assert answer.status_code == 429
    assert "Too many codes were asked for" in text(answer)


def test_who_proves_one_number_is_not_proved_to_have_another(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    give(visitor, sandbox.wait_for_code(NUMBER), number="+351919999999")
    assert PROVED == [E164]


@pytest.mark.parametrize("page", ["/phone/code/", "/phone/resend/"])
def test_without_a_request_the_visitor_is_asked_for_the_number(sandbox: Sandbox, visitor: Visitor, page: str) -> None:
    assert visitor.post(page).headers["Location"] == "/phone/"


def test_a_proved_number_gets_the_session_another_name(sandbox: Sandbox, visitor: Visitor) -> None:
    ask(visitor)
    before = visitor.cookies["sessionid"].value
    give(visitor, sandbox.wait_for_code(NUMBER))
    assert visitor.cookies["sessionid"].value != before


def test_a_form_without_its_csrf_token_is_refused_and_sends_nothing(sandbox: Sandbox) -> None:
    answer = ask(Visitor(enforce_csrf_checks=True))
    assert (answer.status_code, sandbox.messages()) == (403, [])


def test_a_number_that_cannot_be_used_is_told_how_one_is_written(sandbox: Sandbox, visitor: Visitor) -> None:
    answer = ask(visitor, "910")
    assert "+351 910 000 000" in text(answer)
    assert sandbox.messages() == []


def test_where_an_sms_was_possibly_sent_the_visitor_is_told(sandbox: Sandbox, visitor: Visitor) -> None:
    sandbox.fail_next("request", cut="after")
    answer = ask(visitor)
    assert answer.status_code == 502
    assert "If a code reaches you, it will not work" in text(answer)


def test_one_visitor_gets_no_more_sms_than_the_limit_for_whichever_numbers(sandbox: Sandbox, visitor: Visitor) -> None:
    sent: list[OutgoingSms] = []
    engine = Engine(sent.append, sms_per_client=Quota(2, 3600))
    with override_settings(EGOI_VERIFY={"VERIFIER": engine, "VERIFIED": proved}):
        answers = [ask(visitor, f"{NUMBER[:-1]}{last}").status_code for last in range(3)]
    assert (answers, len(sent)) == ([302, 302, 429], 2)


def test_a_double_click_is_one_sms_and_its_code_proves_the_number(sandbox: Sandbox) -> None:
    sent: list[OutgoingSms] = []
    with override_settings(EGOI_VERIFY={"VERIFIER": Engine(sent.append), "VERIFIED": proved}):
        first, second = Visitor(), Visitor()
        ask(first)
        assert ask(second).headers["Location"] == "/phone/code/"
        (sms,) = sent
        assert give(second, sms.text[:6]).status_code == 302


def test_what_only_an_operator_can_mend_is_logged_and_not_told(
    sandbox: Sandbox, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail_next("request", status=401)
    answer = ask(visitor)
    assert answer.status_code == 500
    assert "unauthorized" not in text(answer)
    assert "unauthorized" in caplog.text
    assert E164 not in caplog.text


def test_the_texts_can_be_translated(sandbox: Sandbox, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    class Portuguese(trans_real.DjangoTranslation):
        def gettext(self, message: str) -> str:
            return {"That is not the code. Try again.": "Não é esse o código."}.get(message, message)

    ask(visitor)
    wrong_code = wrong(sandbox.wait_for_code(NUMBER))
    monkeypatch.setattr(trans_real, "translation", lambda _: Portuguese("en"))
    assert "Não é esse o código." in text(give(visitor, wrong_code))


class TestTheSystemCheck:
    def ids(self, *, deploy: bool) -> list[str]:
        return [each.id for each in run_checks(include_deployment_checks=deploy) if each.id.startswith("egoi_verify")]

    def test_settings_that_are_complete_and_a_service_that_answers_pass(self, sandbox: Sandbox) -> None:
        assert self.ids(deploy=True) == []

    @override_settings(EGOI_VERIFY={})
    def test_without_what_is_to_be_done_the_check_fails(self) -> None:
        assert self.ids(deploy=False) == ["egoi_verify.E001"]

    def test_a_setting_that_is_not_known_fails_the_check(self, sandbox: Sandbox) -> None:
        with override_settings(EGOI_VERIFY={"VERIFIED": proved, "TEXT": "{CODE}"}):
            assert self.ids(deploy=False) == ["egoi_verify.E001"]

    def test_a_key_that_the_service_refuses_fails_the_check(self) -> None:
        with Sandbox(api_key="the-right-one") as sandbox:
            wrong_key = Client(api_key="another", sender="1", base_url=f"{sandbox.url}/api")
            with override_settings(EGOI_VERIFY={"VERIFIER": wrong_key, "VERIFIED": proved}):
                assert self.ids(deploy=True) == ["egoi_verify.E003"]

    def test_a_service_that_is_down_is_a_warning(self) -> None:
        with Sandbox() as sandbox:
            client = sandbox.client()
        with override_settings(EGOI_VERIFY={"VERIFIER": client, "VERIFIED": proved}):
            assert self.ids(deploy=True) == ["egoi_verify.W001"]


def test_manage_py_starts_a_sandbox_until_it_is_interrupted() -> None:
    from subprocess import PIPE, Popen

    code = (
        "import django; from django.conf import settings; from django.core.management import call_command;"
        "settings.configure(INSTALLED_APPS=['egoi_verify.django']); django.setup(); call_command('egoi_sandbox')"
    )
    with Popen([sys.executable, "-c", code], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        inbox, environment = process.stdout.readline(), process.stdout.readline()
        url = inbox.split()[-1]
        assert f"EGOI_BASE_URL is {url}/api" in environment
        client = Client(api_key="any", sender="1", base_url=f"{url}/api")
        assert client.request(NUMBER).state == "pending"
        process.terminate()
    assert process.returncode == 0
