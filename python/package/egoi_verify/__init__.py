"""Prove that a phone number belongs to the person in front of you, through E-goi Verify (2FA by SMS).

:class:`Client` and :class:`AsyncClient` have E-goi run a verification, :class:`Engine` and :class:`AsyncEngine` run it
in this process, and :class:`Sandbox` is E-goi on localhost, for tests. Importing it starts nothing.
"""

import os

try:
    from . import _native
except ImportError as error:
    from ._importing import explained

    raise explained(error, __spec__.loader) from error

TYPE_CHECKING = False  # as in `typing`, whose import alone takes several milliseconds
if TYPE_CHECKING:
    from ._async_client import AsyncClient
    from ._async_engine import AsyncEngine
    from ._calls import CallEvent, observe
    from ._client import Client, EgoiSms
    from ._engine import Engine, Send
    from ._errors import (
        CallInterruptedError,
        CallTimeoutError,
        ClosedError,
        ConflictError,
        DeliveryFailedError,
        ForbiddenError,
        ForkedError,
        InternalError,
        InvalidInputError,
        InvalidResponseError,
        MisconfiguredError,
        NotFoundError,
        NotSentError,
        RateLimitedError,
        RedirectedError,
        RejectedError,
        StorageError,
        UnauthorizedError,
        UnavailableError,
        UnreachableError,
        UnsupportedError,
        VerifyError,
    )
    from ._functions import code_in_sms, generate_code, parse_number, sms_parts, with_app_hash, with_origin
    from ._sandbox import Sandbox, SandboxClock
    from ._store import Store
    from ._values import (
        CodeType,
        Message,
        NumberLimit,
        NumberRecord,
        NumberType,
        Outcome,
        OutcomeDetails,
        OutgoingSms,
        PhoneNumber,
        PrefixQuota,
        Quota,
        Seconds,
        SenderInfo,
        SmsParts,
        SmsStatus,
        State,
        Verification,
    )
    from ._verifier import AsyncVerifier, Verifier

__version__: str = _native.__version__

__all__ = [
    "AsyncClient",
    "AsyncEngine",
    "AsyncVerifier",
    "CallEvent",
    "CallInterruptedError",
    "CallTimeoutError",
    "Client",
    "ClosedError",
    "CodeType",
    "ConflictError",
    "DeliveryFailedError",
    "EgoiSms",
    "Engine",
    "ForbiddenError",
    "ForkedError",
    "InternalError",
    "InvalidInputError",
    "InvalidResponseError",
    "Message",
    "MisconfiguredError",
    "NotFoundError",
    "NotSentError",
    "NumberLimit",
    "NumberRecord",
    "NumberType",
    "Outcome",
    "OutcomeDetails",
    "OutgoingSms",
    "PhoneNumber",
    "PrefixQuota",
    "Quota",
    "RateLimitedError",
    "RedirectedError",
    "RejectedError",
    "Sandbox",
    "SandboxClock",
    "Seconds",
    "Send",
    "SenderInfo",
    "SmsParts",
    "SmsStatus",
    "State",
    "StorageError",
    "Store",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
    "UnsupportedError",
    "Verification",
    "Verifier",
    "VerifyError",
    "code_in_sms",
    "generate_code",
    "observe",
    "parse_number",
    "sms_parts",
    "with_app_hash",
    "with_origin",
]

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_native.before_fork, after_in_parent=_native.after_fork, after_in_child=_native.after_fork
    )

# Where what is public is, by module. They are imported when something of theirs is first asked for: a script that needs
# one function does not wait for `dataclasses` or `asyncio`.
_PUBLIC = {
    "_async_client": ["AsyncClient"],
    "_async_engine": ["AsyncEngine"],
    "_calls": ["CallEvent", "observe"],
    "_client": ["Client", "EgoiSms"],
    "_engine": ["Engine", "Send"],
    "_functions": ["code_in_sms", "generate_code", "parse_number", "sms_parts", "with_app_hash", "with_origin"],
    "_sandbox": ["Sandbox", "SandboxClock"],
    "_store": ["Store"],
    "_values": [
        "CodeType",
        "Message",
        "NumberType",
        "Outcome",
        "OutcomeDetails",
        "OutgoingSms",
        "PhoneNumber",
        "NumberLimit",
        "NumberRecord",
        "PrefixQuota",
        "Quota",
        "Seconds",
        "SenderInfo",
        "SmsStatus",
        "SmsParts",
        "State",
        "Verification",
    ],
    "_verifier": ["AsyncVerifier", "Verifier"],
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # All that is in no other module is an error.
    home = next((module for module, names in _PUBLIC.items() if name in names), "_errors")
    found: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
