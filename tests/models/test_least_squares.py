"""LeastSquares against published and exact answers; what it says about rank, condition and digits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from exact import exact_fit
from trueline import LeastSquares, LinearRegressionGD, Moments
from trueline.errors import OptionError, PrecisionWarning, RankWarning
from trueline.maths import doubled
from trueline.maths.descent import Status
from trueline.maths.normal_equations import NormalEquations
from trueline.rows.datasets import TRAPS, make_trap
from trueline.rows.passes import SourceRows, moments_of
from trueline.rows.source import ArraySource

STRD = ["Norris", "NoInt1", "Longley", "Wampler1", "Wampler4", "Filip"]

# Householder QR's correct digits, less half a digit; Filip's columns are stored with 7.6 of theirs
DIGITS = {"Norris": 11.6, "NoInt1": 14.3, "Longley": 10.4, "Filip": 7.5, "Wampler1": 8.9, "Wampler2": 12.5,
          "Wampler3": 8.6, "Wampler4": 7.3, "Wampler5": 5.3}  # fmt: skip


def design(data):
    """X without the intercept's column, y, exact coefficients (without the intercept), the exact intercept or None."""
    x, y = np.array(data["x"], dtype=float), np.array(data["y"], dtype=float)
    powers = data["powers"]
    X = x if powers is None else np.column_stack([x[:, 0] ** p for p in powers if p > 0])
    exact = {int(name[1:]): float(value) for name, value in data["exact_coef_30_digits"].items()}
    return X, y, np.array([exact[p] for p in sorted(exact) if p > 0]), exact.get(0) if data["intercept"] else None


def correct_digits(model, coef, intercept):
    """Of the worst coefficient."""
    found, exact = np.append(model.coef_, model.intercept_), np.append(coef, 0.0 if intercept is None else intercept)
    error = np.abs(found - exact) / np.where(exact == 0, 1.0, np.abs(exact))
    return float(-np.log10(np.maximum(error, 1e-16)).min())


def vouchable_digits(model, X, coef):
    """Correct digits relative to the largest coefficient, each times the spread of its column."""
    spread = X.std(axis=0) if model.fit_intercept else np.sqrt(np.square(X).mean(axis=0))
    error, largest = np.abs((model.coef_ - coef) * spread).max(), np.abs(coef * spread).max()
    return float(-np.log10(max(error / largest, 1e-16)))


WAMPLER = {"Wampler1": (1.0, 0.0), "Wampler2": (0.1, 0.0), "Wampler3": (1.0, 1.0), "Wampler4": (1.0, 100.0),
           "Wampler5": (1.0, 10_000.0)}  # fmt: skip
NOISE = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048,
         -2048, 1838, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 759]  # fmt: skip


def wampler(name):
    """Polynomials of degree five at 0, 1, ..., 20: coefficients 1 or 0.1**k, noise orthogonal to all powers."""
    base, noise = WAMPLER[name]
    X = np.arange(21.0)[:, None] ** np.arange(1, 6)
    coef = base ** np.arange(1.0, 6)
    return X, 1 + X @ coef + noise * np.array(NOISE), coef, 1.0


@pytest.mark.parametrize("name", STRD)
def test_certified_answers(truth, name):
    X, y, coef, intercept = design(truth(f"strd/{name}"))
    model = LeastSquares(fit_intercept=intercept is not None).fit(X, y)
    assert correct_digits(model, coef, intercept) >= DIGITS[name]


@pytest.mark.parametrize("name", WAMPLER)
def test_wampler_by_formula(name):
    X, y, coef, intercept = wampler(name)
    model = LeastSquares().fit(X, y)
    assert correct_digits(model, coef, intercept) >= DIGITS[name]
    assert vouchable_digits(model, X, coef) >= model.digits_ >= 6
    assert model.solver_ == "refined" and model.condition_**2 > 1e4


def test_filip_is_the_exact_solution_of_the_columns_as_stored(truth):
    X, y, _, _ = design(truth("strd/Filip"))
    model = LeastSquares().fit(X, y)
    coef, intercept = exact_fit(X, y)
    assert model.solver_ == "doubled"
    assert correct_digits(model, np.array(coef, dtype=float), float(intercept)) >= 13
    assert vouchable_digits(model, X, np.array(coef, dtype=float)) >= model.digits_ >= 8


