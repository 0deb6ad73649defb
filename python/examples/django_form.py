"""A Django project in one file: two pages that prove a phone number.

    EGOI_API_KEY=... EGOI_SENDER=... DJANGO_SECRET_KEY=... python django_form.py runserver

``/`` asks for the number and sends a code. ``/code/`` checks it.
"""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from egoi_verify import EgoiSms, Engine, Quota

# This store is the memory of one process. Several processes need one that they share: `Engine.from_env()` takes it from
# EGOI_STORE and EGOI_STORE_KEY.
engine = Engine(
    EgoiSms.from_env(),
    # The limits of each caller: docs/production.md says why.
    sms_per_client=Quota(5, per=3600),
    wrong_codes_per_client=Quota(20, per=3600),
)


def number_is_proved(request: HttpRequest, number: str) -> HttpResponse:
    """Here an account is made with the number."""
    request.session["number"] = number
    return HttpResponse("The number is proved.")


settings.configure(
    SECRET_KEY=os.environ["DJANGO_SECRET_KEY"],
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["egoi_verify.django"],
    EGOI_VERIFY={
        "VERIFIER": engine,
        "VERIFIED": number_is_proved,
        "MESSAGE": "{CODE} is your code for Example.",
    },
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    # This cache is one process's memory too.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
application = get_wsgi_application()

urlpatterns: list[Any] = [path("", include("egoi_verify.django.urls"))]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
