"""What else may run between the moment a fork is announced and the fork itself.

Hooks of other packages may let other threads run and signals be handled.
"""

import os
import signal
import sys
import threading
from types import FrameType

scenario, url = sys.argv[1:3]

asked, answered = threading.Event(), threading.Event()
others: list[int] = []


def hook() -> None:
    """Registered before the package's own, and so called after it, with the gate shut."""
    if threading.current_thread() is not threading.main_thread() or scenario == "none":
        return
    if scenario == "call":
        asked.set()
        answered.wait(0.2)  # Python is the other thread's; it cannot answer before the fork
    elif scenario == "fork":
        asked.set()
        answered.wait(0.2)
    elif scenario == "signal":
        signal.raise_signal(signal.SIGUSR1)


os.register_at_fork(before=hook)

import egoi_verify  # noqa: E402
from egoi_verify import Client  # noqa: E402

if scenario == "twice":
    # As tools that reload what was edited do.
    for name in [name for name in sys.modules if name.startswith("egoi_verify")]:
        del sys.modules[name]
    import egoi_verify
client = egoi_verify.Client("key", "1", base_url=url)
client.ping()


def other() -> None:
    asked.wait()
    if scenario == "call":
        client.ping()
        Client("key", "1", base_url=url).ping()
    else:
        child = os.fork()
        if child == 0:
            client.ping()
            os._exit(0)
        others.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    answered.set()


def handle(signum: int, frame: FrameType | None) -> None:
    client.ping()
    answered.set()


signal.signal(signal.SIGUSR1, handle)
thread = threading.Thread(target=other, daemon=True)
thread.start()
busy = threading.Event()


def keep_calling() -> None:
    while not busy.is_set():
        client.ping()


# The signal's handler has to share the client's runtime with another thread.
caller = threading.Thread(target=keep_calling)
if scenario == "signal":
    caller.start()
child = os.fork()
if child == 0:
    client.ping()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
client.ping()
busy.set()
if scenario == "signal":
    caller.join()
if scenario != "twice":
    assert answered.wait(20)
assert not any(others)
print("went on")
