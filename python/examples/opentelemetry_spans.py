"""A span of OpenTelemetry for each call, whose trace goes on at the service by the header ``traceparent``.

from opentelemetry import trace
stop = trace_calls(trace.get_tracer("egoi_verify"))
"""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from egoi_verify import CallEvent, observe
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


def trace_calls(tracer: Tracer) -> Callable[[], None]:
    """Traces every call of the process until the function that it returns is called."""
    spans: WeakKeyDictionary[CallEvent, Span] = WeakKeyDictionary()
    propagator = TraceContextTextMapPropagator()

    def started(event: CallEvent) -> None:
        span = spans[event] = tracer.start_span(f"egoi_verify {event.verb}", kind=SpanKind.CLIENT)
        headers: dict[str, str] = {}
        propagator.inject(headers, set_span_in_context(span))
        event.traceparent = headers.get("traceparent")

    def ended(event: CallEvent) -> None:
        span = spans.pop(event, None)
        if span is None:  # it began before the observation
            return
        attributes = {
            "egoi.outcome": event.outcome,
            "egoi.retries": event.retries,
            "egoi.request_id": event.request_id,
            "egoi.country": event.country,
            "egoi.limit": event.limit,
            "http.response.status_code": event.http_status,
            "error.type": event.error_code,
        }
        span.set_attributes({name: value for name, value in attributes.items() if value is not None})
        if event.error_code is not None:
            span.set_status(StatusCode.ERROR)
        span.end()

    return observe(ended, started=started)
