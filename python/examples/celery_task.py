"""A Celery task that sends a verification code, and never a second SMS on its own.

    CELERY_BROKER_URL=... CELERY_RESULT_BACKEND=... EGOI_API_KEY=... EGOI_SENDER=... celery --app celery_task worker

    from celery_task import send_code
    request_id = send_code.delay("+351 910 000 000").get()

Keep the request's id and the number in the session, and validate in the web process: a person waits for that answer.
"""

from celery import Celery, Task
from egoi_verify import Client, VerifyError

# How long a person waits for a code before asking for another one.
PATIENCE = 60.0

app = Celery("celery_task")

# The worker forks its processes from this one. The client may be used in all of them: each makes connections of its
# own.
client = Client.from_env()


# The message is acknowledged before the task runs. With `acks_late`, or `reject_on_worker_lost`, a worker that dies
# after the SMS was sent would have its task run again, and the person would get a second one.
@app.task(bind=True, acks_late=False, reject_on_worker_lost=False, max_retries=2)
def send_code(task: "Task[[str], str]", number: str) -> str:
    """Sends a code to the number; returns the request's id.

    Not the number: Celery would log it with the result.
    """
    try:
        return client.request(number).id
    except VerifyError as error:
        # Never `autoretry_for=(VerifyError,)`: only where this is true is it certain that no SMS went out.
        if not error.retry_is_safe:
            raise
        wait = 2.0 ** (task.request.retries - 1) if error.retry_after is None else error.retry_after
        if wait > PATIENCE:
            raise
        raise task.retry(exc=error, countdown=wait) from error
