"""The events of calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from conftest import NUMBER
from egoi_verify import (
    AsyncClient,
    AsyncEngine,
    CallEvent,
    Client,
    Engine,
    OutgoingSms,
    Quota,
    Sandbox,
    VerifyError,
    observe,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry, generate_latest

MASKED = "+35191*****00"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def events() -> Iterator[list[CallEvent]]:
    events: list[CallEvent] = []
    stop = observe(events.append)
    yield events
    stop()


def facts(event: CallEvent) -> dict[str, object]:
    known = {name: getattr(event, name) for name in CallEvent.__slots__ if name not in ("duration", "__weakref__")}
    return {name: value for name, value in known.items() if value is not None}


def send(sms: OutgoingSms) -> None:
    """Sends nothing."""


def test_a_call_of_a_client_is_one_event(sandbox: Sandbox, events: list[CallEvent]) -> None:
    made = sandbox.client().request(NUMBER)
    [event] = events
    assert 0 < event.duration < 30
    assert facts(event) == {
        "verb": "request",
        "outcome": "pending",
        "http_status": 201,
        "retries": 0,
        "request_id": made.id,
        "number": MASKED,
        "country": "PT",
    }


def test_a_call_of_asyncio_is_one_event(sandbox: Sandbox, events: list[CallEvent]) -> None:
    async def main() -> str:
        async with AsyncEngine(send) as engine:
            await sandbox.async_client().ping()
            return (await engine.request(NUMBER)).id

    id = asyncio.run(main())
    assert [(event.verb, event.outcome, event.request_id) for event in events] == [
        ("ping", "ok", None),
        ("request", "pending", id),
    ]


def test_a_failure_has_its_code_and_status(sandbox: Sandbox, events: list[CallEvent]) -> None:
    sandbox.fail_next("request", status=503)
    with pytest.raises(VerifyError):
        sandbox.client().request(NUMBER)
    [event] = events
    assert (event.outcome, event.error_code, event.http_status) == ("unavailable", "unavailable", 503)


def test_a_limit_of_an_engine_is_named(events: list[CallEvent]) -> None:
    engine = Engine(send, resend_after=None, sms_per_number=Quota(1, per=60))
    engine.request(NUMBER)
    with pytest.raises(VerifyError):
        engine.request(NUMBER)
    assert [(event.outcome, event.limit, event.country) for event in events] == [
        ("pending", None, "PT"),
        ("rate_limited", "sms_per_number", "PT"),
    ]


def test_a_refused_argument_is_an_event_without_what_was_given(events: list[CallEvent]) -> None:
    with pytest.raises(VerifyError):
        Engine(send).request("910000000")
    with pytest.raises(VerifyError):
        Engine(send).get("+351910000000")
    assert [facts(event) for event in events] == [
        {"verb": "request", "outcome": "invalid_input", "error_code": "invalid_input", "retries": 0},
        {"verb": "get", "outcome": "invalid_input", "error_code": "invalid_input", "retries": 0},
    ]


def test_a_cancelled_call_is_an_aborted_event(sandbox: Sandbox, events: list[CallEvent]) -> None:
    sandbox.fail_next("ping", delay=30)

    async def main() -> None:
        client: AsyncClient = sandbox.async_client()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.ping(), 0.05)

    asyncio.run(main())
    assert [(event.verb, event.outcome) for event in events] == [("ping", "aborted")]


def test_nothing_is_given_after_the_end(sandbox: Sandbox) -> None:
    events: list[CallEvent] = []
    stop = observe(events.append)
    stop()
    stop()
    sandbox.client().ping()
    assert events == []


def test_an_observer_that_fails_is_logged_and_the_call_goes_on(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: CallEvent) -> None:
        raise LookupError(event.verb)

    stop = observe(fail)
    try:
        sandbox.client().ping()
    finally:
        stop()
    assert "an observer of calls failed" in caplog.text


@pytest.fixture
def service() -> Iterator[tuple[Client, list[str | None]]]:
    """A client of a service that remembers the header of each request."""
    asked: list[str | None] = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["traceparent"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Client("key", "1", base_url=f"http://127.0.0.1:{server.server_port}/api"), asked
    server.shutdown()


def test_what_starts_gives_the_http_requests_their_traceparent(service: tuple[Client, list[str | None]]) -> None:
    client, asked = service

    def begin(event: CallEvent) -> None:
        event.traceparent = TRACEPARENT

    stop = observe(lambda event: None, started=begin)
    try:
        client.ping()
    finally:
        stop()
    assert asked == [TRACEPARENT]


# The examples


def example(name: str) -> Any:
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_with_opentelemetry_the_service_is_told_the_span_of_the_call(
    service: tuple[Client, list[str | None]],
) -> None:
    client, asked = service
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    stop = example("opentelemetry_spans").trace_calls(provider.get_tracer("test"))
    try:
        client.ping()
        with pytest.raises(VerifyError):
            client.get("of no request")
    finally:
        stop()
    ping, get = exporter.get_finished_spans()
    assert asked == [f"00-{ping.context.trace_id:032x}-{ping.context.span_id:016x}-{int(ping.context.trace_flags):02x}"]
    assert (ping.name, dict(ping.attributes or {})["egoi.outcome"]) == ("egoi_verify ping", "ok")
    assert dict(get.attributes or {})["error.type"] == "invalid_input"
    assert get.status.status_code is StatusCode.ERROR


def test_with_prometheus_calls_are_counted_by_outcome_and_country_and_measured() -> None:
    registry = CollectorRegistry()
    stop = example("prometheus_metrics").measure_calls(registry)
    try:
        engine = Engine(send)
        engine.request(NUMBER)
        with pytest.raises(VerifyError):
            engine.request(NUMBER)
    finally:
        stop()
    labels = {"verb": "request", "outcome": "rate_limited", "limit": "resend_after", "country": "PT"}
    assert registry.get_sample_value("egoi_verify_calls_total", labels) == 1
    assert registry.get_sample_value("egoi_verify_call_seconds_count", {"verb": "request"}) == 2
    assert b"910" not in generate_latest(registry)
