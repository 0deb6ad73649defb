from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar, final

from typing_extensions import TypeAlias

T_co = TypeVar("T_co", covariant=True)

_Seconds: TypeAlias = float | timedelta
VerificationRow: TypeAlias = tuple[
    str, str, str | None, float | None, float | None, str | None, int | None
]
SenderRow: TypeAlias = tuple[str, str | None, str | None, str | None]
MessageRow: TypeAlias = tuple[int, str, str, str, str, str, str, int]
