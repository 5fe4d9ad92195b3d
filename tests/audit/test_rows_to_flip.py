"""Known answers on published data, the other goals of removal, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from trueline import LeastSquares, audit
from trueline.errors import DataError, OptionError, ShapeError

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")


def trial(name):
    """Outcome and treatment of one microcredit trial, rows with missing values dropped."""
    table = pd.read_csv(DATA / "microcredit" / f"{name}.csv", index_col=0).dropna()
    return table.iloc[:, 1:], table.iloc[:, 0]


def eubank():
    """Incarceration rates by state and year; dummies for both but one each."""
    with open(DATA / "eubank.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {name: [float(row[name]) for row in rows] for name in ("vra2_x_post1965", "st_census_urban_perc")}
    for key in ("state", "year"):
        levels = sorted({row[key] for row in rows})[1:]
        columns |= {f"{key}={level}": [float(row[key] == level) for row in rows] for level in levels}
    return pd.DataFrame(columns), np.array([float(row["st_icpsr_MI_rate_black"]) for row in rows])


@needs_data
@pytest.mark.parametrize(("name", "count"), [("mongolia", 15), ("mexico", 1), ("bosnia", 13), ("ethiopia", 1)])
def test_microcredit_trials_exactly(name, count):
    """Broderick, Giordano and Meager (2020), table 1, by an exact search."""
    X, y = trial(name)
    result = audit.rows_to_flip(X, y, X.columns[0])
    assert result.found == result.certified == count and result.exact
    kept = np.delete(np.arange(len(y)), result.rows)
    refit = LeastSquares().fit(X.iloc[kept], y.iloc[kept]).coef_[0]
    assert refit == pytest.approx(result.after.coef) and refit * result.before.coef < 0


@needs_data
def test_mexico_significant_with_the_other_sign():
    """The first-order method says 15."""
    X, y = trial("mexico")
    result = audit.rows_to_flip(X, y, 0, "significant_opposite")
    assert result.found <= 9 and result.predicted == 15
    assert result.before.coef < 0 and result.after.t > 1.96
    assert result.certified == 1


@needs_data
def test_eubank_lies_in_its_bracket():
    """Published: 29 by refitting, at least 13 by the best certificate."""
    X, y = eubank()
    result = audit.rows_to_flip(X, y, "vra2_x_post1965")
    assert result.found <= 29 and result.certified >= 15
    assert result.predicted == 125
    quick = audit.rows_to_flip(X, y, "vra2_x_post1965", effort="quick")
    assert quick.certified >= 13 and quick.found <= 29
    assert quick.proven_by.startswith("second order")


def test_diabetes():
    X, y = load_diabetes(as_frame=True, return_X_y=True)
    removed = audit.rows_to_flip(X, y, "s5", effort="quick")
    added = audit.rows_to_flip(X, y, "s5", by="add")
    assert removed.found == 26 and added.found == added.certified == 2
    assert (added.rows >= X.to_numpy().min(axis=0)).all() and (added.rows <= X.to_numpy().max(axis=0)).all()


@pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("slope", [0.45, 0.02])
def test_significance_is_judged_by_a_refit(cov, slope, rng):
    """Lost where there is one, won where there is none."""
    X = rng.normal(size=(70, 3))
    y = slope * X[:, 1] + rng.normal(size=70)
    result = audit.rows_to_flip(X, y, 1, "significance", cov=cov)
    kept = np.delete(np.arange(70), result.rows)
    before, after = (LeastSquares().fit(A, b).summary(cov, A, b) for A, b in ((X, y), (X[kept], y[kept])))
    assert (before.p[2] < 0.05) != (after.p[2] < 0.05)
    assert result.after.t == pytest.approx(after.t[2]) and result.before.t == pytest.approx(before.t[2])
    assert result.certified == 0 and "not proven" in str(result)
    opposite = audit.rows_to_flip(X, y, 1, "significant_opposite", cov=cov)
    sign = audit.rows_to_flip(X, y, 1)
    assert opposite.found >= sign.found and opposite.certified <= sign.found
    assert opposite.certified == sign.certified and opposite.proven_by.endswith("for the sign")


def test_a_removal_after_which_there_is_no_standard_error_is_no_lost_significance():
    """Without row 0 or 1 the other alone determines the second column, and HC2 is not defined."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=40), np.arange(40) < 2])
    X[:2, 0] = 6.0, -0.1
    y = 0.3 * X[:, 0] + rng.normal(size=40) + 5 * X[:, 1]
    y[0] += 3
    result = audit.rows_to_flip(X, y, 0, "significance", cov="HC2")
    assert result.before.significant
    assert result.found is None or np.isfinite(result.after.low)


