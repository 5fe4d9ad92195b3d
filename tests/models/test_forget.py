"""``forget`` and ``partial_fit``: equal to a refit, or a warning whose digits are there, or refused by name."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline import LeastSquares, Schema
from trueline.errors import (
    CellsError,
    ColumnsError,
    ConstantColumnWarning,
    DataError,
    MagnitudeError,
    OptionError,
    PrecisionWarning,
    RankWarning,
    ShapeError,
)

RIGHT = 1e-9


@contextmanager
def hushed():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def distance(model, refit):
    """Largest difference in equilibrated units, the line's height at the mean included, beside the largest coefficient.

    What rounding the intercept itself costs far from zero is no fault of either.
    """
    moments, intercept = refit.moments_, refit.fit_intercept
    square = np.diag(moments.covariance if intercept else moments.second)[:-1]
    size, mean = np.sqrt(np.maximum(square, 0.0) + refit.reg_lambda), moments.mean
    apart = float(np.abs((model.coef_ - refit.coef_) * size).max())
    if intercept:
        rounding = 2e-15 * float(np.abs(mean[:-1]) @ np.abs(refit.coef_) + abs(mean[-1]))
        height = abs(mean[:-1] @ (model.coef_ - refit.coef_) + model.intercept_ - refit.intercept_)
        apart = max(apart, float(height) - rounding)
    return apart, float(np.abs(refit.coef_ * size).max())


def problem(seed):
    """Rows of any scale, offset, collinearity, weight; some of them to go, and among these often an outlier."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(8, 60)), int(rng.integers(1, 6))
    X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-4, 5, d)
    X += rng.choice([0.0, 0.0, 1e3, 1e6]) * 10.0 ** rng.integers(-2, 3, d)
    X = np.round(X) if rng.random() < 0.2 else X
    if d > 1 and rng.random() < 0.3:
        X[:, 1] = X[:, 0] * (1 + 10.0 ** -rng.integers(1, 6) * rng.normal(size=n))
    y = X @ (rng.normal(size=d) / (X.std(axis=0) + 1e-9)) + 10.0 ** rng.integers(-8, 2) * rng.normal(size=n)
    y += rng.choice([0.0, 1e6])
    if rng.random() < 0.3:
        X, y = np.repeat(X, 2, axis=0), np.repeat(y, 2)
    order = rng.permutation(len(y))
    gone, kept = np.split(order, [int(rng.integers(1, max(2, n - d - 2)))])
    if rng.random() < 0.6:
        far, size = gone[:3], 10.0 ** rng.integers(1, 9)
        X[far] *= size if rng.random() < 0.5 else 1.0
        y[far] = y[far] * size + size
    weights = rng.integers(1, 4, len(y)) * 10.0 ** rng.integers(-3, 4, len(y)) if rng.random() < 0.5 else None
    model = LeastSquares(float(rng.choice([0.0, 0.0, 1e-3, 1.0])), bool(rng.random() < 0.7))
    return rng, X, y, weights, gone, kept, model


def some(weights, rows):
    return None if weights is None else weights[rows]


def check_forgetting(seed):
    rng, X, y, weights, gone, kept, model = problem(seed)
    with hushed():
        first = np.array_split(rng.permutation(len(y)), rng.integers(1, 4))
        for rows in first:
            model.partial_fit(X[rows], y[rows], some(weights, rows))
        refit = LeastSquares(**model.get_params()).fit(X[kept], y[kept], some(weights, kept))
    calls = np.array_split(gone, min(len(gone), int(rng.choice([1, 1, 2, 30]))))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            for rows in calls:
                model.forget(X[rows], y[rows], some(weights, rows))
        except DataError as error:
            assert "not in the fit" not in str(error), "they were"
            return "refused"
    apart, largest = distance(model, refit)
    if any("subtracting" in str(warning.message) for warning in said):
        assert model.digits_ == 0 or apart <= 10 ** -min(model.digits_, refit.digits_) * largest
        return "warned"
    assert apart <= RIGHT * largest
    return "right"


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_equal_to_a_refit_or_warned_and_the_digits_are_there(seed):
    check_forgetting(seed)