@pytest.mark.parametrize(
    ("dtype", "offset"), [(np.float64, 0.0), (np.float64, 1e3), (np.float64, 1e8), (np.float32, 0.0), (np.float32, 1e3)]
)
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_offsets_and_scales_cost_no_digits(rng, dtype, offset, scale):
    """Nine digits of every coefficient, against doubled precision; float32 rows as right as the same in float64."""
    X = ((rng.normal(size=(3000, 3)) + offset * np.array([1.0, -1.0, 0.5])) * [1.0, scale, 1 / scale]).astype(dtype)
    y = X.astype(float) @ [1.0, -2.0 / scale, 3.0 * scale] + rng.normal(size=3000)
    source = ArraySource(X.astype(float), y)
    problem = NormalEquations(moments_of(source), 0.0, True)
    model = LeastSquares().fit(X, y)
    exact = doubled_solution(problem, SourceRows(source))
    assert np.allclose(model.coef_, exact, rtol=1e-9, atol=0)
    assert model.digits_ >= 9 and model.solver_ == "cholesky"
    assert np.array_equal(model.coef_, LeastSquares().fit(X.astype(float), y).coef_)


def doubled_solution(problem, rows):
    """Coefficients by normal equations in doubled precision, whatever the conditioning."""
    hi, lo = rows.doubled_gram(problem.centre[:-1], problem.factor, problem.centre[-1])
    return doubled.solve((hi, lo))[0][1:] * problem.factor


@pytest.mark.parametrize("name", STRD)
def test_descent_is_right_to_six_digits_or_says_that_it_is_not(truth, name):
    X, y, coef, intercept = design(truth(f"strd/{name}"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LinearRegressionGD(
            standardize=True, epochs=30_000, momentum=0.9, tol=1e-20, fit_intercept=intercept is not None
        ).fit(X, y)
    if name in ("Norris", "NoInt1"):
        assert model.status_ is Status.CONVERGED
    assert model.status_ is not Status.CONVERGED or correct_digits(model, coef, intercept) >= 6


@pytest.mark.parametrize("name", ["r_attitude_full", "r_lifecyclesavings"])
def test_published_coefficients_of_r(truth, name):
    data = truth(f"ols/{name}")
    X, y = np.array(data["X"])[:, 1:], np.array(data["y"])
    model = LeastSquares().fit(X, y)
    printed = list(data["published"]["coef"].values())
    for text, found in zip(printed, [model.intercept_, *model.coef_], strict=True):
        assert f"{found:.{len(text.split('.')[1])}f}" == text


def test_published_weighted_coefficients(truth):
    data = truth("ols/wls_ccard")
    X, y, weights = np.array(data["X"])[:, :-1], np.array(data["y"]), np.array(data["weights"])
    model = LeastSquares().fit(X, y, sample_weight=weights)
    descent = LinearRegressionGD(standardize=True, tol=1e-22, epochs=100_000).fit(X, y, sample_weight=weights)
    for fitted, rtol in ((model, 1e-11), (descent, 1e-7)):
        assert np.allclose([*fitted.coef_, fitted.intercept_], data["published"]["params"], rtol=rtol)


def test_longley_as_published_with_its_constant_column_left_to_the_intercept(truth):
    data = truth("ols/hc_longley")
    X, y = np.array(data["X"])[:, :-1], np.array(data["y"])
    assert np.allclose(LeastSquares().fit(X, y).coef_[0], 15.0618722713733, rtol=1e-9)


@pytest.mark.parametrize(
    ("trap", "rank"),
    [("collinear", 3), ("nearly_collinear", 3), ("wide", 99), ("wild_scales", 3), ("large_offset", 3),
     ("constant_column", 2), ("double_intercept", 2), ("dummy", 3), ("perfect_fit", 3), ("constant_target", 2)],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::trueline.errors.ConstantColumnWarning")
@pytest.mark.filterwarnings("ignore::trueline.errors.PrecisionWarning")
def test_every_trap_has_its_rank_and_fits_as_well_as_can_be(trap, rank):
    data = make_trap(trap, 100)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RankWarning)
        model = LeastSquares().fit(data.X, data.y)
    assert model.rank_ == rank and trap in TRAPS
    assert any(w.category is RankWarning for w in said) == (trap in ("collinear", "wide", "dummy"))
    centred = (data.X - data.X.mean(axis=0)) * 2.0 ** -np.round(np.log2(np.abs(data.X).max(axis=0)))
    best = np.linalg.lstsq(np.c_[np.ones(100), centred], data.y)[0]
    residual = np.linalg.norm(np.c_[np.ones(100), centred] @ best - data.y)
    spread = np.linalg.norm(data.y)
    assert np.linalg.norm(model.predict(data.X) - data.y) <= residual * (1 + 1e-6) + 1e-7 * spread


@pytest.mark.parametrize("intercept", [True, False])
def test_the_branch_follows_the_condition_and_the_digits_hold(rng, intercept):
    """Columns made nearly dependent, more and more: what is vouched for is there, and little enough is a warning."""
    roads = set()
    for gap in 10.0 ** -np.arange(0, 16):
        X = rng.integers(-9, 10, size=(80, 3)).astype(float)
        X[:, 1] = X[:, 0] + gap * X[:, 1]
        y = X @ [1.0, 2.0, -1.0] + rng.normal(size=80)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model = LeastSquares(fit_intercept=intercept).fit(X, y)
        roads.add(model.solver_)
        if model.rank_ == 3:
            coef = np.array(exact_fit(X, y, intercept=intercept)[0], dtype=float)
            assert vouchable_digits(model, X, coef) >= model.digits_, gap
            assert (model.digits_ < 6) == any(w.category is PrecisionWarning for w in said)
        else:
            assert any(w.category is RankWarning for w in said)
    assert roads == {"cholesky", "refined", "doubled", "minimum-norm"}


def test_blocks_do_not_change_the_answer(make_rows):
    X, y = make_rows(700_000, noise=1.0)  # several blocks
    model = LeastSquares().fit(X, y)
    exact = np.linalg.lstsq(np.c_[np.ones(len(y)), X], y)[0]
    assert np.allclose([model.intercept_, *model.coef_], exact, rtol=1e-11)
    assert model.moments_.rows == 700_000 and isinstance(model.moments_, Moments)


def test_single_precision_rows_are_summed_in_double(make_rows):
    X, y = make_rows(100_000)
    X = (X + 1e3).astype(np.float32)
    model, exact = LeastSquares().fit(X, y), LeastSquares().fit(X.astype(np.float64), y)
    assert np.allclose(model.coef_, exact.coef_, rtol=1e-12) and model.coef_.dtype == np.float64


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda X: X[::-1][::-1], lambda X: np.repeat(X, 2, axis=1)[:, ::2]]
)
def test_memory_layout_does_not_matter(rows, layout):
    X, y = rows
    assert np.array_equal(LeastSquares().fit(layout(X), y).coef_, LeastSquares().fit(X, y).coef_)


