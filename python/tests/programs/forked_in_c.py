"""A client that is used, and then used in a child of which Python knows nothing, and in the parent again."""

import ctypes
import os
import sys

from egoi_verify import Client

client = Client("key", "1", base_url=sys.argv[1])
client.get("parent")
# A server in C may fork its workers so.
child = ctypes.PyDLL(None).fork()
if child == 0:
    client.get("child")
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
client.get("parent")
print("all answered")
