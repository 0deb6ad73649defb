"""The code of the guides in ``docs/guides``, run. The site shows the sections between two markers."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import NUMBER
from egoi_verify import Sandbox, State
from egoi_verify.testing import TestClock


class Gateway:
    """What a reader sends SMS with."""

    def __init__(self, refuses: bool = False) -> None:
        self.texts: list[str] = []
        self._refuses = refuses

    def deliver(self, number: str, text: str, *, reference: str) -> None:
        if self._refuses:
            raise ConnectionRefusedError
        self.texts.append(text)

    def code(self) -> str:
        """The code of the last SMS: "123456 is your verification code."."""
        return self.texts[-1][:6]


# --8<-- [start:first]
from egoi_verify import Sandbox


def prove(number: str) -> bool:
    with Sandbox() as sandbox:
        client = sandbox.client()

        verification = client.request(number)
        code = sandbox.wait_for_code(number)
        outcome = client.validate(verification.id, code, number=number)

        return outcome.is_verified


# --8<-- [end:first]


# --8<-- [start:client]
from egoi_verify import Client


def connect(api_key: str, sender: str) -> Client:
    """Once, when your server starts: the client holds the pool of connections."""
    return Client(api_key=api_key, sender=sender)


# --8<-- [end:client]


# --8<-- [start:outcomes]
from egoi_verify import Outcome, Verifier


def check(verifier: Verifier, id: str, number: str, given: str) -> str:
    """What to tell the person. `id` and `number` come from your session, `given` from the form."""
    match verifier.validate(id, given, number=number):
        case Outcome.VERIFIED:
            return "the number is proved"
        case Outcome.WRONG_CODE:
            return "not that code; try again"
        case Outcome.EXPIRED | Outcome.CANCELLED | Outcome.TOO_MANY_ATTEMPTS:
            return "ask for a new code"
        case Outcome.ALREADY_VERIFIED:
            return "verified before, which proves nothing now"


# --8<-- [end:outcomes]


# --8<-- [start:engine]
from egoi_verify import Engine, NotSentError, OutgoingSms


def engine_of(gateway: Gateway) -> Engine:
    def send(sms: OutgoingSms) -> None:
        try:
            gateway.deliver(sms.number, sms.text, reference=sms.attempt_id)
        except ConnectionRefusedError as error:
            raise NotSentError from error  # Only if it is certain that nothing was sent.

    return Engine(send)


# --8<-- [end:engine]


# --8<-- [start:store]
from collections.abc import Callable

from egoi_verify import Engine, OutgoingSms, Store


def with_a_store(send: Callable[[OutgoingSms], None], url: str, key: str) -> Engine:
    """`url` is `sqlite:PATH`, `postgres://…` or `redis://…`. Make the key once: `openssl rand -hex 32`."""
    engine = Engine(send, store=Store(url, key=key))
    engine.ping()  # Raises if the store cannot be used.
    return engine


# --8<-- [end:store]


# --8<-- [start:limits]
from collections.abc import Callable

from egoi_verify import Engine, OutgoingSms, PrefixQuota, Quota, Verification

DAY = 24 * 60 * 60


def for_production(send: Callable[[OutgoingSms], None]) -> Engine:
    return Engine(
        send,
        countries=["PT", "ES"],
        sms_per_client=Quota(5, per=DAY),
        wrong_codes_per_client=Quota(20, per=DAY),
        sms_per_prefix=PrefixQuota(20, per=DAY, last_digits=4),
    )


def request_for(engine: Engine, caller: str, number: str) -> Verification:
    """`caller` is an address, a session or a device."""
    return engine.request(number, client=caller)


# --8<-- [end:limits]


# --8<-- [start:resend]
import math
from datetime import datetime, timezone

from egoi_verify import State, Verification, Verifier


def seconds_until_resend(verification: Verification) -> int:
    """For "Send again in 24 s". At 0 the button works."""
    if verification.resend_at is None:
        return 0
    left = (verification.resend_at - datetime.now(timezone.utc)).total_seconds()
    return max(0, math.ceil(left))


def send_again(verifier: Verifier, id: str) -> Verification:
    """The old code stops working, and the validity starts again."""
    return verifier.resend(id)


def give_up(verifier: Verifier, id: str) -> State:
    """`State.CANCELLED`; `VERIFIED` or `EXPIRED` if it was too late."""
    return verifier.cancel(id)


# --8<-- [end:resend]


# --8<-- [start:errors]
import math

from egoi_verify import InvalidInputError, RejectedError, VerifyError


def advice(error: VerifyError) -> str:
    """What to do after a `request` failed."""
    if isinstance(error, (InvalidInputError, RejectedError)):
        return f"correct the number: {error.detail}"
    if error.retry_is_safe:
        return "try again" if error.retry_after is None else f"try again in {math.ceil(error.retry_after)} s"
    if error.sms_possibly_sent:
        return "an SMS may arrive: wait for it before you try again"
    return f"tell an operator: {error}"


# --8<-- [end:errors]


# --8<-- [start:log]
from egoi_verify import VerifyError


def log_line(error: VerifyError) -> str:
    """One line for your log. It contains no key, no code and no full number."""
    return (
        f"code={error.code} reason={error.reason or ''} limit={error.limit or ''} status={error.http_status or ''} "
        f"request_id={error.request_id or ''} sms_possibly_sent={error.sms_possibly_sent}"
    )


# --8<-- [end:log]


# --8<-- [start:testing]
from egoi_verify import Outcome, Sandbox


def test_a_code_that_comes_too_late_is_expired() -> None:
    with Sandbox() as sandbox:
        client = sandbox.client()
        verification = client.request("+351 910 000 000", ttl=60)
        code = sandbox.wait_for_code("+351 910 000 000")

        sandbox.clock.advance(60)  # Nobody waits.

        assert client.validate(verification.id, code) is Outcome.EXPIRED


# --8<-- [end:testing]


# --8<-- [start:autofill]
from egoi_verify import Verification, Verifier, with_origin


def request_with_autofill(verifier: Verifier, number: str) -> Verification:
    """The last line of the SMS names your site, and the phone fills the code in there only."""
    return verifier.request(number, message=with_origin("{CODE} is your code.", "example.com"))


# --8<-- [end:autofill]


def test_first_proves_a_number() -> None:
    assert prove(NUMBER)


def test_client_connects_without_a_call() -> None:
    connect("key", "1234").close()


def test_outcomes_say_what_to_do(sandbox: Sandbox) -> None:
    client = sandbox.client()
    id = client.request(NUMBER).id
    code = sandbox.wait_for_code(NUMBER)
    told = [check(client, id, NUMBER, given) for given in ("no", code, code)]
    assert told == [
        "not that code; try again",
        "the number is proved",
        "verified before, which proves nothing now",
    ]


def test_engine_sends_by_the_gateway() -> None:
    gateway = Gateway()
    with engine_of(gateway) as engine:
        assert engine.validate(engine.request(NUMBER).id, gateway.code()).is_verified


def test_engine_says_that_nothing_was_sent() -> None:
    with engine_of(Gateway(refuses=True)) as engine, pytest.raises(VerifyError) as failed:
        engine.request(NUMBER)
    assert failed.value.code == "delivery_failed"
    assert not failed.value.sms_possibly_sent


def test_store_outlives_the_engine(tmp_path: Path) -> None:
    url, key = f"sqlite:{tmp_path}/verify.db", "0" * 64
    with with_a_store(lambda _: None, url, key) as before:
        id = before.request(NUMBER).id
    with with_a_store(lambda _: None, url, key) as after:
        assert after.get(id).state is State.PENDING


def test_limits_stop_a_caller_and_a_country() -> None:
    with for_production(lambda _: None) as engine:
        for last in range(5):
            request_for(engine, "203.0.113.1", f"+35191000000{last}")
        with pytest.raises(VerifyError) as sixth:
            request_for(engine, "203.0.113.1", "+351910000005")
        with pytest.raises(RejectedError):
            request_for(engine, "203.0.113.2", "+447911123456")
    assert sixth.value.limit == "sms_per_client"


def test_resend_counts_down_and_sends_a_new_code() -> None:
    gateway, clock = Gateway(), TestClock()

    def send(sms: OutgoingSms) -> None:
        gateway.deliver("", sms.text, reference="")

    with Engine(send, clock=clock) as engine:
        verification = engine.request(NUMBER)
        assert 20 < seconds_until_resend(verification) <= 30
        clock.advance(30)
        again = send_again(engine, verification.id)
        assert engine.validate(again.id, gateway.code()).is_verified
        assert give_up(engine, again.id) is State.VERIFIED
    over = Verification("1", State.PENDING, resend_at=datetime.fromtimestamp(0, timezone.utc))
    assert seconds_until_resend(over) == 0


def test_errors_say_what_to_do(sandbox: Sandbox) -> None:
    with engine_of(Gateway()) as engine:
        with pytest.raises(VerifyError) as wrong:
            engine.request("12")
        engine.request(NUMBER)
        with pytest.raises(VerifyError) as early:
            engine.request(NUMBER)
    assert advice(wrong.value).startswith("correct the number: ")
    assert advice(early.value) == "try again in 30 s"
    line = log_line(early.value)
    assert line.startswith("code=rate_limited reason= limit=resend_after status= request_id=")
    assert "910000000" not in line

    client = sandbox.client()
    sandbox.fail_next(status=500)
    with pytest.raises(VerifyError) as broken:
        client.request(NUMBER)
    sandbox.fail_next(status=401)
    with pytest.raises(VerifyError) as unknown:
        client.request(NUMBER)
    assert advice(broken.value) == "an SMS may arrive: wait for it before you try again"
    assert advice(unknown.value).startswith("tell an operator: unauthorized: ")


def test_autofill_ends_the_message_with_the_site(sandbox: Sandbox) -> None:
    request_with_autofill(sandbox.client(), NUMBER)
    code = sandbox.wait_for_code(NUMBER)
    assert sandbox.messages(NUMBER)[0].text.endswith(f"@example.com #{code}")
