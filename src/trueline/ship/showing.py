"""What a model file is, and what it tells whoever reads it about the rows it was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .artifact import Model
from .sealing import FORMAT

__all__ = ["describe", "feature_names", "ranges_are", "reveals"]


def describe(model: Model) -> dict[str, Any]:
    """A model in plain values: what it is, of which rows, how it came to be, what was checked.

    Parameters
    ----------
    model : Model

    Examples
    --------
    >>> from trueline import LeastSquares
    >>> from trueline.ship import save
    >>> save(LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]), "line.json")
    >>> from trueline.ship import load
    >>> found = describe(load("line.json"))
    >>> found["kind"], list(found["features"]), found["checked"]
    ('LeastSquares', ['X[:, 0]'], 'checksum')
    """
    schema, line = model.schema, model.line
    return {
        "kind": model.kind, "target": model.target, "format": FORMAT, "sha256": model.sha256,
        "checked": model.checked, "signed_by": model.signature and model.signature.key,
        "features": dict(zip(feature_names(model), model.coef_.tolist(), strict=True)), "intercept": model.intercept_,
        "loss": type(line.loss).__name__.lower(), "penalty": {"reg_lambda": line.reg_lambda, "alpha": line.alpha},
        "standardized": bool(line.scaling.mu.any() or (line.scaling.sigma != 1).any()),
        "clipped": line.scaling.low is not None,
        "schema": schema and {"hash": schema.hash, **schema.to_dict()},
        "data": model.data and model.data.to_dict(), "training": model.training,
        "reference": model.reference is not None, "moments": model.moments is not None,
        "privacy": model.privacy and model.privacy.to_dict(), "reveals": list(reveals(model)),
    }  # fmt: skip


def feature_names(model: Model) -> tuple[str, ...]:
    """Of the schema or the fit; how one would write a column where neither has any.

    Parameters
    ----------
    model : Model
    """
    names = model.feature_names if model.schema is None else model.schema.feature_names
    return names or tuple(f"X[:, {j}]" for j in range(len(model.coef_)))


def ranges_are(model: Model) -> str:
    """What the ranges and levels of its schema are: seen, declared, or all that is left to know.

    Parameters
    ----------
    model : Model
    """
    if model.privacy is not None:
        return "declared"
    return "known of training" if model.training.get("forgotten_rows") else "seen in training"


def reveals(model: Model) -> Iterator[str]:
    """What the file tells about the training rows, one sentence each, the most telling first.

    Parameters
    ----------
    model : Model
    """
    if model.privacy is not None:
        spent = f"({model.privacy.epsilon:g}, {model.privacy.delta:g})"
        yield (f"The coefficients hide each row: (epsilon, delta) = {spent}. The file holds no hash, ranges or errors "
               "of the rows; its bounds, and levels of categories, were declared public.")  # fmt: skip
        return
    if model.moments is not None:
        yield ("Moments: the number of rows, the mean of every column and how all columns vary together; of very few "
               "rows the rows themselves. This file and one from which rows were forgotten tell what was forgotten, "
               "one row exactly.")  # fmt: skip
    if model.reference is not None:
        yield ("Reference for drift: how each column was distributed, its smallest and largest value, and values in "
               "between that stood in some rows.")  # fmt: skip
        if model.reference.pairs is not None:
            yield "Correlations: of every two columns of numbers, how many rows had both, or one, above its middle."
    yield from _ranges(model)
    if model.data is not None:
        sources = f", from {', '.join(model.data.sources)}" if model.data.sources else ""
        yield (f"Snapshot: that there were {model.data.rows:,} rows{sources}. Whoever has the same rows can tell that "
               "it was these; who knows all rows but one can try out what that one holds.")  # fmt: skip
    yield from _scaling(model)
    if isinstance(metrics := model.training.get("metrics"), dict):
        yield f"Training record: how large errors were on {metrics.get('rows')} rows that the fit did not see."
    yield ("The coefficients follow from the rows: with few rows for each feature, whoever knows most of the rows can "
           "tell about the others. trueline audit says how well (leakage); PrivateLeastSquares bounds it.")  # fmt: skip


def _ranges(model: Model) -> Iterator[str]:
    if model.schema is None:
        return
    ranged = sum(column.low is not None for column in model.schema.columns)
    levels = sum(len(column.levels) for column in model.schema.columns)
    if ranged:
        forgotten = model.training.get("forgotten_rows")
        wider = ", or a wider range where such a row was forgotten" if forgotten else ""
        yield f"Schema: the smallest and largest value of {_columns(ranged)}, each of which stood in some row{wider}."
    if levels:
        yield f"Schema: all {levels} levels that categories had."


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"


def _scaling(model: Model) -> Iterator[str]:
    scaling = model.line.scaling
    if scaling.mu.any() or (scaling.sigma != 1).any():
        yield "Scaling: the mean and standard deviation of every column."
    if scaling.low is not None and scaling.high is not None and np.isfinite([scaling.low, scaling.high]).any():
        yield "Clipping: two bounds for every column; where they are quantiles, each stood in some row."
