"""Our estimators are scikit-learn estimators: its own checks, and the places where people use them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from trueline import HuberRegression, LeastSquares, LinearRegressionGD, QuantileRegression, TrimmedLeastSquares
from trueline.errors import ColumnsError

MODELS = [
    LeastSquares(),
    LeastSquares(reg_lambda=0.1, fit_intercept=False),
    LinearRegressionGD(),
    LinearRegressionGD(engine="numpy"),
    LinearRegressionGD(standardize=True, momentum=0.5, reg_lambda=0.1),
    LinearRegressionGD(engine="numpy", clip_row_gradient=1.0, epochs=50),
    LinearRegressionGD(loss="huber", batch_size=16, epochs=50, clip_features=(0.05, 0.95)),
    HuberRegression(),
    HuberRegression(scale=None, reg_lambda=0.1),
    QuantileRegression(0.3),
    TrimmedLeastSquares(),
]
FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]
models = pytest.mark.parametrize("model", MODELS, ids=repr)
frames = pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__module__.split(".")[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::trueline.errors.TruelineWarning")
@parametrize_with_checks([*MODELS[:4], *MODELS[7:]], legacy=True)
def test_every_check_of_scikit_learn(estimator, check):
    check(estimator)


@models
def test_clone_and_parameters(model):
    params = model.get_params()
    assert clone(model).get_params() == params
    other = type(model)().set_params(**params)
    assert other.get_params() == params
    with pytest.raises(ValueError, match="Invalid parameter 'learning_rate'"):
        other.set_params(learning_rate=1)


@models
def test_unfitted_predict_says_so(model):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(model).predict([[1.0]])


@models
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pickle_predicts_the_same_and_holds_no_rows(model, make_rows):
    sizes = []
    for n in (500, 50_000):
        X, y = make_rows(n)
        fitted = clone(model).set_params(**({"epochs": 5} if "epochs" in model.get_params() else {})).fit(X, y)
        for name in ("support_", "inliers_"):  # one bit of knowledge for each row, and no row
            vars(fitted).pop(name, None)
        written = pickle.dumps(fitted)
        sizes.append(len(written))
        assert np.array_equal(pickle.loads(written).predict(X), fitted.predict(X))
    assert abs(sizes[1] - sizes[0]) < 500


@models
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_refitting_forgets_the_first_fit(model, rows):
    X, y = rows
    twice = clone(model).fit(pd.DataFrame(X[:, :2] * 3, columns=["a", "b"]), y).fit(X, y)
    once = clone(model).fit(X, y)
    assert np.array_equal(twice.coef_, once.coef_) and twice.intercept_ == once.intercept_
    assert vars(twice).keys() == vars(once).keys()


@models
def test_fit_changes_neither_rows_nor_parameters(model, rows, descend):
    X, y = rows
    weights = np.linspace(0, 1, len(y))
    kept = X.copy(), y.copy(), weights.copy()
    before = model.get_params()
    descend(X, y, weights, kind=lambda **_: clone(model))
    assert all(np.array_equal(a, b) for a, b in zip(kept, (X, y, weights), strict=True))
    assert model.get_params() == before


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_pipeline_grid_search_and_cross_validation(rows, n_jobs):
    X, y = rows
    pipeline = make_pipeline(StandardScaler(), LinearRegressionGD())
    search = GridSearchCV(pipeline, {"linearregressiongd__reg_lambda": [0.0, 10.0]}, cv=3, n_jobs=n_jobs).fit(X, y)
    assert search.best_params_ == {"linearregressiongd__reg_lambda": 0.0}
    assert search.score(X, y) > 0.99
    assert cross_val_score(LeastSquares(), X, y, cv=3, n_jobs=n_jobs).min() > 0.99


@models
def test_shows_itself_in_notebooks(model):
    assert type(model).__name__ in model._repr_html_()


@frames
@models
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_names_of_any_frame_are_kept_and_the_numbers_are_those_of_the_array(model, frame, rows):
    X, y = rows
    table = frame({name: X[:, j] for j, name in enumerate("abc")})
    fitted = clone(model).fit(table, y)
    assert list(fitted.feature_names_in_) == ["a", "b", "c"] and fitted.n_features_in_ == 3
    assert np.array_equal(fitted.coef_, clone(model).fit(X, y).coef_)
    assert np.array_equal(fitted.predict(table), fitted.scaling_.clip(X) @ fitted.coef_ + fitted.intercept_)


@frames
@pytest.mark.parametrize("columns", ["bac", "ab", "abd", "abcd"], ids=["swapped", "missing", "renamed", "extra"])
def test_other_columns_at_predict_raise(frame, columns, rows):
    X, y = rows
    model = LeastSquares().fit(frame({name: X[:, j] for j, name in enumerate("abc")}), y)
    with pytest.raises(ColumnsError, match="feature names"):
        model.predict(frame({name: X[:, j % 3] for j, name in enumerate(columns)}))


@frames
def test_a_column_of_any_library_serves_as_y(frame, rows):
    X, y = rows
    table = frame({"y": y})
    assert np.array_equal(LeastSquares().fit(X, table["y"]).coef_, LeastSquares().fit(X, y).coef_)


@models
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_column_vector_y_is_flattened_with_a_warning(model, rows):
    X, y = rows
    with pytest.warns(DataConversionWarning):
        fitted = clone(model).fit(X, y[:, None])
    assert np.array_equal(fitted.coef_, clone(model).fit(X, y).coef_)
    assert fitted.predict(X).shape == (len(y),)


@pytest.mark.parametrize("model", [LeastSquares(), LinearRegressionGD()], ids=repr)
def test_sample_weight_is_routed_through_a_pipeline(model, rows):
    X, y = rows
    weights = np.linspace(0.1, 3.0, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        asked = make_pipeline(StandardScaler().set_fit_request(sample_weight=False),
                              clone(model).set_fit_request(sample_weight=True))  # fmt: skip
        routed = asked.fit(X, y, sample_weight=weights)[-1]
    direct = clone(model).fit(StandardScaler().fit_transform(X), y, weights)
    unweighted = clone(model).fit(StandardScaler().fit_transform(X), y)
    assert np.array_equal(routed.coef_, direct.coef_)
    assert not np.allclose(routed.coef_, unweighted.coef_, rtol=1e-6)


@models
def test_weights_count_rows(model, rows, descend):
    X, y = rows
    counts = np.arange(len(y)) % 3
    options = {"batch_size": None, "clip_features": None} if "batch_size" in model.get_params() else {}
    fit = lambda *data: descend(*data, kind=lambda **_: clone(model).set_params(**options))  # noqa: E731
    weighted, repeated = fit(X, y, counts), fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.allclose(weighted.coef_, repeated.coef_, rtol=1e-9)
    assert np.isclose(weighted.intercept_, repeated.intercept_, rtol=1e-9)
