"""A sign-up that proves a phone number, with Flask and ``Client``.

    EGOI_API_KEY=... EGOI_SENDER=... FLASK_SECRET_KEY=... flask --app flask_app run

``/number`` sends a code, ``/code`` takes it, ``/resend`` sends another one. All three take forms.
"""

import time
from dataclasses import dataclass
from math import ceil
from secrets import token_urlsafe
from threading import Lock

from egoi_verify import Client, InvalidInputError, Outcome, RateLimitedError, VerifyError, parse_number
from flask import Flask, Response, abort, request, session

SMS_PER_HOUR = 5
CODES_PER_SMS = 5

app = Flask(__name__)
app.config.from_prefixed_env()  # FLASK_SECRET_KEY
app.config["SESSION_COOKIE_SECURE"] = True
# A form on somebody else's page is sent without our cookie, and so cannot act for its visitor.
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

# One for all threads, and for all processes that a server forks from this one: each makes connections of its own.
client = Client.from_env()


@dataclass
class SignUp:
    number: str
    request_id: str
    codes_left: int = CODES_PER_SMS


# Flask's session is a cookie, which the browser can read, and can put back as it was before a wrong code was counted.
# So it holds a random name only, and the rest is here. In one process's memory, to be one file: several processes need
# a store that they share, such as Redis.
sign_ups: dict[str, SignUp] = {}
sms_sent: dict[str, list[float]] = {}
counting = Lock()


def count_sms() -> None:
    """Without this a stranger has you send SMS to anybody, at your expense."""
    # Behind a proxy this is the proxy's address, unless werkzeug's ProxyFix believes its headers.
    address, now = request.remote_addr or "", time.monotonic()
    with counting:
        recent = [sent for sent in sms_sent.get(address, []) if sent > now - 3600]
        if len(recent) >= SMS_PER_HOUR:
            abort(later(recent[0] + 3600 - now))
        sms_sent[address] = [*recent, now]


def known() -> SignUp:
    sign_up = sign_ups.get(session.get("sign_up", ""))
    return sign_up or abort(409, "Ask for a code first.")


def later(seconds: float) -> Response:
    return Response("Try again later.", 429, {"Retry-After": str(ceil(seconds))})


@app.post("/number")
def ask() -> tuple[str, int]:
    number = parse_number(request.form["number"]).e164  # before the limit: a number that was mistyped sends nothing
    count_sms()
    verification = client.request(number, message="{CODE} is your code for Example.")
    session["sign_up"] = name = token_urlsafe()
    sign_ups[name] = SignUp(number, verification.id)
    return "A code was sent by SMS.", 202


@app.post("/resend")
def resend() -> tuple[str, int]:
    sign_up = known()
    count_sms()
    client.resend(sign_up.request_id)
    # `codes_left` stays as it is: a new code gives no new guesses.
    return "A new code was sent. The old one no longer works.", 202


@app.post("/code")
def give_code() -> str:
    sign_up = known()
    with counting:
        if sign_up.codes_left == 0:
            abort(429, "Too many wrong codes. Ask for a new one.")
        sign_up.codes_left -= 1  # before the call, or a hundred guesses at the same moment would all be looked at
    # The number is the session's and not the form's: who proves one number must not be signed up with another.
    outcome = client.validate(sign_up.request_id, request.form["code"], number=sign_up.number)
    if outcome.is_verified:
        sign_ups.pop(session.pop("sign_up"), None)
        return "The number is proved."  # here an account is made, with `sign_up.number`
    if outcome is Outcome.WRONG_CODE:
        abort(400, "That is not the code. Try again.")
    abort(410, "That code is no longer good. Ask for a new one.")


@app.errorhandler(VerifyError)
def failed(error: VerifyError) -> Response:
    if isinstance(error, InvalidInputError):
        return Response(error.detail, 422, mimetype="text/plain")
    if isinstance(error, RateLimitedError):
        return later(60 if error.retry_after is None else error.retry_after)
    # It can be logged: no error holds a key, a code, a message or a whole number.
    app.logger.warning("a verification failed: %r", error)
    if error.sms_possibly_sent:
        return Response("Something went wrong. A code may still reach you: if none does, ask for a new one.", 502)
    return Response("Something went wrong. Try again later.", 503)
