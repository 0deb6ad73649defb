"""A Django project in one file: two forms that prove a phone number.

    EGOI_API_KEY=... EGOI_SENDER=... DJANGO_SECRET_KEY=... python django_form.py runserver

``/`` asks for the number and sends a code, ``/code`` takes it.
"""

import os
import sys
from typing import Any, TypedDict

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from egoi_verify import Client, InvalidInputError, Outcome, RateLimitedError, VerifyError, parse_number

SMS_PER_HOUR = 5
CODES_PER_SMS = 5

PAGE = """<!doctype html>
<title>Your number</title>
<form method="post">{% csrf_token %}{{ form }}<button>Go on</button></form>
"""

settings.configure(
    SECRET_KEY=os.environ["DJANGO_SECRET_KEY"],
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    # On the server, unlike `signed_cookies`: a browser could put such a session back as it was before a wrong code was
    # counted. This cache is one process's memory, to be one file: several processes need one that they share.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"page.html": PAGE})]},
        }
    ],
)
application = get_wsgi_application()

# One for all threads, and for all processes that a server forks from this one: each makes connections of its own.
client = Client.from_env()


class Asked(TypedDict):
    """What the session holds of the request. Id and number belong together: the verdict is on this number."""

    id: str
    number: str


class NumberForm(forms.Form):
    number = forms.CharField(max_length=64, widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}))

    def clean_number(self) -> str:
        try:
            return parse_number(self.cleaned_data["number"]).e164
        except InvalidInputError as error:
            raise ValidationError(error.detail) from error


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=64, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"})
    )


def page(request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
    return render(request, "page.html", {"form": form}, status=status)


def refused(request: HttpRequest, form: forms.Form, text: str, status: int) -> HttpResponse:
    form.add_error(None, text)
    return page(request, form, status)


def failed(request: HttpRequest, form: forms.Form, error: VerifyError) -> HttpResponse:
    """The page again, with what a person can do about the failure."""
    if isinstance(error, InvalidInputError):
        return refused(request, form, error.detail, 422)
    if isinstance(error, RateLimitedError):
        return refused(request, form, "Too many codes were asked for. Try again later.", 429)
    if error.sms_possibly_sent:
        # Asking again by ourselves might send a second SMS, and nobody told us the id that the first one belongs to.
        text = "Something went wrong. A code may still reach you, and will not work: ask for a new one."
        return refused(request, form, text, 502)
    return refused(request, form, "Something went wrong. Try again later.", 503)


def counted(what: str) -> int:
    """How often it happened within the hour, this time included.

    In the cache, because a session cannot count atomically: a hundred guesses at the same moment would all find the
    same number in it.
    """
    cache.add(what, 0, timeout=3600)
    return cache.incr(what)


def ask(request: HttpRequest) -> HttpResponse:
    form = NumberForm(request.POST or None)
    if not form.is_valid():
        return page(request, form)
    # Without this a stranger has you send SMS to anybody, at your expense. Behind a proxy this is the proxy's address:
    # there take it from the header that your proxy sets.
    if counted(f"sms-{request.META['REMOTE_ADDR']}") > SMS_PER_HOUR:
        return refused(request, form, "Too many codes were asked for. Try again later.", 429)
    number: str = form.cleaned_data["number"]
    try:
        verification = client.request(number, message="{CODE} is your code for Example.")
    except VerifyError as error:
        return failed(request, form, error)
    request.session["asked"] = Asked(id=verification.id, number=number)
    return redirect("code")


def give_code(request: HttpRequest) -> HttpResponse:
    asked: Asked | None = request.session.get("asked")
    if asked is None:
        return redirect("number")
    form = CodeForm(request.POST or None)
    if not form.is_valid():
        return page(request, form)
    if counted(f"codes-{asked['id']}") > CODES_PER_SMS:
        return refused(request, form, "Too many wrong codes. Ask for a new one.", 429)
    try:
        # The number is the session's and not the form's: who proves one number must not be signed up with another.
        outcome = client.validate(asked["id"], form.cleaned_data["code"], number=asked["number"])
    except VerifyError as error:
        return failed(request, form, error)
    if outcome.is_verified:
        del request.session["asked"]
        request.session["proved"] = asked["number"]
        request.session.cycle_key()  # it may do more from now on, so that a name known from before must not open it
        return HttpResponse("The number is proved.")
    if outcome is Outcome.WRONG_CODE:
        return refused(request, form, "That is not the code. Try again.", 400)
    return refused(request, form, "That code is no longer good. Ask for a new one.", 410)


urlpatterns: list[Any] = [path("", ask, name="number"), path("code", give_code, name="code")]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
