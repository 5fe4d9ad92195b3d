"""Nobody is told that a descent converged where only the rows, not their moments, know that it did not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from trueline import LeastSquares, LinearRegressionGD, verify
from trueline.maths.descent import Status
from trueline.maths.moments import Moments
from trueline.maths.objective import QuadraticGap
from trueline.maths.scaling import Scaling
from trueline.models.gap import gap_over_rows, sees_all
from trueline.rows.source import ArraySource

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])


def nearly_collinear(gap, n=200):
    """y hangs on how x2 differs from x0, which moments square away."""
    rng = np.random.default_rng(0)
    X, d = rng.normal(size=(n, 2)), rng.normal(size=n)
    return np.c_[X, X[:, 0] + gap * d], X[:, 0] - 2 * X[:, 1] + 3 * d


@engines
@pytest.mark.parametrize("gap", [1e-6, 1e-8, 1e-9, 1e-10])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.filterwarnings("ignore::trueline.errors.PrecisionWarning")
def test_a_direction_that_moments_cannot_see_is_not_proven(engine, gap, standardize, descend):
    X, y = nearly_collinear(gap)
    with pytest.warns(ConvergenceWarning, match="settled after .*: at most 4") as caught:
        model = LinearRegressionGD(engine=engine, standardize=standardize).fit(X, y)
    assert model.status_ is Status.SETTLED
    best = LeastSquares().fit(X, y)
    truly = np.mean((model.predict(X) - y) ** 2) / 2 - np.mean((best.predict(X) - y) ** 2) / 2
    assert np.isclose(float(str(caught[0].message).split("at most ")[1].split()[0]), truly, rtol=0.05)
    certificate = verify.certify(model, X, y)
    assert not certificate.optimal and np.isclose(certificate.gap, truly, rtol=1e-6)
    assert verify.certify(best, X, y).optimal


@engines
@pytest.mark.filterwarnings("ignore::trueline.errors.PrecisionWarning")
def test_an_offset_without_intercept_is_not_proven(engine, rng):
    X = 1e8 + 1e-3 * rng.normal(size=(60, 3))
    y = (X - 1e8) @ [1.0, -2.0, 3.0] + 1.0
    with pytest.warns(ConvergenceWarning, match="settled"):
        LinearRegressionGD(engine=engine, standardize=True, fit_intercept=False).fit(X, y)


@engines
@pytest.mark.parametrize("options", [{}, {"reg_lambda": 1e-20}, {"fit_intercept": False}], ids=str)
@pytest.mark.filterwarnings("ignore::trueline.errors.RankWarning")
def test_columns_that_truly_determine_each_other_are_proven(engine, options, rows):
    X, y = rows
    model = LinearRegressionGD(engine=engine, standardize=True, **options).fit(np.c_[X, X[:, 0] - X[:, 1], X[:, 2]], y)
    assert model.status_ is Status.CONVERGED
    assert verify.certify(model, np.c_[X, X[:, 0] - X[:, 1], X[:, 2]], y).optimal


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_the_gap_over_rows_is_that_of_moments_where_they_see_it(rows, weighted, intercept, reg_lambda, slope):
    X, y = rows
    weights = np.linspace(0, 2, len(y)) if weighted else None
    scaling = Scaling.none(3).standardized(np.array([0.1, 0.2, -0.3]), np.array([2.0, 3.0, 0.5]))
    source = ArraySource(X, y, weights)
    moments = scaling.moments(Moments.of(X, y, weights))
    w, b = np.array([0.5, -1.0, 2.0]), 0.7 if intercept else 0.0
    gap = QuadraticGap(moments, slope, reg_lambda, intercept)
    share = np.full(60, 1 / 60) if weights is None else weights / weights.sum()
    Z = scaling.apply(X)
    push = slope * share * (Z @ w + b - y)
    by_moments = gap(Z.T @ push + slope * reg_lambda * w, float(push.sum()) if intercept else 0.0)
    assert sees_all(gap)
    assert np.isclose(gap_over_rows(source, scaling, gap, w, b), by_moments, rtol=1e-10)


@pytest.mark.parametrize("scale", [[1.0, 1.0, 1.0], [1e-9, 1.0, 1e9], [1e120, 1e-120, 1.0]], ids=str)
@pytest.mark.parametrize("intercept", [True, False])
def test_what_moments_see_does_not_depend_on_units(rows, scale, intercept):
    X, y = rows
    assert sees_all(QuadraticGap(Moments.of(X * scale, y), intercept=intercept))
    X, y = nearly_collinear(1e-7)
    assert not sees_all(QuadraticGap(Moments.of(X * scale, y), intercept=intercept))


def test_a_column_of_zeros_hides_nothing(rows):
    X, y = rows
    assert sees_all(QuadraticGap(Moments.of(X * [1.0, 0.0, 1.0], y)))
    assert sees_all(QuadraticGap(Moments.of(X * [1.0, 0.0, 1.0], y), reg_lambda=0.1))
