"""What inference refuses, what it warns of, and what a summary looks like."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, Moments
from trueline.errors import (
    CellsError,
    ConstantColumnWarning,
    DataError,
    OptionError,
    PrecisionWarning,
    RankWarning,
    ShapeError,
)
from trueline.models.influence import influence_of
from trueline.models.prediction import prediction_interval
from trueline.models.statistics import summary_of


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    return X, X @ [1.0, 2.0] + rng.normal(size=30)


@pytest.fixture
def model(rows):
    return LeastSquares().fit(*rows)


def test_a_penalised_fit_has_no_standard_errors(rows):
    model = LeastSquares(reg_lambda=0.1).fit(*rows)
    for ask in (
        lambda: summary_of(model),
        lambda: influence_of(model, *rows),
        lambda: prediction_interval(model, rows[0], 0.9),
    ):
        with pytest.raises(OptionError, match=r"penalised fit \(reg_lambda=0.1\).*LeastSquares\(reg_lambda=0\)"):
            ask()


@pytest.mark.parametrize("cov", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_ask_for_the_rows(model, cov):
    with pytest.raises(OptionError, match=r"keeps only moments.*summary\(cov, X, y\)"):
        summary_of(model, cov)


def test_calls_that_do_not_fit_together(model, rows):
    X, y = rows
    with pytest.raises(OptionError, match=r"cov must be one of classical, HC0, .*, cluster, got 'hc3'"):
        summary_of(model, "hc3", X, y)
    with pytest.raises(OptionError, match="X and y go together"):
        summary_of(model, "HC1", X)
    with pytest.raises(OptionError, match="needs the cluster of each row"):
        summary_of(model, "cluster", X, y)
    with pytest.raises(OptionError, match="groups goes with"):
        summary_of(model, "HC1", X, y, groups=np.arange(30))
    with pytest.raises(OptionError, match="sample_weight goes with X and y"):
        summary_of(model, sample_weight=np.ones(30))
    with pytest.raises(OptionError, match="fitted on arrays"):
        summary_of(model, "HC1", X, "y")
    for level in (0, 1, 95, "0.9", True, np.nan):
        with pytest.raises(OptionError, match="probability between 0 and 1"):
            prediction_interval(model, X, level)
        with pytest.raises(OptionError, match="probability between 0 and 1"):
            summary_of(model).interval(level)


def test_other_rows_than_those_of_the_fit(model, rows):
    X, y = rows
    with pytest.raises(DataError, match="fitted on 30 rows, not on these 29"):
        summary_of(model, "HC1", X[1:], y[1:])
    with pytest.raises(DataError, match="weights that add to 30, these to 60"):
        summary_of(model, "HC1", X, y, sample_weight=np.full(30, 2.0))
    for other in ((X, y[::-1]), (X[::-1], y), (X, y + X[:, 0] * 1e-3)):
        with pytest.raises(DataError, match="not fitted on these rows"):
            summary_of(model, "HC1", *other)
        with pytest.raises(DataError, match="not fitted on these rows"):
            influence_of(model, *other)
    weighted = LeastSquares().fit(X, y, np.tile([0.5, 1.5], 15))
    with pytest.raises(DataError, match="not fitted on these rows"):
        summary_of(weighted, "classical", X, y)
    with pytest.raises(ShapeError, match="X has 30, y has 29"):
        summary_of(model, "HC1", X, y[1:])
    with pytest.raises(CellsError, match="Input y contains NaN"):
        summary_of(model, "HC1", X, np.where(np.arange(30) == 3, np.nan, y))
    with pytest.raises(ShapeError, match="3 features"):
        summary_of(model, "HC1", np.c_[X, X[:, 0]], y)
    assert model.n_features_in_ == 2


def test_clusters_that_cannot_be(model, rows):
    with pytest.raises(DataError, match="all rows are in one cluster"):
        summary_of(model, "cluster", *rows, groups=["a"] * 30)
    with pytest.raises(ShapeError, match=r"groups has shape \(29,\), expected \(30,\)"):
        summary_of(model, "cluster", *rows, groups=np.arange(29))
    with pytest.raises(DataError, match=r"groups: no label \(2 rows, first in row 5\)"):
        summary_of(model, "cluster", *rows, groups=np.where(np.arange(30) % 25 == 4, np.nan, 1.0))
    with pytest.raises(DataError, match=r"groups: no label \(1 row, first in row 1\)"):
        summary_of(model, "cluster", *rows, groups=np.array([None, *"ab" * 14, "c"], dtype=object))
    with pytest.raises(OptionError, match="cannot be compared"):
        summary_of(model, "cluster", *rows, groups=np.array([1, *"ab" * 14, "c"], dtype=object))


def test_fewer_clusters_than_slopes_leave_no_f(model, rows):
    summary = summary_of(model, "cluster", *rows, groups=np.arange(30) % 2)
    assert summary.df_inference == 1 and np.isnan(summary.f) and np.isfinite(summary.p).all()


def test_dependent_and_constant_columns_are_named():
    X = np.random.default_rng(1).normal(size=(20, 4))
    X[:, 2] = X[:, 0] - X[:, 1]
    table = pa.table({**{name: X[:, j] for j, name in enumerate("abcd")}, "still": np.full(20, 7.0), "y": X[:, 3] ** 2})
    with pytest.warns(RankWarning), pytest.warns(ConstantColumnWarning):
        model = LeastSquares().fit(table, "y")
    with pytest.raises(DataError) as refused:
        summary_of(model)
    assert [(problem.column, problem.what) for problem in refused.value.problems] == [
        ("a", "determined by others"), ("b", "determined by others"), ("c", "determined by others"),
        ("still", "never changes"),
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "intercept"), [(3, True), (2, False)])
def test_no_degrees_of_freedom_left(rows, n, intercept):
    model = LeastSquares(fit_intercept=intercept).fit(rows[0][:n], rows[1][:n])
    with pytest.raises(ShapeError, match=f"{n} rows leave no degrees of freedom for {n} coefficients"):
        summary_of(model)


def test_rows_of_weight_zero_leave_no_degrees_of_freedom_either(rows):
    model = LeastSquares().fit(rows[0][:6], rows[1][:6], [1, 1, 1, 0, 0, 0])
    with pytest.raises(ShapeError, match="3 rows leave no degrees"):
        summary_of(model)


@pytest.mark.parametrize("cov", ["HC2", "HC3"])
def test_a_row_with_a_column_of_its_own(rows, cov):
    X, y = rows
    X[:, 1] = np.arange(30) == 11
    model = LeastSquares().fit(X, y)
    with pytest.raises(DataError, match=r"row 12 alone determines a coefficient \(leverage 1\)"):
        summary_of(model, cov, X, y)
    assert np.isfinite(summary_of(model, "HC1", X, y).standard_errors).all()


def test_a_row_of_its_own_is_found_in_any_block(monkeypatch):
    monkeypatch.setattr("trueline.rows.source.BLOCK_CELLS", 1)  # blocks of 1024 rows
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(3000, 2)), rng.normal(size=3000)
    X[:, 1] = np.arange(3000) == 2000
    model = LeastSquares().fit(X, y)
    with pytest.raises(DataError, match="row 2001 alone"):
        summary_of(model, "HC3", X, y)


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_a_perfect_fit_is_said(offset):
    x = np.arange(20.0) + offset
    X, y = x[:, None], x / 3 + 1
    model = LeastSquares().fit(X, y)
    with pytest.warns(PrecisionWarning, match=r"smaller than moments can resolve.*Pass the rows") as said:
        unknown = summary_of(model)
    assert len(said) == 1
    assert np.isnan(unknown.standard_errors).all() and np.isnan(unknown.t).all() and unknown.digits == 0
    for cov in ("classical", "HC3"):
        with pytest.warns(PrecisionWarning, match="zero to rounding"):
            known = summary_of(model, cov, X, y)
        assert not known.covariance.any() and np.isnan(known.t).all() and known.f == np.inf
    with pytest.warns(PrecisionWarning, match="upper bounds"):
        found = prediction_interval(model, X, 0.95)
    assert (found.high - found.low < 1e-5 * max(1.0, offset)).all() and (found.low <= found.high).all()


def test_small_residuals_beside_a_large_spread_are_not_taken_for_zero():
    rng = np.random.default_rng(2)
    x = np.arange(200.0)
    for noise in 10.0 ** np.arange(0, -12, -1):
        e = rng.normal(size=200) * noise
        y = 1e3 * x + e
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            summary = summary_of(LeastSquares().fit(x[:, None], y))
        exact = y - np.polyval(np.polyfit(x - 99.5, e, 1), x - 99.5) - 1e3 * x
        right = np.sqrt(exact @ exact / 198)
        if not np.isnan(summary.residual_standard_error) and not said:
            assert summary.residual_standard_error == pytest.approx(right, rel=1e-5)
        assert said or noise > 1e-5


def test_y_that_never_changes_has_no_r2():
    X, weights = np.random.default_rng(1).normal(size=(31, 2)), np.random.default_rng(7).uniform(0.1, 2, 31)
    for value in (5.0, *(np.arange(1, 40) / 7)):  # the mean of 31 sevenths is rounded, so their spread is not quite 0
        y = np.full(31, value)
        model = LeastSquares().fit(X, y, weights)
        model.moments_ = Moments.of(X, y, weights)
        with pytest.warns(PrecisionWarning):
            assert np.isnan(summary_of(model, "classical", X, y, sample_weight=weights).r2)


@pytest.mark.filterwarnings("ignore:nearly dependent columns")
def test_moments_alone_do_for_columns_that_are_nearly_dependent_up_to_a_point():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(50, 2))
    y = X.sum(axis=1) + rng.normal(size=50)
    for closeness, outcome in ((1e-4, "warned"), (1e-7, "refused")):
        Z = np.c_[X[:, 0], X[:, 0] + closeness * X[:, 1]]
        model = LeastSquares().fit(Z, y)
        if outcome == "warned":
            with pytest.warns(PrecisionWarning, match=r"only \d digits of the standard errors.*Pass the rows"):
                summary_of(model)
        else:
            with pytest.raises(OptionError, match=r"too nearly dependent.*Pass the rows"):
                summary_of(model)
        assert summary_of(model, "classical", Z, y).standard_errors[2] == pytest.approx(
            summary_of(LeastSquares().fit(X, y)).standard_errors[2] / closeness, rel=1e-8 if closeness > 1e-5 else 1e-6
        )


def test_tables_by_name_and_by_frame(rows):
    X, y = rows
    table = pa.table({"rooms": X[:, 0], "age": X[:, 1], "price": y})
    by_name, by_array = LeastSquares().fit(table, "price"), LeastSquares().fit(X, y)
    found = summary_of(by_name, "HC1", table, "price")
    assert found.names == ("(Intercept)", "rooms", "age")
    assert np.array_equal(found.covariance, summary_of(by_array, "HC1", X, y).covariance)
    assert summary_of(by_array).names == ("(Intercept)", "X[:, 0]", "X[:, 1]")
    with pytest.raises(OptionError, match="fitted on 'price'"):
        summary_of(by_name, "HC1", table, "age")
    frame = table.drop(["price"])
    by_frame = LeastSquares().fit(frame, table["price"])
    assert np.array_equal(summary_of(by_frame, "HC1", frame, table["price"]).covariance, found.covariance)


def test_a_summary_prints_as_a_table(model, rows):
    text = str(summary_of(model))
    lines = text.splitlines()
    assert all(line == line.rstrip() for line in lines) and text.isascii()
    rules = [len(line) for line in lines if set(line) in ({"="}, {"-"})]
    assert len(rules) == 4 and max(map(len, lines)) == min(rules) == max(rules) <= 79
    table = lines[lines.index("=" * rules[0], 2) + 1 :]
    assert table[0].split() == ["coef", "std", "err", "t", "P>|t|", "[0.025", "0.975]"]
    assert [line.split()[0] for line in table[2:4]] == ["(Intercept)", "X[:,"]
    assert len({len(line) for line in table[2:5]}) == 1  # right-aligned
    for fact in (
        "Observations",
        "Df residuals",
        "R-squared",
        "Adj. R-squared",
        "F(2, 27)",
        "AIC",
        "Condition",
        "classical",
    ):
        assert fact in text
    assert "<1e-16" in str(summary_of(LeastSquares().fit(rows[0], rows[0].sum(axis=1) * 100 + rows[1])))
    assert repr(summary_of(model)) == text


def test_wild_numbers_stay_aligned():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 3)) * [1e-9, 1.0, 1e12]
    text = str(summary_of(LeastSquares().fit(X, rng.normal(size=30) * 1e6)))
    rows = text.splitlines()[-5:-1]
    assert len({len(row) for row in rows}) == 1
    assert all(len(re.split(r"\s{2,}", row)) == 7 for row in rows)


def test_a_notebook_shows_the_same_cells_escaped():
    rng = np.random.default_rng(5)
    table = pa.table({"<b>x</b>": rng.normal(size=20), "y": rng.normal(size=20)})
    summary = summary_of(LeastSquares().fit(table, "y"))
    page = summary._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;x&lt;/b&gt;" in page
    assert page.count("<tr>") == 3 + 11
    cells = [cell for line in str(summary).splitlines()[-4:-1] for cell in re.split(r"\s{2,}", line)[1:]]
    assert all(f">{cell}</td>" in page for cell in cells if cell.strip("-=") and not set(cell) & set("<[P"))


def test_a_note_says_what_is_not_vouched_for():
    x = np.arange(20.0)[:, None]
    with pytest.warns(PrecisionWarning):
        text = str(summary_of(LeastSquares().fit(x, x[:, 0] / 3)))
    assert "Note: the residuals are smaller than moments can resolve" in text
    assert " nan" not in text
