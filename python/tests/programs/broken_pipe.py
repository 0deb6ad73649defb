"""A program that, as command line programs do, lets a broken pipe kill it; its loop is gone when an answer comes."""

import asyncio
import signal
import sys

from egoi_verify import AsyncClient
from egoi_verify._native import Completions

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
client = AsyncClient("key", "1", base_url=sys.argv[1])
loop = asyncio.new_event_loop()
# What is given up with its loop is aborted; an answer that comes at that very moment is made certain in this way.
job, completions = client._verifier.ping(None, None, None), Completions()
job.start(completions, loop)
del completions
print("started", flush=True)
sys.stdin.readline()
# The worker has given the first answer when it has a second.
print("alive" if loop.run_until_complete(client.ping()) is None else "")
loop.close()
