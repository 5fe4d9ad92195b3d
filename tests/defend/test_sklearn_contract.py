"""Defences are scikit-learn estimators: its own checks, and the places where people use them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from trueline import LeastSquares
from trueline.defend import PartitionedEnsemble, PrivateLeastSquares, Screen, Sever, Winsorize
from trueline.errors import ColumnsError, MagnitudeError, ShapeError

WIDE = {"bounds": (-10, 10), "y_bounds": (-1e3, 1e3)}
AROUND = [
    Screen(LeastSquares()),
    Screen(LinearRegression(), leverage=None, residual=None, robust_distance=0.99),
    Sever(LeastSquares()),
    Sever(LinearRegression(), threshold=6.0),
    PartitionedEnsemble(LeastSquares(), parts=3),
]
EVERY = [*AROUND, PrivateLeastSquares(epsilon=1e9, **WIDE), Winsorize(), Winsorize(bounds=(-1, 1))]
FEW = [
    "check_sample_weight_equivalence_on_dense_data",
    "check_estimators_nan_inf",
    "check_regressors_no_decision_function",
]
FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]
every = pytest.mark.parametrize("model", EVERY, ids=repr)
around = pytest.mark.parametrize("model", AROUND, ids=repr)
frames = pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__module__.split(".")[0])
pytestmark = pytest.mark.filterwarnings("ignore::trueline.errors.TruelineWarning")


def not_for(estimator):
    """Checks whose rows the defence refuses, by what it states, or whose weights it cannot honour."""
    if isinstance(estimator, PartitionedEnsemble):
        few = "10 to 27 rows, too few for three parts"
        return dict.fromkeys(FEW, few)
    if isinstance(estimator, Sever):
        return {FEW[0]: "27 rows of 30 columns: least squares fits them exactly and no gradient is left"}
    if isinstance(estimator, Screen) and estimator.robust_distance is not None:
        return {FEW[0]: "the robust distance looks at each row once, whatever its weight"}
    return {}


@parametrize_with_checks(EVERY, legacy=True, expected_failed_checks=not_for)
def test_every_check_of_scikit_learn(estimator, check):
    check(estimator)


@every
def test_clone_and_parameters(model):
    params = model.get_params(deep=False)
    assert repr(clone(model)) == repr(model)
    with pytest.raises(ValueError, match="Invalid parameter"):
        clone(model).set_params(learning_rate=1)
    assert set(clone(model).set_params(**params).get_params(deep=False)) == set(params)


@around
def test_parameters_of_the_inner_estimator_are_reached(model):
    inner = clone(model).set_params(estimator__fit_intercept=False)
    assert inner.estimator.fit_intercept is False and "estimator__fit_intercept" in model.get_params()


@every
def test_unfitted_says_so(model):
    with pytest.raises(NotFittedError):
        (clone(model).transform if isinstance(model, Winsorize) else clone(model).predict)([[1.0]])


@frames
@around
def test_frames_give_the_numbers_of_arrays_and_hold_their_names(make_poisoned, model, frame):
    X, y, _, _ = make_poisoned()
    if isinstance(model.get_params()["estimator"], LinearRegression) and frame is pa.table:
        pytest.skip("scikit-learn's own models take no PyArrow tables")
    table = frame({name: X[:, j] for j, name in enumerate("abc")})
    fitted = clone(model).fit(table, y)
    assert list(fitted.feature_names_in_) == ["a", "b", "c"] and fitted.n_features_in_ == 3
    assert np.allclose(fitted.predict(table), clone(model).fit(X, y).predict(X), rtol=1e-9)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame({name: X[:, j] for j, name in enumerate("bac")}))


@frames
def test_private_models_hold_names_too(make_poisoned, frame):
    X, y, _, _ = make_poisoned()
    fitted = PrivateLeastSquares(**WIDE).fit(frame({name: X[:, j] for j, name in enumerate("abc")}), y)
    with pytest.raises(ColumnsError):
        fitted.predict(frame({name: X[:, j] for j, name in enumerate("bac")}))


@around
def test_pipeline_grid_search_and_cross_validation(make_poisoned, model):
    X, y, _, _ = make_poisoned(share=0)
    search = GridSearchCV(
        make_pipeline(Winsorize(), StandardScaler(), model),
        {"winsorize__quantiles": [(0.3, 0.7), (0.0, 1.0)]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"winsorize__quantiles": (0.0, 1.0)} and search.score(X, y) > 0.99
    assert cross_val_score(clone(model), X, y, cv=3).min() > 0.95


@around
def test_fits_can_be_repeated_and_pickled(make_poisoned, model):
    X, y, _, _ = make_poisoned()
    first, second = clone(model).fit(X, y), clone(model).fit(X, y)
    assert np.array_equal(first.predict(X), second.predict(X))
    assert np.array_equal(pickle.loads(pickle.dumps(first)).predict(X), first.predict(X))


@around
def test_a_failed_fit_keeps_the_last_good_one(make_poisoned, model):
    X, y, _, _ = make_poisoned()
    fitted = clone(model).fit(X, y)
    before = fitted.predict(X)
    with pytest.raises(ShapeError):
        fitted.fit(X[:1, :2], y[:1])
    assert np.array_equal(fitted.predict(X), before) and fitted.n_features_in_ == 3


@around
def test_numbers_too_large_to_square_are_refused_and_large_ones_are_not(make_poisoned, model):
    X, y, _, _ = make_poisoned()
    with pytest.raises(MagnitudeError, match="y"):
        clone(model).fit(X, y * 1e300)
    large = clone(model).fit(X, y * 1e150).predict(X) / 1e150
    if isinstance(model, PartitionedEnsemble):  # the parts are a hash of the cells, so these are others
        assert np.abs(large).max() < 100
    else:
        assert np.allclose(large, clone(model).fit(X, y).predict(X), rtol=1e-6)


@around
def test_any_regressor_can_be_defended(make_poisoned, model):
    from sklearn.tree import DecisionTreeRegressor

    X, y, _, _ = make_poisoned()
    tree = clone(model).set_params(estimator=DecisionTreeRegressor(max_depth=3, random_state=0)).fit(X, y)
    assert tree.predict(X).shape == y.shape and not hasattr(tree, "coef_")
