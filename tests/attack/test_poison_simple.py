"""Attacks without a search: where their rows lie."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from trueline import Domain, attack
from trueline.attack.candidates import Field, _kept
from trueline.attack.scene import prepare
from trueline.attack.victim import Victim
from trueline.errors import OptionError


def test_an_outlier_lies_as_far_out_as_said_against_the_trend(clean):
    X, y = clean
    poison = attack.outlier(X, y, rows=3, size=20.0)
    out = (poison.rows - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(np.abs(out), 20.0)
    np.testing.assert_array_equal(np.sign(out[0]), np.sign(LinearRegression().fit(X, y).coef_))
    np.testing.assert_allclose((poison.labels - y.mean()) / y.std(), -20.0)
    before, after = LinearRegression().fit(X, y), LinearRegression().fit(*poison.apply(X, y))
    assert np.square(after.predict(X) - y).mean() > 5 * np.square(before.predict(X) - y).mean()


def test_an_outlier_respects_bounds_that_are_given(clean):
    X, y = clean
    poison = attack.outlier(X, y, rows=1, bounds=(X.min(axis=0), X.max(axis=0)))
    assert Domain.learn(X).contains(poison.rows).all() and poison.labels[0] < y.min()
    for size in (0.0, -1.0, np.nan):
        with pytest.raises(OptionError, match="size"):
            attack.outlier(X, y, rows=1, size=size)


def test_statistical_rows_have_the_covariance_of_the_data_and_labels_far_from_the_model(clean):
    X, y = clean
    wide = (X.mean(axis=0) - 99 * X.std(axis=0), X.mean(axis=0) + 99 * X.std(axis=0))
    drawn = np.vstack([attack.statistical(X, y, rows=80, corners=False, bounds=wide, random_state=seed).rows
                       for seed in range(40)])  # fmt: skip
    scale = np.outer(X.std(axis=0), X.std(axis=0))
    np.testing.assert_allclose(np.cov(drawn.T) / scale, np.cov(X.T, bias=True) / scale, atol=0.1)
    poison = attack.statistical(X, y, rows=30)
    assert np.isin(poison.rows, [X.min(axis=0), X.max(axis=0)]).all()
    said = LinearRegression().fit(X, y).predict(poison.rows)
    near = np.minimum(np.abs(said - y.min()), np.abs(said - y.max()))
    assert (np.abs(poison.labels - said) > near - 1e-9).all() and set(poison.labels) == {y.min(), y.max()}


def test_the_surrogate_of_trimming_drops_what_does_not_fit(clean):
    X, y = clean
    field = Field(prepare(X, y, rows=5), Victim.of(X, y, 0.0))
    strange = _kept(field, X[:5], y[:5] + 100)
    assert strange.sum() == 80 and strange[:80].all()
    agreeing = _kept(field, X[:5], field.says(X[:5]))
    assert agreeing.sum() == 80 and agreeing[80:].all()