def test_none_of_the_three_outcomes_is_the_only_one():
    outcomes = [check_forgetting(seed) for seed in range(150)]
    assert outcomes.count("right") > 50 and outcomes.count("warned") > 25 and outcomes.count("refused") < 40


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_partial_fit_is_a_fit_of_all_rows_or_warned(seed):
    rng, X, y, weights, _, _, model = problem(seed)
    with hushed():
        refit = LeastSquares(**model.get_params()).fit(X, y, weights)
    pieces = np.array_split(np.arange(2, len(y)), int(rng.integers(1, len(y))))
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        for rows in [np.arange(2), *(piece for piece in pieces if len(piece))]:
            model.partial_fit(X[rows], y[rows], some(weights, rows))
    assert model.moments_.rows == len(y)
    if model.digits_ > 0:
        apart, largest = distance(model, refit)
        assert apart <= 10 ** -min(model.digits_, refit.digits_) * largest


@pytest.mark.parametrize("size", [1e2, 1e4, 1e5, 1e6, 1e8])
def test_an_outlier_takes_its_digits_with_it_and_that_is_said(rows, size):
    X, y = rows
    poisoned = LeastSquares().fit(np.vstack([X, size * np.ones((1, 3))]), np.append(y, -size))
    refit = LeastSquares().fit(X, y)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            poisoned.forget(size * np.ones((1, 3)), [-size])
        except DataError as error:
            assert size == 1e8 and "Fit again" in str(error)
            return
    apart, largest = distance(poisoned, refit)
    assert size < 1e8 and apart <= 10**-poisoned.digits_ * largest
    assert (poisoned.digits_ < 9) == bool(said) == (size > 1e2)
    assert not said or ("lost" in str(said[0].message) and "Fit again" in str(said[0].message))
    assert not said or said[0].filename == __file__  # where the user called


def test_digits_do_not_come_back_with_the_next_small_call(rows):
    """The scatter before a call is small again, but what the first one lost stays lost."""
    X, y = rows
    model = LeastSquares().fit(np.vstack([X, 1e6 * np.ones((1, 3))]), np.append(y, 0.0))
    with pytest.warns(PrecisionWarning):
        model.forget(1e6 * np.ones((1, 3)), [0.0])
    before = model.digits_
    with pytest.warns(PrecisionWarning):
        model.forget(X[:1], y[:1])
    assert model.digits_ <= before + 0.1


def test_one_row_at_a_time(make_rows):
    X, y = make_rows(400, noise=1.0)
    model = LeastSquares().fit(X, y)
    for i in range(340):
        model.forget(X[i : i + 1], y[i : i + 1])
    apart, largest = distance(model, LeastSquares().fit(X[340:], y[340:]))
    assert apart <= RIGHT * largest and model.moments_.rows == 60


@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_is_that_of_fewer_rows(rows, intercept):
    """reg_lambda is relative to the mean, so alpha = weight·reg_lambda must shrink with the rows."""
    X, y = rows
    model = LeastSquares(0.5, intercept).fit(X, y).forget(X[:40], y[:40])
    apart, largest = distance(model, LeastSquares(0.5, intercept).fit(X[40:], y[40:]))
    assert apart <= RIGHT * largest


def test_forgetting_undoes_partial_fit_with_weights(rows, rng):
    X, y = rows
    weights = rng.uniform(0.1, 5.0, 60)
    weights[50] = 0.0
    model = LeastSquares().fit(X[:40], y[:40], weights[:40]).partial_fit(X[40:], y[40:], weights[40:])
    assert model.moments_.idle == 1
    model.forget(X[40:], y[40:], weights[40:])
    refit = LeastSquares().fit(X[:40], y[:40], weights[:40])
    apart, largest = distance(model, refit)
    assert apart <= RIGHT * largest and (model.moments_.rows, model.moments_.idle) == (40, 0)
    assert model.moments_.log_weight == pytest.approx(refit.moments_.log_weight)
    assert np.allclose(model.summary().standard_errors, refit.summary().standard_errors, rtol=1e-9)


