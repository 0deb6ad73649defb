"""A request and the validation of its code, in this process.

The engine in memory, pyotp with a dictionary, and django-otp with its own model in SQLite in memory. All give the code
to the same function.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from time import perf_counter_ns, process_time_ns
from typing import NamedTuple

from rounds import Records, interleaved, scaled

VALIDITY = 600
COUNT = scaled(5_000)
COUNT_IN_DATABASE = scaled(200)


class Cost(NamedTuple):
    """Of one lifecycle, in ns."""

    time: float
    processor: float


def measured() -> Callable[[int], Cost]:
    """Begins to measure; what is given back ends it, after so many lifecycles."""
    clock, processor = perf_counter_ns(), process_time_ns()
    return lambda count: Cost((perf_counter_ns() - clock) / count, (process_time_ns() - processor) / count)


def numbers() -> list[str]:
    """One for each, as an engine limits the SMS to a number."""
    return [f"+35191{n:07}" for n in range(COUNT)]


class Phone:
    """What the codes end up in: the latest is the beginning of the message."""

    text = ""

    @classmethod
    def receive(cls, number: str, text: str) -> None:
        cls.text = text

    @classmethod
    def code(cls) -> str:
        return cls.text[:6]


def egoi_verify() -> Callable[[], Cost]:
    from egoi_verify import Engine

    def run() -> Cost:
        called = numbers()
        # A new one each round: a finished request is kept for a day, and memory is not without end.
        with Engine(lambda sms: Phone.receive(sms.number, sms.text)) as engine:
            ended = measured()
            for number in called:
                verification = engine.request(number)
                if not engine.validate(verification.id, Phone.code(), number=number).is_verified:
                    raise ValueError(number)
            return ended(COUNT)

    return run


def egoi_verify_async() -> Callable[[], Cost]:
    from egoi_verify import AsyncEngine, OutgoingSms

    async def send(sms: OutgoingSms) -> None:
        Phone.receive(sms.number, sms.text)

    async def run() -> Cost:
        called = numbers()
        async with AsyncEngine(send) as engine:
            ended = measured()
            for number in called:
                verification = await engine.request(number)
                outcome = await engine.validate(verification.id, Phone.code(), number=number)
                if not outcome.is_verified:
                    raise ValueError(number)
            return ended(COUNT)

    return lambda: asyncio.run(run())


def pyotp() -> Callable[[], Cost]:
    """The least that keeps a code good for one request, once, and for so long: no limit of attempts, no lock."""
    import pyotp

    hotp = pyotp.HOTP(pyotp.random_base32())

    def run() -> Cost:
        called = numbers()
        held: dict[str, tuple[str, int, float]] = {}
        ended = measured()
        for count, number in enumerate(called):
            id = secrets.token_hex(16)
            held[id] = (number, count, time.monotonic() + VALIDITY)
            Phone.receive(number, f"{hotp.at(count)} is your verification code.")

            known, asked, expires_at = held[id]
            if known != number or time.monotonic() >= expires_at or not hotp.verify(Phone.code(), asked):
                raise ValueError(number)
            del held[id]
        return ended(COUNT)

    return run


def django_otp() -> Callable[[], Cost]:
    """Its email device, with the delivery replaced as its documentation says.

    The device is read for the request and, as the code comes with another, for the validation.
    """
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_otp",
            "django_otp.plugins.otp_email",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        OTP_EMAIL_BODY_TEMPLATE="{{ token }} is your verification code.",
        OTP_EMAIL_TOKEN_VALIDITY=VALIDITY,
        OTP_EMAIL_COOLDOWN_DURATION=0,  # Every round takes the same devices.
        USE_TZ=True,
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django_otp.plugins.otp_email.models import EmailDevice

    class SmsDevice(EmailDevice):
        class Meta:
            app_label = "otp_email"
            proxy = True

        def send_mail(self, body: str, **_: object) -> None:
            Phone.receive(self.email, body)

    call_command("migrate", verbosity=0)
    devices = []
    for number in numbers()[:COUNT_IN_DATABASE]:
        user = User.objects.create(username=number)
        devices.append(SmsDevice.objects.create(user=user, email=f"{number}@sms.invalid", name="phone").pk)

    def run() -> Cost:
        ended = measured()
        for device in devices:
            SmsDevice.objects.get(pk=device).generate_challenge()
            if not SmsDevice.objects.get(pk=device).verify_token(Phone.code()):
                raise ValueError(device)
        return ended(COUNT_IN_DATABASE)

    return run


def measure() -> None:
    records = Records("python-engine", ("pyotp", "django-otp", "django"))
    others = {"pyotp and a dictionary": pyotp(), "django-otp, SQLite in memory": django_otp()}
    measures = ("time", lambda cost: cost.time), ("processor time", lambda cost: cost.processor)
    compared = {
        settings: interleaved({"ours": ours, **others})
        for settings, ours in (("Engine", egoi_verify()), ("AsyncEngine", egoi_verify_async()))
    }
    for measure, part in measures:
        for settings, taken in compared.items():
            of = {way: [part(cost) for cost in costs] for way, costs in taken.items()}
            records.add("python-engine", settings, measure, "ns", of, ours="ours")
    records.write()


if __name__ == "__main__":
    measure()
