"""Plays the story of E-goi's article in Python, against a sandbox on this machine: ``make demo-python``.

Every line behind ``>>>`` is a call that is really made, over HTTP. It fails (exit 1) where anything is not as it says.
"""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Literal, TypeVar

from egoi_verify import (
    AsyncClient,
    Client,
    InvalidInputError,
    Outcome,
    Sandbox,
    State,
    UnavailableError,
    UnsupportedError,
    Verification,
    VerifyError,
)

# The article's own request.
NUMBER = "+351910000000"
MESSAGE = "Message text: {CODE}"
SIZE = 4
TTL = 60  # seconds

# The codes are the same in every run, so that no run has two that are alike by chance.
SEED = 2023

T = TypeVar("T")


class Fault(Exception):
    """What was not as it should be."""


def same(what: str, found: object, should: object) -> None:
    if found != should:
        raise Fault(f"{what} is {found!r}, and should be {should!r}")


def wrong(code: str) -> str:
    """The code with its last digit mistyped."""
    return code[:-1] + ("0" if code.endswith("9") else "9")


def say(text: str, indent: str = "", hanging: str | None = None) -> None:
    print(textwrap.fill(text, 80, initial_indent=indent, subsequent_indent=hanging or indent, break_long_words=False))


def part(title: str, about: str) -> None:
    print(f"\n━━ {title} {'━' * (76 - len(title))}")
    say(about, "     ")


def step(title: str) -> None:
    print(f"\n  •  {title}")


def means(word: str, text: str) -> None:
    say(f"✓ {word}: {text}", "     ", "       ")


def call(shown: str, made: Callable[[], T]) -> T:
    """Makes a call that is shown, and shows what it gives."""
    print(f"     >>> {shown}")
    try:
        given = made()
    except VerifyError as error:
        raise Fault(f"{shown} failed: {error}") from error
    say(repr(given), "     ", "         ")
    return given


def failing(shown: str, made: Callable[[], object], should: type[VerifyError]) -> VerifyError:
    """Makes a call that has to fail, and shows with what."""
    print(f"     >>> {shown}")
    try:
        given = made()
    except VerifyError as error:
        same(f"what {shown} failed with", type(error), should)
        say(f"{type(error).__name__}: {error.detail}", "     ", "         ")
        for name in ("code", "http_status", "request_id", "retry_after", "retry_is_safe", "sms_possibly_sent"):
            print(f"         .{name:<17} {getattr(error, name)!r}")
        return error
    raise Fault(f"{shown} gave {given!r}, and should have failed with {should.__name__}")


class Play:
    """The story in the words of one version of the interface."""

    def __init__(self, sandbox: Sandbox, api: Literal["v1", "v2"]) -> None:
        self.sandbox = sandbox
        self.client: Client = sandbox.client(api)

    def ask(self) -> tuple[Verification, str]:
        """The article's request, and the code of its SMS."""
        made = call(
            f"client.request({NUMBER!r}, message={MESSAGE!r}, code_type='numeric', code_size={SIZE}, ttl={TTL})",
            lambda: self.client.request(NUMBER, message=MESSAGE, code_type="numeric", code_size=SIZE, ttl=TTL),
        )
        same("the state of a new request", made.state, State.PENDING)
        same("the number of the request", made.number, NUMBER)
        if made.created_at is None or made.expires_at is None:
            raise Fault("a new request has no times")
        same("how long the code is good", made.expires_at - made.created_at, timedelta(seconds=TTL))
        same("the zone of the times", made.expires_at.tzinfo, timezone.utc)
        return made, self.sms(made.id)

    def sms(self, id: str) -> str:
        """Shows the SMS on its phone, and gives its code."""
        code = self.sandbox.wait_for_code(NUMBER)
        message = self.sandbox.messages(NUMBER)[0]
        same("the text of the SMS", message.text, MESSAGE.replace("{CODE}", code))
        same("the request of the SMS", message.request_id, id)
        same("how many digits the code has", (len(code), code.isdigit()), (SIZE, True))
        print(f"       ╭─ SMS to {message.number} ──╮\n       │ {message.text:<23} │\n       ╰{'─' * 25}╯")
        return code

    def validate(self, id: str, code: str, should: Outcome) -> None:
        outcome = call(f"client.validate({id!r}, {code!r})", lambda: self.client.validate(id, code))
        same("the outcome", outcome, should)
        same("whether it is verified", outcome.is_verified, should is Outcome.VERIFIED)

    def cancel(self, id: str) -> None:
        state = call(f"client.cancel({id!r})", lambda: self.client.cancel(id))
        same("the state after cancelling", state, State.CANCELLED)

    def get(self, id: str, should: State) -> None:
        read = call(f"client.get({id!r})", lambda: self.client.get(id))
        same("the state", (read.id, read.state, read.number), (id, should, NUMBER))

    def resend(self, id: str) -> str:
        resent = call(f"client.resend({id!r})", lambda: self.client.resend(id))
        same("what was resent", (resent.id, resent.state), (id, State.PENDING))
        return self.sms(id)

    def cancelled(self) -> None:
        step("Another request, which the business cancels")
        made, code = self.ask()
        self.cancel(made.id)
        self.validate(made.id, code, Outcome.CANCELLED)
        means("cancelled", "even the right code does not work now.")

    def expired(self) -> None:
        step("Another request, whose code comes too late")
        made, code = self.ask()
        print("     >>> sandbox.clock.advance(61)")
        self.sandbox.clock.advance(61)
        self.validate(made.id, code, Outcome.EXPIRED)
        means("expired", "the right code, a minute late. The sandbox's clock was advanced: nobody waited.")


