"""Apache's mod_wsgi: that of this machine's Debian, and that of Debian 13 with Python 3.13 where its tree was made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import egoi_verify
import pytest
import support_program as program
from egoi_verify import Sandbox
from support_servers import free_port
from support_wire import wait_until

PATIENCE = 30.0
TREE = Path(os.environ.get("EGOI_TREES", "/opt/egoi-verify")) / "apache"
KINDS = ("client", "async_client", "engine", "engine_with_async_gateway", "async_engine")

CONFIGURATION = """
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/log"
LogLevel warn
User nobody
Group nogroup
LoadModule mpm_event_module "{root}/usr/lib/apache2/modules/mod_mpm_event.so"
LoadModule authz_core_module "{root}/usr/lib/apache2/modules/mod_authz_core.so"
LoadModule wsgi_module "{root}/usr/lib/apache2/modules/mod_wsgi.so"
WSGISocketPrefix "{folder}/wsgi"
WSGIDaemonProcess site processes={processes} threads=4 python-path="{folder}"
WSGIProcessGroup site
{more}
"""


@dataclass
class Apache:
    url: str
    folder: Path

    def get(self, path: str) -> Any:
        with urlopen(f"{self.url}{path}", timeout=PATIENCE) as response:
            return json.load(response)

    def is_up(self) -> bool:
        try:
            self.get("/")
        except HTTPError:
            return True
        except URLError:
            return False
        return True

    def log(self) -> str:
        return (self.folder / "log").read_text()


class Serve(Protocol):
    def __call__(self, more: str, *, processes: int = 2) -> AbstractContextManager[Apache]: ...


@pytest.fixture(params=["/", str(TREE)], ids=["this_debian", "debian_13"])
def serve(request: pytest.FixtureRequest, sandbox: Sandbox) -> Serve:
    """Starts Apache with these lines of configuration. ``{app}`` in them is the file of the application."""
    root = Path(request.param)
    apache = root / "usr/sbin/apache2"
    if not (apache.exists() and (root / "usr/lib/apache2/modules/mod_wsgi.so").exists()):
        part = "apache" if root == Path("/") else "apache-debian-13, as make soak-python does"
        pytest.skip(f"no Apache with mod_wsgi in {root}: tools/setup-debian.sh {part}")
    command, home = [str(apache)], ""
    if root != Path("/"):
        # By its own loader, as no chroot is needed then.
        (libraries,) = (root / "usr/lib").glob("*-linux-gnu")
        (loader,) = libraries.glob("ld-linux-*.so.2")
        command = [str(loader), "--library-path", str(libraries), str(apache)]
        home = f'WSGIPythonHome "{root}/usr"'

    @contextmanager
    def served(more: str, *, processes: int = 2) -> Iterator[Apache]:
        port = free_port()
        # As root, Apache serves as `nobody`, who must be able to read this.
        folder = Path(tempfile.mkdtemp(prefix="egoi-verify-apache-"))
        try:
            folder.chmod(0o755)
            shutil.copytree(Path(egoi_verify.__file__).parent, folder / "egoi_verify")
            app = shutil.copy(program.PROGRAMS / "mod_wsgi_app.py", folder)
            more = more.replace("{app}", str(app))
            values = {"folder": folder, "port": port, "root": str(root).rstrip("/"), "processes": processes}
            (folder / "apache.conf").write_text(CONFIGURATION.format(**values, more=f"{home}\n{more}"))
            process = subprocess.Popen(
                [*command, "-f", str(folder / "apache.conf"), "-DFOREGROUND"],
                env={"SANDBOX": sandbox.url, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
            )
            server = Apache(f"http://127.0.0.1:{port}", folder)
            try:
                wait_until(server.is_up, "Apache answers")
                yield server
            finally:
                process.terminate()
                process.wait(PATIENCE)
                print(server.log())
        finally:
            shutil.rmtree(folder)

    return served


def verify_all(server: Apache, under: str) -> list[Any]:
    """Every kind of call eight times, eight at once."""
    paths = [f"{under}/{kind}?3519100000{place}{n}" for n in range(8) for place, kind in enumerate(KINDS, 1)]
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(server.get, paths))


def test_every_call_works_in_the_main_interpreter(serve: Serve) -> None:
    with serve('WSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias / "{app}"') as server:
        said = verify_all(server, "")
    assert {(each["outcome"], each["group"]) for each in said} == {("verified", "")}


def test_every_call_works_in_the_sub_interpreter_of_the_only_application(serve: Serve) -> None:
    with serve('WSGIScriptAlias /one "{app}"') as server:
        said = verify_all(server, "/one")
    assert {each["outcome"] for each in said} == {"verified"}
    assert {each["group"] != "" for each in said} == {True}


def test_a_second_application_of_a_process_gets_an_import_error_that_names_the_main_interpreter(serve: Serve) -> None:
    two = 'WSGIScriptAlias /one "{app}"\nWSGIScriptAlias /two "{app}"'
    with serve(two, processes=1) as server:
        assert server.get("/one/client?351910000010")["outcome"] == "verified"
        with pytest.raises(HTTPError) as refused:
            server.get("/two/client?351910000011")
        assert refused.value.code == 500
        assert "WSGIApplicationGroup %{GLOBAL}" in server.log()
        assert server.get("/one/client?351910000012")["outcome"] == "verified"
