"""What a Celery worker imports before it forks: one client of the module's, made and used there."""

import os

from celery import Celery
from egoi_verify import Client

folder = os.environ["BROKER"]
app = Celery("celery_app", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.update(
    broker_transport_options={
        "data_folder_in": f"{folder}/queue",
        "data_folder_out": f"{folder}/queue",
        "control_folder": f"{folder}/control",
        "polling_interval": 0.05,
    },
    # What a task is told is JSON; what it raises comes back whole only in a pickle.
    result_serializer="pickle",
    result_accept_content=["pickle"],
    worker_hijack_root_logger=False,
)
client = Client("key", "1", base_url=f"{os.environ['SANDBOX']}/api")
client.ping()
USED_BY = os.getpid()


@app.task
def processes() -> tuple[int, int]:
    return USED_BY, os.getpid()


@app.task
def request(number: str) -> str:
    return client.request(number).id


@app.task
def validate(id: str, code: str, number: str) -> str:
    return client.validate(id, code, number=number).value
