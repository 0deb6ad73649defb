"""A signal's handler that forks while a call is under way."""

import os
import signal
import sys
from types import FrameType

from egoi_verify import Client, ForkedError

client = Client("key", "1", base_url=sys.argv[1])
children: list[int] = []


def fork(signum: int, frame: FrameType | None) -> None:
    children.append(os.fork())


signal.signal(signal.SIGUSR1, fork)
try:
    client.ping()
    print("parent: works", flush=True)
except ForkedError:
    print("child: forked", flush=True)
if children == [0]:
    client.ping()
    print("child: works", flush=True)
else:
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
