"""Reads ``settings.EGOI_VERIFY``."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from egoi_verify._client import Client
from egoi_verify._verifier import Verifier

_KNOWN = ("VERIFIER", "VERIFIED", "CLIENT", "NEXT", "MESSAGE")
_PATHS = ("VERIFIER", "VERIFIED", "CLIENT")


def _setting(name: str) -> Any:
    given = getattr(settings, "EGOI_VERIFY", {})
    unknown = [key for key in given if key not in _KNOWN]
    if unknown:
        raise ImproperlyConfigured(f"EGOI_VERIFY has no setting {unknown[0]!r}; it has {', '.join(_KNOWN)}")
    value = given.get(name)
    return import_string(value) if name in _PATHS and isinstance(value, str) else value


@lru_cache(maxsize=1)
def verifier() -> Verifier:
    """The client or engine. Each process makes one."""
    found = _setting("VERIFIER")
    if found is None:
        return Client.from_env()
    return cast(Verifier, found() if callable(found) else found)


def verified() -> Callable[[HttpRequest, str], HttpResponse | None]:
    """The function to call with a proved number."""
    found = _setting("VERIFIED")
    if not callable(found):
        raise ImproperlyConfigured(
            "EGOI_VERIFY['VERIFIED'] is missing: a function that takes the request and the number"
        )
    return cast("Callable[[HttpRequest, str], HttpResponse | None]", found)


def client(request: HttpRequest) -> str | None:
    """The name of who asks: by default the address of the connection."""
    found = _setting("CLIENT")
    return request.META.get("REMOTE_ADDR") or None if found is None else cast("str | None", found(request))


def next_url() -> str:
    """The URL for a visitor with a proved number."""
    return str(_setting("NEXT") or "/")


def message() -> str | None:
    """The SMS."""
    found = _setting("MESSAGE")
    return None if found is None else str(found)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "EGOI_VERIFY":
        verifier.cache_clear()


setting_changed.connect(_forget)
