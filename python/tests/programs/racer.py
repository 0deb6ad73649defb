"""Validates with the right code, in many threads at once, when it is told to; prints what each was told."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from egoi_verify import Engine, Store

store, key, id, code, threads = sys.argv[1:]
start = Barrier(int(threads))


def validate(engine: Engine) -> str:
    start.wait()
    return engine.validate(id, code).value


with Engine(lambda sms: None, store=Store(store, key=key)) as engine, ThreadPoolExecutor(int(threads)) as pool:
    engine.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    print(*pool.map(validate, [engine] * int(threads)))
