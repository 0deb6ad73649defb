"""The system check: ``manage.py check --deploy`` asks the service whether it can be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from egoi_verify._errors import VerifyError

from . import conf


@register()
def settings_are_complete(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Whether ``EGOI_VERIFY`` can be used."""
    try:
        conf.verified()
    except (ImproperlyConfigured, ImportError) as error:
        return [Error(str(error), id="egoi_verify.E001")]
    return []


@register(Tags.security, deploy=True)
def service_answers(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Whether the service, or the engine's store, can be used."""
    try:
        verifier = conf.verifier()
    except (ImproperlyConfigured, ImportError, VerifyError) as error:
        return [Error(str(error), id="egoi_verify.E002")]
    try:
        # The service accepts `ping` with any key, and `senders` with a valid one only.
        for name in ("ping", "senders"):
            ask = getattr(verifier, name, None)
            if ask is not None:
                ask()
    except VerifyError as error:
        message = f"{error.code}: {error.detail}"
        # What an operator must change fails the check; a service that is down may be up again when the site is.
        kind = Warning if error.retry_is_safe else Error
        return [kind(message, id="egoi_verify.W001" if kind is Warning else "egoi_verify.E003")]
    return []
