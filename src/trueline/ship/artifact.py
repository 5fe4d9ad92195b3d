"""Model: what a model file holds, ready to predict."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ColumnsError, Problem, ShapeError, TruelineWarning
from ..maths.moments import Moments
from ..models.foreign import Line
from ..models.least_squares import LeastSquares
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.schema import Schema
from .drift.reference import Reference
from .kept_moments import resume
from .record import TARGET, Privacy
from .signing import Signature
from .snapshot import Snapshot

__all__ = ["Model"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """A model read from a file: ``clip(X) @ coef_ + intercept_``.

    Parameters
    ----------
    kind : str
        The class that fitted it.
    line : Line
        Coefficients, scaling, loss and penalty.
    feature_names : tuple of str, optional
    schema : Schema, optional
        The columns of the training table; other tables are matched to it by name.
    training : dict
        What was recorded about the fit: status, epochs, seeds, versions, errors on rows held out.
    moments : Moments, optional
        Of the training rows, where it was saved with them: rows can then be added and forgotten.
    data : Snapshot, optional
        Which rows it was trained on.
    reference : Reference, optional
        What `DriftMonitor` holds later rows against.
    privacy : Privacy, optional
        Of a model that hides its rows: its file then has no snapshot, reference, ranges or metrics.
    signature : Signature, optional
        In the file it was read from; `checked` says whether it was verified.
    sha256 : str, optional
        Of the file it was read from: the checksum inside it.
    checked : str
        What was verified: ``"checksum"``, ``"signature of KEYID"``, or ``"nothing"`` for a model made in memory.
    """

    kind: str
    line: Line
    feature_names: tuple[str, ...] | None = None
    schema: Schema | None = None
    training: dict[str, Any] = field(default_factory=dict)
    moments: Moments | None = None
    data: Snapshot | None = None
    reference: Reference | None = None
    privacy: Privacy | None = None
    signature: Signature | None = None
    sha256: str | None = None
    checked: str = "nothing"

    @property
    def coef_(self) -> Array:
        """Coefficients in the units of the data, (n_features,)."""
        return self.line.coef

    @property
    def intercept_(self) -> float:
        """In the units of y."""
        return self.line.intercept

    @property
    def target(self) -> str | None:
        """What it predicts: the schema's target, or the name that y had where it was saved."""
        told = self.training.get(TARGET) if self.schema is None else self.schema.target
        return told if isinstance(told, str) and told else None

    def predict(self, X: ArrayLike) -> Array:
        """The line at each row.

        Parameters
        ----------
        X : array (n_samples, n_features), or a frame
            A frame's columns are matched by name, encoded by the schema and held to its policies; an array's by
            position, and no policy applies.

        Returns
        -------
        ndarray (n_samples,)
            In the units of y.

        Raises
        ------
        ColumnsError, CellsError, ShapeError
            Columns are missing or extra, levels unknown, cells not finite: all of them are named.

        Warns
        -----
        TruelineWarning
            Cells that training did not see and a policy lets pass, clipped or not.
        """
        matrix = self._matrix(X)
        return np.asarray(self.line.scaling.clip(matrix) @ self.coef_ + self.intercept_)

    def least_squares(self) -> LeastSquares:
        """The estimator again, for `LeastSquares.forget` and `LeastSquares.partial_fit`; it stands on the moments kept.

        Raises
        ------
        OptionError
            Another kind of model, or one that was saved without its moments.
        """
        return resume(self.kind, self.line, self.moments, self.feature_names, self.schema, self.training)

    def _matrix(self, X: Any) -> NDArray[np.floating]:
        if self.schema is not None and (table.is_frame(X) or hasattr(X, "tables")):
            matrix, check = self.schema.apply(X)
            if check.violations:
                warnings.warn("\n  ".join(["beyond what training saw:", *check.notes()]), TruelineWarning, stacklevel=3)
            return matrix
        if table.is_frame(X):
            return table.numeric_matrix(X if self.feature_names is None else _by_name(X, self.feature_names))[1]
        matrix = np.asarray(numbers_only(X, "X"), dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.coef_):
            raise ShapeError(f"X has shape {matrix.shape}, this model takes (n_samples, {len(self.coef_)})")
        table.check_finite(matrix, self.feature_names, "X")
        return matrix


def _by_name(frame: Any, names: tuple[str, ...]) -> Any:
    """The frame's columns in the order of training."""
    seen = table.eager_frame(frame)
    missing, extra = [n for n in names if n not in seen.columns], [n for n in seen.columns if n not in names]
    if missing or extra:
        problems = [Problem("missing", name) for name in missing]
        problems += [Problem("not in the model", name) for name in extra]
        raise ColumnsError(problems=problems, advice=f"The model takes {', '.join(names)}")
    return seen.select(list(names)).to_native()
