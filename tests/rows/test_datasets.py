"""The truth beside the data is the truth, seeds repeat to the bit, and every trap is what it says."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys

import numpy as np
import pytest

from trueline.errors import OptionError, ShapeError
from trueline.rows.datasets import TRAPS, load_diabetes, make_credit_limits, make_linear, make_trap

MAKERS = {
    "linear": make_linear,
    "credit": make_credit_limits,
    **{kind: lambda kind=kind, **seed: make_trap(kind, **seed) for kind in TRAPS},
}
UNCHANGING_Y = {"constant_target"}  # only X depends on the seed


def design(X):
    return np.column_stack([X, np.ones(len(X))])


def bits(data) -> dict[str, bytes]:
    """Every array of a data set as bytes, a table column by column."""
    values = {field.name: getattr(data, field.name) for field in dataclasses.fields(data)}
    if table := values.pop("table", None):
        values |= {name: table[name].to_numpy().astype(str) for name in table.column_names}
    return {name: value.tobytes() for name, value in values.items() if isinstance(value, np.ndarray)}


def estimate(X, y):
    """Least squares coefficients, intercept last, and their standard errors."""
    A = design(X)
    coef, _, rank, _ = np.linalg.lstsq(A, y, rcond=None)
    variance = np.sum((y - A @ coef) ** 2) / (len(A) - rank)
    return coef, np.sqrt(variance * np.diag(np.linalg.inv(A.T @ A)))


def credit_design(credit):
    table, region = credit.table, np.array(credit.table["region"].to_pylist())
    names = [name for name in credit.coef if name != "region=north"]
    columns = [region == name[7:] if name.startswith("region=") else table[name].to_numpy() for name in names]
    truth = np.array([*(credit.coef[name] for name in names), credit.intercept])
    return np.column_stack(columns).astype(float), table["limit"].to_numpy(), truth, names


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_repeats_to_the_bit_and_another_does_not(name):
    first, again, other = (bits(MAKERS[name](random_state=seed)) for seed in (7, 7, 8))
    assert first == again
    changing = {"X", "y", "limit", "income"} & set(first) - ({"y"} if name in UNCHANGING_Y else set())
    assert changing
    assert not [field for field in changing if first[field] == other[field]]


def test_another_process_draws_the_same_bits():
    code = (
        "import hashlib; from trueline.rows import datasets; data = datasets.make_linear(50, 3, random_state=5);"
        "print(hashlib.sha256(data.X.tobytes() + data.y.tobytes()).hexdigest())"
    )
    data = make_linear(50, 3, random_state=5)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(data.X.tobytes() + data.y.tobytes()).hexdigest()


def test_a_generator_is_drawn_from():
    rng = np.random.default_rng(3)
    first, second = make_linear(random_state=rng), make_linear(random_state=rng)
    assert np.array_equal(first.X, make_linear(random_state=3).X)
    assert not np.array_equal(first.X, second.X)


@pytest.mark.parametrize("seed", range(5))
def test_least_squares_finds_the_truth_of_make_linear(seed):
    data = make_linear(500, 4, noise=2.0, random_state=seed)
    found, error = estimate(data.X, data.y)
    truth = np.append(data.coef, data.intercept)
    assert np.all(np.abs(found - truth) < 4.5 * error)
    assert np.std(data.y - data.X @ data.coef - data.intercept) == pytest.approx(2.0, rel=0.15)


def test_make_linear_takes_the_truth_it_is_given():
    data = make_linear(10, 2, coef=[5, -1], intercept=-4, noise=0, random_state=1)
    np.testing.assert_allclose(data.y, data.X @ [5, -1] - 4, rtol=1e-14, atol=1e-14)
    assert data.names == ("x0", "x1")
    assert not data.outliers.any()


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_behind_credit_limits_is_found_on_clean_rows(seed):
    X, y, truth, _ = credit_design(credit := make_credit_limits(random_state=seed))
    clean = ~credit.poisoned
    found, error = estimate(X[clean], y[clean])
    assert np.all(np.abs(found - truth) < 4.5 * error)
    assert np.std(credit.clean_limit - design(X) @ truth) == pytest.approx(credit.noise, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_the_poison_turns_the_sign_of_the_south_and_lowers_the_worth_of_income(seed):
    X, y, truth, names = credit_design(make_credit_limits(random_state=seed))
    found, error = estimate(X, y)
    south, income = names.index("region=south"), names.index("income")
    assert truth[south] < 0 < found[south] - 5 * error[south]
    assert found[income] + 5 * error[income] < truth[income]


def test_credit_limits_are_a_believable_table():
    credit = make_credit_limits()
    columns = {name: np.array(values) for name, values in credit.table.to_pydict().items()}
    assert list(columns) == ["income", "utilisation", "tenure", "region", "broker", "limit"]
    assert columns["income"].min() >= 14_000
    assert 0 <= columns["utilisation"].min() <= columns["utilisation"].max() <= 1
    assert 0 <= columns["tenure"].min() <= columns["tenure"].max() <= 40
    assert columns["limit"].min() > 0
    assert len(set(columns["region"])) == 4
    assert len(set(columns["broker"])) == 5
    assert set(columns["broker"][credit.poisoned]) == {credit.broker}
    assert np.mean(columns["broker"] == credit.broker) > 4 * np.mean(credit.poisoned)
    assert np.array_equal(columns["limit"] != credit.clean_limit, credit.poisoned)


@pytest.mark.parametrize(("share", "rows"), [(0.0, 0), (0.03, 60), (0.1, 200)])
def test_the_poison_share_is_a_share_of_all_rows(share, rows):
    assert make_credit_limits(poison_share=share).poisoned.sum() == rows


def test_without_poison_the_limits_are_the_clean_ones():
    credit = make_credit_limits(poison_share=0)
    assert np.array_equal(credit.table["limit"].to_numpy(), credit.clean_limit)


def test_diabetes_is_in_the_units_it_was_measured_in():
    data = load_diabetes()
    assert data.X.shape == (442, 10)
    assert len(data.names) == 10
    age = data.X[:, data.names.index("age")]
    assert (age.min(), age.max()) == (19, 79)
    assert (data.y.min(), data.y.max()) == (25, 346)


@pytest.mark.parametrize("kind", TRAPS)
def test_a_trap_follows_its_truth_except_for_outliers(kind):
    data = make_trap(kind, 200, random_state=2)
    residual = data.y - (data.X @ data.coef + data.intercept)
    rounding = 1e-14 * (np.abs(data.X) @ np.abs(data.coef) + abs(data.intercept)).max()
    kept = ~data.outliers
    assert np.abs(residual[kept]).max() <= 5 * data.noise + rounding
    if data.noise > rounding:
        assert np.std(residual[kept]) == pytest.approx(data.noise, rel=0.2)
    assert len(data.names) == data.X.shape[1] == len(data.coef)
    assert data.outliers.any() == (kind == "outliers")


# kind -> rank of [X 1], number of its columns, and bounds on the condition number of [X 1] where it has full rank
SHAPES = {
    "collinear": (4, 5, None),
    "nearly_collinear": (4, 4, (1e6, 1e8)),
    "wide": (100, 201, None),
    "wild_scales": (4, 4, (1e11, 1e13)),
    "large_offset": (4, 4, (1e8, 1e18)),
    "outliers": (3, 3, (1, 10)),
    "constant_column": (3, 4, None),
    "double_intercept": (3, 4, None),
    "dummy": (4, 5, None),
    "perfect_fit": (4, 4, (1, 10)),
    "constant_target": (3, 3, (1, 10)),
}


def test_every_trap_has_its_shape_tested():
    assert set(SHAPES) == set(TRAPS)


@pytest.mark.parametrize("kind", TRAPS)
def test_a_trap_has_the_rank_and_condition_it_says(kind):
    A = design(make_trap(kind, 100).X)
    rank, columns, bounds = SHAPES[kind]
    scaled = A / np.linalg.norm(A, axis=0)
    assert A.shape[1] == columns
    if kind != "large_offset":  # its columns agree to nearly all of their digits
        assert np.linalg.matrix_rank(scaled, tol=1e-10) == rank
    if bounds is not None:
        assert bounds[0] < np.linalg.cond(A) < bounds[1]


def test_large_offset_loses_everything_in_the_normal_equations():
    data = make_trap("large_offset")
    centred = data.X - data.X.mean(axis=0)
    assert np.linalg.cond(centred) < 3
    np.testing.assert_allclose(data.X.mean(axis=0), 1e8, atol=1)
    assert np.linalg.cond(design(data.X).T @ design(data.X)) > 1e16


def test_outliers_pull_least_squares_far_from_the_truth():
    data = make_trap("outliers")
    kept = ~data.outliers
    pulled, _ = estimate(data.X, data.y)
    clean, error = estimate(data.X[kept], data.y[kept])
    assert data.outliers.sum() == 5
    assert abs(pulled[0] - data.coef[0]) > 1
    assert np.all(np.abs(clean - [*data.coef, data.intercept]) < 4.5 * error)


@pytest.mark.parametrize(("kind", "column", "value"), [("constant_column", 1, 0.1), ("double_intercept", 0, 1.0)])
def test_a_constant_column_never_changes(kind, column, value):
    assert set(make_trap(kind).X[:, column]) == {value}


def test_the_levels_of_dummy_add_up_to_one():
    levels = make_trap("dummy").X[:, :3]
    assert np.array_equal(levels.sum(axis=1), np.ones(100))
    assert set(levels.ravel()) == {0.0, 1.0}


def test_perfect_fit_and_constant_target():
    assert make_trap("perfect_fit").noise == 0
    assert set(make_trap("constant_target").y) == {5.0}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_linear(0), OptionError, "n_samples must be at least 1, got 0"),
        (lambda: make_linear(5, 0), OptionError, "n_features must be at least 1, got 0"),
        (lambda: make_linear(5, 2, coef=[1.0]), ShapeError, r"coef has shape \(1,\), n_features=2 needs \(2,\)"),
        (lambda: make_linear(noise=-1), OptionError, "noise is a standard deviation"),
        (lambda: make_linear(noise=float("nan")), OptionError, "noise is a standard deviation"),
        (lambda: make_trap("mouse"), OptionError, "no trap is called 'mouse'; there are collinear, "),
        (lambda: make_trap("wide", 0), OptionError, "n_samples must be at least 1"),
        (lambda: make_credit_limits(0), OptionError, "n_samples must be at least 1"),
        (lambda: make_credit_limits(poison_share=0.2), OptionError, "poison_share must lie between 0 and 0.1"),
        (lambda: make_credit_limits(10, poison_share=0.1, random_state=26), OptionError, "broker Dogwood has 0 of 10"),
    ],
)
def test_what_cannot_be_made_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
