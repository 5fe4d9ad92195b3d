"""Numbers that break careless arithmetic: the right answer, or a warning or an error that names the column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from every_model import DESCENTS, MODELS, RIGHT, every, quiet, refuses, right
from trueline import LeastSquares
from trueline.errors import ConstantColumnWarning, DivergenceError, MagnitudeError, RankWarning
from trueline.maths.descent import Status

single = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@single
def test_5_fewer_rows_than_columns_give_the_minimum_norm(dtype, rng):
    X, y = rng.normal(size=(6, 15)).astype(dtype) + dtype(3), rng.normal(size=6)
    with pytest.warns(
        RankWarning, match=r"rank 5 of 15: 6 rows cannot determine 15 coefficients and an intercept: X\[:, 0\]"
    ):
        model = LeastSquares().fit(X, y)
    exact = X.astype(np.float64)
    coef = np.linalg.pinv(exact - exact.mean(axis=0)) @ (y - y.mean())
    assert np.allclose(model.coef_, coef, rtol=1e-9, atol=1e-12) and model.rank_ == 5
    assert np.isclose(model.intercept_, y.mean() - exact.mean(axis=0) @ coef) and model.solver_ == "minimum-norm"
    with pytest.warns(RankWarning, match="rank 6 of 15"):
        through_zero = LeastSquares(fit_intercept=False).fit(X, y)
    assert np.allclose(through_zero.coef_, np.linalg.pinv(exact) @ y, rtol=1e-9, atol=1e-12)


def test_5_the_words_tell_few_rows_from_collinear_columns(rng):
    X, y = rng.normal(size=(4, 4)), rng.normal(size=4)
    with pytest.warns(RankWarning, match="rank 3 of 4: 4 rows cannot determine 4 coefficients and an intercept"):
        LeastSquares().fit(X, y)
    assert LeastSquares(fit_intercept=False).fit(X, y).rank_ == 4
    X[:, 3] = X[:, 0] + X[:, 1]
    with pytest.warns(RankWarning, match="rank 3 of 4: these columns determine each other"):
        LeastSquares(fit_intercept=False).fit(X, y)
    with pytest.warns(RankWarning, match="rank 3 of 4: 3 rows cannot determine 4 coefficients:"):
        LeastSquares(fit_intercept=False).fit(X[:3], y[:3])


@every
@single
@pytest.mark.parametrize("form", ["array", "pandas"])
def test_6_a_constant_column_is_named_and_gets_exactly_zero(model, dtype, form, rows):
    X, y = rows[0].astype(dtype), rows[1]
    X[:, 1] = 0.1
    table, column = (pd.DataFrame(X, columns=["a", "b", "c"]), "b") if form == "pandas" else (X, "X[:, 1]")
    with pytest.warns(ConstantColumnWarning) as caught:
        fitted = quiet(model, table, y)
    assert f"constant column: {column}. " in str(caught[0].message)
    assert fitted.coef_[1] == 0.0
    if model in RIGHT:
        assert np.allclose(fitted.coef_[[0, 2]], LeastSquares().fit(X[:, [0, 2]], y).coef_, rtol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.7, 1e-9, 1e12, 1e-100])
@right
def test_6_whatever_the_constant(model, value, rows):
    X, y = rows
    X[:, 1] = value
    with pytest.warns(ConstantColumnWarning, match=r"X\[:, 1\]"):
        assert quiet(model, X, y).coef_[1] == 0.0


@single
@pytest.mark.parametrize("n", [60, 30_000])
def test_7_duplicates_have_a_rank_and_names_and_share_the_coefficient(dtype, n, make_rows):
    X, y = make_rows(n)
    doubled = np.c_[X, X[:, 1]].astype(dtype)
    frame = pd.DataFrame(doubled, columns=["a", "b", "c", "again"])
    with pytest.warns(RankWarning, match="rank 3 of 4: these columns determine each other: b, again. "):
        model = LeastSquares().fit(frame, y)
    alone = LeastSquares().fit(doubled[:, :3], y)
    assert model.rank_ == 3 and np.isclose(model.coef_[1], model.coef_[3], rtol=1e-9)
    assert np.isclose(model.coef_[1] + model.coef_[3], alone.coef_[1], rtol=1e-9)
    assert np.allclose(model.predict(frame), alone.predict(doubled[:, :3]), rtol=1e-9)


def test_7_collinear_columns_have_a_rank_and_names(rows):
    X, y = rows
    collinear = np.c_[X, X[:, 0] - 2 * X[:, 2] + 5]
    with pytest.warns(RankWarning, match=r"rank 3 of 4.*: X\[:, 0\], X\[:, 2\], X\[:, 3\]\. "):
        model = LeastSquares().fit(collinear, y)
    coef = np.linalg.pinv(collinear - collinear.mean(axis=0)) @ (y - y.mean())
    assert np.allclose(model.coef_, coef, rtol=1e-9)


@pytest.mark.parametrize("model", DESCENTS[:3])
def test_7_descent_reaches_the_smallest_parameters_of_duplicates(model, rows):
    X, y = rows
    fitted = quiet(model, np.c_[X, X[:, 1]], y, tol=1e-20)
    assert fitted.status_ is Status.CONVERGED
    assert np.isclose(fitted.coef_[1], fitted.coef_[3], rtol=1e-6)


@right
@single
def test_8_columns_of_any_scale_fit_as_well_as_rescaled(model, dtype, rows):
    X, y = rows
    scale = np.array([1e-8, 1.0, 1e8])
    wild = (X * scale).astype(dtype)
    fitted, rescaled = quiet(model, wild, y), quiet(model, wild / scale, y)
    assert abs(fitted.score(wild, y) - rescaled.score(wild / scale, y)) < 1e-10
    assert np.allclose(fitted.coef_ * scale, rescaled.coef_, rtol=1e-9)


@pytest.mark.parametrize("model", DESCENTS)
def test_8_descent_that_cannot_follow_the_scales_says_so(model, rows):
    X, y = rows
    if model == "standardized":
        return
    with pytest.warns(ConvergenceWarning, match="standardize=True"):
        MODELS[model]().fit(X * [1e-8, 1.0, 1e8], y)


EXTREMES = [
    (column, factor) for column in (0, 1, 2, "all", "y") for factor in (1e300, 1e160, 1e140, 1e-120, 1e-160, 1e-310)
]


@every
@pytest.mark.parametrize(("column", "factor"), EXTREMES, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_9_to_11_right_or_an_error_that_names_the_column(model, column, factor, rows):
    X, y = rows
    scale = np.ones(3)
    if column == "y":
        y = y * factor
    else:
        scale[slice(None) if column == "all" else column] = factor
    unit = factor if column == "y" else 1.0
    named = {"all": "X[:, 0]", "y": "y:"}.get(column, f"X[:, {column}]")
    try:
        fitted = MODELS[model]().fit(X * scale, y)
    except MagnitudeError as error:
        assert named in str(error) and not 1e-130 < factor < 1e130
        return
    except DivergenceError as error:
        assert model not in RIGHT
        assert np.isfinite(error.history[0])
        return
    assert np.isfinite(fitted.coef_).all() and np.isfinite(fitted.intercept_)
    if model in RIGHT:
        assert np.allclose(fitted.coef_ * scale / unit, LeastSquares().fit(X, y / unit).coef_, rtol=1e-4)
    elif fitted.status_ is Status.CONVERGED:
        best = LeastSquares().fit(X, y / unit)
        assert np.allclose(fitted.predict(X * scale) / unit, best.predict(X), rtol=1e-2, atol=1e-2)


@single
@pytest.mark.parametrize("tiny", [1e-310, 5e-324])
def test_10_subnormal_rows_are_named(tiny, dtype, rows):
    X, y = rows
    X = X.astype(np.float64)
    X[:, 2] = np.sign(X[:, 2] - 2.0) * tiny
    refuses("closed form", X, y, MagnitudeError, "X[:, 2]")
    if dtype is np.float32:
        X[:, 2] = np.sign(rows[0][:, 0]) * 1e-42  # subnormal in float32, an ordinary number in float64
        small = X.astype(np.float32)
        model = LeastSquares().fit(small, y)
        assert np.isclose(
            model.coef_[2] * 1e-42, LeastSquares().fit(np.c_[X[:, :2], X[:, 2] * 1e42], y).coef_[2], rtol=1e-2
        )


@right
def test_12_offset_1e8_spread_1e_3(model):
    t = np.linspace(-1.0, 1.0, 200)
    x = 1e8 + 1e-3 * t
    slope = 3.0
    y = slope * (x - 1e8) + 7.0
    fitted = quiet(model, x[:, None], y, **({} if model == "closed form" else {"tol": 1e-14}))
    assert np.isclose(fitted.coef_[0], slope, rtol=1e-5)
    assert np.allclose(fitted.predict(x[:, None]), y, atol=1e-5)


@pytest.mark.parametrize("model", ["closed form", "compiled"])
def test_12_sorted_blocks_far_apart_lose_nothing(model):
    x = np.r_[np.linspace(0, 1, 200_000), 1e8 + np.linspace(0, 1, 10)]
    X = np.c_[x > 2, np.where(x > 2, x - 1e8, x)].astype(float)
    X[:, 0] *= 1e8
    y = 2.0 * X[:, 1] + 1e-8 * X[:, 0] + 1.0
    fitted = quiet(model, X, y, **({} if model == "closed form" else {"standardize": True, "tol": 1e-22}))
    assert np.allclose(fitted.coef_, [1e-8, 2.0], rtol=1e-7)
