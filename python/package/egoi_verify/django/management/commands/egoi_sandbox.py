"""``manage.py egoi_sandbox``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from egoi_verify.__main__ import run_sandbox


class Command(BaseCommand):
    """Runs E-goi on localhost until Ctrl-C."""

    help = "Runs a sandbox of E-goi on localhost until Ctrl-C. Its inbox shows every code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--port``."""
        parser.add_argument("--port", type=int, help="the port to listen on; a free one by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs it."""
        run_sandbox(port=options["port"])
