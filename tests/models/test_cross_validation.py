"""One summary per fold gives what a fit per fold and penalty gives."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline.errors import OptionError
from trueline.models.cross_validation import LeastSquaresCV
from trueline.models.least_squares import LeastSquares

PENALTIES = [0.0, 1e-3, 0.1, 2.0]


def rows(offset=0.0, n=203):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5)) * [1, 10, 0.1, 3, 1] + offset
    return X, X @ [1.0, 0.1, 5.0, 0.0, -1.0] + rng.normal(size=n), rng.uniform(0.1, 2, n)


class RidgeOfTheMean(Ridge):
    """scikit-learn's ridge with our penalty: alpha grows with the rows it is fitted on."""

    def fit(self, X, y, sample_weight=None):
        wanted, self.alpha = self.alpha, self.alpha * len(y)
        super().fit(X, y, sample_weight)
        self.alpha = wanted
        return self


@pytest.mark.parametrize("cv", [5, KFold(4, shuffle=True, random_state=3), 203], ids=["5", "shuffled", "leave-one-out"])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_equal_to_cross_val_score_over_explicit_fits(cv, standardize, offset):
    X, y, _ = rows(offset)
    model = LeastSquaresCV(PENALTIES, cv=cv, standardize=standardize).fit(X, y)
    folds = KFold(cv) if isinstance(cv, int) else cv
    for penalty, mse, r2 in zip(PENALTIES, model.mse_path_, model.r2_path_, strict=True):
        ridge = RidgeOfTheMean(alpha=penalty, solver="svd")
        explicit = make_pipeline(StandardScaler(), ridge) if standardize else ridge
        errors = -cross_val_score(explicit, X, y, cv=folds, scoring="neg_mean_squared_error")
        assert np.allclose(mse, errors, rtol=1e-8)
        if cv != 203:  # R² of a single row has no meaning
            assert np.allclose(r2, cross_val_score(explicit, X, y, cv=folds), rtol=1e-8)


@pytest.mark.parametrize("standardize", [False, True])
def test_the_best_penalty_is_refitted_on_all_rows(standardize):
    X, y, _ = rows()
    model = LeastSquaresCV(PENALTIES, standardize=standardize).fit(X, y)
    assert model.reg_lambda_ == PENALTIES[int(np.argmin(model.mse_path_.mean(axis=1)))]
    Z = StandardScaler().fit_transform(X) if standardize else X
    assert np.allclose(model.predict(X), LeastSquares(model.reg_lambda_).fit(Z, y).predict(Z), rtol=1e-10)


def test_weights_count_in_fits_and_errors():
    X, y, _ = rows(n=200)
    repeats = np.arange(200) % 3 + 1
    weighted = LeastSquaresCV(PENALTIES, cv=KFold(4)).fit(X, y, repeats.astype(float))
    folds = [np.flatnonzero(np.repeat(np.arange(200) // 50, repeats) == k) for k in range(4)]

    class Folds:
        def split(self, X, y=None, groups=None):
            everything = np.arange(len(X))
            return ((np.setdiff1d(everything, fold), fold) for fold in folds)

        def get_n_splits(self, X=None, y=None, groups=None):
            return 4

    repeated = LeastSquaresCV(PENALTIES, cv=Folds()).fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    assert np.allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-10)
    assert np.allclose(weighted.coef_, repeated.coef_, rtol=1e-10)


def test_rows_are_read_once_however_many_penalties(monkeypatch):
    from trueline.rows import source as source_module

    read = []
    blocks = source_module.ArraySource.blocks
    monkeypatch.setattr(source_module.ArraySource, "blocks", lambda self: read.append(len(self.y)) or blocks(self))
    X, y, _ = rows()
    LeastSquaresCV([0.1]).fit(X, y)
    few = sum(read)
    read.clear()
    LeastSquaresCV(np.logspace(-4, 1, 50)).fit(X, y)
    assert sum(read) == few


@pytest.mark.parametrize(
    "cv", [ShuffleSplit(3, random_state=0), RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)]
)
def test_folds_that_overlap_are_refused(cv):
    X, y, _ = rows()
    with pytest.raises(OptionError, match="exactly once"):
        LeastSquaresCV(cv=cv).fit(X, y)


@pytest.mark.parametrize("penalties", [[], [-1.0], [np.nan], ["a"]])
def test_penalties_that_are_none_are_refused(penalties):
    X, y, _ = rows()
    with pytest.raises(OptionError, match="reg_lambdas"):
        LeastSquaresCV(penalties).fit(X, y)


def test_a_collinear_fold_is_no_surprise():
    X, y, _ = rows()
    X[:, 4] = X[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LeastSquaresCV([1e-3, 0.1]).fit(X, y)
    assert np.isfinite(model.mse_path_).all()
    assert model.coef_[0] == pytest.approx(model.coef_[4])


def test_a_fit_that_fails_leaves_the_last_good_one():
    X, y, _ = rows()
    model = LeastSquaresCV(PENALTIES).fit(X, y)
    before = model.predict(X)
    with pytest.raises(OptionError):
        model.set_params(cv=ShuffleSplit(3, random_state=0)).fit(X[:, :2], y)
    assert model.n_features_in_ == 5
    assert np.array_equal(model.predict(X), before)
