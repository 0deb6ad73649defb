"""Counts calls and measures them, for Prometheus. No label has a value that a stranger chooses."""

from collections.abc import Callable

from egoi_verify import CallEvent, observe
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram


def measure_calls(registry: CollectorRegistry = REGISTRY) -> Callable[[], None]:
    """Measures every call of the process until the function that it returns is called."""
    calls = Counter(
        "egoi_verify_calls",
        "Calls by outcome or error code.",
        ["verb", "outcome", "limit", "country"],
        registry=registry,
    )
    seconds = Histogram("egoi_verify_call_seconds", "How long calls took.", ["verb"], registry=registry)

    def ended(event: CallEvent) -> None:
        calls.labels(event.verb, event.outcome, event.limit or "", event.country or "").inc()
        seconds.labels(event.verb).observe(event.duration)

    return observe(ended)
