"""The server of the benchmarks, a process of its own: V2's answers from constants, over HTTP/1.1 and over TLS.

Nothing but ``epoll``, since whatever it did besides would be in everybody's time. It prints its two ports, and serves
until its input ends; each line there is answered with its processor time so far, in ns, and how many requests it had.
"""

from __future__ import annotations

import select
import socket
import ssl
import sys
import time

CREATED = "2026-03-06T11:57:34Z"
NUMBER = "351-910000000"


def answer(body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def read(id: str, status: str) -> bytes:
    return answer(
        f'{{"id":"{id}","messageId":"m1","senderId":"1234","recipientNumber":"{NUMBER}","codeTTL":600,'
        f'"status":"{status}","createDate":"{CREATED}"}}'
    )


class Requests:
    """What is answered: a read says ``pending``, and once after each validation ``verified``."""

    def __init__(self) -> None:
        self.count = 0
        self._pending: dict[bytes, bytes] = {}
        self._validated: set[bytes] = set()

    def answer(self, request: bytes) -> bytes:
        self.count += 1
        method, path, _ = request.split(b" ", 2)
        if method == b"GET":
            if path in self._validated:
                self._validated.remove(path)
                return read(path.decode().rpartition("/")[2], "verified")
            known = self._pending.get(path)
            if known is None:
                known = self._pending[path] = read(path.decode().rpartition("/")[2], "pending")
            return known
        path = path.removesuffix(b"/validate")
        self._validated.add(path)
        return answer(f'[{{"verifyId":"{path.decode().rpartition("/")[2]}"}}]')


def is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    if not end or head.startswith(b"GET"):
        return bool(end)
    _, _, length = head.lower().partition(b"content-length:")
    return len(body) >= int(length.split(b"\r\n", 1)[0])


def serve(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain, over_tls = (socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(2))
    print(plain.getsockname()[1], over_tls.getsockname()[1], flush=True)

    requests = Requests()
    connections: dict[int, socket.socket] = {}
    begun: dict[int, bytes] = {}
    epoll = select.epoll()
    for each in (plain, over_tls, sys.stdin):
        epoll.register(each.fileno(), select.EPOLLIN)
    while True:
        for number, _ in epoll.poll():
            connection = connections.get(number)
            if connection is not None:
                try:
                    received = connection.recv(65536)
                    while isinstance(connection, ssl.SSLSocket) and connection.pending():
                        received += connection.recv(65536)
                except ssl.SSLWantReadError:
                    continue
                except OSError:
                    received = b""
                if not received:
                    connections.pop(number).close()
                    begun.pop(number, None)
                    continue
                request = begun.pop(number, b"") + received
                if is_whole(request):
                    connection.send(requests.answer(request))
                else:
                    begun[number] = request
            elif number == sys.stdin.fileno():
                if not sys.stdin.readline():
                    return
                print(time.process_time_ns(), requests.count, flush=True)
            else:
                listener = plain if number == plain.fileno() else over_tls
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.setblocking(False)
                if listener is over_tls:
                    # The first reads shake hands: nobody waits for one that takes its time over that.
                    connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                connections[connection.fileno()] = connection
                epoll.register(connection.fileno(), select.EPOLLIN)


if __name__ == "__main__":
    serve(*sys.argv[1:])
