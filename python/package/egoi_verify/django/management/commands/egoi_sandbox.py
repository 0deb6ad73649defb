"""``manage.py egoi_sandbox``."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from egoi_verify._sandbox import Sandbox


class Command(BaseCommand):
    """Runs E-goi on localhost until Ctrl-C."""

    help = "Runs a sandbox of E-goi on localhost, whose inbox shows every code, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--port``."""
        parser.add_argument("--port", type=int, default=0, help="the port to listen on; a free one by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs it."""
        ended = threading.Event()

        def end(*_: object) -> None:
            ended.set()

        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, end)
        with Sandbox(port=options["port"]) as sandbox:
            self.stdout.write(f"the inbox is on {sandbox.url}")
            self.stdout.write(f"EGOI_API_KEY=any EGOI_SENDER=1 EGOI_BASE_URL={sandbox.url}/api")
            self.stdout.flush()
            ended.wait()
