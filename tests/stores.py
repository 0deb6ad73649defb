"""Every scenario of an engine over every store that outlives a process, by the runners of every language.

`make test-stores` runs it, which builds what it needs.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent
SCENARIOS = [scenario.stem for scenario in (HERE / "scenarios").glob("*.json")]

CARGO_TEST = [os.environ.get("CARGO", "cargo"), "test", "--quiet", "--locked"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "python/tests/test_scenarios.py"]
RUNNERS = {
    # With what `make test-rust` has built.
    "Rust": [*CARGO_TEST, "--workspace", "--all-features", "--test", "scenarios", "engine"],
    "Python": [*PYTEST, "-k", "engine"],
    "Node": [
        "node",
        "--test",
        "--test-reporter=dot",
        "--test-name-pattern",
        "on engine$",
        "node/tests/scenarios.test.mjs",
    ],
    "Kotlin": ["tools/maven.sh", "surefire:test", "-Dtest=ScenariosTest"],
    # One after the other: all at once, each makes its tables in the one server at the same moment.
    "Swift": ["bindings/swift/in-toolchain.sh", "test", "--no-parallel", "--filter", "ScenariosTests"],
}


@contextmanager
def server(kind):
    """The URL of a server; none where it is not installed."""
    command = [sys.executable, HERE / "servers.py", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        try:
            if not url and process.wait() != 3:
                sys.exit(f"{kind} did not start")
            yield url
        finally:
            process.stdin.close()


@contextmanager
def sqlite():
    with tempfile.TemporaryDirectory() as folder:
        # Swift may run in a tree of its own, where this folder is not.
        yield lambda runner: f"sqlite:{'<tmp>' if runner == 'Swift' else folder}/{runner}-<name>.db"


@contextmanager
def redis():
    with server("redis") as url:
        yield url and (lambda runner: f"{url}?prefix={runner}-<name>")


@contextmanager
def postgres():
    """A schema for each, as all of them are one database."""
    with server("postgres") as url:

        def of(runner):
            names = [f"{runner}-{name}{calls}" for name in SCENARIOS for calls in ("", "-asyncio")]
            schemas = "".join(f'CREATE SCHEMA "{name}";' for name in names)
            subprocess.run(["psql", "--quiet", "--dbname", url], input=schemas, text=True, check=True)
            path = quote(f'-csearch_path="{runner}-<name>"', safe="<>")
            return f"{url}?options={path}"

        yield url and of


def main():
    failed = []
    for store in (sqlite, redis, postgres):
        with store() as url:
            if not url:
                continue
            for runner, command in RUNNERS.items():
                print(f"-- the scenarios of {runner} over {store.__name__}", flush=True)
                environment = {**os.environ, "EGOI_SCENARIOS_STORE": url(runner)}
                if subprocess.run(command, cwd=HERE.parent, env=environment).returncode != 0:
                    failed.append(f"{runner} over {store.__name__}")
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
