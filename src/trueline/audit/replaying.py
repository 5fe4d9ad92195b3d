"""replay: apply the rows of a finding, refit, and see what moves: the finding without the search that made it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnsError, DataError
from ..models.least_squares import LeastSquares
from .changes import Changes, read_changes
from .ground import Ground, quietly
from .preparing import Given, Options, prepare
from .saying import amount, listed

__all__ = ["Replay", "replay"]

Array = NDArray[np.float64]
READING = ("one_hot", "drop", "drop_missing", "source", "schema")  # of the options of an audit
SHOWN = 12  # effects that are printed


@dataclass(frozen=True, eq=False)
class Replay:
    """A model before and after rows changed.

    Parameters
    ----------
    changes : Changes
    names : tuple of str
    target : str
    before, after : ndarray (n_features,)
        Effects, in units of y per unit of the column.
    mean_shift, rms_shift : float
        By how much the predictions for the rows of the data move, in units of y: on average, and root mean square.
    """

    changes: Changes
    names: tuple[str, ...]
    target: str
    before: Array
    after: Array
    mean_shift: float
    rms_shift: float

    @property
    def flipped(self) -> tuple[str, ...]:
        """Features whose effect has another sign."""
        return tuple(name for name, a, b in zip(self.names, self.before, self.after, strict=True) if a * b < 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rows = zip(self.names, self.before.tolist(), self.after.tolist(), strict=True)
        return {
            "changes": str(self.changes),
            "effects": [{"feature": name, "before": before, "after": after} for name, before, after in rows],
            "flipped": list(self.flipped),
            "mean_shift": self.mean_shift,
            "rms_shift": self.rms_shift,
        }

    def __str__(self) -> str:
        order = sorted(range(len(self.names)), key=lambda j: (self.before[j] * self.after[j] >= 0, j))
        shown = [(self.names[j], amount(self.before[j]), amount(self.after[j])) for j in order[:SHOWN]]
        cells = [("effect", "before", "after"), *shown]
        wide = [max(len(row[i]) for row in cells) for i in range(3)]
        lines = [f"{self.changes}, and refitted"]
        lines += [f"  {a:<{wide[0]}}  {b:>{wide[1]}}  {c:>{wide[2]}}" for a, b, c in cells]
        lines += [f"  … and {len(self.names) - SHOWN} more"] if len(self.names) > SHOWN else []
        turned = f"Other signs: {listed(self.flipped)}." if self.flipped else "No effect has another sign."
        return "\n".join([
            *lines,
            f"  {turned} Predictions of {self.target} for the rows of the data move by {amount(self.mean_shift)} on "
            f"average, {amount(self.rms_shift)} root mean square.",
        ])  # fmt: skip


def replay(X: Any, y: Any, changes: Changes | str | os.PathLike[str], model: Any = None, **options: Any) -> Replay:
    """Apply changes to rows and refit the audited kind of model: least squares, or ridge with the model's penalty.

    Parameters
    ----------
    X, y
        As for `run`.
    changes : Changes, or path of a file that `AuditReport.rows_to` wrote
    model : fitted linear model, optional
        As for `run`.
    **options
        one_hot, drop, drop_missing, source, schema as for `run`; what else it takes changes nothing here.

    Raises
    ------
    DataError
        Rows that are not there, columns that are others.

    Examples
    --------
    >>> X, y = np.arange(8.0)[:, None], np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 5.0])
    >>> seen = replay(X, y, Changes(("X[:, 0]",), "y", (8,), {}, np.empty((0, 1)), np.empty(0)))
    >>> seen.flipped, seen.before.round(3), seen.after.round(3)
    (('X[:, 0]',), array([0.31]), array([-0.107]))
    """
    taken = {name: value for name, value in options.items() if name in READING}
    ground = prepare(X, y, model, Given("quick", None, None, 0), Options(**taken))  # type: ignore[typeddict-item]
    told = changes if isinstance(changes, Changes) else read_changes(changes)
    if told.names != ground.names:
        strange = sorted({*told.names} ^ {*ground.names}) or ["in another order"]
        raise ColumnsError(f"these rows are of other columns: {listed(strange)}",
                           advice="Give the data, and say --one-hot and --drop, as the audit did")  # fmt: skip
    Z, labels = _changed(ground, told)
    before, after = ground.refit, quietly(LeastSquares(ground.penalty, ground.line.fit_intercept), Z, labels)
    moved = after.predict(ground.Z) - before.predict(ground.Z)
    return Replay(
        told, ground.names, ground.target, before.coef_ / ground.unit, after.coef_ / ground.unit, float(moved.mean()),
        float(np.sqrt(np.mean(moved**2))),
    )  # fmt: skip


def _changed(ground: Ground, changes: Changes) -> tuple[Array, Array]:
    """The rows after the changes, in the space of the model."""
    place = {int(number): i for i, number in enumerate(ground.rows.numbers)}
    if strange := [number for number in (*changes.removed, *changes.relabelled) if number not in place]:
        raise DataError(f"row {strange[0]} is not among the {ground.n:,} rows of this audit",
                        advice="Rows are counted from 1, as in the audit's own files")  # fmt: skip
    y = ground.y.copy()
    for number, label in changes.relabelled.items():
        y[place[number]] = label
    kept = np.ones(ground.n, dtype=bool)
    kept[[place[number] for number in changes.removed]] = False
    added = ground.line.scaling.apply(changes.rows) if ground.scaled else changes.rows
    return np.vstack([ground.Z[kept], added]), np.append(y[kept], changes.labels)
