// Counts calls and measures them, for Prometheus. No label has a value that a stranger chooses.

import { tracingChannel } from "node:diagnostics_channel";
import { Counter, Histogram } from "prom-client";

const VERBS = ["request", "validate", "cancel", "resend", "get", "ping", "senders", "find", "unlock", "erase"];

/** Measures every call of the process until the function that it returns is called. */
export function measureCalls(registry) {
    const calls = new Counter({
        name: "egoi_verify_calls_total",
        help: "Calls by outcome or error code.",
        labelNames: ["verb", "outcome", "limit", "country"],
        registers: [registry],
    });
    const seconds = new Histogram({
        name: "egoi_verify_call_seconds",
        help: "How long calls took.",
        labelNames: ["verb"],
        registers: [registry],
    });
    const subscribers = {
        asyncEnd({ verb, outcome, limit = "", country = "", duration }) {
            calls.inc({ verb, outcome, limit, country });
            // A call that was refused before it began, or aborted, has none.
            if (duration !== undefined) {
                seconds.observe({ verb }, duration);
            }
        },
    };
    const channels = VERBS.map((verb) => tracingChannel(`egoi-verify:${verb}`));
    for (const channel of channels) {
        channel.subscribe(subscribers);
    }
    return () => channels.forEach((channel) => void channel.unsubscribe(subscribers));
}
