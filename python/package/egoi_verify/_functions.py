"""The functions of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _native
from ._values import CodeType, NumberType, PhoneNumber, SmsParts

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["code_in_sms", "generate_code", "parse_number", "sms_parts", "with_app_hash", "with_origin"]


def generate_code(
    code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] = CodeType.NUMERIC, code_size: int = 6
) -> str:
    """A new code, each character drawn evenly from the operating system's randomness.

    Args:
        code_type: What it is made of.
        code_size: How many characters it has, 4 to 20; any other size is :class:`InvalidInputError`.
    """
    return _native.generate_code(code_type, code_size)


def parse_number(text: str, default_region: str | None = None) -> PhoneNumber:
    """Reads a number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.

    Two spellings of one phone are one number. Whether it can be sent an SMS, its ``type`` says.

    Args:
        text: The number.
        default_region: The country of a number without its calling code: an ISO 3166 code such as ``"PT"``. Then
            ``910 000 000`` is a number too.

    Raises:
        InvalidInputError: It is no number; ``reason`` names the fault: no calling code, a length that its country does
            not have, a calling code written twice, a spelling of before a change of its country's numbers.
    """
    try:
        e164, country, calling_code, number_type = _native.parse_number(text, default_region)
        return PhoneNumber(e164, country, calling_code, NumberType(number_type))
    finally:
        del text  # an error tracker would show it


def sms_parts(text: str) -> SmsParts:
    """Counts the SMS parts of a text, with the code already in place (3GPP TS 23.038 and 23.040)."""
    return SmsParts(*_native.sms_parts(text))


def with_origin(message: str, host: str) -> str:
    """The message with the last line that lets browsers fill the code in on this host alone (WebOTP, Safari).

    Args:
        message: The message, with ``{CODE}``.
        host: The host of the page, ``example.com``; another form is :class:`InvalidInputError`.
    """
    return _native.with_origin(message, host)


def with_app_hash(message: str, hash: str) -> str:
    """The message with the hash of an Android app, which is then given it (SMS Retriever).

    Args:
        message: The message, with ``{CODE}``.
        hash: The app's hash, 11 characters; another is :class:`InvalidInputError`.
    """
    return _native.with_app_hash(message, hash)


def code_in_sms(
    text: str,
    code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] | None = None,
    code_size: int | None = None,
) -> str | None:
    """Reads the code from the text of an SMS, for tests; ``None`` where no part of it is plausible.

    A guess, but for the line of :func:`with_origin`: only the verifier knows whether it is the code.
    """
    try:
        return _native.code_in_sms(text, code_type, code_size)
    finally:
        del text  # an error tracker would show it
