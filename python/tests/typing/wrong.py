"""Wrong uses, which both type checkers must reject: each line marked `wrong`, and no other."""

from egoi_verify import AsyncClient, Client, CodeType, EgoiSms, Engine, Outcome, OutgoingSms, Quota, State, Verifier
from typing_extensions import assert_never

client = Client(api_key="key", sender="1")
engine = Engine(lambda sms: None)


def options() -> None:
    Client("key")  # wrong: no sender
    Client("key", "1", api="v3")  # wrong: no such version
    Client("key", "1", "v2")  # wrong: options have names
    Client("key", "1", timeout="15")  # wrong: neither seconds nor a timedelta
    Client("key", "1", attempts=3)  # wrong: no such option
    Client(b"key", "1")  # wrong: bytes
    Client("key", "1", trust="nobody")  # wrong: no such trust
    Engine()  # wrong: nothing sends
    Engine(print, max_attempts="5")  # wrong: a word for a number
    Engine(lambda: None)  # wrong: takes no SMS
    Engine(lambda sms: None, sms_per_number=5)  # wrong: a number for a quota
    Engine(lambda sms: None, sms_per_number=Quota(5))  # wrong: no window
    EgoiSms(client)  # wrong: a client for its options


def calls(given: Outcome) -> None:
    client.request(351910000000)  # wrong: a number is text
    client.request("+351 910 000 000", code_type="octal")  # wrong: no such type of code
    client.request("+351 910 000 000", code_size="6")  # wrong: a word for a number
    client.request("+351 910 000 000", "Your code is {CODE}")  # wrong: options have names
    client.validate("id", 123456)  # wrong: a code is text
    client.validate("id")  # wrong: no code
    engine.senders()  # wrong: an engine has no account
    state: State = client.validate("id", "123456")  # wrong: an outcome is no state
    print(state)
    passed: bool = client.validate("id", "123456")  # wrong: an outcome is neither true nor false
    print(passed)


def exhausted(outcome: Outcome) -> str:
    match outcome:
        case Outcome.VERIFIED:
            return "proved"
        case Outcome.WRONG_CODE | Outcome.EXPIRED:
            return "not proved"
        case _:
            assert_never(outcome)  # wrong: three outcomes are left out


async def asynchronous(asynchronous_client: AsyncClient) -> None:
    asynchronous_client.get("id").state  # wrong: not awaited
    verifier: Verifier = asynchronous_client  # wrong: its verbs are awaited
    print(verifier)


def values(sms: OutgoingSms) -> None:
    sms.text = "other"  # wrong: frozen
    CodeType.OCTAL  # wrong: no such type of code
    client.get("id").code  # wrong: never the code
