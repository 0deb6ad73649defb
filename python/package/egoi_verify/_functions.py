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
    """Draws a code, each character evenly, from the operating system's randomness.

    >>> len(generate_code("alphanumeric", 8))
    8

    Args:
        code_type: The characters of the code.
        code_size: The number of characters, 4 to 20.

    Raises:
        InvalidInputError: Another size or type: correct the argument that ``field`` names.
    """
    return _native.generate_code(code_type, code_size)


def parse_number(text: str, default_region: str | None = None) -> PhoneNumber:
    """Reads a number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.

    Two spellings of one phone are one number. Its ``type`` says whether it can get an SMS.

    >>> parse_number("910 000 000", default_region="PT").type == "mobile"
    True

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
    """Counts the SMS parts of a text, with the code already in place (3GPP TS 23.038 and 23.040).

    >>> sms_parts("a" * 161).parts
    2
    """
    return SmsParts(*_native.sms_parts(text))


def with_origin(message: str, host: str) -> str:
    """Adds the last line that lets browsers fill the code in on this host only (WebOTP, Safari).

    >>> with_origin("{CODE} is your code.", "example.com").splitlines()[-1]
    '@example.com #{CODE}'

    Args:
        message: The message, with ``{CODE}``.
        host: The host of the page, ``example.com``.

    Raises:
        InvalidInputError: A message without ``{CODE}``, or a text that is no host: correct it.
    """
    return _native.with_origin(message, host)


def with_app_hash(message: str, hash: str) -> str:
    """Adds the hash of an Android app, which the system then gives the SMS to (SMS Retriever).

    >>> with_app_hash("{CODE} is your code.", "FA+9qCX9VSu").splitlines()[-1]
    'FA+9qCX9VSu'

    Args:
        message: The message, with ``{CODE}``.
        hash: The app's hash, 11 characters.

    Raises:
        InvalidInputError: A message without ``{CODE}``, or a text that is no hash: correct it.
    """
    return _native.with_app_hash(message, hash)


def code_in_sms(
    text: str,
    code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] | None = None,
    code_size: int | None = None,
) -> str | None:
    """Reads the code from the text of an SMS, for tests; ``None`` if no part of it is plausible.

    It is a guess, except for the line of :func:`with_origin`: only the verifier knows the code.

    >>> code_in_sms("123456 is your code", "numeric", 6)
    '123456'

    Raises:
        InvalidInputError: A type or a size that no code has: correct it.
    """
    try:
        return _native.code_in_sms(text, code_type, code_size)
    finally:
        del text  # an error tracker would show it
