"""A child that runs the loop of its parent, in which an answer has come that is the parent's."""

import asyncio
import os
import sys

from egoi_verify import AsyncClient

client = AsyncClient("key", "1", base_url=sys.argv[1])
loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()
call = loop.create_task(client.get("a"))
loop.run_until_complete(asyncio.sleep(0))
sys.stdin.readline()
# The worker has given the first answer when it gives a second.
other.run_until_complete(client.ping())
child = os.fork()
if child == 0:
    loop.run_until_complete(asyncio.sleep(0.05))
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(loop.run_until_complete(call).id)
loop.close()
other.close()
