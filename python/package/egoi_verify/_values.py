"""What the verbs take and give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum

from . import _native

__all__ = [
    "CodeType",
    "Message",
    "NumberLimit",
    "NumberRecord",
    "NumberType",
    "Outcome",
    "OutcomeDetails",
    "OutgoingSms",
    "PhoneNumber",
    "PrefixQuota",
    "Quota",
    "Seconds",
    "SenderInfo",
    "SmsParts",
    "State",
    "Verification",
]

Seconds = float | timedelta
"""A length of time: a number of seconds, or a ``timedelta``."""


class CodeType(str, Enum):
    """The characters of a code. The word itself, ``"hex"``, is taken too.

    >>> CodeType.HEX == "hex"
    True
    """

    NUMERIC = "numeric"
    """``0-9``"""
    ALPHA = "alpha"
    """``A-Z``"""
    ALPHANUMERIC = "alphanumeric"
    """``0-9A-Z``"""
    HEX = "hex"
    """``0-9A-F``"""

    def __str__(self) -> str:
        return self.value


class State(str, Enum):
    """The state of a request: a string, ``state == "pending"``.

    >>> State.PENDING == "pending"
    True
    """

    PENDING = "pending"
    """Waits for the right code."""
    VERIFIED = "verified"
    """The right code was given in time."""
    EXPIRED = "expired"
    """The validity ran out first."""
    CANCELLED = "cancelled"
    """Cancelled first."""

    def __str__(self) -> str:
        return self.value


class Outcome(str, Enum):
    """The result of submitting a code, as a string. Only :attr:`VERIFIED` proves anything: test :attr:`is_verified`.

    An outcome has no truth value (``if outcome:`` is a ``TypeError``): a wrong code cannot pass for a right
    one.

    >>> Outcome.VERIFIED.is_verified
    True
    """

    VERIFIED = "verified"
    """The right code, in time, for the first time: the one success."""
    WRONG_CODE = "wrong_code"
    """A wrong code; the request waits for the right one until it expires."""
    EXPIRED = "expired"
    """The validity ran out."""
    ALREADY_VERIFIED = "already_verified"
    """Verified before; no proof now."""
    CANCELLED = "cancelled"
    """Cancelled before."""
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    """Too many wrong codes; this one was not looked at."""

    @property
    def is_verified(self) -> bool:
        """Whether the number is proved."""
        return self is Outcome.VERIFIED

    def __str__(self) -> str:
        return self.value

    # Not `NoReturn`, after which mypy takes the rest of the code for unreachable and does not check it.
    def __bool__(self) -> object:
        raise TypeError("an Outcome is neither true nor false: use outcome.is_verified")


@dataclass(frozen=True)
class OutcomeDetails:
    """An outcome with its details. It has no truth value, as an outcome has none.

    A form shows the attempts that are left::

        details = engine.validate_with_details(session["id"], code, number=session["number"])
        if details.outcome is Outcome.WRONG_CODE and details.attempts_left is not None:
            print(f"{details.attempts_left} tries left")
    """

    outcome: Outcome
    """The outcome. Only :attr:`Outcome.VERIFIED` proves anything."""
    attempts_left: int | None = None
    """How many more wrong codes are accepted: the fewest that a limit of the request, the number or the client leaves.
    Of a wrong code and of too many attempts. ``None`` if no limit counts here, if E-goi counts, or if a store repeated
    the call after a lost response."""
    limit: str | None = None
    """The name of the limit that stopped the call: ``max_attempts``, ``wrong_codes_per_number`` or
    ``wrong_codes_per_client``."""

    def __bool__(self) -> object:
        raise TypeError("OutcomeDetails are neither true nor false: use details.outcome.is_verified")


class SmsStatus(str, Enum):
    """Whether the SMS of a request was sent, as a string.

    >>> SmsStatus.SENT == "sent"
    True
    """

    SENT = "sent"
    """It was sent."""
    UNKNOWN = "unknown"
    """A process died or a connection broke while it was being sent."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Verification:
    """A request, as far as it is known. Never the code, never the message; printed, the number is masked.

    >>> verification = Verification("1", State.PENDING, number="+351910000000")
    >>> verification.state is State.PENDING
    True
    """

    id: str
    """The request's id, for ``validate``, ``cancel``, ``resend`` and ``get``."""
    state: State
    """Its state."""
    number: str | None = None
    """The full number, ``+351910000000``, if the service reports it."""
    created_at: datetime | None = None
    """When it was made, in UTC, if it is known."""
    expires_at: datetime | None = None
    """The code is valid before this time, in UTC, if it is known; never later than the service's own."""
    sms: SmsStatus | None = None
    """Whether the SMS went out, if it is known."""
    attempts_left: int | None = None
    """How many more wrong codes are looked at, from an engine that counts."""
    resend_at: datetime | None = None
    """When a resend is possible, in UTC; from an engine with a pause, while there is a resend."""
    resends_left: int | None = None
    """How many more resends there may be, from an engine that limits them."""

    def __repr__(self) -> str:
        number = None if self.number is None else _native.masked(self.number)
        sms = None if self.sms is None else self.sms.value
        return (
            f"Verification(id={self.id!r}, state={self.state.value!r}, number={number!r}, "
            f"created_at={self.created_at!r}, expires_at={self.expires_at!r}, sms={sms!r}, "
            f"attempts_left={self.attempts_left!r}, resend_at={self.resend_at!r}, resends_left={self.resends_left!r})"
        )


