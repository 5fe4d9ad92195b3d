"""reproduce: a model that follows from its rows is said to; one that does not is explained by the planted cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from trueline import HuberRegression, LeastSquares, LinearRegressionGD, QuantileRegression, ship
from trueline.errors import ColumnsError, OptionError, PrecisionWarning, ShapeError
from trueline.models.foreign import as_line
from trueline.verify import reproduce

NAMES = ["size", "rooms", "age"]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 3)) * [30.0, 2.0, 9.0] + [120.0, 4.0, 40.0]
    y = X @ [2.5, 11.0, -1.5] + 40.0 + 9.0 * rng.standard_t(4, size=80)
    return X, y


def as_table(model):
    return dict(zip(NAMES, model.coef_, strict=True)) | {"(Intercept)": float(model.intercept_)}


OWN = [
    LeastSquares(), LeastSquares(0.3), LeastSquares(fit_intercept=False), LinearRegressionGD(standardize=True),
    LinearRegressionGD(standardize=True, reg_lambda=0.2), HuberRegression(), QuantileRegression(0.3),
    LinearRegression(), Ridge(3.0), Lasso(0.5), make_pipeline(StandardScaler(), Ridge(2.0)),
    make_pipeline(MinMaxScaler(), LinearRegression(fit_intercept=False)),
]  # fmt: skip


@pytest.mark.parametrize("model", OWN, ids=[f"{i} {type(m).__name__}" for i, m in enumerate(OWN)])
def test_a_model_follows_from_its_own_rows(model, rows):
    X, y = rows
    found = reproduce(model.fit(X, y), X, y)
    assert found.reproduced and found.digits >= 6 and found.first_difference is None and found.explanations == ()
    assert "follows from these rows" in str(found)


def test_weights_are_part_of_the_question(rows):
    X, y = rows
    weights = np.random.default_rng(0).uniform(0.2, 3.0, len(y))
    weighted, plain = Ridge(2.0).fit(X, y, weights), LinearRegression().fit(X, y)
    assert reproduce(weighted, X, y, weights).reproduced and not reproduce(weighted, X, y).reproduced
    found = reproduce(plain, X, y, weights)
    assert [e.cause for e in found.explanations] == ["weights"]


def test_a_saved_model_is_reproduced_with_its_own_penalty(rows, tmp_path):
    X, y = rows
    ship.save(LinearRegressionGD(standardize=True, reg_lambda=0.4).fit(X, y), tmp_path / "model.json")
    assert reproduce(ship.load(tmp_path / "model.json"), X, y).reproduced
    few = LinearRegressionGD(standardize=True, epochs=4, tol=0)
    with pytest.warns(ConvergenceWarning):
        few.fit(X, y)
    assert reproduce(few, X, y).reproduced  # the same few epochs again
    ship.save(few, tmp_path / "few.json")
    assert not reproduce(ship.load(tmp_path / "few.json"), X, y).reproduced
    ship.save(HuberRegression().fit(X, y), tmp_path / "huber.json")
    with pytest.raises(OptionError, match="own estimator"):
        reproduce(ship.load(tmp_path / "huber.json"), X, y)


def planted(X, y):
    """Cause, a word of its text, and the table that it makes."""
    plain, scaled = LinearRegression(), (X - X.mean(axis=0)) / X.std(axis=0)
    yield "penalty", "alpha = 7)", Ridge(7.0).fit(X, y)
    yield "penalty", "standardised", make_pipeline(StandardScaler(), Ridge(7.0)).fit(X, y)
    yield "intercept", "without an intercept", LinearRegression(fit_intercept=False).fit(X, y)
    yield "standardised", "population", LinearRegression().fit(scaled, y)
    yield "standardised", "0 to 1", LinearRegression().fit(MinMaxScaler().fit_transform(X), y)
    yield "standardised", "y standardised", LinearRegression().fit(scaled, (y - y.mean()) / y.std())
    yield "standardised", "centred", LinearRegression().fit(X - X.mean(axis=0), y)
    yield "unit of y", "1000 times", LinearRegression().fit(X, 1000 * y)
    yield "unit of y", "logarithm", LinearRegression().fit(X, np.log(y))
    yield "unit of a column", "age", LinearRegression().fit(X * [1, 1, 12.0], y)
    yield "rows", "first 5 rows", plain.fit(X[5:], y[5:])
    yield "rows", "last 11 rows", LinearRegression().fit(X[:-11], y[:-11])
    yield "rows", "row 31", LinearRegression().fit(np.delete(X, 30, axis=0), np.delete(y, 30))
    top = np.argsort(y)[:-4]
    yield "rows", "4 rows of largest y", LinearRegression().fit(X[top], y[top])
    low = np.argsort(X[:, 2])[6:]
    yield "rows", "6 rows of smallest age", LinearRegression().fit(X[low], y[low])
    both = np.argsort(y)[3:-3]
    yield "rows", "6 rows in both tails", LinearRegression().fit(X[both], y[both])
    part = train_test_split(X, y, test_size=0.2, random_state=42)
    yield "rows", "test_size=0.2, random_state=42", LinearRegression().fit(part[0], part[2])
    yield "loss", "median", QuantileRegression(0.5).fit(X, y)
    yield "loss", "MAD", HuberRegression().fit(X, y)


COUNT = 19


@pytest.mark.parametrize("number", range(COUNT))
def test_a_planted_cause_is_found(number, rows):
    X, y = rows
    causes = list(planted(X, y))
    assert len(causes) == COUNT
    cause, word, model = causes[number]
    line = model
    if hasattr(model, "steps"):
        coef = model[-1].coef_ / model[0].scale_
        line = LinearRegression()
        line.coef_, line.intercept_ = coef, model[-1].intercept_ - coef @ model[0].mean_
    found = reproduce(as_table(line), pd.DataFrame(X, columns=NAMES), y)
    assert not found.reproduced and found.digits < 6 and found.first_difference is not None
    assert found.explanations[0].cause == cause and word in found.explanations[0].text, str(found)
    assert len(found.explanations) == 1 and found.explanations[0].digits > 6


def test_a_single_row_is_one_row(rows):
    X, y = rows
    top = np.argsort(y)[:-1]
    found = reproduce(LinearRegression().fit(X[top], y[top]), pd.DataFrame(X, columns=["a{b}", *NAMES[1:]]), y)
    texts = [one.text for one in found.explanations]
    assert "the row of largest y was left out" in texts and not [text for text in texts if "1 rows" in text]


def test_duplicates_dropped_are_found(rows):
    X, y = np.vstack([rows[0], rows[0][:9]]), np.append(rows[1], rows[1][:9])
    found = reproduce(LinearRegression().fit(*rows), X, y)
    assert [e.cause for e in found.explanations] == ["rows"]  # the first 9 are as good as the last 9
    order = np.random.default_rng(0).permutation(len(y))
    found = reproduce(LinearRegression().fit(*rows), X[order], y[order])
    assert [e.text for e in found.explanations] == ["9 repeated rows were left out"]


@pytest.mark.parametrize("digits", [2, 3, 4, 5, 7])
def test_noise_in_the_kth_digit_leaves_k_digits(digits, rows):
    X, y = rows
    rng = np.random.default_rng(digits)
    model = LeastSquares().fit(X, y)
    model.coef_ = model.coef_ + rng.choice([-1, 1], 3) * 10.0**-digits * np.abs(model.coef_).max()
    table = as_table(model)
    size = X.std(axis=0)
    moved = np.abs(model.coef_ - LeastSquares().fit(X, y).coef_) * size / np.abs(model.coef_ * size).max()
    found = reproduce(table, X, y)
    assert found.digits == pytest.approx(-np.log10(moved.max()), abs=0.1)
    assert found.reproduced == (found.digits >= 6)
    assert not found.explanations, str(found)


def test_unrelated_coefficients_are_not_explained(rows):
    """Nineteen causes and hundreds of row counts are tried: chance must not pass for one."""
    X, y = rows
    for seed in range(5):
        rng = np.random.default_rng(seed)
        table = dict(zip(NAMES, rng.normal(size=3), strict=True)) | {"const": rng.normal()}
        assert reproduce(table, X, y).explanations == ()
    near = LinearRegression().fit(X, y + rng.normal(size=len(y)))
    found = reproduce(near, X, y)
    assert not found.reproduced and found.explanations == () and "none of" in str(found) and found.nearest is not None


def test_one_column_and_many_rows_leave_chance_no_room():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3000, 1))
    y = X[:, 0] + rng.normal(size=3000)
    for _ in range(5):
        table = {"a": 1.0 + 0.02 * rng.normal(), "intercept": 0.02 * rng.normal()}
        assert reproduce(table, X, y).explanations == ()


def test_a_rounded_table_follows_if_every_number_does(rows, tmp_path):
    X, y = rows
    model = LinearRegression().fit(X, y)
    path = tmp_path / "coefficients.csv"
    lines = [f"{name},{value:.4f},1.0" for name, value in as_table(model).items()]
    path.write_text("term,estimate,se\n" + "\n".join(lines) + "\n")
    found = reproduce(path, pd.DataFrame(X, columns=NAMES), y)
    assert found.reproduced and found.written < 7
    wrong = [lines[0].replace(lines[0].split(",")[1], f"{model.coef_[0] + 2e-4:.4f}"), *lines[1:]]
    path.write_text("\n".join(wrong) + "\n")
    found = reproduce(str(path), pd.DataFrame(X, columns=NAMES), y)
    assert not found.reproduced and found.first_difference.name == "size"
    ridge = Ridge(500.0).fit(X, y)
    path.write_text("".join(f"{name},{value:.5g}\n" for name, value in as_table(ridge).items()))
    found = reproduce(path, pd.DataFrame(X, columns=NAMES), y)
    assert [e.cause for e in found.explanations] == ["penalty"] and not found.reproduced


def test_the_intercept_may_be_left_out_of_a_table(rows):
    X, y = rows
    table = as_table(LinearRegression().fit(X, y))
    del table["(Intercept)"]
    found = reproduce(table, X, y)
    assert found.explanations[0].cause == "intercept" and "does not tell" in found.explanations[0].text


def test_foreign_columns_are_refused_by_name(rows):
    X, y = rows
    table = {"size": 1.0, "rooms": 2.0, "garden": 3.0, "intercept": 0.0}
    with pytest.raises(ColumnsError, match="age: not in the table") as refused:
        reproduce(table, pd.DataFrame(X, columns=NAMES), y)
    assert "garden" in str(refused.value)
    model = LinearRegression().fit(pd.DataFrame(X, columns=NAMES), y)
    with pytest.raises(ColumnsError, match="height"):
        reproduce(model, pd.DataFrame(X, columns=["size", "rooms", "height"]), y)
    with pytest.raises(ColumnsError, match="order"):
        reproduce(model, pd.DataFrame(X, columns=["rooms", "size", "age"]), y)
    with pytest.raises(ShapeError, match="2 columns"):
        reproduce(model, X[:, :2], y)
    order = pd.DataFrame(X, columns=NAMES)[["age", "size", "rooms"]]  # a table is matched by name
    assert reproduce(as_table(model), order, y).reproduced


def test_digits_are_no_more_than_the_rows_determine():
    rng = np.random.default_rng(0)
    a = rng.normal(size=60)
    X = np.column_stack([a, a + 1e-7 * rng.normal(size=60)])
    y = a + 1e-3 * rng.normal(size=60)
    found = reproduce(LinearRegression().fit(X, y), X, y)
    assert [e.cause for e in found.explanations] == ["solver"]  # scikit-learn cuts at 1e-6 of the largest
    X[:, 1] = a + 1e-13 * rng.normal(size=60)
    with pytest.warns(PrecisionWarning):
        model = LeastSquares().fit(X, y)
    found = reproduce(model, X, y)
    assert found.vouched < 6 and found.reproduced and f"{found.vouched:.1f} can be asked for" in str(found)


def test_what_rows_do_not_determine_is_told_apart(rows):
    X, y = np.column_stack([rows[0], rows[0][:, 0] + rows[0][:, 1]]), rows[1]
    smallest = LinearRegression().fit(X, y)
    assert reproduce(smallest, X, y).reproduced
    smallest.coef_ = smallest.coef_ + np.array([1.0, 1.0, 0.0, -1.0])
    found = reproduce(smallest, X, y)
    assert not found.reproduced and [e.cause for e in found.explanations] == ["undetermined"], str(found)


def test_a_bare_line_is_held_against_least_squares(rows):
    """Of a table read elsewhere nothing is known but its numbers."""
    X, y = rows
    line = replace(as_line(LinearRegression().fit(X, y)), reg_lambda=None)
    assert reproduce(line, X, y).reproduced
    printed = replace(line, w=np.round(line.w, 4), b=round(line.b, 4))
    assert reproduce(printed, X, y).reproduced
    printed = replace(line, w=np.round(line.w, 4) + np.array([0.0, 0.0005, 0.0]), b=round(line.b, 4))
    assert reproduce(printed, X, y).first_difference.name == "X[:, 1]"


def test_what_makes_no_sense_is_refused(rows):
    with pytest.raises(OptionError, match="digits"):
        reproduce(LinearRegression().fit(*rows), *rows, digits=40)
    with pytest.raises(OptionError, match="coef_"):
        reproduce(object(), *rows)


def test_one_of_thousands_of_rows_explains_any_slope_by_chance_and_is_not_claimed():
    """Leaving out one row or another, slopes lie so densely that some come near whatever was asked about."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 1))
    y = 2 * X[:, 0] + rng.normal(size=3000)
    right = LeastSquares().fit(X, y).coef_[0]
    through_origin = LinearRegression(fit_intercept=False).fit(X, y)
    straight = through_origin.coef_.copy()
    for part in np.linspace(1e-5, 1e-4, 8):
        through_origin.coef_ = straight * (1 + part)
        for model in ({"X[:, 0]": right * (1 + part)}, through_origin):
            found = reproduce(model, X, y)
            assert not found.reproduced and not found.explanations, str(found)


def test_two_digits_that_fit_are_not_said_to_follow():
    """Of a table of so few digits too many rows may be the source."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    model = LeastSquares().fit(X, X @ [1.2, -3.1] + 2.2 + 0.1 * rng.normal(size=50))
    y = model.predict(X)
    table = {"X[:, 0]": round(model.coef_[0], 1), "X[:, 1]": round(model.coef_[1], 1),
             "intercept": round(model.intercept_, 1)}  # fmt: skip
    found = reproduce(table, X, y)
    assert found.written < 3 and not found.reproduced
