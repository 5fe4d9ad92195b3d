"""A model as the fields of its file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..maths.losses import Huber, Loss, Quantile, Squared
from ..models.foreign import Line

__all__ = ["LOSSES", "line_to_dict"]

LOSSES: dict[str, type] = {"squared": Squared, "huber": Huber, "quantile": Quantile}


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
