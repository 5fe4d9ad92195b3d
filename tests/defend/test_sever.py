"""Sever: the filter against its definition, and against poison that other defences miss."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import HuberRegressor, LinearRegression, Ridge

from trueline import LeastSquares
from trueline.defend import Screen, Sever
from trueline.defend.sever import spectral_scores
from trueline.errors import OptionError, ShapeError


def test_scores_are_squares_along_the_top_singular_vector(rng):
    G = rng.normal(size=(80, 4)) * [1.0, 2.0, 3.0, 1.0] + [5.0, 0.0, 0.0, 0.0]
    v = np.linalg.svd(G - G.mean(axis=0))[2][0]
    assert np.allclose(spectral_scores(G, np.ones(80)), np.square((G - G.mean(axis=0)) @ v), rtol=1e-9)
    assert np.array_equal(spectral_scores(np.zeros((5, 2)), np.ones(5)), np.zeros(5))
    counts = np.arange(80) % 3
    repeated = spectral_scores(np.repeat(G, counts, axis=0), np.ones(counts.sum()))
    assert np.allclose(np.repeat(spectral_scores(G, counts * 1.0), counts), repeated)


@pytest.mark.parametrize("estimator", [LeastSquares(), LeastSquares(reg_lambda=1e-4), LinearRegression(), Ridge(0.1)])
@pytest.mark.parametrize("share", [0.05, 0.15])
def test_it_recovers_the_rule(make_poisoned, distance, estimator, share):
    X, y, bad, _ = make_poisoned(share=share)
    sever = Sever(estimator, share=1.5 * share).fit(X, y)
    assert not sever.kept_[bad].any()
    assert distance(sever) < 0.1 < 1 < distance(estimator.fit(X, y))
    assert (~sever.kept_).sum() == int(1.5 * bad.sum())


def test_it_sees_what_screening_misses(make_poisoned, distance):
    X, y, bad, _ = make_poisoned(share=0.2)
    screen, sever = Screen(LeastSquares(), max_share=0.3).fit(X, y), Sever(LeastSquares(), share=0.3).fit(X, y)
    assert screen.kept_[bad].all() and not sever.kept_[bad].any()
    assert distance(screen) > 10 > 0.1 > distance(sever)


def test_units_of_the_columns_do_not_matter(poisoned):
    X, y, _, _ = poisoned
    plain = Sever(LeastSquares(), share=0.05).fit(X, y)
    scaled = Sever(LeastSquares(), share=0.05).fit(X * [1e6, 1.0, 1e-5] + [0.0, 1e3, 0.0], y)
    assert np.array_equal(plain.kept_, scaled.kept_)
    assert np.allclose(plain.scores_, scaled.scores_, rtol=1e-5)


def test_rounds_share_the_budget(poisoned):
    X, y, _, _ = poisoned
    sever = Sever(LeastSquares(), share=0.1, rounds=5).fit(X, y)
    assert np.array_equal(np.bincount(sever.round_), [270, 6, 6, 6, 6, 6])
    assert np.array_equal(sever.round_ == 0, sever.kept_)
    for k in range(1, 5):
        assert sever.scores_[sever.round_ == k].min() > 0
    assert np.array_equal(sever.coef_, LeastSquares().fit(X[sever.kept_], y[sever.kept_]).coef_)


def test_the_threshold_spares_clean_rows_and_not_poisoned_ones(make_poisoned):
    for seed in range(10):
        clean, dirty = make_poisoned(share=0, seed=seed), make_poisoned(share=0.05, seed=seed)
        assert Sever(LeastSquares(), threshold=6.0).fit(clean.X, clean.y).kept_.all()
        assert not Sever(LeastSquares(), share=0.05, threshold=6.0).fit(dirty.X, dirty.y).kept_[dirty.bad].any()
    assert (~Sever(LeastSquares(), share=0.1).fit(clean.X, clean.y).kept_).sum() == 30


def test_zero_weights_are_neither_judged_nor_counted(poisoned):
    X, y, bad, _ = poisoned
    sever = Sever(LeastSquares(), share=0.1).fit(X, y, (~bad).astype(float))
    assert sever.kept_[bad].all() and (sever.scores_[bad] == 0).all()
    assert (~sever.kept_).sum() == int(0.1 * (~bad).sum() + 1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": 0.5}, r"share must lie in \[0, 0.5\)"),
        ({"share": None}, "share"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": 1.5}, "rounds"),
        ({"threshold": 0}, "threshold"),
        ({"estimator": "ridge"}, "fit and predict"),
    ],
)
def test_options_that_cannot_be(poisoned, options, words):
    with pytest.raises(OptionError, match=words):
        Sever(**({"estimator": LeastSquares()} | options)).fit(poisoned.X, poisoned.y)


def test_fewer_rows_than_unknowns(poisoned):
    with pytest.raises(ShapeError, match="fit 4 unknowns exactly"):
        Sever(LeastSquares(), share=0.2).fit(poisoned.X[:5], poisoned.y[:5])


def test_a_weight_that_the_estimator_cannot_take(poisoned):
    from sklearn.neighbors import KNeighborsRegressor

    with pytest.raises(OptionError, match="takes no sample_weight"):
        Sever(KNeighborsRegressor()).fit(poisoned.X, poisoned.y, np.ones(len(poisoned.y)))
    assert Sever(HuberRegressor()).fit(poisoned.X, poisoned.y, np.ones(len(poisoned.y))).kept_.sum() == 270


@pytest.mark.filterwarnings("ignore::trueline.errors.ConstantColumnWarning")
def test_constant_columns_duplicated_rows_and_exact_fits(poisoned):
    X, y, _, _ = poisoned
    constant = Sever(LeastSquares(), share=0.05).fit(np.column_stack([X, np.ones(len(y))]), y)
    assert np.array_equal(constant.kept_, Sever(LeastSquares(), share=0.05).fit(X, y).kept_)
    twice = Sever(LeastSquares(), share=0.05).fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    assert not twice.kept_[np.repeat(poisoned.bad, 2)].any()
    assert Sever(LeastSquares()).fit(X, np.zeros(len(y))).kept_.all()
