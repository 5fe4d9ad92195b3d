"""Faults 5 to 12 along every road of the closed form, in both precisions: right, or said by name."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from exact import exact_fit
from trueline import LeastSquares
from trueline.errors import ConstantColumnWarning, MagnitudeError, RankWarning, TruelineWarning

ROADS = ["cholesky", "refined", "qr", "doubled"]
roads = pytest.mark.parametrize("road", ROADS)
single = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def whole_numbers(road):
    """X (40, 3) of whole numbers that float32 holds exactly, and y: what takes this road."""
    rng = np.random.default_rng(0)
    X = rng.integers(-50, 50, (40, 3)).astype(float)
    size = {"cholesky": 0, "refined": 1000, "qr": 2_000_000, "doubled": 2_000_000}[road]
    if size:
        X[:, 0] = rng.integers(-size, size, 40)
        X[:, 1] = X[:, 0] + rng.integers(-1, 2, 40)
    noise = {"qr": 0, "doubled": 100_000}.get(road, 1) * rng.integers(-50, 50, 40)
    return X, X @ [3.0, -2.0, 1.0] + 7 + noise


def quiet_fit(X, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        return LeastSquares(**options).fit(X, y)


def digits(found, truth):
    truth = np.array(truth, dtype=float)
    return float(-np.log10(np.abs(found - truth).max() / np.abs(truth).max() + 1e-17))


@roads
@single
def test_each_road_is_named_and_right(road, dtype):
    X, y = whole_numbers(road)
    model = LeastSquares().fit(X.astype(dtype), y)
    assert model.solver_ == road
    assert digits(model.coef_, exact_fit(X, y)[0]) >= model.digits_ - 0.5 >= 5.5


@single
def test_5_fewer_rows_than_columns(dtype):
    X, y = whole_numbers("cholesky")
    with pytest.warns(RankWarning, match="3 rows cannot determine 3 coefficients"):
        model = LeastSquares().fit(X[:3].astype(dtype), y[:3])
    assert model.solver_ == "minimum-norm" and model.rank_ == 2
    assert np.allclose(model.coef_, np.linalg.pinv(X[:3] - X[:3].mean(axis=0)) @ (y[:3] - y[:3].mean()), rtol=1e-9)


@roads
@single
def test_6_a_constant_column(road, dtype):
    X, y = whole_numbers(road)
    with pytest.warns(ConstantColumnWarning, match=r"X\[:, 1\]"):
        model = LeastSquares().fit(np.insert(X, 1, 0.1, axis=1).astype(dtype), y)
    assert model.coef_[1] == 0 and model.solver_ == road
    assert digits(np.delete(model.coef_, 1), exact_fit(X, y)[0]) >= model.digits_ - 0.5


@roads
@single
def test_7_a_column_twice(road, dtype):
    X, y = whole_numbers(road)
    with pytest.warns(RankWarning, match=r"rank 3 of 4: these columns determine each other.*X\[:, 2\], X\[:, 3\]"):
        model = LeastSquares().fit(X[:, [0, 1, 2, 2]].astype(dtype), y)
    assert model.solver_ == "minimum-norm" and model.rank_ == 3
    coef = np.array(exact_fit(X, y)[0], dtype=float)
    assert np.allclose(model.coef_, [*coef[:2], coef[2] / 2, coef[2] / 2], rtol=1e-4, atol=1e-6)


@roads
@single
def test_8_columns_of_wild_scales(road, dtype):
    X, y = whole_numbers(road)
    scale = 2.0 ** np.array([-27, 0, 27])  # about 1e-8, 1, 1e8, and exact in float32
    model = LeastSquares().fit((X * scale).astype(dtype), y)
    assert model.solver_ == road
    assert digits(model.coef_ * scale, exact_fit(X, y)[0]) >= model.digits_ - 0.5


@roads
@pytest.mark.parametrize("factor", [1e100, 1e-100, 1e300, 1e-300])
@pytest.mark.parametrize("column", [0, 2, "y"])
def test_9_to_11_right_or_named(road, column, factor):
    X, y = whole_numbers(road)
    scale, unit = np.ones(3), 1.0
    if column == "y":
        unit = factor
    else:
        scale[column] = factor
    if 1e-130 < factor < 1e130:
        power = 2.0 ** np.round(np.log2(np.where(scale == 1, 1.0, factor)))  # exact, so the truth is known
        unit = 2.0 ** np.round(np.log2(unit))
        model = LeastSquares().fit(X * power, y * unit)
        assert model.solver_ == road
        assert digits(model.coef_ * power / unit, exact_fit(X, y)[0]) >= model.digits_ - 0.5
    else:
        with pytest.raises(MagnitudeError, match="y:" if column == "y" else rf"X\[:, {column}\]"):
            LeastSquares().fit(X * scale, y * unit)


@roads
@pytest.mark.parametrize("factor", [1e38, 1e-38])
def test_9_and_10_the_ends_of_single_precision(road, factor):
    """Squares of such numbers leave float32; they are summed in float64."""
    X, y = whole_numbers(road)
    power = 2.0 ** np.round(np.log2(factor / np.abs(X).max()))
    model = LeastSquares().fit((X * power).astype(np.float32), y)
    assert model.solver_ == road
    assert digits(model.coef_ * power, exact_fit(X, y)[0]) >= model.digits_ - 0.5


@roads
@pytest.mark.parametrize(("dtype", "offset"), [(np.float64, 1e8), (np.float64, -1e12), (np.float32, 2.0**23)])
def test_12_columns_far_from_zero(road, dtype, offset):
    X, y = whole_numbers(road)
    if dtype is np.float32:
        offset -= 2.0**22  # whole numbers stay exact up to 2**24
    model = LeastSquares().fit((X + offset).astype(dtype), y)
    assert model.solver_ == road
    assert digits(model.coef_, exact_fit(X, y)[0]) >= model.digits_ - 0.5


@roads
@pytest.mark.parametrize("intercept", [True, False])
def test_a_tiny_penalty_counts_on_every_road(road, intercept):
    """The answer is that of rows added for it, in exact fractions."""
    X, y = whole_numbers(road)
    model = LeastSquares(reg_lambda=2.0**-20, fit_intercept=intercept).fit(X, y)
    assert model.solver_ == road
    rows = np.vstack([np.column_stack([np.ones(40), X]), np.zeros((3, 4))])
    rows[40:, 1:] = np.eye(3)
    weights = np.append(np.ones(40), np.full(3, 40 * 2.0**-20))
    exact = exact_fit(rows if intercept else rows[:, 1:], np.append(y, np.zeros(3)), weights, intercept=False)
    assert digits(model.coef_, exact[0][intercept:]) >= model.digits_ - 0.5
