"""A verification by each kind of verifier, blocking and asyncio, and what each kind of interpreter must have."""

import asyncio
import contextlib
import sys

from egoi_verify import AsyncEngine, Engine, InvalidInputError, Outcome, OutgoingSms, Sandbox, code_in_sms

NUMBER = "+351 910 000 000"
sms: list[OutgoingSms] = []


def code() -> str:
    found = code_in_sms(sms[-1].text)
    assert found is not None
    return found


async def send(sent: OutgoingSms) -> None:
    sms.append(sent)


with Sandbox() as sandbox, sandbox.client() as client, Engine(sms.append) as engine, Engine(send) as sending:
    verification = client.request(NUMBER)
    assert client.validate(verification.id, sandbox.wait_for_code(NUMBER), number=NUMBER) is Outcome.VERIFIED
    for each in engine, sending:
        assert each.validate(each.request(NUMBER).id, code()) is Outcome.VERIFIED
    with contextlib.suppress(InvalidInputError):
        client.request("12")

    async def main() -> None:
        async with sandbox.async_client() as client, AsyncEngine(send) as engine:
            verification = await client.request(NUMBER)
            # What was awaited is in the inbox.
            assert (await client.validate(verification.id, sandbox.wait_for_code(NUMBER))) is Outcome.VERIFIED
            verification = await engine.request(NUMBER)
            assert (await engine.validate(verification.id, code())) is Outcome.VERIFIED

    asyncio.run(main())
print(f"{sys.version_info[0]}.{sys.version_info[1]}")
