// A span of OpenTelemetry for each call, whose trace goes on at the service by the header `traceparent`.
//
//     import { trace } from "@opentelemetry/api";
//     const stop = traceCalls(trace.getTracer("egoi-verify"));

import { tracingChannel } from "node:diagnostics_channel";
import { context, SpanKind, SpanStatusCode } from "@opentelemetry/api";

const VERBS = ["request", "validate", "cancel", "resend", "get", "ping", "senders", "find", "unlock", "erase"];

/** Traces every call of the process until the function that it returns is called. */
export function traceCalls(tracer) {
    const spans = new WeakMap();
    const subscribers = {
        start(event) {
            const span = tracer.startSpan(`egoi-verify ${event.verb}`, { kind: SpanKind.CLIENT }, context.active());
            spans.set(event, span);
            const { traceId, spanId, traceFlags } = span.spanContext();
            event.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
        },
        asyncEnd(event) {
            const span = spans.get(event);
            span.setAttributes({
                "egoi.outcome": event.outcome,
                "egoi.retries": event.retries,
                "egoi.request_id": event.requestId,
                "egoi.country": event.country,
                "egoi.limit": event.limit,
                "http.response.status_code": event.httpStatus,
            });
            if (event.errorCode !== undefined) {
                span.setAttribute("error.type", event.errorCode);
                span.setStatus({ code: SpanStatusCode.ERROR });
            }
            span.end();
        },
    };
    const channels = VERBS.map((verb) => tracingChannel(`egoi-verify:${verb}`));
    for (const channel of channels) {
        channel.subscribe(subscribers);
    }
    return () => channels.forEach((channel) => void channel.unsubscribe(subscribers));
}
