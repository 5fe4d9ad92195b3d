"""A model as the fields of its file, and as its bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.losses import Huber, Loss, Quantile, Squared
from ..models.foreign import Line
from .kept_moments import moments_to_dict
from .sealing import FORMAT, LARGEST_FILE, canonical, seal, signed_bytes, unpacks_to_too_much
from .signing import Key, sign

if TYPE_CHECKING:
    from .artifact import Model

__all__ = ["LOSSES", "dumps", "line_to_dict"]

LOSSES: dict[str, type] = {"squared": Squared, "huber": Huber, "quantile": Quantile}


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


def line_to_dict(line: Line) -> dict[str, Any]:
    """Coefficients, scaling, loss and penalty as plain values, exact to the bit.

    Parameters
    ----------
    line : Line

    Raises
    ------
    OptionError
        A loss that no file holds.
    """
    low, high = line.scaling.low, line.scaling.high
    return {
        "loss": _loss_to_dict(line.loss), "w": line.w.tolist(), "b": float(line.b),
        "mu": line.scaling.mu.tolist(), "sigma": line.scaling.sigma.tolist(),
        "clip_low": None if low is None else _open_ends(low), "clip_high": None if high is None else _open_ends(high),
        "fit_intercept": bool(line.fit_intercept),
        "reg_lambda": None if line.reg_lambda is None else float(line.reg_lambda), "alpha": float(line.alpha),
        "row_bound": float(line.row_bound) if np.isfinite(line.row_bound) else None,
    }  # fmt: skip


def _open_ends(bounds: NDArray[np.float64]) -> list[float | None]:
    """JSON has no infinity: null is a side that is not bounded."""
    return [float(bound) if np.isfinite(bound) else None for bound in bounds]


def _loss_to_dict(loss: Loss) -> dict[str, Any]:
    for name, kind in LOSSES.items():
        if type(loss) is kind:
            return {"name": name} | {key: v if isinstance(v, bool) else float(v) for key, v in vars(loss).items()}
    raise OptionError(f"a model file holds the losses {', '.join(LOSSES)}; {loss!r} is none of them")
