"""Which options defend against poisoned rows, and which do not."""

from __future__ import annotations

import numpy as np
import pytest

from trueline import LeastSquares, LinearRegressionGD
from trueline.maths.descent import Status
from trueline.maths.losses import Huber

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])


@pytest.fixture
def poisoned(make_rows):
    """X, y, the clean coefficients: six of 126 rows pull hard at high leverage."""
    X, y = make_rows(120)
    rng = np.random.default_rng(5)
    wild = 8.0 + rng.normal(size=(6, 3))
    clean = LeastSquares().fit(X, y)
    return np.vstack([X, wild]), np.append(y, clean.predict(wild) - 300.0), clean.coef_


def shift(model, clean):
    return float(np.linalg.norm(model.coef_ - clean))


@engines
def test_clip_gradient_reaches_the_same_poisoned_optimum(poisoned, engine):
    X, y, clean = poisoned
    plain = LinearRegressionGD(engine=engine, standardize=True, tol=1e-16).fit(X, y)
    clipped = LinearRegressionGD(engine=engine, standardize=True, tol=1e-16, clip_gradient=0.5).fit(X, y)
    assert clipped.status_ is Status.CONVERGED and clipped.n_iter_ > plain.n_iter_
    assert np.allclose(clipped.coef_, plain.coef_, rtol=1e-5)
    assert shift(plain, clean) > 3.0
    assert "Stability only" in (LinearRegressionGD.__doc__ or "")


@engines
def test_clip_gradient_bounds_every_step(poisoned, descend, engine):
    path = []
    callback = lambda epoch, loss, w, b: path.append(np.append(w, b))  # noqa: E731
    X, y, _ = poisoned
    model = descend(X, y, engine=engine, lr=0.01, clip_gradient=2.0, epochs=30, tol=0, callback=callback)
    moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.allclose(moves, 0.01 * np.minimum(2.0, model.gradient_norms_[:-1]), rtol=1e-11)
    assert max(model.gradient_norms_) > 2.0  # the record shows the gradient itself


@engines
@pytest.mark.parametrize("standardize", [True, False])
def test_clip_row_gradient_recovers(poisoned, descend, engine, standardize):
    X, y, clean = poisoned
    options = {"engine": engine, "standardize": standardize, "epochs": 30_000, "tol": 1e-9}
    plain, bounded = descend(X, y, **options), descend(X, y, clip_row_gradient=0.5, **options)
    assert shift(plain, clean) > 3.0
    assert shift(bounded, clean) < 0.2 < 0.1 * shift(plain, clean)


@engines
@pytest.mark.parametrize("intercept", [True, False])
def test_no_row_pulls_harder_than_its_bound(rows, engine, intercept, descend):
    """Moving y of one row from one end to the other moves the gradient by twice the bound over n, and no more."""
    X, y = rows
    norms = []
    for push in (-1e9, 1e9):
        moved = y.copy()
        moved[3] = push
        model = descend(
            X, moved, engine=engine, fit_intercept=intercept, clip_row_gradient=0.7, epochs=1, lr=1.0, tol=0
        )
        norms.append(np.append(model.w_, model.b_))
    assert np.isclose(np.linalg.norm(norms[1] - norms[0]), 2 * 0.7 / len(y), rtol=1e-9)


@engines
def test_the_loss_of_row_clipping_is_the_one_that_descends(poisoned, descend, engine):
    X, y, _ = poisoned
    model = descend(X, y, engine=engine, standardize=True, clip_row_gradient=0.5, epochs=500)
    assert np.all(np.diff(model.loss_history_) <= 1e-12)


@engines
def test_standardising_alone_does_not_defend_an_unpenalised_fit(poisoned, engine):
    X, y, clean = poisoned
    model = LinearRegressionGD(engine=engine, standardize=True, tol=1e-18).fit(X, y)
    assert np.allclose(model.coef_, LeastSquares().fit(X, y).coef_, rtol=1e-6)
    assert shift(model, clean) > 3.0


@engines
def test_clipping_features_takes_leverage_away_from_huber(poisoned, engine, descend):
    X, y, clean = poisoned
    X[-6:] *= 1e4
    y[-6:] = -X[-6:, 0]
    options = {"engine": engine, "standardize": True, "loss": Huber(0.2), "epochs": 20_000}
    fooled, clipped = descend(X, y, **options), descend(X, y, clip_features=(0.05, 0.95), **options)
    assert shift(fooled, clean) > 2.0
    assert shift(clipped, clean) < shift(fooled, clean) / 2
