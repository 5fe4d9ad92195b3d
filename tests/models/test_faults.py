"""Faulty cells, shapes and options: each gets an error that names column, first row and count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from every_model import MODELS, ROBUST, every, quiet, refuses
from trueline import Domain, LeastSquares, LinearRegressionGD
from trueline.errors import CellsError, DataError, DivergenceError, NotANumberError, ShapeError, TruelineError
from trueline.maths.descent import Status

single = pytest.mark.parametrize("dtype", [np.float64, np.float32])
forms = pytest.mark.parametrize("form", ["array", "list", "object", "pandas"])


def shaped(X, form):
    """X as an array, nested lists, or a frame; and the name of its column 1."""
    if form == "pandas":
        return pd.DataFrame(X, columns=["a", "b", "c"]), "b"
    return {"list": X.tolist(), "object": X.astype(object)}.get(form, X), "X[:, 1]"


@every
@forms
@single
@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")], ids=str)
def test_1_and_2_nan_and_infinity_in_x(model, form, dtype, value, name, rows):
    X, y = rows[0].astype(dtype), rows[1]
    X[[4, 9, 30], 1] = value
    table, column = shaped(X, form)
    error = refuses(model, table, y, CellsError, column, name, "3 rows", "first in row 5")
    assert [(p.column, p.row, p.count) for p in error.problems] == [(column, 5, 3)]


@every
def test_1_and_2_every_column_is_named_at_once(model, rows):
    X, y = rows
    X[3, 0], X[7, 2], X[8, 2] = np.nan, np.inf, np.nan
    error = refuses(model, X, y, CellsError, "NaN and infinity")
    assert {(p.column, p.row, p.count) for p in error.problems} == {
        ("X[:, 0]", 4, 1),
        ("X[:, 2]", 8, 1),
        ("X[:, 2]", 9, 1),
    }


@every
@pytest.mark.parametrize("as_series", [False, True])
@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity")], ids=str)
def test_1_and_2_in_y(model, as_series, value, name, rows):
    X, y = rows
    y[[2, 5]] = value
    refuses(model, X, pd.Series(y, name="y") if as_series else y, CellsError, "y: ", name, "2 rows", "first in row 3")


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_2_infinity_is_not_clipped_into_a_number(value, rows):
    X, y = rows
    X[5, 1] = value
    with pytest.raises(CellsError, match=r"X\[:, 1\].*first in row 6"):
        LinearRegressionGD(clip_features=Domain(-9, 9)).fit(X, y)


@every
@pytest.mark.parametrize("n", [3, 40_000])
def test_1_is_found_in_a_late_block_and_under_zero_weight(model, n, make_rows):
    X, y = make_rows(n)
    X[-1, 1] = np.nan
    weights = np.ones(n)
    weights[-1] = 0.0
    refuses(model, X, y, CellsError, "X[:, 1]", f"first in row {n}", weights=weights)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity")], ids=str)
def test_1_and_2_in_predict(model, value, name, rows):
    X, y = rows
    fitted = quiet(model, pd.DataFrame(X, columns=["a", "b", "c"]), y)
    X[6, 1] = value
    with pytest.raises(CellsError, match=f"{name}.*b: .*first in row 7"):
        fitted.predict(pd.DataFrame(X, columns=["a", "b", "c"]))


@every
@pytest.mark.parametrize("empty", [np.empty((0, 3)), pd.DataFrame({"a": [], "b": []})], ids=["array", "pandas"])
def test_3_no_rows(model, empty):
    refuses(model, empty, np.empty(0), ShapeError, "0 sample(s)")


@every
def test_3_no_columns(model):
    refuses(model, np.empty((5, 0)), np.zeros(5), ShapeError, "0 feature(s)")


@every
@single
def test_4_one_row_is_refused(model, dtype):
    refuses(model, np.ones((1, 2), dtype), [1.0], ShapeError, "one row", "at least two rows")


@every
def test_4_rows_of_no_weight_are_refused(model, rows):
    refuses(model, *rows, DataError, "all weights are zero", weights=np.zeros(len(rows[1])))


@every
@pytest.mark.parametrize("where", ["X", "y", "object", "pandas"])
def test_13_complex_numbers(model, where, rows):
    X, y = rows
    X = {"X": X + 0j, "object": (X + 1j).astype(object), "pandas": pd.DataFrame(X + 1j)}.get(where, X)
    error = refuses(model, X, y + 0j if where == "y" else y, CellsError, "first in row 1", "60 rows")
    assert "Complex data not supported" in str(error) or "complex numbers" in str(error)


def test_14_objects_that_hold_only_numbers_pass(rows):
    X, y = rows
    fitted = LeastSquares().fit(X.astype(object), y.astype(object))
    assert np.array_equal(fitted.coef_, LeastSquares().fit(X, y).coef_)
    assert np.array_equal(fitted.predict(X.astype(object)), fitted.predict(X))


@every
@pytest.mark.parametrize("form", ["object", "text", "list", "pandas", "bytes"])
@pytest.mark.parametrize("cell", ["3.5", "north"])
def test_14_text_is_named_and_never_cast(model, form, cell, rows):
    X, y = rows
    table, column = X.astype(object), "X[:, 1]"
    table[[4, 5], 1] = cell
    if form == "text":
        table = X.astype(str).astype(object)
        table[:, [0, 2]] = X[:, [0, 2]]
        table[:, 1] = cell
    elif form == "list":
        table = table.tolist()
    elif form == "bytes":
        table = X.astype(bytes)
        refuses(model, table, y, CellsError, "X[:, 0]", "60 rows")
        return
    elif form == "pandas":
        table, column = pd.DataFrame(table, columns=["a", "b", "c"]), "b"
    first = 1 if form == "text" else 5
    refuses(model, table, y, CellsError, column, repr(cell), f"first in row {first}")


@every
def test_14_text_in_y(model, rows):
    X, y = rows
    for labels in (
        ["1.5"] * len(y),
        pd.Series(["1.5"] * len(y), name="price"),
        np.array(["1.5"] * len(y), dtype=object),
    ):
        refuses(model, X, labels, CellsError, "'1.5'", "60 rows", "first in row 1")


@every
@pytest.mark.parametrize("thing", [object(), {"a": 1}, [1, 2]], ids=["object", "dict", "list"])
def test_14_other_objects_are_named(model, thing, rows):
    X, y = rows
    table = X.astype(object)
    table[8, 1] = thing
    refuses(model, table, y, NotANumberError, "X[:, 1]", "first in row 9")


@every
@pytest.mark.parametrize("kind", ["datetime64[D]", "timedelta64[s]"])
def test_14_dates_are_named(model, kind, rows):
    X, y = rows
    refuses(model, np.arange(180).reshape(60, 3).astype(kind), y, CellsError, "X[:, 0]", "first in row 1")
    frame = pd.DataFrame({"a": X[:, 0], "when": np.arange(60).astype(kind.replace("D", "s"))})
    refuses(model, frame, y, CellsError, "when", "first in row 1")


@every
@pytest.mark.parametrize("form", ["array", "list", "pandas"])
def test_15_lengths_that_differ_are_both_named(model, form, rows):
    X, y = rows
    refuses(model, shaped(X, form)[0], y[:-4], ShapeError, "X has 60, y has 56")
    refuses(model, shaped(X[:-1], form)[0], y, ShapeError, "X has 59, y has 60")
    refuses(model, X, y, ShapeError, "(59,)", "(60,)", weights=np.ones(59))


@pytest.mark.parametrize("model", ["compiled", "numpy", "huber"])
def test_16_divergence_and_an_early_stop_are_never_silent(model, rows):
    with pytest.warns(ConvergenceWarning, match="epochs used up after 3 epochs"):
        assert MODELS[model](epochs=3).fit(*rows).status_ is Status.EPOCHS_USED_UP
    X, y = rows
    if model == "huber":  # its pushes are bounded: it hovers, and does not explode
        with pytest.warns(ConvergenceWarning, match=r"lr=100 is above 0\.2921, the largest that is sure to be stable"):
            MODELS[model](lr=100.0).fit(X, y)
        return
    with pytest.raises(DivergenceError, match="diverged") as caught:
        MODELS[model](lr=100.0).fit(X, y)
    assert caught.value.advice and caught.value.history


@every
@pytest.mark.parametrize("fault", ["nan", "text", "lengths", "option", "diverged"])
def test_a_failed_refit_leaves_the_last_good_fit(model, fault, rows):
    X, y = rows
    fitted = quiet(model, pd.DataFrame(X, columns=["a", "b", "c"]), y)
    frame = pd.DataFrame(X * 7.0, columns=["p", "q", "r"]).iloc[:, :2]
    bounded = model in ("huber", *ROBUST)  # nothing makes these diverge
    if fault == "option":
        fitted.set_params(**({"tau": 2.0} if model == "quantile regression" else {"reg_lambda": -1.0}))
    elif fault == "diverged" and not bounded:
        fitted.set_params(**({"reg_lambda": np.inf} if model == "closed form" else {"lr": 1e9}))
    before = {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    table = frame.assign(q="text") if fault == "text" else frame
    target = {"nan": y * np.nan, "lengths": y[1:], "diverged": np.nan * y if bounded else y}.get(fault, y)
    with pytest.raises((TruelineError, ArithmeticError)):
        fitted.fit(table, target)
    assert {name: value for name, value in vars(fitted).items() if name.endswith("_")}.keys() == before.keys()
    assert all(vars(fitted)[name] is before[name] for name in before)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**60), 2**64 - 1])
def test_14_whole_numbers_that_float64_cannot_hold_are_named(number, rows):
    X, y = rows
    whole = np.rint(X).astype(object)
    LeastSquares().fit(whole.astype(np.int64), y)
    whole[[7, 9], 1] = number
    dtype = np.uint64 if number > 2**63 else np.int64
    error = refuses("closed form", np.abs(whole).astype(dtype) if number > 0 else whole.astype(dtype), y, CellsError)
    assert [(p.column, p.row, p.count) for p in error.problems] == [("X[:, 1]", 8, 2)] and "2**53" in str(error)