def test_the_level_counts(rng):
    X = rng.normal(size=(80, 1))
    y = 0.5 * X[:, 0] + rng.normal(size=80)
    counts = [audit.rows_to_flip(X, y, 0, "significance", level=level).found for level in (0.2, 0.05, 0.01)]
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[2]


def test_columns_that_determine_each_other_change_nothing(rng):
    X = rng.normal(size=(60, 3))
    y = 0.3 * X[:, 0] + rng.normal(size=60)
    plain = audit.rows_to_flip(X, y, 0)
    twice = audit.rows_to_flip(np.column_stack([X, X[:, 1] - 2 * X[:, 2], np.ones(60)]), y, 0)
    assert plain.found == twice.found and plain.certified == twice.certified
    np.testing.assert_array_equal(plain.rows, twice.rows)
    with pytest.raises(DataError, match="determined by other columns"):
        audit.rows_to_flip(np.column_stack([X, X[:, 0] + X[:, 1]]), y, 0)
    with pytest.raises(DataError, match="never changes"):
        audit.rows_to_flip(np.column_stack([X, np.ones(60)]), y, 3)


def test_units_and_offsets_do_not_matter(rng):
    X = rng.normal(size=(60, 2))
    y = 0.3 * X[:, 0] + rng.normal(size=60)
    plain = audit.rows_to_flip(X, y, 0)
    moved = audit.rows_to_flip(X * [1e-6, 1e5] + [1e2, 1e8], 1e-9 * y + 5, 0)
    np.testing.assert_array_equal(plain.rows, moved.rows)
    assert moved.certified == plain.certified and moved.predicted == plain.predicted


def test_what_is_refused(rng):
    X = pd.DataFrame(rng.normal(size=(30, 2)), columns=["a", "b"])
    y = X["a"] + rng.normal(size=30)
    for options, words in (
        ({"goal": "flip"}, "goal must be"), ({"by": "magic"}, "by must be"), ({"cov": "HC9"}, "cov must be"),
        ({"level": 2}, "level must be"), ({"effort": "much"}, "effort must be"), ({"reg_lambda": -1}, "reg_lambda"),
        ({"goal": "significance", "reg_lambda": 1.0}, "penalised fit"), ({"swaps": 1}, "no option swaps"),
    ):  # fmt: skip
        with pytest.raises(OptionError, match=words):
            audit.rows_to_flip(X, y, "a", **options)
    for feature in ("c", 2, True, 1.0):
        with pytest.raises(OptionError, match=r"no column|feature must"):
            audit.rows_to_flip(X, y, feature)
    with pytest.raises(DataError, match="zero to rounding"):
        audit.rows_to_flip(X, np.full(30, 4.0), "a")
    with pytest.raises(ShapeError, match="degrees of freedom"):
        audit.rows_to_flip(X[:3], y[:3], "a", "significance")
    with pytest.raises(DataError):
        audit.rows_to_flip(X, y.where(y > y.min()), "a")


def test_it_prints_and_tells(rng):
    X = pd.DataFrame(rng.normal(size=(40, 2)), columns=["<a>", "b"])
    calls = []
    result = audit.rows_to_flip(X, 0.5 * X["<a>"] + rng.normal(size=40), "<a>",
                                on_progress=lambda done, total: calls.append((done, total)))  # fmt: skip
    text = str(result)
    assert all(word in text for word in ("coefficient", "wanted", "found", "then", "at least", "first order says"))
    assert str(result.found) in text and str(result.certified) in text
    assert "&lt;a&gt;" in result._repr_html_() and "<a>" not in result._repr_html_()
    assert calls[-1][0] == calls[-1][1] and [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert result.share == result.found / 40
    assert not any(word in text for word in ("safe", "robust"))
