"""A model as one JSON file, exact to the bit: written whole or not at all, sealed by a checksum, signed on request."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ColumnsError, OptionError, Problem, ShapeError, TruelineWarning
from ..files import write_whole
from ..maths.moments import Moments
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..rows import table
from ..rows.arrays import numbers_only
from ..rows.schema import Schema
from .drift.reference import Reference
from .kept_moments import moments_to_dict, moments_to_keep, resume
from .record import ROWS_TELL, Privacy, privacy_of, public_schema, record_of
from .sealing import FORMAT, LARGEST_FILE, canonical, seal, signed_bytes, unpacks_to_too_much
from .signing import Key, Signature, sign
from .snapshot import Snapshot
from .training_rows import TrainingRows
from .writing import line_to_dict

__all__ = ["Model", "dumps", "save"]

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


def save(
    model: Any, path: str | os.PathLike[str], *, X: Any = None, y: Any = None, schema: Schema | None = None,
    training: Mapping[str, Any] | None = None, keep_moments: bool = False, reference: bool | Reference = True,
    snapshot: bool | Snapshot = True, sign_with: str | os.PathLike[str] | Key | None = None,
) -> None:  # fmt: skip
    """Write a fitted model to one JSON file, whole or not at all.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, a fitted scikit-learn linear model or Pipeline, or what `load` gave
    path : str or path-like
        By convention ``model.json``.
    X, y : array or frame (n_samples, n_features), array (n_samples,) or the name of a column of X; optional
        The rows it was fitted on, as they were given to the fit or as the table they came from: snapshot and reference
        are learnt from them. Without them the file has neither.
    schema : Schema, optional
        Of the training table; the model's own by default, where it was fitted on a table with y given by name.
    training : dict, optional
        Plain values to record about the fit, beside what the model itself tells.
    keep_moments : bool
        Also write what `LeastSquares.forget` and `LeastSquares.partial_fit` need. It tells whoever reads the file how
        many rows there were, the mean of every column, and how all columns vary together; of very few rows that is
        the rows themselves, and two files tell what was forgotten between them, one row exactly. A loaded model keeps
        its moments in any case.
    reference : bool or Reference
        Write what `DriftMonitor` needs: how each column was distributed, with its smallest and largest value.
    snapshot : bool or Snapshot
        Write the hash of the rows: whoever has the same rows can tell.
    sign_with : path or Key, optional
        A private key that `keygen` made. What was loaded with a signature is saved without, unless it is signed anew.

    Raises
    ------
    OptionError
        Not a fitted linear model, a loss or a number that no file can hold, a schema of other columns, moments asked
        of what has none, or more than a file may hold; X without y.
    DataError
        X and y are no rows of this model.
    OSError
        The file cannot be written; an older one is untouched.

    Notes
    -----
    The file of a PrivateLeastSquares has neither snapshot nor reference nor metrics, and its schema, if there is one,
    has the public bounds in place of the ranges that were seen; levels of categories are written and must be public.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from trueline import LeastSquares
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> save(LeastSquares().fit(X, y), path, X=X, y=y)
    >>> from trueline.ship import load
    >>> load(path).predict([[10.0]]), load(path).data.rows
    (array([21.]), 3)
    """
    model = _model(model, schema, training, keep_moments)
    if model.privacy is not None:
        model = _without_rows(model)
    elif X is not None or y is not None:
        model = _with_rows(model, X, y, snapshot, reference)
    kept = {"data": _chosen(snapshot, model.data), "reference": _chosen(reference, model.reference)}
    if model.privacy is None:
        model = replace(model, **kept)
    write_whole(path, dumps(model, sign_with=sign_with))


def dumps(model: Model, *, sign_with: str | os.PathLike[str] | Key | None = None) -> bytes:
    """The bytes of a model's file.

    Parameters
    ----------
    model : Model
    sign_with : path or Key, optional
        A private key.

    Raises
    ------
    OptionError
        As `save`.
    """
    _check_columns(model)
    try:
        _refuse_twins(model.training)
        values = _to_dict(model)
        if sign_with is not None:
            values["signature"] = sign(signed_bytes(values), sign_with).to_dict()
        content = canonical(seal(values))
    except (TypeError, ValueError, RecursionError) as error:  # NaN, or what JSON does not know
        if isinstance(error, OptionError):
            raise
        raise OptionError(f"{model.kind}: cannot be written as JSON ({error})") from None
    if len(content) > LARGEST_FILE or unpacks_to_too_much(content):
        raise OptionError(f"{model.kind}: {len(content) >> 20} MB, and a model file holds {LARGEST_FILE >> 20}",
                          advice="Save it without its moments")  # fmt: skip
    return content


def _model(model: Any, schema: Schema | None, training: Mapping[str, Any] | None, keep_moments: bool) -> Model:
    """Whatever is to be saved, as a Model."""
    if isinstance(model, Model):
        if keep_moments and model.moments is None:
            raise OptionError(f"{model.kind} was saved without its moments, so there are none to keep")
        reference = _named(model, schema) if schema else model.reference
        return replace(model, schema=schema or model.schema, training=dict(training or model.training),
                       reference=reference)  # fmt: skip
    names = getattr(model, "feature_names_in_", None)
    return Model(
        type(model).__name__, as_line(model), None if names is None else tuple(str(name) for name in names),
        schema or getattr(model, "schema_", None), record_of(model) | dict(training or {}),
        moments_to_keep(model) if keep_moments else None, privacy=privacy_of(model),
    )  # fmt: skip


def _named(model: Model, schema: Schema) -> Reference | None:
    """Its reference; one of rows that had no names takes those of the schema, which the monitor will ask for."""
    reference, names = model.reference, schema.names
    if reference is None or model.schema is not None or model.feature_names is not None:
        return reference
    if names != schema.feature_names or len(names) != len(reference.columns):
        return reference
    columns = tuple(replace(column, name=name) for column, name in zip(reference.columns, names, strict=True))
    return replace(reference, features=names, columns=columns)


def _with_rows(model: Model, X: Any, y: Any, snapshot: bool | Snapshot, reference: bool | Reference) -> Model:
    """With what is to be learnt from the training rows."""
    names = model.feature_names if model.schema is None else model.schema.feature_names
    rows = TrainingRows.read(X, y, len(model.coef_), names, model.schema)
    data = rows.snapshot() if snapshot is True else model.data
    return replace(model, data=data, reference=rows.reference(model.line) if reference is True else model.reference)


def _chosen(wanted: Any, learnt: Any) -> Any:
    """True: what there is; False: nothing; else what was given."""
    return learnt if wanted is True else (wanted or None)


def _without_rows(model: Model) -> Model:
    """A private model, and nothing else that its rows could be told from."""
    if tells := sorted(set(model.training) & ROWS_TELL):
        raise OptionError(f"{model.kind} hides its rows, and {', '.join(tells)} would tell about them",
                          advice="Leave them out of training=")  # fmt: skip
    if model.moments is not None:
        raise OptionError(f"{model.kind} hides its rows, and moments would tell them")
    low, high = model.line.scaling.low, model.line.scaling.high
    schema = model.schema and public_schema(model.schema, low, high)
    return replace(model, schema=schema, data=None, reference=None)


def _check_columns(model: Model) -> None:
    """Names, schema and coefficients must speak of the same columns."""
    for names in (model.feature_names, None if model.schema is None else model.schema.feature_names):
        if names is not None and len(names) != len(model.coef_):
            raise OptionError(f"{model.kind} has {len(model.coef_)} coefficients, and {len(names)} feature names")
    if model.schema is not None and model.feature_names not in (None, model.schema.feature_names):
        raise OptionError(f"{model.kind} was fitted on the columns {', '.join(model.feature_names or ())}, "
                          f"the schema makes {', '.join(model.schema.feature_names)}")  # fmt: skip


def _refuse_twins(values: Any) -> None:
    """JSON knows keys of text alone: 1 and "1" would be one field, written twice."""
    if isinstance(values, Mapping):
        if len({str(key) for key in values}) < len(values):
            raise ValueError(f"two fields of one name among {list(values)!r:.100}")
        values = list(values.values())
    for entry in values if isinstance(values, list | tuple) else ():
        _refuse_twins(entry)


def _by_name(frame: Any, names: tuple[str, ...]) -> Any:
    """The frame's columns in the order of training."""
    seen = table.eager_frame(frame)
    missing, extra = [n for n in names if n not in seen.columns], [n for n in seen.columns if n not in names]
    if missing or extra:
        problems = [Problem("missing", name) for name in missing]
        problems += [Problem("not in the model", name) for name in extra]
        raise ColumnsError(problems=problems, advice=f"The model takes {', '.join(names)}")
    return seen.select(list(names)).to_native()


def _to_dict(model: Model) -> dict[str, Any]:
    parts = {"schema": model.schema, "data": model.data, "reference": model.reference, "privacy": model.privacy}
    return {
        "format": FORMAT, "kind": model.kind, **line_to_dict(model.line),
        "feature_names": None if model.feature_names is None else list(model.feature_names),
        "schema_hash": None if model.schema is None else model.schema.hash,
        **{name: None if part is None else part.to_dict() for name, part in parts.items()},
        "training": model.training, "moments": None if model.moments is None else moments_to_dict(model.moments),
        "signature": None,
    }  # fmt: skip
