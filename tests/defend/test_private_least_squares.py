"""PrivateLeastSquares: sensitivities by brute force, noise against its calibration, and what it may not remember."""

from __future__ import annotations

import itertools
import pickle
import warnings

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from trueline import Domain, LeastSquares
from trueline.defend import PrivateLeastSquares
from trueline.defend.gaussian_privacy import delta_of, privacy_budget, sensitivities
from trueline.defend.private_least_squares import NoiseScale, _first_order
from trueline.errors import CellsError, OptionError, ShapeError, TruelineWarning

BOUNDS = {"bounds": ([-3.0, 0.0], [3.0, 10.0]), "y_bounds": (-40.0, 40.0)}


def rows(n: int = 400, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.uniform(0, 10, n)])
    return X, X @ [4.0, -2.0] + 5.0 + rng.normal(size=n)


def private(X, y, seed=0, **options):
    """A fit with a seed, which a test may have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        return PrivateLeastSquares(**(BOUNDS | {"random_state": seed} | options)).fit(X, y)


class Sums(PrivateLeastSquares):
    """Shows what is about to be solved: the rows in the cube, and the noisy sums."""

    def _release(self, A, v, mu):
        self.seen_ = A, v, mu
        return super()._release(A, v, mu)


# --- the guarantee -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.01, 0.5, 1.0, 4.0, 50.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5, 0.1])
def test_the_budget_is_exact(epsilon, delta):
    mu = privacy_budget(epsilon, delta)
    assert np.isclose(delta_of(mu, epsilon), delta, rtol=1e-8)
    assert delta_of(mu * 1.001, epsilon) > delta


@pytest.mark.parametrize(("mu", "epsilon"), [(0.5, 1.0), (2.0, 1.0), (1.0, 0.1)])
def test_delta_is_the_worst_set_of_two_normal_densities(mu, epsilon):
    """sup over sets of P - e^ε·Q is the integral of the positive part."""
    x = np.linspace(-30, 30, 600_001)
    p, q = np.exp(-np.square(x - mu) / 2), np.exp(-np.square(x) / 2)
    positive = np.maximum(p - np.exp(epsilon) * q, 0).sum() * (x[1] - x[0]) / np.sqrt(2 * np.pi)
    assert np.isclose(delta_of(mu, epsilon), positive, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_no_row_reaches_further_than_the_sensitivities_and_a_corner_reaches_them(size, rng):
    gram, cross, smallest = sensitivities(size)
    upper, reached = np.triu_indices(size), np.zeros(3)
    corners = [np.array(corner) for corner in itertools.product([-1.0, 1.0], repeat=size)]
    for a in [*corners, *rng.uniform(-1, 1, size=(2000, size))]:
        A = rng.uniform(-1, 1, size=(rng.integers(size, 9), size))
        v, more = rng.uniform(-1, 1, len(A)), rng.choice([-1.0, 1.0])
        with_row = np.vstack([A, a])
        moves = (
            np.linalg.norm((with_row.T @ with_row - A.T @ A)[upper]),
            np.linalg.norm(with_row.T @ np.append(v, more) - A.T @ v),
            abs(np.linalg.eigvalsh(with_row.T @ with_row)[0] - np.linalg.eigvalsh(A.T @ A)[0]),
        )
        reached = np.maximum(reached, moves)
    assert np.all(reached <= np.array([gram, cross, smallest]) * (1 + 1e-9))
    assert np.allclose(reached[:2], [gram, cross])
    row = np.ones((1, 1))
    assert size > 1 or abs(np.linalg.eigvalsh(row.T @ row)[0]) == smallest


def test_rows_are_clipped_into_the_cube_before_anything_is_summed():
    X, y = rows()
    X[0], y[0], X[1] = [1e9, -1e9], 1e12, [-7.0, 99.0]
    A, v, _ = private_sums(X, y).seen_
    assert np.abs(A).max() <= 1 and np.abs(v).max() <= 1
    assert A[0].tolist() == [1.0, -1.0, 1.0] and v[0] == 1.0


def private_sums(X, y, seed=0, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        return Sums(**(BOUNDS | {"random_state": seed} | options)).fit(X, y)


def test_the_three_releases_together_spend_the_budget_and_no_more():
    X, y = rows()
    for epsilon in (0.1, 1.0, 5.0):
        scale = private(X, y, epsilon=epsilon, delta=1e-6).noise_scale_
        spent = np.array(sensitivities(3)) / [scale.gram, scale.cross, scale.smallest]
        assert np.isclose(np.sqrt(np.square(spent).sum()), privacy_budget(epsilon, 1e-6), rtol=1e-9)


def test_every_entry_is_noised_as_calibrated_the_diagonal_too(monkeypatch):
    """A popular library leaves the diagonal of XᵀX bare. Here each entry has its own noise of the stated size."""
    from trueline.defend import private_least_squares as module

    X, y = rows(50)
    grams = []
    true_eigh = np.linalg.eigh
    released = []
    monkeypatch.setattr(module.np.linalg, "eigh", lambda G: (released.append(G), true_eigh(G))[1])
    for seed in range(600):
        model = private_sums(X, y, seed)
        A = model.seen_[0]
        grams.append(released[-1] - model.ridge_ * np.eye(3) - A.T @ A)
    noise, scale = np.array(grams), model.noise_scale_.gram
    assert np.allclose(noise, noise.transpose(0, 2, 1), atol=1e-6 * scale)
    for i, j in zip(*np.triu_indices(3), strict=True):
        squares = np.square(noise[:, i, j] / scale).sum()
        assert chi2.ppf(1e-4, 600) < squares < chi2.ppf(1 - 1e-4, 600), (i, j)
        assert kstest(noise[:, i, j] / scale, "norm").pvalue > 1e-3, (i, j)
    entries = np.array([noise[:, i, j] for i, j in zip(*np.triu_indices(3), strict=True)])
    assert np.abs(np.corrcoef(entries) - np.eye(6)).max() < 0.2  # independent of one another


def test_noise_on_the_cross_products_has_the_stated_size(monkeypatch):
    """With the Gram matrix held fixed, θ moves by its inverse times that noise."""
    from trueline.defend import private_least_squares as module

    X, y = rows(50)
    monkeypatch.setattr(module, "_symmetric", lambda rng, size, scale: np.zeros((size, size)))
    fixed = np.diag([1e7, 1e7, 1e7])
    monkeypatch.setattr(module.np.linalg, "eigh", lambda G: (np.diag(fixed), np.eye(3)))
    noise = []
    for seed in range(600):
        model = private_sums(X, y, seed)
        A, v, _ = model.seen_
        half, y_half = np.array([3.0, 5.0]), 40.0
        noise.append((model.coef_ * half / y_half * 1e7 - (A.T @ v)[:2]) / model.noise_scale_.cross)
    for column in np.array(noise).T:
        assert chi2.ppf(1e-4, 600) < np.square(column).sum() < chi2.ppf(1 - 1e-4, 600)


def test_neighbours_are_not_told_apart_and_strangers_are():
    """An attacker who knows all rows but one, and both candidates, guesses from the coefficients."""
    X, y = rows(30)
    X1, y1 = np.vstack([X, [3.0, 10.0]]), np.append(y, 40.0)

    def advantage(epsilon):
        out = np.array([private(X, y, seed, epsilon=epsilon, delta=1e-5).coef_ for seed in range(300)])
        with_row = np.array([private(X1, y1, 1000 + seed, epsilon=epsilon, delta=1e-5).coef_ for seed in range(300)])
        cuts = np.quantile(np.append(out[:, 0], with_row[:, 0]), np.linspace(0.02, 0.98, 49))
        return max(abs((out[:, 0] < cut).mean() - (with_row[:, 0] < cut).mean()) for cut in cuts)

    assert advantage(0.1) < 0.15  # (e^0.1 - 1)/(e^0.1 + 1) = 0.05, and two samples of 300
    assert advantage(1e6) > 0.9


# --- the answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intercept", [True, False])
def test_without_privacy_it_is_least_squares_on_the_clipped_rows(intercept):
    X, y = rows()
    X[:20] *= 5
    model = private(X, y, epsilon=1e12, fit_intercept=intercept)
    low, high = np.array(BOUNDS["bounds"])
    plain = LeastSquares(fit_intercept=intercept).fit(np.clip(X, low, high), np.clip(y, -40, 40))
    assert model.ridge_ == 0
    assert np.allclose(model.coef_, plain.coef_, rtol=1e-5) and np.isclose(
        model.intercept_, plain.intercept_, rtol=1e-5
    )
    assert np.allclose(model.predict(X), plain.predict(np.clip(X, low, high)), atol=1e-4)


def test_the_expected_error_is_what_happens():
    X, y = rows(20_000)
    plain = LeastSquares().fit(np.clip(X, *np.array(BOUNDS["bounds"])), np.clip(y, -40, 40))
    fits = [private(X, y, seed) for seed in range(200)]
    assert all(fit.ridge_ == 0 for fit in fits)
    errors = np.array([fit.coef_ - plain.coef_ for fit in fits])
    assert np.allclose(errors.std(axis=0), np.mean([fit.expected_error_ for fit in fits], axis=0), rtol=0.2)


def test_first_order_errors_are_those_of_symmetric_noise(rng):
    """A⁻¹(c - Eθ) with an E whose entries below the diagonal are those above it."""
    theta, scale = np.array([1.0, 1.0, -0.5]), NoiseScale(gram=1.0, cross=0.3, smallest=0.0)
    inverse = np.linalg.inv(rng.normal(size=(3, 3)) + 4 * np.eye(3))
    inverse = inverse + inverse.T
    upper = np.triu(rng.normal(size=(200_000, 3, 3)))
    E = upper + np.triu(upper, 1).transpose(0, 2, 1)
    moved = (0.3 * rng.normal(size=(200_000, 3)) - E @ theta) @ inverse
    assert np.allclose(_first_order(inverse, theta, scale), moved.std(axis=0), rtol=0.01)


def test_more_privacy_costs_more():
    X, y = rows(5000)
    errors = [
        np.median([np.abs(private(X, y, s, epsilon=e).coef_ - [4, -2]).max() for s in range(20)]) for e in (0.1, 1, 10)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_few_rows_get_a_ridge_and_finite_numbers():
    X, y = rows(5)
    model = private(X, y, epsilon=0.1)
    assert model.ridge_ > 0 and np.isfinite(model.coef_).all() and np.isfinite(model.intercept_)


def test_columns_that_bounds_hold_fixed_get_nothing():
    X, y = rows()
    wide = np.column_stack([X, np.full(len(y), 2.0)])
    model = private(wide, y, bounds=([-3, 0, 2], [3, 10, 2]))
    assert np.array_equal(model.coef_[:2], private(X, y).coef_) and model.coef_[2] == 0 == model.expected_error_[2]


def test_a_domain_bounds_features_and_y():
    X, y = rows()
    domain = Domain([-3.0, 0.0], [3.0, 10.0], y_low=-40.0, y_high=40.0)
    assert np.array_equal(private(X, y, bounds=domain, y_bounds=None).coef_, private(X, y).coef_)


# --- what it may remember ------------------------------------------------------------------------------------------


def test_nothing_of_the_rows_is_kept():
    X, y = rows()
    model = private(X, y)
    public = {"epsilon", "delta", "bounds", "y_bounds", "fit_intercept", "random_state", "n_features_in_", "scaling_"}
    released = {"coef_", "intercept_", "ridge_", "noise_scale_", "expected_error_"}
    assert set(vars(model)) == public | released
    assert np.array_equal(model.scaling_.low, [-3, 0]) and np.array_equal(model.scaling_.high, [3, 10])
    assert len(pickle.dumps(private(*rows(40)))) == len(pickle.dumps(private(*rows(4000))))
    other = private(*rows(seed=9))
    assert other.noise_scale_ == model.noise_scale_


def test_no_seed_is_fresh_entropy_and_a_seed_is_warned_of():
    X, y = rows()
    fresh = [PrivateLeastSquares(**BOUNDS).fit(X, y).coef_ for _ in range(2)]
    assert not np.array_equal(*fresh)
    with pytest.warns(TruelineWarning, match="fixed random_state voids privacy"):
        first = PrivateLeastSquares(random_state=0, **BOUNDS).fit(X, y)
    assert np.array_equal(first.coef_, private(X, y).coef_)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epsilon": 0}, "epsilon must be a finite number above 0"),
        ({"epsilon": -1.0}, "epsilon"),
        ({"epsilon": float("inf")}, "epsilon"),
        ({"delta": 0}, "delta"),
        ({"delta": 1.0}, "delta"),
        ({"bounds": None}, "never from these rows"),
        ({"y_bounds": None}, "never from these rows"),
        ({"bounds": (-np.inf, 3)}, "finite"),
        ({"bounds": (-1e308, 1e308)}, "finite"),
        ({"bounds": (3, -3)}, "low bound"),
        ({"bounds": ([0], [1, 2, 3])}, "bounds"),
        ({"y_bounds": (1, 1)}, "low < high"),
        ({"y_bounds": ([0, 0], [1, 1])}, "y_bounds"),
        ({"y_bounds": 7}, "y_bounds"),
    ],
)
def test_options_that_cannot_be(options, words):
    with pytest.raises(OptionError, match=words):
        PrivateLeastSquares(**(BOUNDS | options)).fit(*rows())


def test_rows_that_cannot_be():
    X, y = rows()
    model = PrivateLeastSquares(**BOUNDS)
    with pytest.raises(OptionError, match="names a column"):
        model.fit(X, "y")
    with pytest.raises(TypeError):
        model.fit(X, y, np.ones(len(y)))
    with pytest.raises(ShapeError):
        model.fit(X, y[:-1])
    X[3, 0] = np.inf
    with pytest.raises(CellsError, match=r"X\[:, 0\]"):
        model.fit(X, y)
