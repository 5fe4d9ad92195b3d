"""Who fits a line: each peer is one small function at its defaults, and says which modules it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PEERS", "Peer", "missing"]

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Peer:
    """One way to fit least squares with an intercept.

    Parameters
    ----------
    name : str
        How the tables call it.
    needs : str
        The module it comes from.
    fit : callable (X, y) -> ndarray (n_features + 1,)
        Intercept first, then the coefficients, in the units of the data.
    """

    name: str
    needs: str
    fit: Callable[[Array, Array], Array]


def missing(peer: Peer) -> str | None:
    """Why the peer cannot take part here; None where it can."""
    try:
        import_module(peer.needs)
    except Exception as error:  # a broken install raises whatever it likes
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else peer.needs}"
    return None


def _line(model: Any) -> Array:
    return np.append(model.intercept_, model.coef_)


def _with_ones(X: Array) -> Array:
    return np.column_stack([np.ones(len(X), X.dtype), X])


def trueline(X: Array, y: Array) -> Array:
    from trueline import LeastSquares

    return _line(LeastSquares().fit(X, y))


def lstsq(X: Array, y: Array) -> Array:
    return np.linalg.lstsq(_with_ones(X), y)[0]


def linear_regression(X: Array, y: Array) -> Array:
    from sklearn.linear_model import LinearRegression

    return _line(LinearRegression().fit(X, y))


def ridge_cholesky(X: Array, y: Array) -> Array:
    from sklearn.linear_model import Ridge

    return _line(Ridge(alpha=0, solver="cholesky").fit(X, y))


def onedal(X: Array, y: Array) -> Array:
    from sklearnex.linear_model import LinearRegression

    return _line(LinearRegression().fit(X, y))


def statsmodels_pinv(X: Array, y: Array) -> Array:
    from statsmodels.api import OLS

    return np.asarray(OLS(y, _with_ones(X)).fit().params)


def statsmodels_qr(X: Array, y: Array) -> Array:
    from statsmodels.api import OLS

    return np.asarray(OLS(y, _with_ones(X)).fit(method="qr").params)


def glum(X: Array, y: Array) -> Array:
    from glum import GeneralizedLinearRegressor

    return _line(GeneralizedLinearRegressor(alpha=0).fit(X, y))


PEERS = (
    Peer("trueline LeastSquares", "trueline", trueline),
    Peer("scikit-learn LinearRegression", "sklearn", linear_regression),
    Peer("Ridge(alpha=0, cholesky)", "sklearn", ridge_cholesky),
    Peer("oneDAL", "sklearnex", onedal),
    Peer("glum alpha=0", "glum", glum),
    Peer("statsmodels pinv", "statsmodels.api", statsmodels_pinv),
    Peer("statsmodels qr", "statsmodels.api", statsmodels_qr),
    Peer("np.linalg.lstsq", "numpy", lstsq),
)