def test_after_drift_the_pivot_follows(rng):
    """Old rows near 0, new ones near 1e3: without the old, the moments are seen from where the rest lies."""
    X = np.vstack([rng.normal(size=(50, 2)), 1e3 + rng.normal(size=(50, 2))])
    y = X @ [1.0, 2.0] + rng.normal(size=100)
    model = LeastSquares().fit(X[:50], y[:50]).partial_fit(X[50:], y[50:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        model.forget(X[:50], y[:50])
    assert np.abs(model.moments_.pivot[:-1] - 1e3).max() < 2
    apart, largest = distance(model, LeastSquares().fit(X[50:], y[50:]))
    assert apart <= 10**-model.digits_ * largest and model.digits_ > 4


def test_nothing_left_behind_tells_the_forgotten_row(rows):
    """The pivot was the mean with the row in it, and what the digits are counted by held its squares."""
    X, y = rows
    left = [LeastSquares().fit(np.vstack([X, x]), np.append(y, 1.0)).forget(x, [1.0]).moments_
            for x in (np.full((1, 3), 0.5), np.full((1, 3), -0.25))]  # fmt: skip
    for name in ("pivot", "scatter"):
        assert np.allclose(getattr(left[0], name), getattr(left[1], name), rtol=1e-12, atol=1e-12), name
    assert np.array_equal(np.log2(left[0].peak) / 2, np.round(np.log2(left[0].peak) / 2))


REFUSED = {
    "more rows than there are": (lambda X, y: (np.vstack([X, X]), np.r_[y, y], None), DataError, "cannot have been"),
    "more weight than there is": (lambda X, y: (X[:3], y[:3], np.full(3, 30.0)), DataError, "cannot have been"),
    "rows of weight 0 that were not": (lambda X, y: (X[:3], y[:3], [1.0, 1.0, 0.0]), DataError, "cannot have been"),
    "half a row": (lambda X, y: (X[:1], y[:1], [0.5]), DataError, "weights"),
    "two rows in one": (lambda X, y: (X[:1], y[:1], [2.0]), DataError, "weights"),
    "a row far outside": (lambda X, y: (X[:1] + np.array([0, 99, 0]), y[:1], None), DataError, "spread of X[:, 1]"),
    "a target far outside": (lambda X, y: (X[:1], y[:1] + 1e3, None), DataError, "spread of y"),
    "all rows": (lambda X, y: (X, y, None), ShapeError, "no rows"),
    "all but three": (lambda X, y: (X[3:], y[3:], None), ShapeError, "3 rows would be left"),
    "other columns": (lambda X, y: (X[:2, :2], y[:2], None), ShapeError, "2 features"),
    "unequal lengths": (lambda X, y: (X[:2], y[:3], None), ShapeError, "equally many"),
    "not finite": (lambda X, y: (X[:1] * np.nan, y[:1], None), CellsError, "NaN"),
    "too large to square": (lambda X, y: (X[:1] * 1e200, y[:1], None), MagnitudeError, "X[:, 0]"),
}


@pytest.mark.parametrize(("change", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(rows, change, kind, said):
    model = LeastSquares().fit(*rows)
    before = dict(vars(model))
    with pytest.raises(kind) as caught:
        model.forget(*change(*rows))
    assert said in str(caught.value)
    assert vars(model) == before


def test_a_warning_that_somebody_made_an_error_changes_nothing(rows):
    X, y = np.vstack([rows[0], np.full((1, 3), 1e6)]), np.append(rows[1], 0.0)
    model, constant = LeastSquares().fit(X, y), [[1.0, 2.0]]
    with hushed():
        flat = LeastSquares().fit(constant * 3, [1.0, 2.0, 4.0])
    for fitted, change, rows_ in ((model, model.forget, (X[60:], y[60:])), (flat, flat.partial_fit, (constant, [3.0]))):
        before = dict(vars(fitted))
        with warnings.catch_warnings(), pytest.raises((PrecisionWarning, ConstantColumnWarning)):
            warnings.simplefilter("error")
            change(*rows_)
        assert vars(fitted) == before


def test_a_combination_that_no_rows_leave_is_refused(rng):
    """Every column's spread stays positive, but their correlation would exceed 1."""
    X = rng.normal(size=(200, 2))
    X[:, 1] = X[:, 0] + 0.01 * X[:, 1]
    model = LeastSquares().fit(X, X @ [1.0, 1.0] + rng.normal(size=200))
    with pytest.raises(DataError, match="not in the fit"):
        model.forget([[0.5, -0.5]], [0.0])


def test_an_outlier_cannot_be_forgotten_twice(rows):
    X, y = rows
    model = LeastSquares().fit(np.vstack([X, [[30.0, 0.0, 0.0]]]), np.append(y, 30.0)).forget([[30.0, 0, 0]], [30.0])
    with pytest.raises(DataError, match=r"spread of X\[:, 0\].*not in the fit"):
        model.forget([[30.0, 0, 0]], [30.0])


def test_columns_that_no_longer_vary_are_named(rows):
    X, y = rows
    frame = pa.table({"a": X[:, 0], "once": np.r_[1.0, np.zeros(59)], "seven": np.full(60, 7.0)})
    with pytest.warns(ConstantColumnWarning):
        model = LeastSquares().fit(frame, y)
    with pytest.raises(DataError, match="once: no longer varies"):
        model.forget(frame.slice(0, 1), y[:1])
    model.forget(frame.slice(1, 5), y[1:6])  # what never varied is no obstacle
    assert model.coef_[2] == 0 and model.rank_ == 2


def test_columns_that_determine_each_other_in_the_rest_are_named(rows):
    X, y = rows
    X = X.copy()
    X[5:, 2] = X[5:, 0] - X[5:, 1]
    with pytest.raises(DataError, match=r"do not determine the coefficients of X\[:, 0\], X\[:, 1\], X\[:, 2\]\."):
        LeastSquares().fit(X, y).forget(X[:5], y[:5])
    X[:, 2] = X[:, 0]
    with pytest.warns(RankWarning):
        model = LeastSquares().fit(X, y)
    with pytest.raises(DataError, match="it did not before either: rank 2 of 3"):
        model.forget(X[:5], y[:5])
    ridge = LeastSquares(0.1).fit(X, y).forget(X[:5], y[:5])
    assert np.allclose(ridge.coef_, LeastSquares(0.1).fit(X[5:], y[5:]).coef_, rtol=1e-9)


def test_the_first_partial_fit_is_a_fit_and_later_ones_may_be_a_row(rows):
    X, y = rows
    model = LeastSquares().partial_fit(X[:10], y[:10])
    assert np.array_equal(model.coef_, LeastSquares().fit(X[:10], y[:10]).coef_)
    for i in range(10, 60):
        model.partial_fit(X[i : i + 1], y[i : i + 1])
    assert np.allclose(model.coef_, LeastSquares().fit(X, y).coef_, rtol=1e-11)
    with pytest.raises(ShapeError, match="one row"):
        LeastSquares().partial_fit(X[:1], y[:1])


def test_partial_fit_says_what_it_cannot_vouch_for(rng):
    x = rng.normal(size=100)
    X = np.column_stack([x, x + 1e-5 * rng.normal(size=100), rng.normal(size=100)])
    y = X @ [1.0, 2.0, 3.0]
    assert LeastSquares().fit(X, y).digits_ > 9
    with pytest.warns(PrecisionWarning, match=r"from moments alone .*fit all rows at once"):
        model = LeastSquares().fit(X[:50], y[:50]).partial_fit(X[50:], y[50:])
    X[:, 1] = X[:, 0]
    with pytest.warns(RankWarning, match="rank 2 of 3: these columns determine each other:"):
        model = LeastSquares().fit(X[:50], y[:50])
    with pytest.warns(RankWarning, match=r"rank 2 of 3: .*moments alone.*X\[:, 0\], X\[:, 1\]"):
        model.partial_fit(X[50:], y[50:])
    assert np.isclose(model.coef_[0], model.coef_[1], rtol=1e-6)


def test_a_column_may_come_alive_later(rows):
    X, y = rows
    early = X[:30] * [1, 1, 0]
    with pytest.warns(ConstantColumnWarning):
        model = LeastSquares().partial_fit(early, y[:30])
    with pytest.warns(ConstantColumnWarning, match=r"constant so far: X\[:, 2\]"):
        model.partial_fit(early[:1], y[:1])
    model.partial_fit(X[30:], y[30:])
    both = LeastSquares().fit(np.vstack([early, early[:1], X[30:]]), np.r_[y[:30], y[:1], y[30:]])
    assert model.rank_ == 3 and np.allclose(model.coef_, both.coef_, rtol=1e-10)


def test_names_are_checked_against_earlier_calls(rows):
    X, y = rows
    frame = pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
    model = LeastSquares().partial_fit(frame, y)
    for change in (model.partial_fit, model.forget):
        with pytest.raises(ColumnsError, match="feature names"):
            change(frame.select(["b", "a", "c"]), y)
    with pytest.raises(OptionError, match="fitted on arrays"):
        model.partial_fit(frame.append_column("y", pa.array(y)), "y")


def test_rows_by_the_name_of_their_target(rows):
    X, y = rows
    table = pa.table({"a": X[:, 0], "r": ["n", "s", "w"] * 20, "k": list(range(2)) * 30, "y": y})
    schema = Schema.learn(table.slice(0, 30), "y", one_hot=["r"])
    model = LeastSquares().fit(*schema.source(table.slice(0, 30)).to_arrays())
    model.schema_, model.feature_names_in_ = schema, np.asarray(schema.feature_names, dtype=object)
    wide = pa.table({"a": [99.0], "r": ["s"], "k": [5], "y": [0.0]})
    model.partial_fit(wide, "y")
    columns = {column.name: column for column in model.schema_.columns}
    assert columns["a"].high == 99.0 and (columns["k"].kind, columns["k"].high) == ("integer", 5.0)
    assert columns["a"].low == min(X[:30, 0])
    model.forget(wide, "y")
    refit = LeastSquares().fit(*schema.source(table.slice(0, 30)).to_arrays())
    assert np.allclose(model.coef_, refit.coef_, rtol=1e-9)
    with pytest.raises(CellsError, match="'x'"):
        model.partial_fit(pa.table({"a": [9.0], "r": ["x"], "k": [5], "y": [0.0]}), "y")


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_a_penalty_outside_what_it_may_be_is_refused(rows, value):
    X, y = rows
    model = LeastSquares().fit(X, y).set_params(reg_lambda=value)
    for change in (model.partial_fit, model.forget):
        with pytest.raises(OptionError, match="reg_lambda"):
            change(X[:1], y[:1])


def test_numbers_that_vanish_when_squared_are_refused_in_a_column_of_zeros(rows):
    X, y = rows
    with pytest.warns(ConstantColumnWarning):
        model = LeastSquares().fit(X * [1, 1, 0], y)
    with pytest.raises(MagnitudeError, match=r"X\[:, 2\]"):
        model.partial_fit(X * [1, 1, 1e-180], y)