@dataclass(frozen=True)
class SenderInfo:
    """A sender of the account. Printed, its number is masked.

    >>> SenderInfo("1", name="Shop").id
    '1'
    """

    id: str
    """Its id, which ``sender`` takes over V2."""
    name: str | None = None
    """Its name, if it has one."""
    number: str | None = None
    """Its number, if it has one."""
    status: str | None = None
    """Its state in the service's word, if the service reports it."""

    def __repr__(self) -> str:
        number = None if self.number is None else _native.masked(self.number)
        return f"SenderInfo(id={self.id!r}, name={self.name!r}, number={number!r}, status={self.status!r})"


class NumberType(str, Enum):
    """The type of a phone number, as a string.

    >>> NumberType.MOBILE == "mobile"
    True
    """

    MOBILE = "mobile"
    """A mobile phone."""
    FIXED_LINE = "fixed_line"
    """A landline."""
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"
    """A mobile phone or a landline: the plan does not tell, as in North America."""
    PREMIUM_RATE = "premium_rate"
    """The caller pays a fee. Never sent an SMS."""
    TOLL_FREE = "toll_free"
    """The called side pays. Never sent an SMS."""
    SHARED_COST = "shared_cost"
    """Both sides pay. Never sent an SMS."""
    VOIP = "voip"
    """A number of the Internet."""
    PERSONAL_NUMBER = "personal_number"
    """A number of a person, which leads to a phone of theirs."""
    PAGER = "pager"
    """A pager. Never sent an SMS."""
    UAN = "uan"
    """A company's number everywhere in its country, a universal access number. Never sent an SMS."""
    VOICEMAIL = "voicemail"
    """A mailbox. Never sent an SMS."""
    UNKNOWN = "unknown"
    """In no range that is known."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class PhoneNumber:
    """A number that was read. Printed, it is masked: ``str(number)`` is ``+35191*****00``.

    >>> from egoi_verify import parse_number
    >>> parse_number("00351 910 000 000").e164
    '+351910000000'
    """

    e164: str
    """In E.164: ``+351910000000``."""
    country: str | None
    """Its country's ISO 3166 code, ``"PT"``, if the number shows it."""
    calling_code: int
    """The calling code: ``351``."""
    type: NumberType
    """Its type."""

    @property
    def masked(self) -> str:
        """The number as it may be shown to others: ``+35191*****00``."""
        return _native.masked(self.e164)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({str(self)!r})"


@dataclass(frozen=True)
class SmsParts:
    """The size of a text that is sent by SMS.

    >>> from egoi_verify import sms_parts
    >>> sms_parts("a" * 161).parts
    2
    """

    encoding: str
    """``"gsm7"``, or ``"ucs2"`` where one character is outside the GSM alphabet."""
    characters: int
    """Septets for ``gsm7`` (an extension character such as ``€`` takes 2), UTF-16 code units for ``ucs2``."""
    parts: int
    """How many SMS are sent and billed, 1 or more."""


@dataclass(frozen=True)
class OutgoingSms:
    """An SMS to send. Its text holds the code and is not printed; the number is masked when printed.

    A function that sends takes one::

        def send(sms: OutgoingSms) -> None:
            gateway.deliver(sms.number, sms.text, reference=sms.attempt_id)
    """

    number: str
    """The full number, ``+351910000000``."""
    text: str
    """The text, with the code."""
    attempt_id: str
    """What names this hand-over, 32 hex digits: a gateway that is given the same one twice may drop the second."""

    def __repr__(self) -> str:
        return f"OutgoingSms(number={_native.masked(self.number)!r}, attempt_id={self.attempt_id!r})"


