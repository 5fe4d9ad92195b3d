"""DriftMonitor: is what comes in still what the model was trained on, and what does the model feel of it?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from ...errors import OptionError
from ...models.foreign import Line, as_line
from ...rows.schema import Column, Schema
from ..artifact import Model
from ..loading import load
from .judging import drifts, judged, judged_pairs
from .reference import Reference
from .report import Drift, DriftReport, PairDrift
from .table import COLUMNS_DIFFER
from .window import Subject, Window, read_window

__all__ = ["DriftMonitor", "DriftReport"]

MOST_LOST = 0.05  # share of rows that cannot be predicted; beyond, the others may not stand for the window


class DriftMonitor:
    """Holds windows of later rows against the training rows that a model file remembers.

    An alarm is false with probability at most `alpha`: over all columns, the prediction and the residual together, at
    any window size, whatever the columns' distributions are and however they depend on each other, as long as rows are
    independent of each other. See docs/drift.md for why.

    Parameters
    ----------
    model : Model, path of a model file, or a fitted linear model
    alpha : float
        Probability of any false alarm in a window that is checked by itself, or over all windows of a stream.
    windows : int, optional
        How many windows `stream` (or ``check(window=...)``) spreads alpha over, each getting ``alpha / windows``. None
        is without end: window t gets ``alpha / (t (t + 1))``, which sums to alpha.
    reference : Reference, optional
        What to hold against; the model's own by default.

    Examples
    --------
    >>> import numpy as np
    >>> from trueline import LeastSquares
    >>> from trueline.ship.drift.reference import Reference
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((2000, 2))
    >>> y = X @ [1.0, 3.0] + rng.standard_normal(2000)
    >>> model = LeastSquares().fit(X, y)
    >>> monitor = DriftMonitor(model, reference=Reference.of(model, X, y))
    >>> monitor.check(rng.standard_normal((200, 2))).alarm
    False
    >>> report = monitor.check(rng.standard_normal((200, 2)) + [0.0, 0.5])
    >>> report.drifted, round(report.prediction.shift, 1)
    (('x1', 'prediction'), 1.5)
    """

    def __init__(
        self, model: Any, alpha: float = 0.01, *, windows: int | None = None, reference: Reference | None = None
    ) -> None:  # fmt: skip
        if not 0 < alpha < 1:
            raise OptionError(f"alpha must lie between 0 and 1, got {alpha!r}")
        if windows is not None and (not isinstance(windows, int) or isinstance(windows, bool) or windows < 1):
            raise OptionError(f"windows must be a whole number of at least 1, or None, got {windows!r}")
        if isinstance(model, str | os.PathLike):
            model = load(model)
        self.alpha, self.windows = float(alpha), windows
        self._subject = _subject(model, reference)
        self._about = _about(model)

    def check(self, frame: Any, y: Any = None, *, window: int | None = None) -> DriftReport:
        """Hold one window of rows against the training rows; a window that says too little is no error.

        Parameters
        ----------
        frame : frame, path, what `rows.open` gives, or array (n, n_features)
            Columns are matched by name; an array's by position, encoded.
        y : array (n,) or name of a column, optional
            Labels, as far as they are known: then the residuals are watched too. The target of the schema is found by
            itself.
        window : int, optional
            Its number, from 1, where alpha is spread over many windows; by itself it gets all of alpha.

        Raises
        ------
        ReadError
            A file that cannot be read.
        ColumnsError, ShapeError, OptionError
            A header or an array that cannot be this model's; a window beyond those that alpha was spread over.
        """
        level = self.alpha if window is None else self.level(window)
        found = read_window(frame, y, self._subject)
        return self._report(found, level, window, None)

    def stream(
        self, frames: Iterable[Any], *, times: Iterable[Any] | None = None, labels: Iterable[Any] | None = None
    ) -> Iterator[DriftReport]:  # fmt: skip
        """Windows one after the other; alpha is the probability of any false alarm over all of them.

        Each gets its own share of alpha, which is valid though all are held against one reference, and may so be wrong
        together: the shares add up whatever they depend on.

        Parameters
        ----------
        frames : iterable
            What `check` takes.
        times : iterable, optional
            When each window ended. One that is not later than the window before is not judged, and costs nothing.
        labels : iterable, optional
            What `check` takes as y.

        Yields
        ------
        DriftReport

        Examples
        --------
        >>> import numpy as np
        >>> from trueline import LeastSquares
        >>> from trueline.ship.drift.reference import Reference
        >>> X = np.random.default_rng(0).standard_normal((1000, 1))
        >>> model = LeastSquares().fit(X, X[:, 0])
        >>> monitor = DriftMonitor(model, windows=12, reference=Reference.of(model, X))
        >>> [report.status for report in monitor.stream([X[:50], X[50:100] + 1, X[100:103]])]
        ['no drift', 'drift', 'not enough data']
        """
        number, before = 1, None
        all_times, all_labels = (
            iter(times if times is not None else repeat(None)),
            iter(labels if labels is not None else repeat(None)),
        )
        for frame in frames:
            time, y = _next(all_times, "times"), _next(all_labels, "labels")
            level = self.level(number)
            found = read_window(frame, y, self._subject)
            if before is not None and time is not None and not time > before:
                yield self._refused(found, level, number, time, f"the clock went backwards: {time} after {before}")
                continue
            before = time if time is not None else before
            report = self._report(found, level, number, time)
            number += bool(any(each.p is not None for each in report.watched))
            yield report

    def level(self, window: int) -> float:
        """The share of alpha that a window gets by its number, counted from 1."""
        if not isinstance(window, int) or isinstance(window, bool) or window < 1:
            raise OptionError(f"windows are counted from 1, got {window!r}")
        if self.windows is None:
            return self.alpha / (window * (window + 1))
        if window > self.windows:
            raise OptionError(f"window {window}: alpha was spread over {self.windows} windows, and is used up",
                              advice="Start over with a new reference, or choose more windows")  # fmt: skip
        return self.alpha / self.windows

    def _report(self, window: Window, level: float, number: int | None, time: Any) -> DriftReport:
        if not window.rows:
            return self._refused(window, level, number, time, "the window has no rows")
        if window.copies:
            return self._refused(window, level, number, time, f"all {window.rows} rows are copies of one")
        found = judged(drifts(window, self._subject), window, self._subject, level)
        pairs = judged_pairs(window, self._subject, level)
        return self._told(window, found, level, number, time, _refusal(window), pairs)

    def _refused(self, window: Window, level: float, number: int | None, time: Any, why: str) -> DriftReport:
        found = drifts(window, self._subject)
        found = [Drift(**{**vars(each), "not_judged": each.not_judged or "not enough data"}) for each in found]
        return self._told(window, found, level, number, time, why)

    def _told(
        self, window: Window, found: list[Drift], level: float, number: int | None, time: Any, refusal: str,
        pairs: Sequence[PairDrift] = (),
    ) -> DriftReport:  # fmt: skip
        here = len(self._subject.reference.columns)
        features = sorted(found[:here], key=lambda each: -abs(each.felt or 0.0))
        residual = found[here + 1] if len(found) > here + 1 else None
        watched: list[Drift | PairDrift] = [*found, *pairs]
        alarm = any(each.drifted for each in watched)
        whole = not refusal and not any(each.not_judged for each in watched)
        return DriftReport(
            alarm, "drift" if alarm else "no drift" if whole else "not enough data", window.rows,
            self._subject.reference.rows, tuple(features), found[here], residual, self.alpha, level, number,
            window.problems, refusal, self._subject.schema.target or "y", time, self._about, tuple(pairs),
        )  # fmt: skip


def _next(values: Iterator[Any], what: str) -> Any:
    for value in values:
        return value
    raise OptionError(f"there are more windows than {what}")


def _refusal(window: Window) -> str:
    """What keeps the window as a whole from being called free of drift."""
    if window.refused:
        return COLUMNS_DIFFER
    lost = window.rows - int(window.features.rows.max(initial=0))
    return f"{lost:,} of {window.rows:,} rows cannot be predicted" if lost > MOST_LOST * window.rows else ""


def _subject(model: Any, reference: Reference | None) -> Subject:
    reference = reference if reference is not None else getattr(model, "reference", None)
    if reference is None:
        raise OptionError("this model does not remember what its training rows looked like",
                          advice="Save it with them: ship.save(model, path, X=X, y=y)")  # fmt: skip
    line = model.line if isinstance(model, Model) else model if isinstance(model, Line) else as_line(model)
    schema = model.schema if isinstance(model, Model) else getattr(model, "schema_", None)
    if schema is None:
        schema = Schema(tuple(Column(name, "numeric") for name in reference.features))
    if len(line.coef) != len(reference.features) or schema.feature_names != reference.features:
        raise OptionError(f"the reference is of the features {', '.join(reference.features[:10])}, "
                          f"the model takes {', '.join(schema.feature_names[:10])}")  # fmt: skip
    if schema.names != tuple(column.name for column in reference.columns):
        raise OptionError("the reference is of other columns than the schema")
    return Subject(line, schema, reference)


def _about(model: Any) -> dict[str, Any]:
    """What a report says of the model: kind and checksum."""
    if not isinstance(model, Model):
        return {"kind": type(model).__name__}
    return {"kind": model.kind, "sha256": getattr(model, "sha256", None)}
