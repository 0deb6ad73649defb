"""A sign-up that proves a phone number, with Flask and ``Engine``.

    EGOI_API_KEY=... EGOI_SENDER=... FLASK_SECRET_KEY=... flask --app flask_app run

``/number`` sends a code, ``/code`` checks it, ``/resend`` sends another one. All three take forms.
"""

from dataclasses import dataclass
from math import ceil
from secrets import token_urlsafe

from egoi_verify import EgoiSms, Engine, InvalidInputError, Outcome, Quota, RateLimitedError, VerifyError, parse_number
from flask import Flask, Response, abort, request, session

app = Flask(__name__)
app.config.from_prefixed_env()  # FLASK_SECRET_KEY
app.config["SESSION_COOKIE_SECURE"] = True
# A form on somebody else's page is sent without our cookie, and so cannot act for its visitor.
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

# This store is the memory of one process. Several processes need one that they share: `Engine.from_env()` takes it from
# EGOI_STORE and EGOI_STORE_KEY.
engine = Engine(
    EgoiSms.from_env(),
    # The limits of each caller: docs/production.md says why.
    sms_per_client=Quota(5, per=3600),
    wrong_codes_per_client=Quota(20, per=3600),
)


@dataclass
class SignUp:
    number: str
    request_id: str


# The browser can read Flask's session. It holds a random name only, and the rest is here: in the memory of one process,
# to be one file.
sign_ups: dict[str, SignUp] = {}


def caller() -> str | None:
    # Behind a proxy this is the proxy's address, unless werkzeug's ProxyFix believes its headers.
    return request.remote_addr


def known() -> SignUp:
    sign_up = sign_ups.get(session.get("sign_up", ""))
    return sign_up or abort(409, "Ask for a code first.")


@app.post("/number")
def ask() -> tuple[str, int]:
    number = parse_number(request.form["number"]).e164
    try:
        id = engine.request(number, message="{CODE} is your code for Example.", client=caller()).id
    except VerifyError as error:
        # A double click, or an SMS that was possibly sent: the visitor goes on with the request that is pending.
        if error.request_id is None:
            raise
        id = error.request_id
    session["sign_up"] = name = token_urlsafe()
    sign_ups[name] = SignUp(number, id)
    return "A code was sent by SMS.", 202


@app.post("/resend")
def resend() -> tuple[str, int]:
    engine.resend(known().request_id)
    return "A new code was sent. The old one no longer works.", 202


@app.post("/code")
def give_code() -> str:
    sign_up = known()
    # The number is the session's, never the form's.
    outcome = engine.validate(sign_up.request_id, request.form["code"], number=sign_up.number, client=caller())
    if outcome.is_verified:
        sign_ups.pop(session.pop("sign_up"), None)
        return "The number is proved."  # here an account is made, with `sign_up.number`
    if outcome is Outcome.WRONG_CODE:
        abort(400, "That is not the code. Try again.")
    if outcome is Outcome.TOO_MANY_ATTEMPTS:
        abort(429, "Too many wrong codes. Ask for a new one later.")
    abort(410, "That code is no longer good. Ask for a new one.")


@app.errorhandler(VerifyError)
def failed(error: VerifyError) -> Response:
    if isinstance(error, InvalidInputError):
        return Response(error.detail, error.suggested_status, mimetype="text/plain")
    if isinstance(error, RateLimitedError):
        wait = 60 if error.retry_after is None else ceil(error.retry_after)
        return Response("Try again later.", error.suggested_status, {"Retry-After": str(wait)})
    # It can be logged: no error holds a key, a code, a message or a whole number.
    app.logger.warning("a verification failed: %r", error)
    return Response("Something went wrong. Try again later.", error.suggested_status)
