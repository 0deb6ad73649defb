"""``python -m egoi_verify``: a sandbox for other programs, a check of an account, and a demo that needs no account."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from ._client import Client
from ._errors import VerifyError
from ._sandbox import Sandbox


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m egoi_verify", description="Proves phone numbers through E-goi.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    sandbox = commands.add_parser("sandbox", help="start E-goi on this machine, with an inbox page, until Ctrl-C")
    sandbox.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    sandbox.add_argument("--port", type=int, help="the port (default: a free one)")
    sandbox.add_argument("--seed", type=int, help="draw the same codes in every run")
    sandbox.add_argument("--code", help="every code is this one")
    sandbox.add_argument("--api-key", help="the one key that is accepted (default: any)")
    sandbox.add_argument("--sender", action="append", dest="senders", help="a sender of the account (default: 1)")
    sandbox.add_argument("--allow-host", action="append", dest="allow_hosts", help="a host name that programs may use")
    sandbox.add_argument("--v2-words", action="store_true", help="V2's response to a validation has status words")
    sandbox.add_argument(
        "--v2-wrong", type=int, choices=(200, 400), help="the status of V2's response to a wrong code (default: 200)"
    )
    sandbox.add_argument(
        "--without-own-limits", action="store_false", dest="own_limits", help="only E-goi's documented limits"
    )
    sandbox.add_argument("--json", action="store_true", help="print the address as JSON")
    commands.add_parser("check", help="check EGOI_API_KEY and EGOI_SENDER; sends no SMS")
    commands.add_parser("demo", help="prove a number against a sandbox")
    return parser


def run_sandbox(*, as_json: bool = False, **options: object) -> None:
    """Runs a sandbox until SIGINT or SIGTERM. Its first line of output is its address."""
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)
    given = {name: value for name, value in options.items() if value is not None}
    with Sandbox(**given) as sandbox:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        url = sandbox.url
        if as_json:
            print(json.dumps({"url": url}), flush=True)
        else:
            print(f"The inbox is at {url}")
            print(f"EGOI_BASE_URL is {url}/api for V2 and {url}/api/public for V1. Ctrl-C ends it.", flush=True)
        while not ended.wait(1):  # Windows wakes a thread for Ctrl-C only then
            pass


def _check() -> str | None:
    with Client.from_env() as client:
        client.ping()
        senders = client.senders()
    print("The service is up, and the key is valid.")
    for sender in senders:
        print("sender " + ", ".join(str(each) for each in (sender.id, sender.name, sender.status) if each))
    if os.environ.get("EGOI_SENDER") not in [sender.id for sender in senders]:
        return "EGOI_SENDER is not a sender of the account"
    return None


def _demo() -> None:
    number = "+351 910 000 000"
    with Sandbox() as sandbox:
        client = sandbox.client()
        id = client.request(number, message="Your code is {CODE}").id
        print(f'request   {number} gets an SMS: "{sandbox.messages(number)[0].text}"')
        code = sandbox.wait_for_code(number)
        wrong = code[:-1] + ("1" if code.endswith("0") else "0")
        print(f"validate  {wrong} is {client.validate(id, wrong, number=number)}")
        print(f"validate  {code} is {client.validate(id, code, number=number)}")
        print(f"validate  {code} again is {client.validate(id, code, number=number)}")


def main(arguments: Sequence[str] | None = None) -> str | None:
    """Runs a command. Returns the fault, if there is one."""
    given = vars(_parser().parse_args(arguments))
    command = given.pop("command")
    try:
        if command == "sandbox":
            run_sandbox(as_json=given.pop("json"), **given)
        elif command == "check":
            return _check()
        else:
            _demo()
    except VerifyError as error:
        return f"{error.code}: {error.detail}"
    return None


if __name__ == "__main__":
    sys.exit(main())
