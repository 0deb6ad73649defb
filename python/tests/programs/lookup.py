"""A call that is interrupted while a name server does not answer, and how long its client takes to close."""

import signal
import socket
import time
from types import FrameType

from egoi_verify import Client

silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.9", 53))
client = Client("key", "1", base_url="https://nowhere.example", timeout=60, connect_timeout=60)


def press(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


signal.signal(signal.SIGALRM, press)
signal.setitimer(signal.ITIMER_REAL, 0.2)
started = time.monotonic()
try:
    client.ping()
except KeyboardInterrupt:
    print("interrupted")
client.close()
del client
print("at once" if time.monotonic() - started < 2 else f"after {time.monotonic() - started} s")
