"""What looks like a defence and is none, on one page of numbers: the rule is y = 2·x - 1.

Full-gradient clipping and standardising end at the poisoned optimum; bounding each row's pull, dropping rows and
voting do not. `tests/models/test_clipping.py` holds the same for every engine and option.
"""

from __future__ import annotations

import numpy as np
import pytest

from trueline import LeastSquares, LinearRegressionGD
from trueline.defend import PartitionedEnsemble, Screen, Sever, Winsorize

TRUTH = np.array([2.0, -1.0])


@pytest.fixture
def lines(rng):
    """190 rows along the rule, and ten in the same range of x that pull it flat."""
    x = rng.normal(size=200)
    y = 2 * x - 1 + 0.1 * rng.normal(size=200)
    x[:10], y[:10] = 2.5, -40.0
    return x[:, None], y


def line(model):
    return np.append(model.coef_, model.intercept_)


def test_clipping_the_whole_gradient_ends_at_the_poisoned_optimum(lines):
    poisoned = line(LeastSquares().fit(*lines))
    clipped = LinearRegressionGD(clip_gradient=0.1, tol=1e-18).fit(*lines)
    assert np.abs(poisoned - TRUTH).max() > 3
    assert clipped.n_iter_ > 40 and np.allclose(line(clipped), poisoned, atol=1e-6)


def test_standardising_ends_at_the_poisoned_optimum(lines):
    standardised = LinearRegressionGD(standardize=True, tol=1e-18).fit(*lines)
    assert np.allclose(line(standardised), line(LeastSquares().fit(*lines)), atol=1e-6)


def test_winsorizing_alone_leaves_a_row_inside_the_range_its_pull(lines):
    X, y = lines
    clip = Winsorize(bounds=(-4, 4)).fit(X)
    assert np.allclose(line(LeastSquares().fit(clip.transform(X), y)), line(LeastSquares().fit(X, y)))


def test_bounding_each_rows_pull_recovers_the_rule(lines):
    bounded = LinearRegressionGD(clip_row_gradient=0.1, epochs=50_000, tol=1e-9).fit(*lines)
    assert np.abs(line(bounded) - TRUTH).max() < 0.05  # (2.01, -1.00) and thereabouts


@pytest.mark.parametrize(
    "defence",
    [Screen(LeastSquares(), leverage=None, residual=3.0), Sever(LeastSquares(), share=0.075)],
    ids=lambda one: type(one).__name__,
)
def test_dropping_the_rows_recovers_the_rule(lines, defence):
    defence.fit(*lines)
    assert not defence.kept_[:10].any()
    assert np.abs(line(defence) - TRUTH).max() < 0.05


def test_identical_poison_has_one_vote(lines):
    X, y = lines
    ensemble = PartitionedEnsemble(LeastSquares(), parts=9).fit(X, y)
    assert len(set(ensemble.part_[:10])) == 1
    assert np.abs(ensemble.predict([[0.0], [1.0]]) - [-1.0, 1.0]).max() < 0.1
