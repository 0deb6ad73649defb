"""Prove that a phone number belongs to the person in front of you, through E-goi Verify (2FA by SMS).

:class:`Client` and :class:`AsyncClient` have E-goi run a verification, :class:`Engine` and :class:`AsyncEngine` run it in
this process, and :class:`Sandbox` is E-goi on localhost, for tests. Importing it starts nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import _native
from ._client import Client, EgoiSms
from ._engine import DEFAULT, Engine, Send
from ._errors import *
from ._functions import *
from ._sandbox import Sandbox, SandboxClock
from ._values import *
from ._verifier import AsyncVerifier, Verifier

if TYPE_CHECKING:
    from ._async_client import AsyncClient
    from ._async_engine import AsyncEngine

__version__ = _native.__version__

__all__ = [
    "DEFAULT",
    "AsyncClient",
    "AsyncEngine",
    "AsyncVerifier",
    "Client",
    "Closed",
    "CodeType",
    "Conflict",
    "EgoiSms",
    "Engine",
    "Forbidden",
    "Forked",
    "Internal",
    "Interrupted",
    "InvalidInput",
    "Message",
    "NotFound",
    "NotSent",
    "Outcome",
    "OutgoingSms",
    "PhoneNumber",
    "Quota",
    "RateLimited",
    "Redirected",
    "Rejected",
    "Sandbox",
    "SandboxClock",
    "Seconds",
    "Send",
    "SenderInfo",
    "Sending",
    "Sms",
    "SmsParts",
    "State",
    "Storage",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "Unsupported",
    "Verification",
    "Verifier",
    "VerifyError",
    "code_in_sms",
    "generate_code",
    "parse_number",
    "sms_parts",
    "with_app_hash",
    "with_origin",
]

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_native.before_fork, after_in_parent=_native.after_fork, after_in_child=_native.after_fork
    )


def __getattr__(name: str) -> object:
    # These import `asyncio`, which takes longer than all of this package.
    if name == "AsyncClient":
        from ._async_client import AsyncClient as found
    elif name == "AsyncEngine":
        from ._async_engine import AsyncEngine as found  # type: ignore[assignment]
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found
