"""The verifier that E-goi runs, with calls that block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from . import _native
from ._calls import run
from ._values import CodeType, Outcome, Seconds, SenderInfo, State, Verification, verification

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self

__all__ = ["Client", "EgoiSms"]


class Connection:
    """How to reach E-goi."""

    def __init__(
        self,
        api_key: str,
        sender: str,
        *,
        api: Literal["v1", "v2"] | None = None,
        base_url: str | None = None,
        timeout: Seconds | None = None,
        connect_timeout: Seconds | None = None,
        proxy: str | None = None,
        ca_certificates: str | bytes | None = None,
        trust: Literal["bundled", "platform"] | None = None,
        allow_http: bool = False,
        check_state_first: bool = True,
        status_words: Mapping[str, str] | None = None,
        v1_paths: Mapping[str, str] | None = None,
        v2_paths: Mapping[str, str] | None = None,
        app_name: str | None = None,
        store: str | None = None,
        key: bytes | None = None,
        previous_keys: Sequence[bytes] | None = None,
        retention: Seconds | None = None,
    ) -> None:
        """Starts nothing; what is wrong with any of the options is :class:`InvalidInput`.

        Args:
            api_key: The account's API key.
            sender: The sender: V2 takes its id, V1 its hash.
            api: Which version of the interface to speak. Default: ``"v2"``. ``"v1"`` needs a ``base_url``.
            base_url: Where the service is. HTTPS, or HTTP to a loopback address, or any HTTP with ``allow_http``. V1
                has no default; V2's is E-goi's.
            timeout: The deadline of a whole call, repeated tries included. Default: 15 s.
            connect_timeout: How long making a connection may take, TLS included. Default: 3.1 s.
            proxy: An HTTP proxy, ``http://user:password@proxy.example:3128``. Default: the environment's
                (``HTTPS_PROXY``, ``NO_PROXY``), which is never used for a loopback address.
            ca_certificates: More certificates that are believed, in PEM.
            trust: Whose certificates are believed: Mozilla's, which come with the library, or those of the file that
                ``SSL_CERT_FILE`` names (``"bundled"``, the default), or the operating system's (``"platform"``).
            allow_http: Plain HTTP to any address: whoever is on the way reads the key and the codes.
            check_state_first: Whether a V2 validation reads the request first, without which a wrong code on a request
                verified long ago could pass. Switch it off only for an account whose answers carry status words.
            status_words: More status words of the service, each with what it means: ``{"validated": "verified"}``.
            v1_paths: Paths below the base URL that differ from the assumed ones: ``request``, ``validate``,
                ``cancel``.
            v2_paths: Paths below the base URL that differ from E-goi's: ``request``, ``get``, ``validate``, ``cancel``,
                ``resend``, ``ping``, ``senders``, ``send_sms``. ``{id}`` is where a request's id goes.
            app_name: The application's name in ``User-Agent``, 1 to 100 visible ASCII characters and spaces.
            store: Where idempotency keys are remembered: a URL as :class:`Engine` takes it. Without it a request with
                one is :class:`Unsupported`.
            key: The secret that idempotency keys are kept under, at least 32 bytes. Required with a ``store``.
            previous_keys: Earlier secrets whose idempotency keys are still honoured.
            retention: How long an idempotency key is remembered. Default: 24 hours.
        """
        given = {
            "api_key": api_key,
            "sender": sender,
            "api": api,
            "base_url": base_url,
            "timeout": timeout,
            "connect_timeout": connect_timeout,
            "proxy": proxy,
            "ca_certificates": ca_certificates.encode() if isinstance(ca_certificates, str) else ca_certificates,
            "trust": trust,
            "allow_http": allow_http,
            "check_state_first": check_state_first,
            "status_words": None if status_words is None else dict(status_words),
            "v1_paths": None if v1_paths is None else dict(v1_paths),
            "v2_paths": None if v2_paths is None else dict(v2_paths),
            "app_name": app_name,
            "store": store,
            "key": key,
            "previous_keys": None if previous_keys is None else list(previous_keys),
            "retention": retention,
        }
        self._connect(_native.ClientOptions(given))

    def _connect(self, options: _native.ClientOptions) -> None:
        raise NotImplementedError

    @classmethod
    def from_env(cls) -> Self:
        """Makes one from the environment.

        It reads ``EGOI_API_KEY``, ``EGOI_SENDER``, and where they are set ``EGOI_API`` (``v1`` or ``v2``) and
        ``EGOI_BASE_URL``. A missing or unreadable one is :class:`InvalidInput`.
        """
        return cls._of(_native.ClientOptions.from_env())

    @classmethod
    def _of(cls, options: _native.ClientOptions) -> Self:
        made = cls.__new__(cls)
        made._connect(options)
        return made

    def __repr__(self) -> str:
        return f"<egoi_verify.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds a key and connections and cannot be pickled; make one where it is used"
        )


class Client(Connection):
    """Has E-goi run verifications, with calls that block.

    Share one between threads; each call releases the GIL. Ctrl-C ends a call. Making one starts nothing, and one that
    was used before a fork works in the child, with connections of its own::

        with Client(api_key=key, sender="1234") as client:
            verification = client.request("+351 910 000 000", ttl=300)
            outcome = client.validate(verification.id, code, number=session["number"])

    Every verb raises a subclass of :class:`VerifyError`. A second SMS is never sent on the library's own initiative.

    Over V2, where the service's answer does not say whether the code was right, two processes that validate one id at
    the same moment cannot be told apart: keep the validations of one id in one process.
    """

    _client: _native.Client

    def _connect(self, options: _native.ClientOptions) -> None:
        self._client = _native.Client(options, False)

    def request(
        self,
        number: str,
        *,
        message: str | None = None,
        code_type: CodeType | Literal["numeric", "alpha", "alphanumeric", "hex"] | None = None,
        code_size: int | None = None,
        ttl: Seconds | None = None,
        group: str | None = None,
        idempotency_key: str | None = None,
        timeout: Seconds | None = None,
    ) -> Verification:
        """Sends one SMS with a code to the number.

        Args:
            number: The number as people write it: ``+351 910 000 000``, ``00351910000000``, ``351-910000000``.
            message: The text of the SMS: 1 to 1,000 characters with ``{CODE}`` where the code goes, at most 6 SMS
                parts. Default: ``{CODE} is your verification code.``
            code_type: What the code is made of. Default: numeric.
            code_size: How many characters the code has, 4 to 20. Default: 6.
            ttl: How long the code is good, 1 to 3,600 whole seconds. Default: 600.
            group: A label for E-goi's reports, V1 alone: 1 to 100 characters. Default: ``2FA``.
            idempotency_key: The same key gives the same request and no second SMS; with another number it is
                :class:`Conflict`. 1 to 256 characters. Needs a ``store``.
            timeout: The deadline of this call.
        """
        return verification(
            run(self._client.request, number, message, code_type, code_size, ttl, group, idempotency_key, timeout)
        )

    def validate(self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None) -> Outcome:
        """Submits the code that the recipient gave. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as it was given; spaces and hyphens do not matter.
            number: The number that the request must be for; a request for another is :class:`NotFound`, and no code is
                looked at. What ties the verdict to the person: take it from your own session. V1 cannot check it
                (:class:`Unsupported`): keep id and number together in the session.
            timeout: The deadline of this call.
        """
        return Outcome(run(self._client.validate, id, code, number, timeout))

    def cancel(self, id: str, *, timeout: Seconds | None = None) -> State:
        """Gives the request up.

        Gives back the state that it is in afterwards: cancelled, or verified or expired where it was too late.
        Cancelling twice is not an error.
        """
        return State(run(self._client.cancel, id, timeout))

    def resend(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Sends a new code; the old one stops working and the validity starts again. V2; V1: :class:`Unsupported`."""
        return verification(run(self._client.resend, id, timeout))

    def get(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Reads the request. V2; V1: :class:`Unsupported`."""
        return verification(run(self._client.get, id, timeout))

    def ping(self, *, timeout: Seconds | None = None) -> None:
        """Returns where the service is up; needs no good key. V2; V1: :class:`Unsupported`."""
        run(self._client.ping, timeout)

    def senders(self, *, timeout: Seconds | None = None) -> list[SenderInfo]:
        """The account's senders: the cheapest call that proves a key. V2; V1: :class:`Unsupported`."""
        return [SenderInfo(*row) for row in run(self._client.senders, timeout)]

    def close(self) -> None:
        """Closes its connections once the calls that are under way have ended. Later calls are :class:`Closed`."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class EgoiSms(Connection):
    """E-goi's own SMS call (V2), for an engine to send with. Takes the options of a :class:`Client`."""

    _options: _native.ClientOptions

    def _connect(self, options: _native.ClientOptions) -> None:
        self._options = options
