"""The three endpoints for FastAPI."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from conftest import NUMBER
from egoi_verify import AsyncEngine, AsyncVerifier, OutgoingSms, Quota, Sandbox
from egoi_verify.fastapi import Session, verification_router
from egoi_verify.testing import TestClock
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

E164 = "+351910000000"


class Site:
    """A site with the endpoints, one visitor, and whose number was proved."""

    def __init__(self, verifier: AsyncVerifier, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session: Session = {}
        self.proved: list[str] = []
        app = FastAPI()
        app.include_router(
            verification_router(verifier, session=lambda: self.session, verified=self._verified), prefix="/phone"
        )
        self.visitor = TestClient(app, raise_server_exceptions=False)

    async def _verified(self, _: Request, number: str) -> None:
        self.proved.append(number)

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.visitor.post(f"/phone/{path}", json=fields)

    def wrong_code(self) -> str:
        code = self.sandbox.wait_for_code(NUMBER)
        return code[:-1] + str((int(code[-1]) + 1) % 10)


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Site]:
    site = Site(sandbox.async_client(), sandbox)
    with site.visitor:
        yield site


def test_the_code_of_the_sms_proves_the_number(site: Site) -> None:
    assert site.post("request", number=NUMBER).status_code == 202
    answer = site.post("validate", code=site.sandbox.wait_for_code(NUMBER))
    assert (answer.status_code, answer.json(), site.proved) == (200, {"outcome": "verified"}, [E164])


def test_a_wrong_code_is_an_outcome_and_proves_nothing(site: Site) -> None:
    site.post("request", number=NUMBER)
    answer = site.post("validate", code=site.wrong_code())
    assert (answer.status_code, answer.json(), site.proved) == (200, {"outcome": "wrong_code"}, [])


def test_who_asks_again_after_a_lost_answer_is_told_so_again_and_proved_once(site: Site) -> None:
    site.post("request", number=NUMBER)
    code = site.sandbox.wait_for_code(NUMBER)
    for _ in range(2):
        assert site.post("validate", code=code).json() == {"outcome": "verified"}
    assert site.proved == [E164]


def test_the_number_of_the_form_is_not_that_of_the_session(site: Site) -> None:
    site.post("request", number=NUMBER)
    site.post("validate", code=site.sandbox.wait_for_code(NUMBER), number="+351 919 999 999")
    assert site.proved == [E164]


@pytest.mark.parametrize("path", ["validate", "resend"])
def test_without_a_request_there_is_nothing_to_go_on_with(site: Site, path: str) -> None:
    answer = site.post(path, code="123456")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_a_resent_code_proves_the_number(site: Site) -> None:
    site.post("request", number=NUMBER)
    assert site.post("resend").status_code == 202
    assert site.post("validate", code=site.sandbox.wait_for_code(NUMBER)).json() == {"outcome": "verified"}


def test_a_number_that_cannot_be_used_is_422_and_names_field_and_reason(site: Site) -> None:
    answer = site.post("request", number="910")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid_input", "number")
    assert error["reason"]


def test_a_body_that_is_not_what_is_asked_for_is_422_and_sends_nothing(site: Site) -> None:
    for body in (b"", b"[]", b'{"number": 1}', b"{"):
        assert site.visitor.post("/phone/request", content=body).status_code == 422
    assert site.sandbox.messages() == []


def test_a_limit_of_the_service_is_429_with_retry_after(site: Site) -> None:
    site.sandbox.fail_next("request", status=429)
    answer = site.post("request", number=NUMBER)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limited"


def test_where_an_sms_was_possibly_sent_the_visitor_is_told(site: Site) -> None:
    site.sandbox.fail_next("request", cut="after")
    answer = site.post("request", number=NUMBER)
    assert (answer.status_code, answer.json()["error"]["sms_possibly_sent"]) == (502, True)


def test_what_only_an_operator_can_mend_is_logged_and_not_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.sandbox.fail_next("request", status=401)
    answer = site.post("request", number=NUMBER)
    assert (answer.status_code, answer.json()["error"]["detail"]) == (500, "Something went wrong. Try again later.")
    assert "unauthorized" in caplog.text
    assert E164 not in caplog.text


class TestAnEngine:
    @pytest.fixture
    def sent(self) -> list[OutgoingSms]:
        return []

    @pytest.fixture
    def site(self, sandbox: Sandbox, sent: list[OutgoingSms]) -> Iterator[Site]:
        async def send(sms: OutgoingSms) -> None:
            sent.append(sms)

        engine = AsyncEngine(send, clock=TestClock(), sms_per_client=Quota(2, 3600))
        site = Site(engine, sandbox)
        with site.visitor:
            yield site

    def test_the_answer_says_when_the_next_code_can_be_asked_for(self, site: Site) -> None:
        answer = site.post("request", number=NUMBER).json()
        assert 590 < answer["expires_in"] <= 600
        assert 20 < answer["resend_in"] <= 30
        assert answer["resends_left"] == 3

    def test_a_resend_that_comes_too_soon_is_429_and_names_its_limit(self, site: Site) -> None:
        site.post("request", number=NUMBER)
        answer = site.post("resend")
        assert (answer.status_code, answer.json()["error"]["limit"]) == (429, "resend_after")
        assert 0 < int(answer.headers["Retry-After"]) <= 30

    def test_a_wrong_code_says_how_many_attempts_are_left_and_then_which_limit_stopped_it(self, site: Site) -> None:
        site.post("request", number=NUMBER)
        answers = [site.post("validate", code="WRONG").json() for _ in range(6)]
        assert answers[:5] == [{"outcome": "wrong_code", "attempts_left": left} for left in (4, 3, 2, 1, 0)]
        assert answers[5] == {"outcome": "too_many_attempts", "attempts_left": 0, "limit": "max_attempts"}

    def test_a_double_click_is_one_sms_and_its_code_proves_the_number(
        self, site: Site, sent: list[OutgoingSms]
    ) -> None:
        site.post("request", number=NUMBER)
        site.session.clear()  # as the second click knows it
        assert site.post("request", number=NUMBER).status_code == 429
        (sms,) = sent
        assert site.post("validate", code=sms.text[:6]).json() == {"outcome": "verified"}

    def test_one_visitor_gets_no_more_sms_than_the_limit_for_whichever_numbers(self, site: Site) -> None:
        for last in range(2):
            assert site.post("request", number=f"{NUMBER[:-1]}{last}").status_code == 202
        answer = site.post("request", number=f"{NUMBER[:-1]}2")
        assert (answer.status_code, answer.json()["error"]["limit"]) == (429, "sms_per_client")


def test_the_session_can_be_a_signed_cookie(sandbox: Sandbox) -> None:
    from starlette.middleware.sessions import SessionMiddleware

    proved: list[str] = []

    def session(request: Request) -> Session:
        return request.session

    def verified(_: Request, number: str) -> None:
        proved.append(number)

    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="secret of a test")
    app.include_router(verification_router(sandbox.async_client(), session=session, verified=verified))
    with TestClient(app) as visitor:
        visitor.post("/request", json={"number": NUMBER})
        visitor.post("/validate", json={"code": sandbox.wait_for_code(NUMBER)})
    assert proved == [E164]
