"""The example of several workers, with a broker in a folder."""

import os

import support_broker as support_broker
from several_workers import tasks as tasks
from several_workers import web as web

folder = os.environ["BROKER"]
tasks.conf.update(
    broker_url="filesystem://",
    broker_transport_options={
        "data_folder_in": f"{folder}/queue",
        "data_folder_out": f"{folder}/queue",
        "control_folder": f"{folder}/control",
        "polling_interval": 0.05,
    },
    worker_hijack_root_logger=False,
)


@web.after_request
def say_who(response):  # type: ignore[no-untyped-def]
    response.headers["Worker"] = str(os.getpid())
    return response
