"""The verifier that E-goi runs, with calls that block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, TypeVar, cast

from . import _native
from ._calls import Span, begin, run, traceparent
from ._store import Store, native_store
from ._values import PrefixQuota, Quota, Seconds, SenderInfo, plain_limits, sender_infos
from ._verbs import BlockingVerbs

if TYPE_CHECKING:
    from typing import Literal

    from typing_extensions import Self, Unpack

__all__ = ["Client", "EgoiSms"]

T = TypeVar("T")


class _FromEnvironment(TypedDict, total=False):
    timeout: Seconds | None
    connect_timeout: Seconds | None
    retries: int | None
    proxy: str | None
    ca_certificates: str | bytes | None
    trust: Literal["bundled", "platform"] | None
    check_state_first: bool
    accept: Literal["mobile", "valid", "possible"] | None
    status_words: Mapping[str, str] | None
    v1_paths: Mapping[str, str] | None
    v2_paths: Mapping[str, str] | None
    app_name: str | None
    store: Store | None
    sms_per_number: Quota | None
    sms_per_client: Quota | None
    sms_per_prefix: PrefixQuota | None
    wrong_codes_per_client: Quota | None


class _OfConnection(_FromEnvironment, total=False):
    api: Literal["v1", "v2"] | None
    base_url: str | None
    allow_http: bool


def _check_names(call: str, given: Mapping[str, Any], known: type[_FromEnvironment]) -> None:
    for name in given.keys() - known.__annotations__:
        raise TypeError(f"{call}() got an unexpected keyword argument {name!r}")


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
        retries: int | None = None,
        proxy: str | None = None,
        ca_certificates: str | bytes | None = None,
        trust: Literal["bundled", "platform"] | None = None,
        allow_http: bool = False,
        check_state_first: bool = True,
        accept: Literal["mobile", "valid", "possible"] | None = None,
        status_words: Mapping[str, str] | None = None,
        v1_paths: Mapping[str, str] | None = None,
        v2_paths: Mapping[str, str] | None = None,
        app_name: str | None = None,
        store: Store | None = None,
        sms_per_number: Quota | None = None,
        sms_per_client: Quota | None = None,
        sms_per_prefix: PrefixQuota | None = None,
        wrong_codes_per_client: Quota | None = None,
    ) -> None:
        """Starts nothing; an option that is not accepted is :class:`InvalidInputError`.

        Args:
            api_key: The account's API key.
            sender: The sender: V2 takes its id, V1 its hash.
            api: Which version of the interface to speak. Default: ``"v2"``. The paths of ``"v1"``'s Verify calls are
                assumed.
            base_url: The address of the service. HTTPS, or HTTP to a loopback address, or any HTTP with ``allow_http``.
                Default: E-goi's production service.
            timeout: The deadline of a whole call, repeated tries included. Default: 15 s.
            connect_timeout: How long making a connection may take, TLS included. Default: 3.1 s.
            retries: The maximum of retries of each HTTP request of a call, 0 to 2, within the deadline. A request that
                may have sent an SMS or used up an attempt is never repeated. If no connection was made, any request may
                be repeated. Reads, ``cancel`` and ``ping`` may also be repeated after 429, 502, 503, 504 and a broken
                connection. Default: 2.
            proxy: An HTTP or SOCKS5 proxy: ``http://user:password@proxy.example:3128``, or ``socks5h://…``, which looks
                names up itself. Default: the environment's (``HTTPS_PROXY``, ``NO_PROXY``), which is never used for a
                loopback address.
            ca_certificates: More trusted certificates, in PEM.
            trust: Whose certificates are trusted: Mozilla's, which come with the library (``"bundled"``, the default),
                or the operating system's (``"platform"``). ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` replace Mozilla's.
                ``REQUESTS_CA_BUNDLE`` is not read.
            allow_http: Plain HTTP to any address: everybody on the way can read the key and the codes.
            check_state_first: Whether a V2 validation reads the request first. Otherwise a wrong code on a request
                verified long ago could pass. Switch it off only for an account whose responses carry status words.
            accept: Which numbers are sent an SMS: ``"mobile"``, ``"valid"`` (the default) or ``"possible"``; another is
                :class:`InvalidInputError`. Premium-rate, toll-free and other such numbers never are.
            status_words: More status words of the service, each with its meaning: ``{"validated": "verified"}``.
            v1_paths: Paths below the base URL that differ from the assumed ones: ``request``, ``validate``,
                ``cancel``, ``ping``, ``senders``, ``send_sms``.
            v2_paths: Paths below the base URL that differ from E-goi's: ``request``, ``get``, ``validate``, ``cancel``,
                ``resend``, ``ping``, ``senders``, ``send_sms``. ``{id}`` stands for a request's id.
            app_name: The application's name in ``User-Agent``, 1 to 100 visible ASCII characters and spaces.
            store: Where idempotency keys are kept and the limits count. Without it a request with an idempotency key
                raises :class:`UnsupportedError`, and a limit is :class:`InvalidInputError`. All that has one store
                counts together.
            sms_per_number: SMS to one number, requests and resends together; then :class:`RateLimitedError`. A resend
                reads the request first, to know its number. Default: no limit.
            sms_per_client: SMS for one ``client``, requests and resends together; then :class:`RateLimitedError`. A
                resend counts for the client of its request, and reads the request first. Default: no limit.
            sms_per_prefix: SMS to numbers that share all but their last digits, requests and resends together; then
                :class:`RateLimitedError`. Default: no limit.
            wrong_codes_per_client: Wrong codes of one ``client``, whichever the numbers; then ``TOO_MANY_ATTEMPTS``,
                and no code is submitted. A success does not clear them. A code whose result did not arrive counts as
                wrong. Default: no limit.
        """
        options = _native.ClientOptions(
            api_key,
            sender,
            plain_limits(
                {
                    "api": api,
                    "base_url": base_url,
                    "timeout": timeout,
                    "connect_timeout": connect_timeout,
                    "retries": retries,
                    "proxy": proxy,
                    "ca_certificates": ca_certificates,
                    "trust": trust,
                    "allow_http": allow_http,
                    "check_state_first": check_state_first,
                    "accept": accept,
                    "status_words": status_words,
                    "v1_paths": v1_paths,
                    "v2_paths": v2_paths,
                    "app_name": app_name,
                    "sms_per_number": sms_per_number,
                    "sms_per_client": sms_per_client,
                    "sms_per_prefix": sms_per_prefix,
                    "wrong_codes_per_client": wrong_codes_per_client,
                }
            ),
            native_store(store),
        )
        # An error tracker would show what this frame holds when the options are refused.
        del api_key, proxy
        self._connect(options)

    def _connect(self, options: _native.ClientOptions) -> None:
        raise NotImplementedError

    @classmethod
    def from_env(cls, **options: Unpack[_FromEnvironment]) -> Self:
        """Makes one from the environment. The options are the constructor's.

        It reads ``EGOI_API_KEY`` and ``EGOI_SENDER``, and if they are set ``EGOI_API`` (``v1`` or ``v2``),
        ``EGOI_BASE_URL`` and ``EGOI_ALLOW_HTTP``.

        Raises:
            InvalidInputError: A variable is missing or cannot be read, or an option was refused.
        """
        _check_names(f"{cls.__name__}.from_env", options, _FromEnvironment)
        store = native_store(options.pop("store", None))
        native = _native.ClientOptions.from_env(plain_limits(options), store)
        # An error tracker would show what this frame holds when the options are refused.
        del options
        return cls._of(native)

    @classmethod
    def _of(cls, options: _native.ClientOptions) -> Self:
        made = cls.__new__(cls)
        made._connect(options)
        return made

    def __repr__(self) -> str:
        return f"<egoi_verify.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds a key and connections and cannot be pickled; "
            "make it in the process that uses it"
        )


# A TypeError names no private class.
Connection.__init__.__qualname__ = "__init__"


class DocumentedService:
    """The documentation of the calls about the service, which the classes below inherit."""

    def ping(self, *_: Any, **__: Any) -> Any:
        """Checks that the service is up. Any key will do."""
        raise NotImplementedError

    def senders(self, *_: Any, **__: Any) -> Any:
        """Returns the account's senders: the cheapest call that proves a key.

        Raises:
            UnauthorizedError: The key is wrong.
        """
        raise NotImplementedError


class ServiceCalls(DocumentedService):
    """What E-goi reports of itself and of the account, with calls that block."""

    _verifier: _native.Verifier

    def ping(self, *, timeout: Seconds | None = None, retries: int | None = None) -> None:
        span = begin("ping")
        run(self._verifier.ping(traceparent(span), timeout, retries), span)

    def senders(self, *, timeout: Seconds | None = None, retries: int | None = None) -> list[SenderInfo]:
        span = begin("senders")
        return sender_infos(run(self._verifier.senders(traceparent(span), timeout, retries), span))


class Client(Connection, ServiceCalls, BlockingVerbs):
    """Has E-goi run verifications, with calls that block.

    Share one between threads; each call releases the GIL. Ctrl-C ends a call. Making one starts nothing, and one that
    was used before a fork works in the child, with its own connections::

        with Client(api_key=key, sender="1234") as client:
            verification = client.request("+351 910 000 000", ttl=300)
            outcome = client.validate(verification.id, code, number=session["number"])

    Every call raises a subclass of :class:`VerifyError`. The library never sends a second SMS on its own initiative.

    Over V2, keep the validations of one id in one process: ``docs/production.md`` says why.
    """

    def _connect(self, options: _native.ClientOptions) -> None:
        self._verifier = _native.Verifier.client(options, False)

    def _run(self, job: _native.Job[T | _native.Delivery], span: Span | None) -> T:
        return cast(T, run(job, span))  # a client delivers nothing itself


class EgoiSms(Connection, ServiceCalls):
    """E-goi's own SMS call, for an engine to send with. Takes the options of a :class:`Client`, and its own.

    Each SMS is sent in the encoding that its text needs and as the parts that it takes, and over V2 as urgent::

        engine = Engine(EgoiSms(api_key=key, sender="1234"))
    """

    _sms: _native.EgoiSms
    _verifier: _native.Verifier

    def __init__(
        self,
        api_key: str,
        sender: str,
        *,
        urgent: bool = True,
        encoding: Literal["gsm7", "ucs2"] | None = None,
        max_parts: int | None = None,
        **client: Unpack[_OfConnection],
    ) -> None:
        """Starts nothing; an option that is not accepted is :class:`InvalidInputError`.

        One SMS goes to V2's call for a single one. ``v2_paths={"send_sms": "v2/sms/messages/action/send"}`` is the call
        that takes a list.

        Args:
            api_key: The account's API key.
            sender: The sender: V2 takes its id, V1 its hash.
            urgent: Whether E-goi sends it before other SMS (V2). V1 has no priority.
            encoding: The encoding of every text. Default: what the text needs.
            max_parts: The maximum of parts that E-goi sends of a text, 1 or more. Default: as many as the text takes.
            client: The other options of a :class:`Client`, without its limits: an :class:`Engine` has its own.
        """
        _check_names(type(self).__name__, client, _OfConnection)
        store = native_store(client.pop("store", None))
        options = _native.ClientOptions(api_key, sender, plain_limits(client), store)
        # An error tracker would show what this frame holds when the options are refused.
        del api_key, client
        self._connect(options, {"urgent": urgent, "encoding": encoding, "max_parts": max_parts})

    @classmethod
    def from_env(  # pyright: ignore[reportIncompatibleMethodOverride] # Like a constructor, it has more options.
        cls,
        *,
        urgent: bool = True,
        encoding: Literal["gsm7", "ucs2"] | None = None,
        max_parts: int | None = None,
        **client: Unpack[_FromEnvironment],
    ) -> Self:
        """Makes one from the environment, as :meth:`Client.from_env` does. The options are the constructor's.

        Raises:
            InvalidInputError: A variable is missing or cannot be read, or an option was refused.
        """
        _check_names(f"{cls.__name__}.from_env", client, _FromEnvironment)
        store = native_store(client.pop("store", None))
        options = _native.ClientOptions.from_env(plain_limits(client), store)
        del client
        made = cls.__new__(cls)
        made._connect(options, {"urgent": urgent, "encoding": encoding, "max_parts": max_parts})
        return made

    def _connect(self, options: _native.ClientOptions, given: dict[str, Any] | None = None) -> None:
        self._sms = _native.EgoiSms(options, given or {})
        self._verifier = _native.Verifier.client(options, False)
