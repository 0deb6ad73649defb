"""The place of the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from . import _native
from ._values import Seconds

__all__ = ["Store"]


class Store:
    """The store of an engine's requests, and of a client's idempotency keys.

    Engines and clients may share one, in several processes too::

        store = Store("postgres://egoi@db.example/egoi", key=os.environ["EGOI_STORE_KEY"])
        engine = Engine(send, store=store)

    ``python -c "import secrets; print(secrets.token_urlsafe(32))"`` makes a key.
    """

    def __init__(
        self,
        url: str,
        *,
        key: bytes | str | None = None,
        previous_keys: Sequence[bytes | str] | None = None,
        retention: Seconds | None = None,
        pool_size: int | None = None,
        ca_certificates: str | bytes | None = None,
    ) -> None:
        """Opens nothing.

        Args:
            url: ``"memory:"``, ``"sqlite:PATH"``, ``"postgres://USER:PASSWORD@HOST/DATABASE"``, ``"redis://HOST"``,
                ``"redis+cluster://HOST,HOST"`` or ``"redis+sentinel://HOST,HOST/MASTER"``.
            key: The secret that protects codes and numbers, at least 32 bytes. A text stands for its bytes in UTF-8 and
                is not decoded. Required unless the store is ``"memory:"``.
            previous_keys: Earlier keys, which are still accepted.
            retention: How long finished requests and idempotency keys are kept. Default: 24 hours.
            pool_size: How many connections to PostgreSQL there may be.
            ca_certificates: More certificates of a server that are trusted, in PEM.

        Raises:
            InvalidInputError: An option was refused; ``field`` names it.
        """
        given = {
            "key": key,
            "previous_keys": previous_keys,
            "retention": retention,
            "pool_size": pool_size,
            "ca_certificates": ca_certificates,
        }
        try:
            self._store = _native.Store(url, given)
        finally:
            # An error tracker would show what this frame holds when an option is refused.
            del given, url, key, previous_keys

    def __repr__(self) -> str:
        return "<egoi_verify.Store>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Store holds a key and cannot be pickled; make it in the process that uses it")


def native_store(store: object) -> _native.Store | None:
    """Returns the native module's store of a client's or an engine's option."""
    if store is None:
        return None
    if isinstance(store, Store):
        return store._store  # pyright: ignore[reportPrivateUsage]
    given = f"the class {store.__qualname__}" if isinstance(store, type) else type(store).__qualname__
    raise TypeError(f"`store` is {given}; it must be a Store: Store(url, key=...)")
