"""Models that others trained, seen as a line: what is folded, what is known of their loss, what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import linear_model as lm
from sklearn import preprocessing as pre
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR, LinearSVR
from sklearn.tree import DecisionTreeRegressor

from trueline import LeastSquares, LeastSquaresCV, LinearRegressionGD, verify
from trueline.defend import Screen
from trueline.errors import OptionError, ShapeError
from trueline.maths.losses import Huber, Quantile, Squared
from trueline.models.foreign import as_line

KNOWN = [  # model, loss, penalty on the mean, penalty on the sum
    (lm.LinearRegression(), Squared(), 0.0, 0.0),
    (lm.LinearRegression(fit_intercept=False), Squared(), 0.0, 0.0),
    (lm.Ridge(2.0), Squared(), 0.0, 2.0),
    (lm.RidgeCV([0.1]), Squared(), 0.0, 0.1),
    (lm.SGDRegressor(alpha=0.01), Squared(), 0.01, 0.0),
    (lm.SGDRegressor(penalty=None), Squared(), 0.0, 0.0),
    (lm.QuantileRegressor(alpha=0, quantile=0.7), Quantile(0.7), 0.0, 0.0),
]
UNKNOWN = [  # minimise something else than a mean loss of ours with a sum of squares
    lm.Lasso(0.1), lm.ElasticNet(0.1), lm.BayesianRidge(), lm.ARDRegression(), lm.HuberRegressor(), lm.LassoLars(0.1),
    lm.HuberRegressor(alpha=0.0), lm.SGDRegressor(loss="huber", alpha=0.0), lm.SGDRegressor(penalty="l1"),
    lm.LinearRegression(positive=True), lm.Ridge(1.0, positive=True), lm.TheilSenRegressor(random_state=0), LinearSVR(),
    lm.OrthogonalMatchingPursuit(n_nonzero_coefs=1), lm.RANSACRegressor(random_state=0),
    lm.QuantileRegressor(alpha=0.1), lm.TweedieRegressor(power=0),
    SVR(kernel="linear"),
]  # fmt: skip
BENT = [  # hold coefficients, and predict something else than the line they write down
    lm.LogisticRegression(), lm.RidgeClassifier(), lm.Perceptron(), lm.PoissonRegressor(), lm.GammaRegressor(),
    lm.TweedieRegressor(power=1.5), PLSRegression(1),
]  # fmt: skip
SCALERS = [
    pre.StandardScaler(), pre.StandardScaler(with_mean=False), pre.StandardScaler(with_std=False), pre.RobustScaler(),
    pre.RobustScaler(with_centering=False), pre.RobustScaler(with_scaling=False), pre.RobustScaler(unit_variance=True),
    pre.MinMaxScaler(), pre.MinMaxScaler((1, 3)), pre.MaxAbsScaler(), "passthrough",
]  # fmt: skip


@pytest.fixture
def positive(rows):
    """Rows with a positive y, and the labels whether it is large."""
    X, y = rows
    y = y - y.min() + 0.5
    return X, y, (y > np.median(y)).astype(int)


def fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


@pytest.mark.parametrize(("model", "loss", "reg_lambda", "alpha"), KNOWN, ids=lambda value: str(value)[:40])
def test_what_is_known_of_its_loss(rows, model, loss, reg_lambda, alpha):
    line = as_line(fitted(model, *rows))
    assert (line.loss, line.reg_lambda, line.alpha) == (loss, reg_lambda, alpha)
    assert line.fit_intercept == getattr(model, "fit_intercept", True)
    assert line.penalty(60.0) == line.known_penalty(60.0) == reg_lambda + alpha / 60
    assert np.allclose(rows[0] @ line.coef + line.intercept, model.predict(rows[0]), rtol=1e-12)


@pytest.mark.parametrize("model", UNKNOWN, ids=repr)
def test_another_objective_is_not_taken_for_ridge(rows, model):
    line = as_line(fitted(model, *rows))
    assert line.reg_lambda is None and line.penalty(3.0) is None
    with pytest.raises(OptionError, match=type(model).__name__):
        line.known_penalty()
    assert np.allclose(rows[0] @ line.coef + line.intercept, model.predict(rows[0]), rtol=1e-9)


@pytest.mark.parametrize("model", BENT, ids=repr)
def test_coefficients_that_are_no_line_are_refused(positive, model):
    X, y, labels = positive
    with pytest.raises(OptionError, match=f"{type(model).__name__}.*does not predict"):
        as_line(fitted(model, X, labels if hasattr(model, "predict_proba") or "Classifier" in str(model)
                       or "Perceptron" in str(model) else y))  # fmt: skip


@pytest.mark.parametrize("model", [DecisionTreeRegressor(), object()], ids=["tree", "?"])
def test_what_has_no_coefficients_is_refused(rows, model):
    if hasattr(model, "fit"):
        model.fit(*rows)
    with pytest.raises(OptionError, match="no fitted linear model"):
        as_line(model)


@pytest.mark.parametrize("model", [lm.Ridge(), LeastSquares(), make_pipeline(pre.MaxAbsScaler(), lm.Ridge())], ids=str)
def test_unfitted_is_refused(model):
    with pytest.raises((OptionError, NotFittedError), match="fitted"):
        as_line(model)


def test_several_targets_are_refused(rows):
    X, y = rows
    with pytest.raises(OptionError, match="predicts 2 targets"):
        as_line(lm.LinearRegression().fit(X, np.c_[y, y]))
    assert as_line(lm.LinearRegression().fit(X, y[:, None])).w.shape == (3,)


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
@pytest.mark.parametrize("last", [lm.Ridge(1.0), LeastSquares(reg_lambda=0.1)], ids=repr)
def test_a_pipeline_of_scalers_is_one_line(rows, scaler, last):
    X, y = rows
    pipeline = make_pipeline(pre.StandardScaler(), scaler, last).fit(X, y)
    line = as_line(pipeline)
    assert np.allclose(X @ line.coef + line.intercept, pipeline.predict(X), rtol=1e-11)
    assert np.allclose(line.scaling.apply(X), pipeline[:-1].transform(X), atol=1e-12)
    assert np.array_equal(line.w, last.coef_) and line.description.startswith("Pipeline ending in")
    assert line.penalty(60.0) == as_line(last).penalty(60.0)


@pytest.mark.parametrize(
    "step",
    [pre.MinMaxScaler(clip=True), pre.PolynomialFeatures(1), pre.PolynomialFeatures(2), pre.Normalizer(),
     pre.QuantileTransformer(n_quantiles=9), pre.FunctionTransformer(np.exp)],
    ids=repr,
)  # fmt: skip
def test_a_step_that_does_more_is_refused_by_name(rows, step):
    pipeline = fitted(make_pipeline(pre.StandardScaler(), step, lm.Ridge()), *rows)
    with pytest.raises(OptionError, match=f"step '{type(step).__name__.lower()}' of the Pipeline"):
        as_line(pipeline)


def test_a_pipeline_that_scales_twice_is_refused(rows):
    pipeline = make_pipeline(pre.StandardScaler(), LinearRegressionGD(standardize=True, clip_features=(0.1, 0.9)))
    with pytest.raises(OptionError, match="scales again"):
        as_line(pipeline.fit(*rows))


@pytest.mark.parametrize("options", [{}, {"standardize": True}, {"clip_features": (0.1, 0.9), "standardize": True},
                                     {"loss": "huber"}, {"loss": "mse", "reg_lambda": 0.2},
                                     {"fit_intercept": False, "clip_row_gradient": 2.0}], ids=str)  # fmt: skip
def test_our_own_keep_their_space_loss_and_bounds(rows, descend, options):
    X, y = rows
    model = descend(X, y, **options)
    line = as_line(model)
    assert line.w is model.w_ and line.scaling is model.scaling_ and as_line(line) is line
    assert np.allclose(line.scaling.clip(X) @ line.coef + line.intercept, model.predict(X), rtol=1e-12)
    assert line.reg_lambda == model.reg_lambda and line.fit_intercept == model.fit_intercept
    assert line.row_bound == (model.clip_row_gradient or np.inf)
    assert line.loss == {"huber": Huber(), "mse": Squared(half=False)}.get(model.loss, Squared())


def test_the_closed_form_lives_in_the_units_of_the_data(rows):
    model = LeastSquares(reg_lambda=0.3).fit(*rows)
    line = as_line(model)
    assert np.array_equal(line.coef, model.coef_) and line.intercept == model.intercept_ and line.loss == Squared()


def test_a_model_of_named_columns_is_seen_without_a_word(rows):
    X, y = rows
    line = as_line(lm.Ridge().fit(pd.DataFrame(X, columns=["a", "b", "c"]), y))
    assert len(line.coef) == 3


def test_any_object_with_coefficients_is_a_line(rows):
    class Table:
        coef_ = np.array([1.0, -2.0, 3.0])
        intercept_ = 4.0

    line = as_line(Table())
    assert np.array_equal(line.coef, Table.coef_) and line.intercept == 4.0 and line.description == "Table"
    with pytest.raises(ShapeError, match="X has 2 columns, Table was fitted on 3"):
        line.rows(rows[0][:, :2], rows[1])


def test_a_model_that_cannot_be_asked_is_refused():
    class Elsewhere:
        coef_ = (1.0,)
        intercept_ = 0.0

        def predict(self, X):
            raise ConnectionError("no route to host")

    with pytest.raises(OptionError, match="Elsewhere cannot predict rows of 1 numbers: no route to host"):
        as_line(Elsewhere())


def test_a_constraint_makes_the_objective_of_another_library_s_model_unknown():
    class LinearRegression:
        coef_ = (1.0, 2.0)
        intercept_ = 0.0
        positive = False

    assert as_line(LinearRegression()).reg_lambda == 0.0
    LinearRegression.positive = True
    assert as_line(LinearRegression()).reg_lambda is None


@pytest.mark.parametrize("standardize", [False, True])
def test_the_chosen_penalty_of_a_cross_validated_fit_is_known_where_it_acts_on_these_columns(standardize):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) * [1.0, 5.0, 0.2]
    y = X @ [1.0, -1.0, 2.0] + rng.normal(size=60)
    model = LeastSquaresCV([1e-3, 0.1], cv=3, standardize=standardize).fit(X, y)
    line = as_line(model)
    assert line.reg_lambda == (None if standardize else model.reg_lambda_)
    assert np.array_equal(line.coef, model.coef_) and line.intercept == model.intercept_
    if not standardize:
        assert verify.certify(model, X, y).optimal


def test_a_defence_around_a_model_is_its_line_of_which_no_penalty_on_all_rows_is_known():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 2))
    y = X @ [1.0, -1.0] + rng.normal(size=60)
    y[0] = 100.0
    model = Screen(LeastSquares(reg_lambda=1.0)).fit(X, y)
    line = as_line(model)
    assert not model.kept_[0] and line.reg_lambda is None and line.description == "Screen"
    assert np.allclose(X @ line.coef + line.intercept, model.predict(X))
    with pytest.raises(OptionError, match="Screen has a penalty that is not"):
        verify.compare_closed_form(model, X, y)
