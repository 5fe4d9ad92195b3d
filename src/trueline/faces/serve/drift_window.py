"""The last rows that were served, and whether they still look like those of training."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ...errors import TruelineError
from ...rows.schema import Schema
from ...ship.artifact import Model
from .metrics import Metrics
from .taken import Array

if TYPE_CHECKING:
    from ...ship import DriftMonitor, DriftReport

__all__ = ["DriftWindow"]

faults = logging.getLogger("trueline.serve")

PAUSE = 10.0  # seconds between two looks
STRANGE = "(not seen in training)"
MEASURES = ("drifted", "psi", "p", "adjusted", "shift", "felt", "wasserstein")  # of `ship.drift_report.Drift`


class DriftWindow:
    """A ring of the last rows, as they were sent.

    Parameters
    ----------
    model : Model
    schema : Schema
    size : int
        Rows; 0 keeps none.
    """

    def __init__(self, model: Model, schema: Schema, size: int) -> None:
        self._schema, self._monitor = schema, _monitor(model) if size else None
        self._rows = np.empty((size if self._monitor is not None else 0, len(schema.columns)))
        self._total = self._seen = 0
        self._looked = -PAUSE
        self._lock = threading.Lock()

    @property
    def watched(self) -> bool:
        """Is there anything to hold rows against?"""
        return self._monitor is not None

    def add(self, raw: Array) -> None:
        """Keep rows (n_rows, n_columns); the oldest make room."""
        size = len(self._rows)
        if not size:
            return
        start = self._total % size
        if len(raw) == 1:  # by far the most
            self._rows[start] = raw[0]
            self._total += 1
            return
        raw = raw[-size:]
        first = min(len(raw), size - start)
        self._rows[start : start + first] = raw[:first]
        self._rows[: len(raw) - first] = raw[first:]
        self._total += len(raw)

    def frame(self) -> Any:
        """The rows kept, oldest first, as a table of the schema's columns."""
        size = len(self._rows)
        start = self._total % size if self._total > size else 0
        rows = np.roll(self._rows, -start, axis=0)[: min(self._total, size)]
        return pa.table({column.name: _cells(column.levels, rows[:, j])
                         for j, column in enumerate(self._schema.columns)})  # fmt: skip

    def look(self, metrics: Metrics) -> None:
        """Ask the monitor, if the last time was a while ago and rows came in since; runs in a thread."""
        with self._lock:
            now = time.monotonic()
            if self._monitor is None or self._total == self._seen or now - self._looked < PAUSE:
                return
            self._looked, self._seen = now, self._total
            table = self.frame()
            try:
                with np.errstate(all="ignore"):
                    report = self._monitor.check(table)
            except Exception as error:  # callers choose these rows; the other measurements must stand
                if not isinstance(error, TruelineError):
                    faults.exception("the drift monitor, over %d rows", table.num_rows)
                metrics.drifted(table.num_rows, None, {})  # no answer is no alarm
                return
            alarm = None if report.status == "not enough data" else bool(report.alarm)
            metrics.drifted(report.rows, alarm, _measures(report))


def _cells(levels: tuple[str, ...], cells: Array) -> Any:
    if not levels:
        return pa.array(cells)
    names = np.array([*levels, STRANGE], dtype=object)  # -1 is the last
    return pa.array(names[cells.astype(int)], pa.string())


def _monitor(model: Model) -> DriftMonitor | None:
    """What looks for drift; None where the model file holds nothing to compare with."""
    from ...ship import DriftMonitor

    return None if model.reference is None else DriftMonitor(model)


def _measures(report: DriftReport) -> dict[str, dict[str, float]]:
    """The numbers that were found of each column and of the prediction, by their names."""
    named = {each.name: each for each in report.features}
    free = "prediction"
    while free in named:  # a column may be called so, and must not be hidden by what is made of all of them
        free = f"({free})"
    named[free] = report.prediction
    return {label: {name: float(value) for name in MEASURES if (value := getattr(each, name)) is not None}
            for label, each in named.items()}  # fmt: skip
