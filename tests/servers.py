"""A real database server for a test of any language: `python3 tests/servers.py redis` or `postgres`.

With the paths of a certificate and its key behind it, PostgreSQL speaks TLS too.

Prints the URL of a store in it once it is up, and runs until its standard input is closed; then nothing is left of it.
Where it is not installed it says so in capitals and ends with 3, and in CI with 1.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE = 60.0  # seconds, on a machine that is busy


def program(name: str) -> str:
    # Debian has PostgreSQL's programs beside the path.
    path = os.pathsep.join([os.environ["PATH"], *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))])
    found = shutil.which(name, path=path)
    if found is None:
        print(f"{name} IS NOT INSTALLED: WHAT NEEDS IT IS NOT TESTED", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else 3)
    return found


def free_port() -> int:
    """A port below those that the system gives away: nobody else gets it before a server listens on it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def redis(folder: str, port: int, user: "str | None", *_: str) -> list[str]:
    return [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--dir", folder, "--save", ""]


def postgres(folder: str, port: int, user: "str | None", *certificate_and_key: str) -> list[str]:
    data = f"{folder}/data"
    initdb = [
        program("initdb"),
        "--pgdata",
        data,
        "--username",
        "egoi",
        "--auth",
        "trust",
        "--no-sync",
        "--locale",
        "C",
    ]
    subprocess.run(initdb, user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    # What is not meant to outlive the test need not be on the disk.
    settings = [f"port={port}", f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", "fsync=off"]
    # A process may make many engines, each with connections of its own.
    settings.append("max_connections=500")
    for setting, file in zip(("ssl_cert_file", "ssl_key_file"), certificate_and_key, strict=False):
        own = shutil.copy(file, folder)
        os.chmod(own, 0o600)
        if user is not None:
            shutil.chown(own, user)
        settings += [f"{setting}={own}", "ssl=on"]
    return [program("postgres"), "-D", data, *(word for setting in settings for word in ("-c", setting))]


def takes_calls(port: int) -> bool:
    """PostgreSQL listens some time before it does."""
    asked = [program("pg_isready"), "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.run(asked, stdout=subprocess.DEVNULL).returncode == 0


KINDS = {
    "redis": (redis, listens, signal.SIGTERM, "redis://127.0.0.1:{port}"),
    # SIGINT: its sessions end, and then it does.
    "postgres": (postgres, takes_calls, signal.SIGINT, "postgres://egoi@127.0.0.1:{port}/postgres"),
}


def main() -> None:
    command_of, is_up, stop, url = KINDS[sys.argv[1]]
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="egoi-")
    try:
        if user is not None:
            shutil.chown(folder, user)
        port = free_port()
        command = command_of(folder, port, user, *sys.argv[2:])
        with open(f"{folder}/log", "wb") as log:
            # A session of its own: Ctrl-C is for whoever asked, who closes the input.
            server = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while not is_up(port):
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit(Path(folder, "log").read_text())
        print(url.format(port=port), flush=True)
        sys.stdin.read()
        server.send_signal(stop)
        server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
