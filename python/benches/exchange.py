"""Exchanges of ``egoi_verify`` against what else Python calls a service with.

Needs the wheel, what ``python/requirements.txt`` names, and cargo, which builds the core's own client.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from competitors import ASYNC, AT_MOST, BLOCKING
from rounds import ROUNDS, SHORT, Records, interleaved

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
CORE = "the core's client in Rust"
BARE = "a bare interpreter"
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


# A round in which other processes took more of a processor than this is made again, as long as there are not too many.
OTHERS_AT_MOST = 0.05
MOST_ROUNDS = 1 if SHORT else 2 * ROUNDS
TURN_NS = 0.0 if SHORT else 0.15e9
JOBS_FOR_MEMORY = AT_MOST * (1 if SHORT else 16)


class Cost(NamedTuple):
    """Of one job, in ns."""

    time: float
    processor: float


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


def commands(setting: Setting, url: str, authority: Path, core: Path) -> dict[str, tuple[object, ...]]:
    arguments = (setting.job, url, authority, setting.at_once)
    ways: dict[str, tuple[object, ...]] = {
        way: (sys.executable, HERE / "client.py", way, *arguments) for way in [*BLOCKING, *ASYNC]
    }
    return {**ways, CORE: (core, *arguments)}


def measure(setting: Setting, commands: dict[str, tuple[object, ...]], server: Process) -> dict[str, list[Cost]]:
    """Each way has its turn in each round, so that whatever else the machine does meets all of them alike."""
    ways = list(commands)
    rounds: list[tuple[float, dict[str, Cost]]] = []
    with ExitStack() as running:
        processes = {
            way: running.enter_context(Process(command, CLIENT_PROCESSOR)) for way, command in commands.items()
        }
        own = [server, *processes.values()]
        jobs = dict.fromkeys(ways, setting.at_once)
        # Two rounds more to warm up, which also show how many jobs fill a turn.
        for nth in range(-2, MOST_ROUNDS):
            costs: dict[str, Cost] = {}
            started, others_before = monotonic(), others_seconds(own)
            for turn in range(len(ways)):
                # Another one begins each time, so that none always comes after the same one.
                way = ways[(nth + turn) % len(ways)]
                time, processor = (taken / jobs[way] for taken in processes[way].ask(jobs[way]))
                costs[way] = Cost(time, processor)
                if nth < 0:
                    jobs[way] = setting.at_once * max(1, round(TURN_NS / time / setting.at_once))
            if nth >= 0:
                rounds.append(((others_seconds(own) - others_before) / (monotonic() - started), costs))
                if sum(others <= OTHERS_AT_MOST for others, _ in rounds) == ROUNDS:
                    break
    rounds.sort(key=lambda round: round[0])
    return {way: [costs[way] for _, costs in rounds[:ROUNDS]] for way in ways}


def memory(commands: dict[str, tuple[object, ...]]) -> dict[str, list[float]]:
    """The most memory of a process that does some jobs, in bytes."""

    def peak(command: tuple[object, ...]) -> float:
        with Process(command, CLIENT_PROCESSOR) as process:
            process.ask(JOBS_FOR_MEMORY)
            [kib] = process.last()
            return kib * 1024

    ways = {way: lambda command=command: peak(command) for way, command in commands.items() if way != CORE}
    return interleaved({**ways, BARE: bare_interpreter}, min(ROUNDS, 3))


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
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), critical=False)
        )

    own, servers = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority = certificate("authority", own, "authority", own).sign(own, hashes.SHA256())
    server = certificate("server", servers, "authority", own).add_extension(address, False).sign(own, hashes.SHA256())
    paths = where / "authority.pem", where / "server.pem", where / "server.key"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(authority.public_bytes(pem))
    paths[1].write_bytes(server.public_bytes(pem))
    paths[2].write_bytes(servers.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


def build_core() -> Path:
    """The core's own client, optimised as in the wheel; for a short look, as ``cargo test`` has built it anyway."""
    which = ["--workspace", "--all-features"] if SHORT else ["-p", "egoi-verify", "--features", "sandbox"]
    profile = "dev" if SHORT else "soak"
    cargo = [os.environ.get("CARGO", "cargo"), "build", "--quiet", "--locked", "--profile", profile]
    subprocess.run([*cargo, *which, "--example", "exchanges"], cwd=ROOT, check=True)
    return TARGET / ("debug" if SHORT else "soak") / "examples" / "exchanges"


def true_urllib3() -> Path:
    """Where urllib3 is itself. niquests brings a fork that overwrites it, on which requests would run too."""
    wanted = f"urllib3=={version('urllib3')}"
    where = TARGET / "python-benches" / wanted
    if not where.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(where), wanted]
        subprocess.run(pip, check=True)
    return where


def bare_interpreter() -> float:
    """The most memory that it has, in bytes."""
    code = "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')))"
    return int(subprocess.check_output([sys.executable, "-c", code])) * 1024


def add(records: Records, setting: Setting, measure: str, unit: str, taken: dict[str, list[float]]) -> None:
    """Each way is compared with this library's of its kind."""
    floor = CORE if CORE in taken else BARE
    for comparison, ours, ways in (
        ("python-blocking", "egoi_verify", BLOCKING),
        ("python-asyncio", "egoi_verify async", ASYNC),
    ):
        own = {way: taken[way] for way in [*ways, floor]}
        records.add(comparison, setting, measure, unit, own, ours=ours, floors=(floor,))


def main() -> None:
    if not {CLIENT_PROCESSOR, SERVER_PROCESSOR} <= os.sched_getaffinity(0):
        sys.exit("the server and the clients need a processor each")
    core = build_core()
    os.environ["PYTHONPATH"] = str(true_urllib3())
    records = Records("python-exchange", ("requests", "niquests", "httpx", "aiohttp", "urllib3", "pycurl"))
    settings = [SETTINGS[0], SETTINGS[-1]] if SHORT else SETTINGS
    with tempfile.TemporaryDirectory() as where:
        authority, *served = certificates(Path(where))
        with Process([sys.executable, HERE / "server.py", *served], SERVER_PROCESSOR) as server:
            plain, over_tls = server.line()
            urls = {"plain": f"http://127.0.0.1:{plain}", "TLS": f"https://127.0.0.1:{over_tls}"}
            costs = {
                setting: measure(setting, commands(setting, urls[setting.over], authority, core), server)
                for setting in settings
            }
            for setting, each in costs.items():
                add(records, setting, "time", "ns", {way: [cost.time for cost in taken] for way, taken in each.items()})
            for setting, each in costs.items():
                taken = {way: [cost.processor for cost in taken] for way, taken in each.items()}
                add(records, setting, "processor time", "ns", taken)
            for setting in SETTINGS[:1] if SHORT else SETTINGS[2:4]:
                add(records, setting, "memory", "bytes", memory(commands(setting, urls[setting.over], authority, core)))
    records.write()


if __name__ == "__main__":
    main()
