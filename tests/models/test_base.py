"""The gate that all models share, and predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.validation import check_is_fitted

from trueline import (
    HuberRegression,
    LeastSquares,
    LinearRegressionGD,
    QuantileRegression,
    Schema,
    TrimmedLeastSquares,
)
from trueline import rows as trueline_rows
from trueline.errors import CellsError, DataError, OptionError, ShapeError

MODELS = [LeastSquares, LinearRegressionGD, HuberRegression, QuantileRegression, TrimmedLeastSquares]
every = pytest.mark.parametrize("model", MODELS)


@pytest.fixture
def frame(rows):
    """Columns a, b, c and price."""
    X, y = rows
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(price=y)


@every
@pytest.mark.parametrize("shape", [(60, 2), (60, 1, 1), (1, 60), (60, 0), ()])
def test_a_y_of_another_shape_is_refused(model, rows, shape):
    X, _ = rows
    with pytest.raises(ShapeError) as caught:
        model().fit(X, np.zeros(shape))
    assert "(60,)" in str(caught.value) and str(shape) in str(caught.value)


@every
@pytest.mark.parametrize("shape", [(60,), (60, 3, 1)])
def test_an_x_of_another_shape_is_refused(model, rows, shape):
    with pytest.raises(ShapeError, match=r"2D array|dim 3|expected <= 2"):
        model().fit(np.zeros(shape), rows[1])


@every
@pytest.mark.parametrize(
    ("weights", "kind", "words"),
    [(-1.0, DataError, "sample_weight: negative (60 rows, first in row 1)"),
     ("three", DataError, "sample_weight: negative (2 rows, first in row 4)"),
     (np.ones((60, 1)), ShapeError, "(60, 1)"),
     (np.full(60, np.nan), CellsError, "sample_weight"),
     (["1"] * 60, CellsError, "sample_weight")],
    ids=str,
)  # fmt: skip
def test_weights_outside_what_they_may_be_are_refused(model, rows, weights, kind, words):
    if isinstance(weights, str):
        weights = np.where(np.isin(np.arange(60), [3, 7]), -0.5, 1.0)
    with pytest.raises(kind) as caught:
        model().fit(*rows, sample_weight=weights)
    assert words in str(caught.value)


@every
def test_a_single_weight_for_all_changes_nothing(model, rows):
    assert np.allclose(model().fit(*rows, sample_weight=3.0).coef_, model().fit(*rows).coef_, rtol=1e-12)


@every
def test_predict_is_clip_x_times_coef_plus_intercept(model, rows):
    X, y = rows
    fitted = model().fit(X, y)
    assert np.array_equal(fitted.predict(X), X @ fitted.coef_ + fitted.intercept_)
    assert np.allclose(fitted.predict(X.astype(np.float32)), fitted.predict(X), rtol=1e-5)
    assert fitted.predict(X.tolist()).shape == (60,)


@every
def test_the_target_may_be_a_column_of_the_frame(model, frame):
    named = model().fit(frame, y="price")
    plain = model().fit(frame[["a", "b", "c"]], frame["price"])
    assert np.array_equal(named.coef_, plain.coef_) and list(named.feature_names_in_) == ["a", "b", "c"]
    assert isinstance(named.schema_, Schema) and not hasattr(plain, "schema_")
    assert np.array_equal(named.predict(frame[["a", "b", "c"]]), plain.predict(frame[["a", "b", "c"]]))
    assert not hasattr(named.fit(frame[["a", "b"]], frame["price"]), "schema_")


@every
def test_a_stream_fits_like_its_frame(model, frame, tmp_path):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    streamed = model().fit(trueline_rows.open(tmp_path / "rows.csv"), y="price")
    assert np.allclose(streamed.coef_, model().fit(frame, y="price").coef_, rtol=1e-12)


@pytest.mark.parametrize("options", [{"loss": "huber"}, {"batch_size": 16, "epochs": 3}, {"engine": "numpy"},
                                     {"clip_row_gradient": 1.0}, {"clip_features": (0.1, 0.9)}], ids=str)  # fmt: skip
def test_every_descent_takes_a_stream(options, frame, tmp_path, descend):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    stream = trueline_rows.open(tmp_path / "rows.csv")
    streamed, whole = descend(stream, "price", **options), descend(frame, "price", **options)
    assert np.allclose(streamed.coef_, whole.coef_, rtol=1e-10)


@every
def test_a_name_needs_a_frame_and_no_loose_weights(model, rows, frame):
    with pytest.raises(OptionError, match="must be a frame"):
        model().fit(rows[0], y="price")
    with pytest.raises(OptionError, match="sample_weight goes with arrays"):
        model().fit(frame, y="price", sample_weight=np.ones(60))
    with pytest.raises(DataError, match="prise"):
        model().fit(frame, y="prise")


@every
def test_fit_without_y_says_so(model, rows):
    with pytest.raises(ShapeError, match="requires y to be passed"):
        model().fit(rows[0], None)


@every
def test_predict_refuses_rows_of_another_width(model, rows):
    X, y = rows
    fitted = model().fit(X, y)
    check_is_fitted(fitted)
    with pytest.raises(ShapeError, match=r"2 features.*expecting 3"):
        fitted.predict(X[:, :2])


@every
@pytest.mark.parametrize("names", [["a", "b", "b"], [1, "1", "c"]], ids=str)
def test_repeated_names_are_refused(model, rows, names):
    X, y = rows
    with pytest.raises(DataError, match=r"2 columns have this name"):
        model().fit(pd.DataFrame(X, columns=names), y)


@every
def test_numbered_columns_of_a_frame_are_columns_not_rows(model, rows):
    X, y = rows
    fitted = model().fit(pd.DataFrame(X, columns=[2, 0, 1]), pd.DataFrame({0: y}))
    assert np.array_equal(fitted.coef_, model().fit(X, y).coef_)
