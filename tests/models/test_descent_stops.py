"""When descent stops, with which status, and what the warning says."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from trueline import LeastSquares, LinearRegressionGD
from trueline.errors import DivergenceError
from trueline.maths.descent import Status, Watch
from trueline.maths.losses import Quantile
from trueline.models.descent_plan import closing_words

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])


def half_mse(model, X, y):
    return float(np.mean((model.predict(X) - y) ** 2) / 2)


@engines
@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-12])
def test_converged_means_within_tol_of_the_minimum_and_no_sooner(rows, engine, tol):
    X, y = rows
    model = LinearRegressionGD(tol=tol, engine=engine).fit(X, y)
    best = half_mse(LeastSquares().fit(X, y), X, y)
    near = tol * np.var(y) / 2
    assert model.status_ is Status.CONVERGED
    assert model.loss_history_[-1] - best <= near * (1 + 1e-3) + 1e-15
    assert model.loss_history_[-2] - best > near * (1 - 1e-3) - 1e-15
    assert len(model.loss_history_) == len(model.gradient_norms_) == len(model.parameter_norms_) == model.n_iter_ + 1


@engines
def test_epochs_used_up_says_how_far_the_optimum_is(rows, engine):
    X, y = rows
    with pytest.warns(ConvergenceWarning, match="epochs used up after 5 epochs: at most") as caught:
        model = LinearRegressionGD(epochs=5, engine=engine).fit(X, y)
    assert model.status_ is Status.EPOCHS_USED_UP and model.n_iter_ == 5
    said = float(str(caught[0].message).split("at most ")[1].split()[0])
    assert np.isclose(said, half_mse(model, X, y) - half_mse(LeastSquares().fit(X, y), X, y), rtol=0.05)
    assert model.status_.advice in str(caught[0].message)
    assert caught[0].filename == __file__


@engines
@pytest.mark.parametrize("loss", ["half_mse", "huber"])
def test_tol_zero_runs_all_epochs(rows, descend, engine, loss):
    model = descend(*rows, tol=0, epochs=3000, loss=loss, engine=engine)
    assert model.n_iter_ == 3000


@engines
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("loss", ["half_mse", "mse", "huber"])
def test_a_y_of_zeros_is_solved_at_once(rows, engine, intercept, loss):
    X, y = rows
    model = LinearRegressionGD(engine=engine, fit_intercept=intercept, loss=loss).fit(X, 0 * y)
    assert not model.coef_.any() and model.intercept_ == 0 and model.n_iter_ <= 1
    assert model.status_ is Status.CONVERGED


@engines
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("offset", [1e6, 1e8])
def test_an_offset_of_y_changes_neither_when_nor_where_it_stops(rows, engine, standardize, offset):
    X, y = rows
    plain = LinearRegressionGD(engine=engine, standardize=standardize, tol=1e-6).fit(X, y)
    moved = LinearRegressionGD(engine=engine, standardize=standardize, tol=1e-6).fit(X, y + offset)
    best = half_mse(LeastSquares().fit(X, y), X, y)
    assert moved.status_ is Status.CONVERGED
    assert half_mse(moved, X, y + offset) - best <= 1e-6 * np.var(y) / 2 * 1.1
    if standardize:  # descent of w is then free of b, which has further to go
        assert plain.n_iter_ <= moved.n_iter_ <= plain.n_iter_ + 100


@engines
def test_the_callback_sees_every_epoch_and_stops(rows, engine):
    seen = []

    def callback(epoch, loss, w, b):
        seen.append((epoch, loss, w, b))
        w[:] = 1e9  # what it gets is its own
        return epoch == 3

    with pytest.warns(ConvergenceWarning, match="stopped by the caller after 3 epochs"):
        model = LinearRegressionGD(callback=callback, engine=engine).fit(*rows)
    assert model.status_ is Status.STOPPED and model.n_iter_ == 3
    assert [epoch for epoch, *_ in seen] == [0, 1, 2, 3]
    assert [loss for _, loss, *_ in seen] == model.loss_history_
    assert np.abs(model.w_).max() < 1e3 and type(seen[0][3]) is float


@engines
def test_settled_is_said_when_rounding_stops_it(rows, engine):
    X, y = rows
    with pytest.warns(ConvergenceWarning, match="settled after .* at most .* standardize=True"):
        model = LinearRegressionGD(engine=engine).fit(X * 1e-3 + 1e8, y)
    assert model.status_ is Status.SETTLED and model.n_iter_ < 10_000


@engines
def test_a_loss_that_stops_moving_is_settled_unless_the_dual_proves_it(rows, engine):
    X, y = rows
    proven = LinearRegressionGD(loss="huber", engine=engine, standardize=True).fit(X, y)
    assert proven.status_ is Status.CONVERGED

    class LogCosh:
        curvature_bound = 1.0
        value = staticmethod(lambda r: np.logaddexp(r, -r) - np.log(2))
        derivative = staticmethod(np.tanh)
        curvature = staticmethod(lambda r: 1 - np.tanh(r) ** 2)

    with pytest.warns(ConvergenceWarning, match="settled"):
        unproven = LinearRegressionGD(loss=LogCosh(), engine=engine, standardize=True).fit(X, y)
    assert unproven.status_ is Status.SETTLED


@engines
def test_a_subgradient_descent_is_not_said_to_have_converged_without_proof(rows, engine):
    with pytest.warns(ConvergenceWarning, match="settled|epochs used up"):
        model = LinearRegressionGD(loss=Quantile(0.9), lr=0.1, epochs=200, engine=engine).fit(*rows)
    assert model.status_ in (Status.SETTLED, Status.EPOCHS_USED_UP)


@engines
def test_ending_above_the_start_is_divergence(rows, engine):
    X, y = rows
    design = np.c_[X, np.ones(len(y))]
    limit = 2 / np.linalg.eigvalsh(design.T @ design / len(y))[-1]
    with pytest.raises(DivergenceError, match=r"ends at .* above") as caught:
        LinearRegressionGD(lr=1.05 * limit, epochs=60, engine=engine).fit(X, y)
    assert caught.value.history[-1] > caught.value.history[0]


class Breaks(LinearRegressionGD):
    """Its gradient, or its loss, is no number in epoch 4."""

    where = "gradient"
    value = np.nan

    def fit(self, X, y, sample_weight=None):
        self.epoch_ = -1
        return super().fit(X, y, sample_weight)

    def _loss(self, y_hat, y, sample_weight=None):
        self.epoch_ += 1
        return self._broken("loss", super()._loss(y_hat, y, sample_weight))

    def _gradients(self, X, y, y_hat, sample_weight=None):
        dw, db = super()._gradients(X, y, y_hat, sample_weight)
        return dw * self._broken("gradient", 1.0), self._broken("intercept", db)

    def _broken(self, where, value):
        return self.value if self.epoch_ == 4 and self.where == where else value


@pytest.mark.parametrize("where", ["loss", "gradient", "intercept"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_stops_at_once(rows, where, value):
    kind = type("Broken", (Breaks,), {"where": where, "value": value})
    with pytest.raises(DivergenceError, match="after 4 epochs the loss is no longer finite") as caught:
        kind(tol=0, epochs=50).fit(*rows)
    assert len(caught.value.history) == 5


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_in_a_mini_batch_stops_within_the_epoch(rows, value):
    kind = type("Broken", (Breaks,), {"value": value})
    with pytest.raises(DivergenceError, match="no longer finite"):
        kind(batch_size=10, tol=0, epochs=50).fit(*rows)


@engines
@pytest.mark.parametrize(
    "options", [{}, {"momentum": 0.9}, {"batch_size": 8}, {"loss": "huber"}, {"loss": "mse"}], ids=str
)
def test_the_history_begins_at_the_start_and_describes_the_line_kept(rows, descend, engine, options):
    X, y = rows
    model = descend(X, y, epochs=7, engine=engine, **options)
    kept = LinearRegressionGD(**options)
    kept.w_, kept.b_ = model.w_, model.b_
    assert np.isclose(model.loss_history_[-1], kept._loss(X @ model.w_ + model.b_, y), rtol=1e-12)
    assert np.isclose(model.parameter_norms_[-1], np.hypot(np.linalg.norm(model.w_), model.b_), rtol=1e-14)
    kept.w_, kept.b_ = np.zeros(3), 0.0
    dw, db = kept._gradients(X, y, np.zeros(len(y)))
    assert np.isclose(model.loss_history_[0], kept._loss(np.zeros(len(y)), y), rtol=1e-12)
    assert np.isclose(model.gradient_norms_[0], np.hypot(np.linalg.norm(dw), db), rtol=1e-12)
    assert model.parameter_norms_[0] == 0.0


@engines
def test_converged_is_silent(rows, engine):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LinearRegressionGD(engine=engine, standardize=True).fit(*rows)


@engines
def test_descent_from_zero_ends_at_the_smallest_parameters(engine, rng):
    X, y = rng.normal(size=(5, 12)), rng.normal(size=5)
    model = LinearRegressionGD(engine=engine, tol=1e-24).fit(X, y)
    theta = np.linalg.pinv(np.c_[np.ones(5), X]) @ y
    assert np.allclose(np.append(model.b_, model.w_), theta, atol=1e-9)


@engines
@pytest.mark.parametrize("momentum", [0.9, 0.99, 0.995])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_momentum_that_swings_is_not_taken_for_rounding(engine, momentum, seed, make_rows):
    model = LinearRegressionGD(engine=engine, momentum=momentum, standardize=True).fit(*make_rows(seed=seed))
    assert model.status_ is Status.CONVERGED


@engines
@pytest.mark.parametrize("bound", [1e-6, 1e-2, 1.0])
def test_row_clipping_stops_by_the_scale_of_its_own_loss(rows, descend, engine, bound):
    """A tiny bound makes a tiny loss: it must not look as if it had stopped moving."""
    X, y = rows
    model = descend(X, y, engine=engine, clip_row_gradient=bound, standardize=True, lr=1 / bound, tol=1e-7)
    assert model.loss_history_[-1] < model.loss_history_[0] / 10


def test_a_distance_that_is_not_known_is_not_said():
    watch = Watch(epochs=2, tol=1e-3, reference=1.0)
    watch.losses.extend([3.0, 2.0, 1.0])
    for gap in (None, np.inf):
        assert closing_words(Status.SETTLED, watch, gap, 0.1) == f"settled after 2 epochs: {Status.SETTLED.advice}"
    assert "at most 0.5 above the smallest loss (tol asks for 0.001)" in closing_words(Status.SETTLED, watch, 0.5, 0.1)


@engines
def test_an_exploding_descent_stops_at_a_millionfold(rows, engine):
    with pytest.raises(DivergenceError) as caught:
        LinearRegressionGD(lr=0.5, engine=engine).fit(*rows)
    *_, before, last = caught.value.history
    assert before <= 1e6 * caught.value.history[0] < last


@engines
def test_mini_batches_that_hover_are_not_said_to_have_settled(rng, engine):
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    with pytest.warns(ConvergenceWarning, match="epochs used up after 500 epochs"):
        LinearRegressionGD(engine=engine, batch_size=8, epochs=500).fit(X, y)
