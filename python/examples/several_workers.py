"""Verifications that several processes share: gunicorn's workers and Celery's, on one store.

    export EGOI_STORE=postgres://... EGOI_STORE_KEY=... EGOI_API_KEY=... EGOI_SENDER=...
    export FLASK_SECRET_KEY=... CELERY_BROKER_URL=...
    celery --app several_workers:tasks worker
    gunicorn --workers 4 several_workers:web

``EGOI_STORE`` is any URL that outlives a process, ``EGOI_STORE_KEY`` at least 32 bytes. ``POST /number`` with
``{"number": "+351 910 000 000"}`` has a worker send a code, and ``POST /code`` with ``{"code": "123456"}`` takes it,
whichever process of either kind is asked.
"""

import os
from secrets import token_hex

from celery import Celery, Task
from egoi_verify import EgoiSms, Engine, Quota, Store, VerifyError, parse_number
from flask import Flask, Response, jsonify, request, session

web = Flask(__name__)
web.config.from_prefixed_env()  # FLASK_SECRET_KEY
tasks = Celery("several_workers")

# Made before the workers are forked, and used in each of them: a server is first called there. A file of SQLite may not
# be used by the process that forks.
engine = Engine(
    EgoiSms.from_env(),
    store=Store(os.environ["EGOI_STORE"], key=os.environ["EGOI_STORE_KEY"]),
    # Without these two a stranger sends SMS to anybody at your expense, and spends the limits of other numbers.
    sms_per_client=Quota(5, per=3600),
    wrong_codes_per_client=Quota(20, per=3600),
)


# The key makes the task safe to run again: whichever worker does finds the request of the first run, and sends no
# second SMS. So it may be acknowledged late. Who got no SMS, because a worker died before it went out, asks for
# another.
@tasks.task(bind=True, acks_late=True, reject_on_worker_lost=True, max_retries=3)
def send_code(task: "Task[[str, str, str | None], None]", number: str, key: str, client: str | None) -> None:
    try:
        engine.request(number, idempotency_key=key, client=client)
    except VerifyError as error:
        if not error.retry_is_safe:
            raise
        raise task.retry(exc=error, countdown=error.retry_after or 1.0) from error


@web.post("/number")
def ask() -> Response:
    number = parse_number(request.json["number"]).e164
    # Flask's session is signed and not secret. What it holds is no secret either, and who puts an old one back only
    # asks about an old request: what counts is in the store.
    session["number"], session["key"] = number, token_hex(16)
    send_code.delay(number, session["key"], request.remote_addr)
    return jsonify(sent=True)


@web.post("/code")
def check() -> Response:
    # The same key gives the same request, and no second SMS. Should it come before the worker's, the worker finds this
    # one.
    client = request.remote_addr
    verification = engine.request(session["number"], idempotency_key=session["key"], client=client)
    outcome = engine.validate(verification.id, request.json["code"], number=session["number"], client=client)
    return jsonify(outcome=outcome.value)


@web.errorhandler(VerifyError)
def failed(error: VerifyError) -> tuple[Response, int]:
    return jsonify(error=error.code), error.suggested_status
