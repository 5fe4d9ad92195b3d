"""Domain: what a row is allowed to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError

__all__ = ["Domain"]


@dataclass(frozen=True, eq=False)
class Domain:
    """Bounds on every feature, in the units of the data.

    Parameters
    ----------
    low, high : float or array-like (n_features,)
        Smallest and largest allowed value; ``-inf`` and ``inf`` leave a side open.

    Raises
    ------
    OptionError
        A bound is NaN, or a low bound lies above its high bound.

    Examples
    --------
    >>> Domain(low=[0, -1], high=[10, 1]).bounds(2)
    (array([ 0., -1.]), array([10.,  1.]))
    """

    low: ArrayLike
    high: ArrayLike

    def __post_init__(self) -> None:
        low, high = np.asarray(self.low, dtype=np.float64), np.asarray(self.high, dtype=np.float64)
        if np.isnan(low).any() or np.isnan(high).any() or not np.all(low <= high):
            raise OptionError(f"each low bound must be at most its high one, got low={self.low!r}, high={self.high!r}")

    def bounds(self, n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both bounds as arrays (n_features,)."""
        try:
            low = np.broadcast_to(np.asarray(self.low, dtype=np.float64), (n_features,))
            high = np.broadcast_to(np.asarray(self.high, dtype=np.float64), (n_features,))
        except ValueError:
            raise OptionError(
                f"this Domain bounds {max(np.size(self.low), np.size(self.high))} features, the data has {n_features}"
            ) from None
        return low.copy(), high.copy()
