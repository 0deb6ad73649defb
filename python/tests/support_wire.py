"""A server made of sockets, to see and to do what no HTTP server shows or does.

It knows when a connection was closed and by whom, holds responses back, and drops connections between two calls.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType

PATIENCE = 20.0
"""Seconds after which what a test waits for will not come."""


class Connection:
    """One connection, by its number in the order of arrival."""

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.requests: list[str] = []
        self.is_dropped = False
        """Whether the client ended it."""


class Wire:
    """Answers V2's calls: every request has the id ``held`` and stays pending."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._changed = threading.Condition()
        self._wanted = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.connections: list[Connection] = []
        host = "localhost" if tls else "127.0.0.1"
        self.url = f"http{'s' if tls else ''}://{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def requests(self) -> list[str]:
        """The first lines of all requests."""
        return [request for each in self.connections for request in each.requests]

    @property
    def sms(self) -> int:
        """How many SMS a service would have sent."""
        return sum(request.startswith("POST /v2/verify/request ") for request in self.requests)

    def hold(self, until: int | None = None) -> None:
        """Holds answers back until so many requests wait, or until they are released."""
        with self._changed:
            self._wanted = until if until is not None else 1_000_000
            for each in self.connections:
                each.requests.clear()

    def release(self) -> None:
        with self._changed:
            self._wanted = 0
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"in {PATIENCE} s there were not {what}"

    def wait_for_requests(self, count: int) -> None:
        self.wait_for(lambda: len(self.requests) >= count, f"{count} requests")

    def wait_for_dropped(self, count: int) -> None:
        self.wait_for(lambda: self.dropped() >= count, f"{count} dropped connections")

    def dropped(self) -> int:
        """How many connections the client has ended."""
        return sum(each.is_dropped for each in self.connections)

    def drop_connections(self) -> None:
        """Ends every connection, as a server does with those that are idle."""
        with self._changed:
            for each in self.connections:
                with contextlib.suppress(OSError):  # it has ended already
                    each.sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
        except OSError:
            return
        with self._changed:
            connection = Connection(len(self.connections), sock)
            self.connections.append(connection)
        with sock:
            try:
                while request := self._read(sock):
                    with self._changed:
                        connection.requests.append(request)
                        self._changed.notify_all()
                    if not self._may_answer(sock):
                        break
                    sock.sendall(answer(request))
            except OSError:
                pass
            with self._changed:
                connection.is_dropped = True
                self._changed.notify_all()

    def _may_answer(self, sock: socket.socket) -> bool:
        """Waits until it may, unless the client gives up first."""
        sock.settimeout(0.01)
        try:
            while len(self.requests) < self._wanted:
                try:
                    # Who waits for an answer sends nothing: what comes is the end.
                    if not sock.recv(1):
                        return False
                except (TimeoutError, ssl.SSLWantReadError):
                    pass
            return True
        finally:
            sock.settimeout(None)

    @staticmethod
    def _read(sock: socket.socket) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = sock.recv(65_536)
            if not chunk:
                return ""
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
        while len(body) < length:
            body += sock.recv(65_536)
        return head.decode().split("\r\n")[0]

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.close()
        self.release()
        self.drop_connections()


def answer(request: str) -> bytes:
    """What V2 answers."""
    if request.startswith("POST /v2/verify/request "):
        status, body = "201 Created", json.dumps({"verifyId": "held"})
    elif request.startswith("GET /v2/verify/"):
        status, body = "200 OK", json.dumps({"id": request.split("/")[3].split()[0], "status": "pending"})
    else:
        status, body = "200 OK", "{}"
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Waits for what nobody tells of."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in {PATIENCE} s it did not come to pass that {what}"
        time.sleep(0.005)
