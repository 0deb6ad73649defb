"""Measures ``egoi_verify`` against what else Python calls a service with: ``run.py [--quick]``.

Prints the tables of ``python/README.md``. Needs the wheel, what ``python/requirements.txt`` names, and cargo, which
builds the core's own client. ``--quick`` only looks whether all of it still runs.
"""

from __future__ import annotations

import argparse
import datetime
import ipaddress
import os
import platform
import random
import secrets
import statistics
import string
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from timeit import timeit
from typing import Callable, Iterable, NamedTuple

from competitors import ASYNC, AT_MOST, BLOCKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
CORE = "the core's client in Rust"
# Each way is compared with this library's of its kind.
AGAINST = {**dict.fromkeys([*BLOCKING, CORE], "egoi_verify"), **dict.fromkeys(ASYNC, "egoi_verify async")}
CLIENT_PROCESSOR, SERVER_PROCESSOR = 0, 1


class Setting(NamedTuple):
    """What the ways are compared in."""

    job: str
    over: str
    at_once: int

    def __str__(self) -> str:
        job = "" if self.job == "get" else "validation, "
        return f"{job}{self.over}, {'one at a time' if self.at_once == 1 else f'{self.at_once} at once'}"


SETTINGS = [
    Setting(job, over, at_once)
    for job, over in (("get", "plain"), ("get", "TLS"), ("validate", "TLS"))
    for at_once in (1, AT_MOST)
]


class Effort(NamedTuple):
    """How much is measured. Rounds are made until there are enough in which other processes took at most `others` of a
    processor, or until there are `most_rounds`: what is kept are the quietest."""

    settings: list[Setting]
    rounds: int
    most_rounds: int
    others: float
    turn_ns: float
    codes: int


FULL = Effort(SETTINGS, rounds=15, most_rounds=60, others=0.05, turn_ns=0.25e9, codes=5_000)
QUICK = Effort([SETTINGS[0], SETTINGS[-1]], rounds=1, most_rounds=1, others=0.0, turn_ns=0.0, codes=100)


class Cost(NamedTuple):
    """Of one job, in ns."""

    time: float
    processor: float


def time_of(cost: Cost) -> float:
    return cost.time


def processor_of(cost: Cost) -> float:
    return cost.processor


