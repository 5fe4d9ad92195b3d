"""Clipping features: at quantiles, at bounds, at a Domain's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from trueline import Domain, LeastSquares
from trueline.defend import Winsorize
from trueline.errors import CellsError, OptionError


@pytest.fixture
def rows(rng):
    return rng.normal(size=(400, 3)) * [1.0, 10.0, 0.1]


def test_quantiles_are_numpys_and_learnt_in_fit(rows):
    X = rows
    clip = Winsorize(quantiles=(0.1, 0.8)).fit(X)
    assert np.array_equal(clip.low_, np.quantile(X, 0.1, axis=0, method="inverted_cdf"))
    assert np.array_equal(clip.high_, np.quantile(X, 0.8, axis=0, method="inverted_cdf"))
    wild = clip.transform(1e6 * np.ones((1, 3)))
    assert np.array_equal(wild[0], clip.high_)
    assert np.array_equal(clip.clipped_, (clip.transform(X) != X).sum(axis=0))


def test_weights_count_rows(rows):
    X = rows
    counts = np.arange(len(X)) % 4
    weighted, repeated = Winsorize().fit(X, sample_weight=counts), Winsorize().fit(np.repeat(X, counts, axis=0))
    assert np.array_equal(weighted.low_, repeated.low_) and np.array_equal(weighted.high_, repeated.high_)


def test_bounds_and_domains_do_not_look_at_the_rows(rows):
    X = rows
    bounds = Winsorize(bounds=([-1, -5, 0], 2)).fit(X)
    domain = Winsorize(domain=Domain(low=[-1, -5, 0], high=2)).fit(1000 * X)
    assert np.array_equal(bounds.low_, [-1, -5, 0]) and np.array_equal(bounds.high_, [2, 2, 2])
    assert np.array_equal(bounds.transform(X), np.clip(X, [-1, -5, 0], 2))
    assert np.array_equal(bounds.transform(X), domain.transform(X))


def test_names_go_in_and_come_out(rows):
    X = rows
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    clip = Winsorize().set_output(transform="pandas").fit(frame)
    assert list(clip.transform(frame).columns) == ["a", "b", "c"] == list(clip.get_feature_names_out())
    with pytest.raises(ValueError, match="feature names"):
        clip.transform(frame[["b", "a", "c"]])


def test_it_takes_leverage_from_a_wild_row(rows):
    X = rows
    truth = np.array([1.0, 0.2, 5.0])
    y = X @ truth
    X[0], y[0] = [1e5, 0.0, 0.0], -8.0
    fooled, clipped = LeastSquares().fit(X, y), make_pipeline(Winsorize(), LeastSquares()).fit(X, y)[-1]
    assert abs(fooled.coef_[0] - truth[0]) > 0.9 and abs(clipped.coef_[0] - truth[0]) < 0.2


@pytest.mark.parametrize("quantiles", [(0.9, 0.1), (0.1,), (-0.1, 0.9), (0.1, 1.1), None, (0.5, 0.5), ("a", "b")])
def test_what_are_no_quantiles(rows, quantiles):
    X = rows
    with pytest.raises(OptionError, match="quantiles must be two numbers"):
        Winsorize(quantiles).fit(X)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bounds": (1, 0)}, "low bound"),
        ({"bounds": 3}, "bounds must be"),
        ({"bounds": ([0, 0], [1, 1])}, "2 features, the data has 3"),
        ({"bounds": (0, 1), "domain": Domain(0, 1)}, "not both"),
    ],
)
def test_what_are_no_bounds(rows, options, words):
    X = rows
    with pytest.raises(OptionError, match=words):
        Winsorize(**options).fit(X)


def test_infinity_is_not_clipped_into_a_number(rows):
    X = rows
    clip = Winsorize().fit(X)
    X[3, 1] = np.inf
    for call in (Winsorize().fit, clip.transform):
        with pytest.raises(CellsError, match="infin"):
            call(X)