def test_whole_numbers_and_truth_values_count(rows):
    X, y = rows
    for dtype in (int, np.int8, np.uint16, bool):
        whole = (X[:, :2] > 0).astype(dtype)
        assert np.allclose(LeastSquares().fit(whole, y).coef_, LeastSquares().fit(whole.astype(float), y).coef_)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "1", None, True])
def test_a_penalty_outside_what_it_may_be_is_refused(rows, value):
    with pytest.raises(OptionError, match="reg_lambda must be a number of at least 0"):
        LeastSquares(reg_lambda=value).fit(*rows)


def test_any_penalty_makes_collinear_columns_full_rank(rows):
    X, y = rows
    model = LeastSquares(reg_lambda=1e-3).fit(np.c_[X, X[:, 0]], y)
    assert model.rank_ == 4 and np.isclose(model.coef_[0], model.coef_[3], rtol=1e-9)


def test_few_digits_have_their_cause_named(rng):
    """Of columns that have nothing to do with y, or that are nearly dependent; too many for doubled precision."""
    X, y = rng.normal(size=(300, 70)), rng.normal(size=300)
    design = np.c_[np.ones(300), X]
    for _ in range(3):
        y = y - design @ np.linalg.lstsq(design, y)[0]
    with pytest.warns(PrecisionWarning, match="explain next to nothing of y: only 0 digits.*Read the coefficients as"):
        LeastSquares().fit(X, y)
    X[:, 1] = X[:, 0] + 1e-9 * X[:, 1]
    with pytest.warns(PrecisionWarning, match="nearly dependent columns .*: only 0 digits.*drop columns"):
        LeastSquares().fit(X, X[:, 1] + rng.normal(size=300))