class Process:
    """One that answers each line with a line of numbers, and stays on one processor."""

    def __init__(self, command: Iterable[object], processor: int) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
        )

    def line(self) -> list[int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended")
        return [int(word) for word in line.split()]

    def ask(self, line: object = "") -> list[int]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.line()

    def seconds(self) -> float:
        """Its processor time so far."""
        with open(f"/proc/{self._process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def last(self) -> list[int]:
        """What it says when its input ends."""
        said, _ = self._process.communicate()
        return [int(word) for word in said.split()]

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Results(NamedTuple):
    """Of one setting: what each way took in each round, and the most memory that it had, in KiB."""

    costs: dict[str, list[Cost]]
    memory: dict[str, int]
    server_ns: float
    """The server's processor time, a request."""
    others: float
    """How much of a processor other processes took at most."""

    def of(self, way: str, part: Callable[[Cost], float]) -> list[float]:
        return [part(cost) for cost in self.costs[way]]


def measure(setting: Setting, url: str, authority: Path, core: Path, server: Process, effort: Effort) -> Results:
    """Each way has its turn in each round, so that whatever else the machine does meets all of them alike."""
    arguments = (setting.job, url, authority, setting.at_once)
    commands: dict[str, tuple[object, ...]] = {
        way: (sys.executable, HERE / "client.py", way, *arguments) for way in [*BLOCKING, *ASYNC]
    }
    commands[CORE] = (core, *arguments)
    ways = list(commands)
    rounds: list[tuple[float, dict[str, Cost]]] = []
    served_before, requests_before = server.ask()
    with ExitStack() as running:
        processes = {
            way: running.enter_context(Process(command, CLIENT_PROCESSOR)) for way, command in commands.items()
        }
        own = [server, *processes.values()]
        jobs = dict.fromkeys(ways, setting.at_once)
        # Two rounds more to warm up, which also show how many jobs fill a turn.
        for nth in range(-2, effort.most_rounds):
            costs: dict[str, Cost] = {}
            started, others_before = monotonic(), others_seconds(own)
            for turn in range(len(ways)):
                # Another one begins each time, so that none always comes after the same one.
                way = ways[(nth + turn) % len(ways)]
                time, processor = (taken / jobs[way] for taken in processes[way].ask(jobs[way]))
                costs[way] = Cost(time, processor)
                if nth < 0:
                    jobs[way] = setting.at_once * max(1, round(effort.turn_ns / time / setting.at_once))
            if nth >= 0:
                rounds.append(((others_seconds(own) - others_before) / (monotonic() - started), costs))
                if sum(others <= effort.others for others, _ in rounds) == effort.rounds:
                    break
        memory = {way: process.last() for way, process in processes.items()}
    served, requests = server.ask()
    rounds.sort(key=lambda round: round[0])
    rounds = rounds[: effort.rounds]
    return Results(
        {way: [costs[way] for _, costs in rounds] for way in ways},
        {way: most[0] for way, most in memory.items() if way != CORE},
        (served - served_before) / (requests - requests_before),
        max(others for others, _ in rounds),
    )


def others_seconds(own: list[Process]) -> float:
    """The processor time so far of all other processes, in seconds."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, *interrupts = map(int, stat.readline().split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK") - sum(each.seconds() for each in own)


def certificates(where: Path) -> tuple[Path, Path, Path]:
    """An authority, and a server's certificate from it, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signed_by: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        def named(name: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), critical=False
            )
        )

    own, servers = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority = certificate("authority", own, "authority", own).sign(own, hashes.SHA256())
    server = certificate("server", servers, "authority", own).add_extension(address, False).sign(own, hashes.SHA256())
    paths = where / "authority.pem", where / "server.pem", where / "server.key"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(authority.public_bytes(pem))
    paths[1].write_bytes(server.public_bytes(pem))
    paths[2].write_bytes(
        servers.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def build_core(quick: bool) -> Path:
    """The core's own client, built as in the wheel; for a quick look, as ``cargo test`` has built it anyway."""
    which = ["--workspace", "--all-features"] if quick else ["-p", "egoi-verify", "--features", "sandbox"]
    profile = "dev" if quick else "wheel"
    cargo = [os.environ.get("CARGO", "cargo"), "build", "--quiet", "--locked", "--profile", profile]
    subprocess.run([*cargo, *which, "--example", "exchanges"], cwd=ROOT, check=True)
    return TARGET / ("debug" if quick else "wheel") / "examples" / "exchanges"


def true_urllib3() -> Path:
    """Where urllib3 is itself. niquests brings a fork that overwrites it, on which requests would run too."""
    wanted = f"urllib3=={version('urllib3')}"
    where = TARGET / "python-benches" / wanted
    if not where.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(where), wanted]
        subprocess.run(pip, check=True)
    return where


def bare_interpreter() -> int:
    """The most memory that it has, in KiB."""
    code = "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')))"
    return int(subprocess.check_output([sys.executable, "-c", code]))


def ratios(own: list[float], others: list[float]) -> list[float]:
    """Within each round, how many times as much the other takes."""
    return [other / own for own, other in zip(own, others)]


