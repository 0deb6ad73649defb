"""The verifier that E-goi runs, with calls that block."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from . import _native
from ._calls import begin, is_detailed, run
from ._store import Store, native_store
from ._values import CodeType, Outcome, Seconds, SenderInfo, State, Verification, sender_infos, verification

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
        store: Store | None = None,
    ) -> None:
        """Starts nothing; what is wrong with any of the options is :class:`InvalidInputError`.

        Args:
            api_key: The account's API key.
            sender: The sender: V2 takes its id, V1 its hash.
            api: Which version of the interface to speak. Default: ``"v2"``. The paths of ``"v1"``'s Verify calls are
                assumed.
            base_url: Where the service is. HTTPS, or HTTP to a loopback address, or any HTTP with ``allow_http``.
                Default: E-goi's production service.
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
                ``cancel``, ``ping``, ``senders``, ``send_sms``.
            v2_paths: Paths below the base URL that differ from E-goi's: ``request``, ``get``, ``validate``, ``cancel``,
                ``resend``, ``ping``, ``senders``, ``send_sms``. ``{id}`` is where a request's id goes.
            app_name: The application's name in ``User-Agent``, 1 to 100 visible ASCII characters and spaces.
            store: Where idempotency keys are kept. Without it a request with one raises :class:`UnsupportedError`.
        """
        options = _native.ClientOptions(
            api_key,
            sender,
            {
                "api": api,
                "base_url": base_url,
                "timeout": timeout,
                "connect_timeout": connect_timeout,
                "proxy": proxy,
                "ca_certificates": ca_certificates,
                "trust": trust,
                "allow_http": allow_http,
                "check_state_first": check_state_first,
                "status_words": status_words,
                "v1_paths": v1_paths,
                "v2_paths": v2_paths,
                "app_name": app_name,
            },
            native_store(store),
        )
        # An error tracker would show what this frame holds when the options are refused.
        del api_key, proxy
        self._connect(options)

    def _connect(self, options: _native.ClientOptions) -> None:
        raise NotImplementedError

    @classmethod
    def from_env(
        cls,
        *,
        timeout: Seconds | None = None,
        connect_timeout: Seconds | None = None,
        proxy: str | None = None,
        ca_certificates: str | bytes | None = None,
        trust: Literal["bundled", "platform"] | None = None,
        check_state_first: bool = True,
        status_words: Mapping[str, str] | None = None,
        v1_paths: Mapping[str, str] | None = None,
        v2_paths: Mapping[str, str] | None = None,
        app_name: str | None = None,
        store: Store | None = None,
    ) -> Self:
        """Makes one from the environment. The options are those of the constructor.

        It reads ``EGOI_API_KEY`` and ``EGOI_SENDER``, and where they are set ``EGOI_API`` (``v1`` or ``v2``),
        ``EGOI_BASE_URL`` and ``EGOI_ALLOW_HTTP``.

        Raises:
            InvalidInputError: A variable is missing or cannot be read, or an option was refused.
        """
        options = _native.ClientOptions.from_env(
            {
                "timeout": timeout,
                "connect_timeout": connect_timeout,
                "proxy": proxy,
                "ca_certificates": ca_certificates,
                "trust": trust,
                "check_state_first": check_state_first,
                "status_words": status_words,
                "v1_paths": v1_paths,
                "v2_paths": v2_paths,
                "app_name": app_name,
            },
            native_store(store),
        )
        del proxy
        return cls._of(options)

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

    Every call raises a subclass of :class:`VerifyError`. The library never sends a second SMS on its own initiative.

    Over V2, where the service's response does not say whether the code was right, two processes that validate one id at
    the same moment cannot be told apart: keep the validations of one id in one process.
    """

    _verifier: _native.Verifier

    def _connect(self, options: _native.ClientOptions) -> None:
        self._verifier = _native.Verifier.client(options, False)

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
            code_type: The characters of the code. Default: numeric.
            code_size: How many characters the code has, 4 to 20. Default: 6.
            ttl: How long the code is valid, 1 to 3,600 whole seconds. Default: 600.
            group: A label for E-goi's reports, V1 only: 1 to 100 characters. Default: ``2FA``.
            idempotency_key: The same key gives the same request and no second SMS. 1 to 256 characters. Needs a
                ``store``.
            timeout: The deadline of this call. Default: the client's.

        Raises:
            InvalidInputError: An argument was refused; nothing was sent.
            ConflictError: The idempotency key was used for another number.
            RateLimitedError: Too many requests; ``retry_after`` has the seconds to wait.
            VerifyError: Any other failure; ``sms_possibly_sent`` says whether the SMS may have been sent.
        """
        span = begin("request")
        job = self._verifier.request(
            is_detailed(span), number, message, code_type, code_size, ttl, group, idempotency_key, timeout
        )
        del number, message, idempotency_key
        return verification(run(job, span))

    def validate(self, id: str, code: str, *, number: str | None = None, timeout: Seconds | None = None) -> Outcome:
        """Submits the code that the person typed. A wrong code is an outcome, not an error.

        Args:
            id: The request's id.
            code: The code as the person typed it; spaces and hyphens do not matter.
            number: The number that the request must be for. It ties the outcome to the person: take it from your own
                session. V1 cannot check it: keep id and number together in the session.
            timeout: The deadline of this call. Default: the client's.

        Returns:
            The outcome. Only ``Outcome.VERIFIED`` proves the number: test ``outcome.is_verified``.

        Raises:
            NotFoundError: There is no such request, or it is for another number. No code was checked.
            UnsupportedError: ``number`` was given over V1.
        """
        span = begin("validate", id)
        job = self._verifier.validate(is_detailed(span), id, code, number, timeout)
        del code, number
        return Outcome(run(job, span))

    def cancel(self, id: str, *, timeout: Seconds | None = None) -> State:
        """Cancels the request. Cancelling twice is not an error.

        Returns:
            The state afterwards: cancelled, or verified or expired if it was too late.

        Raises:
            NotFoundError: There is no such request.
        """
        span = begin("cancel", id)
        job = self._verifier.cancel(is_detailed(span), id, timeout)
        return State(run(job, span))

    def resend(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Sends a new code. The old code stops working, and the validity starts again.

        Raises:
            ConflictError: The request is finished.
            RateLimitedError: Too many requests; ``retry_after`` has the seconds to wait.
            UnsupportedError: V1 has no such call.
        """
        span = begin("resend", id)
        job = self._verifier.resend(is_detailed(span), id, timeout)
        return verification(run(job, span))

    def get(self, id: str, *, timeout: Seconds | None = None) -> Verification:
        """Reads the request.

        Raises:
            NotFoundError: There is no such request.
            UnsupportedError: V1 has no such call.
        """
        span = begin("get", id)
        job = self._verifier.get(is_detailed(span), id, timeout)
        return verification(run(job, span))

    def ping(self, *, timeout: Seconds | None = None) -> None:
        """Checks that the service is up. Any key will do."""
        span = begin("ping")
        job = self._verifier.ping(is_detailed(span), timeout)
        run(job, span)

    def senders(self, *, timeout: Seconds | None = None) -> list[SenderInfo]:
        """Returns the account's senders: the cheapest call that proves a key.

        Raises:
            UnauthorizedError: The key is wrong.
        """
        span = begin("senders")
        job = self._verifier.senders(is_detailed(span), timeout)
        return sender_infos(run(job, span))

    def close(self) -> None:
        """Closes its connections once the calls under way have ended. Later calls raise :class:`ClosedError`."""
        self._verifier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class EgoiSms(Connection):
    """E-goi's own SMS call (V2), for an engine to send with. Takes the options of a :class:`Client`."""

    _options: _native.ClientOptions
    _verifier: _native.Verifier

    def _connect(self, options: _native.ClientOptions) -> None:
        self._options = options
        self._verifier = _native.Verifier.client(options, False)

    def ping(self, *, timeout: Seconds | None = None) -> None:
        """Checks that the service is up, with a call that blocks. Any key will do."""
        span = begin("ping")
        run(self._verifier.ping(is_detailed(span), timeout), span)

    def senders(self, *, timeout: Seconds | None = None) -> list[SenderInfo]:
        """Returns the account's senders, with a call that blocks: the cheapest call that proves a key.

        Raises:
            UnauthorizedError: The key is wrong.
        """
        span = begin("senders")
        return sender_infos(run(self._verifier.senders(is_detailed(span), timeout), span))
