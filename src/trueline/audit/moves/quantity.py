"""What is to be moved: a coefficient, a prediction, the mean prediction, the intercept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError, ShapeError
from ...models.gate import column_name

__all__ = ["Quantity", "quantity"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number that depends linearly on a fit: ``slopes·coef + free·intercept``.

    Parameters
    ----------
    slopes : ndarray (n_features,)
    free : float
        Weight of the intercept.
    text : str
    """

    slopes: Array
    free: float
    text: str

    def of(self, model: Any) -> float:
        """Its value for a fitted model with coef_ and intercept_."""
        return float(self.slopes @ model.coef_ + self.free * model.intercept_)


def quantity(of: Any, X: Array, names: tuple[str, ...] | None) -> Quantity:
    """What `of` says, for rows X (n_samples, n_features).

    Raises
    ------
    OptionError, ShapeError
        It names no such column, or is none of the forms.

    Examples
    --------
    >>> quantity(("coefficient", "b"), np.zeros((2, 2)), ("a", "b")).slopes
    array([0., 1.])
    """
    d = X.shape[1]
    if of == "mean prediction":
        return Quantity(X.mean(axis=0), 1.0, "the mean prediction over today's rows")
    if of == "intercept":
        return Quantity(np.zeros(d), 1.0, "the intercept")
    if isinstance(of, tuple) and len(of) == 2 and of[0] == "coefficient":
        j = _column(of[1], names, d)
        return Quantity(np.eye(d)[j], 0.0, f"the coefficient of {column_name(names, j)}")
    if isinstance(of, tuple) and len(of) == 2 and of[0] == "prediction":
        rows = np.atleast_2d(np.asarray(of[1], dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != d or not len(rows) or not np.isfinite(rows).all():
            raise ShapeError(f"a prediction needs finite rows of {d} numbers, got shape {np.shape(of[1])}")
        text = "the prediction at the row" if len(rows) == 1 else f"the mean prediction over {len(rows)} rows"
        return Quantity(rows.mean(axis=0), 1.0, text)
    raise OptionError(f"of={of!r} is no quantity", advice='Write ("coefficient", name or number), ("prediction", row), '
                      '"mean prediction" or "intercept"')  # fmt: skip


def _column(key: Any, names: tuple[str, ...] | None, d: int) -> int:
    if isinstance(key, str):
        if names is None or key not in names:
            listed = "no names were given" if names is None else f"columns are {', '.join(names)[:200]}"
            raise OptionError(f"no column is called {key!r}: {listed}")
        return names.index(key)
    if not isinstance(key, int | np.integer) or isinstance(key, bool) or not -d <= key < d:
        raise OptionError(f"{key!r} is no column of {d}")
    return int(key) % d
