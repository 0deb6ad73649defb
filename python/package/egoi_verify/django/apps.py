"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class EgoiVerifyConfig(AppConfig):
    """``egoi_verify.django``."""

    name = "egoi_verify.django"
    label = "egoi_verify"
    verbose_name = "E-goi Verify"

    def ready(self) -> None:
        """Registers the system check."""
        from . import checks as checks
