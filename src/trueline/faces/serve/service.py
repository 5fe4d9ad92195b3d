"""The model that is served, and everything a request needs: how to read its rows, and what to answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ...rows.schema import Schema
from ...ship.artifact import Model
from .access_log import AccessLog
from .drift_window import DriftWindow
from .key_file import KeyFile
from .metrics import Metrics
from .rates import Rates
from .refusals import RefusedError
from .row_reader import RowReader
from .settings import Settings
from .taken import FEW, Taken

__all__ = ["Named", "Service"]


@dataclass(frozen=True)
class Named:
    """What is served, and under which name.

    Parameters
    ----------
    model : Model
    schema : Schema
        Its own, or made of its names.
    name : str
        In paths and answers.
    version : str
        Of a registry; otherwise "1".
    """

    model: Model
    schema: Schema
    name: str
    version: str = "1"

    @property
    def label(self) -> str:
        """``credit@3``."""
        return f"{self.name}@{self.version}"


class Service:
    """One model behind one server.

    Parameters
    ----------
    served : Named
    settings : Settings
    keys : KeyFile, optional
        Without them everybody may ask.
    log : AccessLog, optional
    hosts : iterable of str, optional
        Names under which it may be asked; any by default. A server without keys should name them: a page in the
        owner's browser could otherwise reach it under a name of its own.
    """

    def __init__(
        self, served: Named, settings: Settings, keys: KeyFile | None = None, log: AccessLog | None = None,
        hosts: Iterable[str] | None = None,
    ) -> None:  # fmt: skip
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", served.name):
            raise ValueError(f"{served.name!r} is no name for a path")
        self.served, self.settings, self.keys, self.log = served, settings, keys, log or AccessLog()
        self.hosts = None if hosts is None else frozenset(hosts)
        self.reader = RowReader(served.schema, settings.max_rows)
        facts = {"name": served.name, "version": served.version, "sha256": served.model.sha256 or ""}
        self.metrics = Metrics(facts, lambda: self.answering)
        self.metrics.ready.set(1)
        self.rates = None if settings.rate is None else Rates(settings.rate)
        self.window = DriftWindow(served.model, served.schema, settings.drift_window)
        self.answering = self.reading = 0
        self.draining = False
        self._line = served.model.line
        self._coef, self._intercept = self._line.coef, self._line.intercept
        self._label = json.dumps(served.label).encode()

    def stop_soon(self) -> None:
        """No longer ready; what comes is still answered, and connections are closed one by one."""
        self.draining = True
        self.metrics.ready.set(0)

    def predict(self, taken: Taken) -> list[float]:
        """The bits of `Model.predict` of each row alone, or rounded where the settings say so.

        A product of a whole matrix would give a row other last bits in other company.

        Raises
        ------
        RefusedError
            "overflow"; names the rows.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.vecdot(np.ascontiguousarray(self._line.scaling.clip(taken.X)), self._coef) + self._intercept
        if not np.isfinite(values).all():
            rows = (np.flatnonzero(~np.isfinite(values)) + 1).tolist()
            found = {"kind": "overflow", "count": len(rows), "rows": rows[:FEW], "what": "too large for float64"}
            raise RefusedError("overflow", f"the prediction of row {rows[0]} is too large for float64", [found])
        self.window.add(taken.raw)
        if taken.warnings:
            self.metrics.warned(warning["kind"] for warning in taken.warnings)
        numbers: list[float] = values.tolist()
        digits = self.settings.round
        return numbers if digits is None else [round(number, digits) for number in numbers]

    def answer(self, taken: Taken) -> bytes:
        """The body of an answer to ``POST /predict``."""
        numbers = ", ".join(map(repr, self.predict(taken))).encode()  # the shortest text of the same float64
        warnings = json.dumps(taken.warnings).encode() if taken.warnings else b"[]"
        return b'{"predictions": [%b], "model": %b, "warnings": %b}' % (numbers, self._label, warnings)
