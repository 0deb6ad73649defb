"""What an engine on SQLite says where its file cannot be written.

`read-only FILE`, by a user without rights, or `full FOLDER`.
"""

import os
import sys
from contextlib import suppress

from egoi_verify import Engine, MisconfiguredError, OutgoingSms, StorageError, Store, code_in_sms

what, path = sys.argv[1:]
KEY = b"the secret of the tests of stores"
sent: list[OutgoingSms] = []


def engine(file: str) -> Engine:
    return Engine(sent.append, store=Store(f"sqlite:{file}", key=KEY), sms_per_number=None, resend_after=None)


if what == "read-only":
    # The interpreter may be root's alone, and is loaded by now.
    os.setegid(65534)
    os.seteuid(65534)
    try:
        engine(path)
    except MisconfiguredError as error:
        print(error)
else:

    def fill() -> None:
        """To the last byte."""
        with suppress(OSError), open(f"{path}/filling", "ab", buffering=0) as rest:
            while rest.write(b"x"):
                pass

    with engine(f"{path}/egoi.db") as filling:
        begun = [filling.request("+351 910 000 000") for _ in range(20)]
        codes = [code_in_sms(sms.text) for sms in sent]
        try:
            while True:
                filling.request("+351 910 000 000", message="{CODE}" + "x" * 900)
        except StorageError as error:
            print(error, error.sms_possibly_sent, len(sent))
        # The file may have some room in it, and makes some when it is closed: the first few may be written down.
        for verification, code in zip(begun, codes, strict=True):
            fill()
            assert code is not None
            try:
                print(filling.validate(verification.id, code).value, filling.get(verification.id).state.value)
            except StorageError as error:
                print(error, filling.get(verification.id).state.value)
                break
