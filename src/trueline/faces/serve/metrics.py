"""What a monitoring system asks for, in Prometheus' words; every name begins with ``trueline_``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)


class Metrics:
    """Counters of one server.

    Parameters
    ----------
    model : dict of str
        Name, version and SHA-256 of what is served.
    answering : callable () -> int
        Requests that are being answered.
    """

    def __init__(self, model: Mapping[str, str], answering: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram("trueline_request_seconds", "From the head of a request to its answer.",
                                  ["route"], buckets=SECONDS, registry=self.registry)  # fmt: skip
        self._requests = Counter("trueline_requests", "Answers.", ["route", "status"], registry=self.registry)
        self._rows = Counter("trueline_rows", "Rows predicted.", registry=self.registry)
        self._refusals = Counter("trueline_refusals", "Requests refused.", ["reason"], registry=self.registry)
        self._warnings = Counter("trueline_warnings", "Predictions with warnings.", ["kind"], registry=self.registry)
        in_flight = Gauge("trueline_requests_in_flight", "Being answered now.", registry=self.registry)
        in_flight.set_function(answering)  # asked only when somebody looks
        self.ready = Gauge("trueline_ready", "1 until told to stop.", registry=self.registry)
        Gauge("trueline_model_info", "What is served.", list(model), registry=self.registry).labels(**model).set(1)
        self._drift_rows = Gauge("trueline_drift_window_rows", "Rows that drift was last looked for in.",
                                 registry=self.registry)  # fmt: skip
        self._drift_known = Gauge("trueline_drift_checked", "1 where the last look gave an answer.",
                                  registry=self.registry)  # fmt: skip
        self._drift_alarm = Gauge("trueline_drift_alarm", "1 where the rows served are not those of training.",
                                  registry=self.registry)  # fmt: skip
        self._drift = Gauge("trueline_drift_feature", "What the monitor found of a column, or of the prediction.",
                            ["column", "measure"], registry=self.registry)  # fmt: skip
        self._children: dict[tuple[str, int], Any] = {}

    def answered(self, route: str, status: int, seconds: float, rows: int) -> None:
        """Count one request."""
        child = self._children.get((route, status))
        if child is None:  # few: routes and statuses are both known sets
            child = self._seconds.labels(route), self._requests.labels(route, str(status))
            self._children[route, status] = child
        child[0].observe(seconds)
        child[1].inc()
        if rows:
            self._rows.inc(rows)

    def refused(self, reason: str) -> None:
        """Count one refusal."""
        self._refusals.labels(reason).inc()

    def warned(self, kinds: Iterable[str]) -> None:
        """Count one prediction with warnings, under each of their kinds."""
        for kind in set(kinds):
            self._warnings.labels(kind).inc()

    def drifted(self, rows: int, alarm: bool | None, features: Mapping[str, Mapping[str, float]]) -> None:
        """What the drift monitor said last; an alarm of None is no answer, as with too few rows."""
        self._drift_rows.set(rows)
        self._drift_known.set(alarm is not None)
        self._drift_alarm.set(bool(alarm))
        self._drift.clear()
        for column, measures in features.items():
            for measure, value in measures.items():
                self._drift.labels(column, measure).set(value)

    def page(self) -> bytes:
        """The text that Prometheus reads."""
        return bytes(generate_latest(self.registry))