def v1(sandbox: Sandbox) -> None:
    part("V1, the interface of E-goi's article", "client = sandbox.client('v1')")
    play = Play(sandbox, "v1")

    step("The business asks for a verification")
    made, code = play.ask()
    means("pending", "E-goi made a code, valid for 60 seconds. The business got only the id, and never sees the code.")

    step("The person mistypes the code")
    play.validate(made.id, wrong(code), Outcome.WRONG_CODE)
    means("wrong_code", "an outcome and no error. E-goi waits for the right code.")

    step("The person gives the code of the SMS")
    play.validate(made.id, code, Outcome.VERIFIED)
    means("verified", "the number belongs to this person. Only here is outcome.is_verified true.")

    step("The person gives the same code again")
    play.validate(made.id, code, Outcome.ALREADY_VERIFIED)
    means("already_verified", "a code proves a number only once.")

    play.cancelled()
    play.expired()

    step("V1 has no resend")
    failing(f"client.resend({made.id!r})", lambda: play.client.resend(made.id), UnsupportedError)
    means("unsupported", "the call failed at once, and nothing was sent.")


def v2(sandbox: Sandbox) -> None:
    part("V2, the interface of E-goi's published clients", "client = sandbox.client()")
    play = Play(sandbox, "v2")

    step("The business asks for a verification, and reads it")
    made, first = play.ask()
    play.get(made.id, State.PENDING)
    means("pending", "the same calls and results as over V1. A request can also be read.")

    step("The person mistypes the code")
    play.validate(made.id, wrong(first), Outcome.WRONG_CODE)
    means("wrong_code", "V2's response does not tell: the library reads the request before and after.")

    step("The SMS is lost: the business asks for another one")
    second = play.resend(made.id)
    play.validate(made.id, first, Outcome.WRONG_CODE)
    means("wrong_code", "the new code replaced the old one.")

    step("The person gives the code, and the session the number")
    outcome = call(
        f"client.validate({made.id!r}, {second!r}, number={NUMBER!r})",
        lambda: play.client.validate(made.id, second, number=NUMBER),
    )
    same("the outcome", outcome, Outcome.VERIFIED)
    play.get(made.id, State.VERIFIED)
    means("verified", "this number belongs to this person. For a request of another number it is not_found.")

    step("The person gives the same code again")
    play.validate(made.id, second, Outcome.ALREADY_VERIFIED)
    means("already_verified", "a code proves a number only once.")

    play.cancelled()
    play.expired()


def errors(sandbox: Sandbox) -> None:
    part("What goes wrong", "Every error is a VerifyError, and says whether an SMS may have gone out.")
    client = sandbox.client()

    step("A number without its country")
    error = failing("client.request('910000000')", lambda: client.request("910000000"), InvalidInputError)
    same("whether it is a ValueError", isinstance(error, ValueError), True)
    same("whether an SMS may have gone out", error.sms_possibly_sent, False)
    means("invalid_input", "refused here, before anything was sent. It is a ValueError too.")

    step("The service is down")
    print("     >>> sandbox.fail_next('request', status=503)")
    sandbox.fail_next("request", status=503)
    error = failing(f"client.request({NUMBER!r})", lambda: client.request(NUMBER), UnavailableError)
    same("the status", error.http_status, 503)
    same("whether an SMS may have gone out", (error.sms_possibly_sent, error.retry_is_safe), (True, False))
    means("unavailable", "an SMS may have been sent. The library never repeats this call by itself.")


async def several(client: AsyncClient, sandbox: Sandbox, numbers: list[str]) -> list[Outcome]:
    async def prove(number: str) -> Outcome:
        verification = await client.request(number)
        return await client.validate(verification.id, sandbox.wait_for_code(number), number=number)

    return list(await asyncio.gather(*map(prove, numbers)))


def at_once(sandbox: Sandbox) -> None:
    part("asyncio", "client = sandbox.async_client(), with the same verbs, awaited")
    numbers = [f"351-91000000{digit}" for digit in range(1, 4)]

    async def run() -> list[Outcome]:
        async with sandbox.async_client() as client:
            return await several(client, sandbox, numbers)

    step("Three people at once")
    outcomes = call("await asyncio.gather(*map(prove, numbers))", lambda: asyncio.run(run()))
    same("the outcomes", outcomes, [Outcome.VERIFIED] * 3)
    means("verified", "each number with the code of its own SMS.")


def play(sandbox: Sandbox) -> None:
    """All of it; the first thing that is not as it should be is a :class:`Fault`."""
    # Nobody waits for a code to expire: the time stands still and is moved.
    sandbox.clock.freeze()
    say(
        f"A business wants to know whether {NUMBER} belongs to the person in front of it. It asks E-goi Verify, which "
        "sends "
        "a code there by SMS, and the person gives the code back. Here a sandbox on this machine plays E-goi. What is "
        "behind >>> is called, and below it is what it gives. Printed, a number is masked."
    )
    v1(sandbox)
    v2(sandbox)
    errors(sandbox)
    at_once(sandbox)


def main() -> int:
    with Sandbox(seed=SEED) as sandbox:
        try:
            play(sandbox)
        except Fault as fault:
            print(f"\n✗ Not as it should be: {fault}")
            return 1
        sent = len(sandbox.messages())
    print(f"\n✓ All as the article and the published clients say: {sent} SMS, none of which left this machine.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