@dataclass(frozen=True)
class Message:
    """An SMS in a sandbox's inbox, as the recipient got it. Printed, it shows neither text nor code.

    A sandbox returns it::

        sandbox.messages("+351 910 000 000")[0].text
    """

    id: int
    """Counts up from 1."""
    number: str
    """The number, ``+351910000000``."""
    sender: str
    """The sender: V1's hash or V2's id."""
    text: str = field(repr=False)
    """The text, with the code."""
    code: str = field(repr=False)
    """The code."""
    request_id: str
    """The request that it belongs to."""
    sent_at: datetime
    """When, by the sandbox's clock, in UTC."""
    parts: int
    """How many SMS parts the text takes."""

    def __repr__(self) -> str:
        return (
            f"Message(id={self.id}, number={_native.masked(self.number)!r}, sender={self.sender!r}, "
            f"request_id={self.request_id!r}, sent_at={self.sent_at!r}, parts={self.parts})"
        )


@dataclass(frozen=True)
class Quota:
    """At most this many events in this long a window, which starts at its first event.

    >>> Quota(5, per=3_600).limit
    5
    """

    limit: int
    """How many events, 1 or more."""
    per: Seconds
    """How long the window is."""


@dataclass(frozen=True)
class PrefixQuota:
    """At most this many SMS in this long a window to numbers that share all but their last digits.

    >>> PrefixQuota(20, per=86_400, last_digits=4).last_digits
    4
    """

    limit: int
    """How many SMS, 1 or more."""
    per: Seconds
    """How long the window is."""
    last_digits: int
    """How many digits at the end of a number may differ, 1 to 14."""


def plain_limits(options: Mapping[str, object]) -> dict[str, object]:
    """Returns options with their limits in the native module's form. The native module refuses an unknown limit."""
    kinds = {name: PrefixQuota if name == "sms_per_prefix" else Quota for name in options if "_per_" in name}
    return {
        name: astuple(value) if name in kinds and isinstance(value, kinds[name]) else value
        for name, value in options.items()
    }


@dataclass(frozen=True)
class NumberLimit:
    """A limit of a number that counts something now.

    Part of a :class:`NumberRecord`::

        for limit in engine.find(number).limits:
            print(limit.limit, limit.count, limit.ends_at)
    """

    limit: str
    """Its name: ``wrong_codes_per_number``, ``sms_per_number`` or ``resend_after``."""
    count: int
    """How many events there were."""
    max: int
    """How many there may be. From then on the limit stops calls."""
    ends_at: datetime
    """When it begins anew, in UTC."""


@dataclass(frozen=True)
class NumberRecord:
    """What an engine keeps of a number. Printed, the number is masked.

    An engine returns it::

        record = engine.find("+351 910 000 000")
        print(len(record.requests))
    """

    number: str
    """The full number, ``+351910000000``."""
    requests: list[Verification]
    """Its requests, the newest first."""
    limits: list[NumberLimit]
    """Its limits that count something now."""

    def __repr__(self) -> str:
        return (
            f"NumberRecord(number={_native.masked(self.number)!r}, requests={self.requests!r}, limits={self.limits!r})"
        )


def moment(seconds: float) -> datetime:
    """The time, from seconds since 1970."""
    return datetime.fromtimestamp(seconds, timezone.utc)


# Looking a word up in an enum takes several times as long.
_STATES = {each.value: each for each in State}
_OUTCOMES = {each.value: each for each in Outcome}
_SMS = {each.value: each for each in SmsStatus}


def outcome(word: str) -> Outcome:
    """What the native module says of a validation."""
    return _OUTCOMES[word]


def outcome_details(row: _native.DetailsRow) -> OutcomeDetails:
    """What the native module says of a validation, with its details."""
    word, attempts_left, limit = row
    return OutcomeDetails(_OUTCOMES[word], attempts_left, limit)


def verification(row: _native.VerificationRow) -> Verification:
    """What the native module says of a request."""
    id, state, number, created_at, expires_at, sms, attempts_left, resend_at, resends_left = row
    return Verification(
        id,
        _STATES[state],
        number,
        None if created_at is None else moment(created_at),
        None if expires_at is None else moment(expires_at),
        None if sms is None else _SMS[sms],
        attempts_left,
        None if resend_at is None else moment(resend_at),
        resends_left,
    )


def number_record(row: _native.NumberRow) -> NumberRecord:
    """What the native module says of a number."""
    number, requests, limits = row
    return NumberRecord(
        number,
        [verification(request) for request in requests],
        [NumberLimit(limit, count, most, moment(ends_at)) for limit, count, most, ends_at in limits],
    )


def the_count(row: int) -> int:
    """The result of a call that returns a number."""
    return row


def nothing(row: None) -> None:
    """The result of a call without a result."""


def sender_infos(rows: list[_native.SenderRow]) -> list[SenderInfo]:
    """The senders, of what the native module returns."""
    return [SenderInfo(*row) for row in rows]
