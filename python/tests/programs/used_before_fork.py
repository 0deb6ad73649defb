"""Clients that are used, and then used in a child too: by turns, and afterwards in the parent again."""

import asyncio
import multiprocessing
import os
import sys
from pathlib import Path

from egoi_verify import AsyncClient, Client

url, certificates, how = sys.argv[1:4]
pem = Path(certificates).read_text() if certificates else None
blocking = Client("key", "1", base_url=url, ca_certificates=pem)
asynchronous = AsyncClient("key", "1", base_url=url, ca_certificates=pem)


def call(who: str) -> None:
    assert blocking.get(f"{who}-blocking").id == f"{who}-blocking"
    assert asyncio.run(asynchronous.get(f"{who}-asyncio")).id == f"{who}-asyncio"


def in_a_child() -> None:
    if how == "os.fork":
        child = os.fork()
        if child == 0:
            call("child")
            # With all that ends a process: what is the parent's is dropped by Python here.
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    else:
        multiprocessing.set_start_method(how)
        process = multiprocessing.Process(target=call, args=("child",))
        process.start()
        process.join()
        assert process.exitcode == 0


if __name__ == "__main__":
    call("parent")
    in_a_child()
    call("parent")
    print("all answered")