def spread(ratios: list[float]) -> str:
    """The median, and the smallest and the largest."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def row(*cells: object) -> None:
    print("|", *(f"{cell} |" for cell in cells))


def head(*cells: object) -> None:
    print()
    row(*cells)
    row(*("---" for _ in cells))


def print_ratios(results: dict[Setting, Results], part: Callable[[Cost], float]) -> None:
    head("", *results)
    for way, own in AGAINST.items():
        row(
            way,
            *(
                f"**{statistics.median(each.of(way, part)) / 1000:.1f} µs**"
                if way == own
                else spread(ratios(each.of(own, part), each.of(way, part)))
                for each in results.values()
            ),
        )


def print_exchanges(results: dict[Setting, Results]) -> None:
    print("\nTime. Bold is this library's own; of the others, how many times as long they take:")
    print_ratios(results, time_of)
    row("the server's processor time, a request", *(f"{each.server_ns / 1000:.1f} µs" for each in results.values()))
    row("what other processes took of a processor", *(f"at most {each.others:.2f}" for each in results.values()))
    overlapping = [
        f"{way} ({setting})"
        for setting, each in results.items()
        for way, own in AGAINST.items()
        if way not in (own, CORE) and min(ratios(each.of(own, time_of), each.of(way, time_of))) <= 1
    ]
    print(f"\nNot slower in every round: {'; '.join(overlapping) or 'none'}.")
    print("\nProcessor time of the whole process, in the same way:")
    print_ratios(results, processor_of)
    bare = bare_interpreter()
    print(f"\nThe most memory that the process had, in MiB above a bare interpreter's {bare / 1024:.1f}:")
    head("", *results)
    for way in [*BLOCKING, *ASYNC]:
        row(way, *(f"{(each.memory[way] - bare) / 1024:.1f}" for each in results.values()))


def print_codes(effort: Effort) -> None:
    from egoi_verify import CodeType, generate_code

    system_random = random.SystemRandom()
    print("\nA code from the operating system's randomness, in the same way:")
    head("", "6 digits", "20 of `0-9A-Z`")
    cells: dict[str, list[str]] = {}
    for code_type, alphabet, size in (
        (CodeType.NUMERIC, string.digits, 6),
        (CodeType.ALPHANUMERIC, string.digits + string.ascii_uppercase, 20),
    ):
        ways: dict[str, Callable[[], str]] = {
            "generate_code": lambda: generate_code(code_type, size),
            "`secrets.choice`, joined": lambda: "".join(secrets.choice(alphabet) for _ in range(size)),
            "`SystemRandom().choices`, joined": lambda: "".join(system_random.choices(alphabet, k=size)),
        }
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(effort.rounds):
            for way, draw in ways.items():
                taken[way].append(timeit(draw, number=effort.codes) / effort.codes)
        own, *others = taken
        cells.setdefault(own, []).append(f"**{statistics.median(taken[own]) * 1e6:.2f} µs**")
        for way in others:
            cells.setdefault(way, []).append(spread(ratios(taken[own], taken[way])))
    for way, each in cells.items():
        row(way, *each)


def machine() -> str:
    with open("/proc/cpuinfo") as processors:
        model = next((line.partition(":")[2].strip() for line in processors if line.startswith("model name")), "")
    return (
        f"{os.cpu_count()} cores of {model or platform.machine()}, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def versions() -> str:
    return ", ".join(
        f"{name} {version(name)}" for name in ("requests", "niquests", "httpx", "aiohttp", "urllib3", "pycurl")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="only look whether all of it runs")
    quick = parser.parse_args().quick
    effort = QUICK if quick else FULL
    if not {CLIENT_PROCESSOR, SERVER_PROCESSOR} <= os.sched_getaffinity(0):
        sys.exit("the server and the clients need a processor each")
    core = build_core(quick)
    os.environ["PYTHONPATH"] = str(true_urllib3())
    results: dict[Setting, Results] = {}
    with tempfile.TemporaryDirectory() as where:
        authority, *served = certificates(Path(where))
        with Process([sys.executable, HERE / "server.py", *served], SERVER_PROCESSOR) as server:
            plain, over_tls = server.line()
            urls = {"plain": f"http://127.0.0.1:{plain}", "TLS": f"https://127.0.0.1:{over_tls}"}
            for setting in effort.settings:
                results[setting] = measure(setting, urls[setting.over], authority, core, server, effort)
    print(f"Measured on {datetime.date.today()} on {machine()},")
    print(f"against {versions()},")
    print(f"in {effort.rounds} interleaved rounds: the median of the ratios, in brackets the smallest and the largest.")
    print_exchanges(results)
    print_codes(effort)


if __name__ == "__main__":
    main()
