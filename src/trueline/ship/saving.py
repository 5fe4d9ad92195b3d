"""A model as one JSON file, exact to the bit: written whole or not at all, sealed by a checksum, signed on request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import OptionError
from ..files import write_whole
from ..models.foreign import as_line
from ..rows.schema import Schema
from .artifact import Model
from .drift.reference import Reference
from .kept_moments import moments_to_keep
from .record import ROWS_TELL, TARGET, name_of, privacy_of, public_schema, record_of
from .signing import Key
from .snapshot import Snapshot
from .training_rows import TrainingRows
from .writing import dumps

__all__ = ["save"]


def save(
    model: Any, path: str | os.PathLike[str], *, X: Any = None, y: Any = None, schema: Schema | None = None,
    training: Mapping[str, Any] | None = None, keep_moments: bool = False, reference: bool | Reference = True,
    correlations: bool = False, snapshot: bool | Snapshot = True, sign_with: str | os.PathLike[str] | Key | None = None,
) -> None:  # fmt: skip
    """Write a fitted model to one JSON file, whole or not at all.

    Parameters
    ----------
    model : LinearRegressionGD, LeastSquares, a fitted scikit-learn linear model or Pipeline, or what `load` gave
    path : str or path-like
        By convention ``model.json``.
    X, y : array or frame (n_samples, n_features), array (n_samples,) or the name of a column of X; optional
        The rows it was fitted on, as they were given to the fit or as the table they came from: snapshot and reference
        are learnt from them. Without them the file has neither. A y that has a name names the target.
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
    correlations : bool
        Of every two columns of numbers (64 at most), also write how often they are high together, so that
        `DriftMonitor` tells when they no longer are.
    snapshot : bool or Snapshot
        Write the hash of the rows: whoever has the same rows can tell.
    sign_with : path or Key, optional
        A private key that `keygen` made. What was loaded with a signature is saved without, unless it is signed anew.

    Raises
    ------
    OptionError
        Not a fitted linear model, a loss or a number that no file can hold, a schema of other columns, moments asked
        of what has none, or more than a file may hold; X without y; correlations without rows or reference, or of
        more than 64 columns.
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
    model = _with_target(_model(model, schema, training, keep_moments), y)
    if correlations and (X is None or reference is not True or model.privacy is not None):
        raise OptionError("correlations are part of the reference, which is learnt from the training rows",
                          advice="Give X and y, leave reference=True; a private model's file has neither")  # fmt: skip
    if model.privacy is not None:
        model = _without_rows(model)
    elif X is not None or y is not None:
        model = _with_rows(model, X, y, snapshot, reference, correlations)
    kept = {"data": _chosen(snapshot, model.data), "reference": _chosen(reference, model.reference)}
    if model.privacy is None:
        model = replace(model, **kept)
    write_whole(path, dumps(model, sign_with=sign_with))


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


def _with_target(model: Model, y: Any) -> Model:
    """The name of y is that of the target, where nothing else says what it is called."""
    name = name_of(y)
    known = model.feature_names or ()
    if model.schema is not None:
        known = (*model.schema.names, *model.schema.feature_names, *model.schema.dropped)
    if not name or model.target is not None or name in known:
        return model
    if model.schema is None:
        return replace(model, training={**model.training, TARGET: name})
    return replace(model, schema=replace(model.schema, target=name))


def _named(model: Model, schema: Schema) -> Reference | None:
    """Its reference; one of rows that had no names takes those of the schema, which the monitor will ask for."""
    reference, names = model.reference, schema.names
    if reference is None or model.schema is not None or model.feature_names is not None:
        return reference
    if names != schema.feature_names or len(names) != len(reference.columns):
        return reference
    columns = tuple(replace(column, name=name) for column, name in zip(reference.columns, names, strict=True))
    return replace(reference, features=names, columns=columns)


def _with_rows(
    model: Model, X: Any, y: Any, snapshot: bool | Snapshot, reference: bool | Reference, correlations: bool
) -> Model:  # fmt: skip
    """With what is to be learnt from the training rows."""
    names = model.feature_names if model.schema is None else model.schema.feature_names
    rows = TrainingRows.read(X, y, len(model.coef_), names, model.schema)
    data = rows.snapshot() if snapshot is True else model.data
    learnt = rows.reference(model.line, correlations) if reference is True else model.reference
    return replace(model, data=data, reference=learnt)


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
