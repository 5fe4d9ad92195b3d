"""PartitionedEnsemble: the certificate against every poisoning there is, and against attackers who own votes."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import LeastSquares
from trueline.defend import PartitionedEnsemble, PoisonCertificate
from trueline.defend.partitioned_ensemble import part_of
from trueline.errors import ColumnsError, OptionError, ShapeError, TruelineWarning

PROBES = np.array([[0.0], [1.0], [-2.0]])


def small(seed: int, n: int = 40):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 1))
    return X, 2 * X.ravel() + 1 + 0.3 * rng.normal(size=n)


def poisonings(X, y, wild, most):
    """Every table that removes some rows and adds some of `wild`, at most `most` together; added rows first."""
    rows = range(len(y))
    for m in range(1, most + 1):
        for removed in range(m + 1):
            for out in itertools.combinations(rows, removed):
                keep = np.setdiff1d(rows, out)
                for new in itertools.combinations(range(len(wild)), m - removed):
                    bad = np.array([wild[k] for k in new]).reshape(-1, 2)
                    yield m, np.vstack([bad[:, :1], X[keep]]), np.append(bad[:, 1], y[keep])


@pytest.mark.parametrize("seed", range(3))
def test_no_poisoning_leaves_the_certified_interval(seed):
    X, y = small(seed)
    wild = [(50.0, -1e4), (-50.0, 1e4), (1.0, 1e6), (0.0, -1e6)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruelineWarning)
        fit = lambda X, y: PartitionedEnsemble(LinearRegression(), parts=5, random_state=seed).fit(X, y)  # noqa: E731
        clean = fit(X, y)
        certificate = clean.certify(PROBES, tolerance=0.2)
        moved = 0
        limits = {m: certificate.interval(m) for m in (1, 2)}
        for m, X_bad, y_bad in itertools.chain(poisonings(X, y, wild, 1), sample(poisonings(X, y, wild, 2), 150, seed)):
            predicted = fit(X_bad, y_bad).predict(PROBES)
            assert np.all((limits[m][0] <= predicted) & (predicted <= limits[m][1]))
            safe = certificate.withstands >= m
            away = np.abs(predicted - certificate.prediction)
            assert np.all(away[safe] <= 0.2)
            moved += bool((away > 1e-6).any())
    assert moved > 10  # the poison does something


def sample(tables, count, seed):
    tables = list(tables)
    return [tables[k] for k in np.random.default_rng(seed).choice(len(tables), count, replace=False)]


@pytest.mark.parametrize("parts", [1, 3, 5, 7])
def test_an_attacker_who_owns_votes_reaches_the_interval_and_no_more(parts, rng):
    """The count is exact where one row can turn a part's vote into any number."""
    votes = np.sort(rng.normal(size=(20, parts)), axis=1)
    certificate = PoisonCertificate(votes, tolerance=0.3)
    reach = np.zeros((20, parts + 1))
    for m in range(parts + 1):
        ends = []
        for owned in itertools.combinations(range(parts), m):
            for value in (-1e9, 1e9):
                turned = votes.copy()
                turned[:, owned] = value
                ends.append(np.median(turned, axis=1))
        low, high = certificate.interval(m)
        assert np.all(np.min(ends, axis=0) >= low) and np.all(np.max(ends, axis=0) <= high)
        if m <= parts // 2:
            assert np.array_equal(np.min(ends, axis=0), low) and np.array_equal(np.max(ends, axis=0), high)
        reach[:, m] = np.abs(np.array(ends) - certificate.prediction).max(axis=0)
    exact = (np.maximum.accumulate(reach, axis=1) <= 0.3).sum(axis=1) - 1
    assert np.array_equal(certificate.withstands, exact)
    assert certificate.withstands.max() <= parts // 2


def test_a_row_stays_in_its_part_whatever_other_rows_do(rng):
    X, y = rng.normal(size=(300, 2)), rng.normal(size=300)
    parts = part_of(X, y, 7, b"salt")
    order = rng.permutation(300)
    assert np.array_equal(part_of(X[order], y[order], 7, b"salt"), parts[order])
    assert np.array_equal(part_of(np.vstack([X[:5], X]), np.append(y[:5], y), 7, b"salt")[5:], parts)
    assert not np.array_equal(part_of(X, y, 7, b"pepper"), parts)
    assert not np.array_equal(part_of(X, y + 1, 7, b"salt"), parts)
    assert np.bincount(parts, minlength=7).min() > 25
    assert np.array_equal(
        part_of(0.0 * X, 0.0 * y, 7, b"salt"), part_of(-0.0 * np.abs(X), -0.0 * np.abs(y), 7, b"salt")
    )


@pytest.mark.parametrize(
    "estimator", [LeastSquares(), make_pipeline(StandardScaler(), SGDRegressor(max_iter=3, tol=None))]
)
def test_adding_or_removing_one_row_changes_one_vote_to_the_last_bit(estimator, rng):
    X = rng.normal(size=(200, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=200)
    probes = rng.normal(size=(4, 2))
    votes = lambda X, y: np.column_stack(  # noqa: E731
        [one.predict(probes) for one in PartitionedEnsemble(estimator, parts=9).fit(X, y).estimators_]
    )
    clean = votes(X, y)
    added = votes(np.insert(X, 77, 9.0, axis=0), np.insert(y, 77, -99.0))
    removed = votes(np.delete(X, 5, axis=0), np.delete(y, 5))
    for other in (added, removed):
        assert (other != clean).any(axis=0).sum() == 1


def test_the_prediction_is_the_median_of_the_parts(make_poisoned):
    X, y, _, _ = make_poisoned(share=0)
    ensemble = PartitionedEnsemble(LeastSquares(), parts=7, random_state=3).fit(X, y)
    fits = [LeastSquares().fit(X[ensemble.part_ == k], y[ensemble.part_ == k]) for k in range(7)]
    assert np.array_equal(ensemble.predict(X), np.median([one.predict(X) for one in fits], axis=0))
    assert np.array_equal(ensemble.certify(X, 1.0).prediction, ensemble.predict(X))


def test_a_tight_cluster_of_poison_is_outvoted(poisoned):
    X, y, bad, coef = poisoned
    X[bad][2:], few = X[~bad][:13], np.flatnonzero(bad)[2:]
    y[few] = X[few] @ coef + 4
    truth = X @ coef + 4
    error = lambda model: np.abs(model.predict(X) - truth).max()  # noqa: E731
    y[np.flatnonzero(bad)[:2]] = 1e5
    assert error(PartitionedEnsemble(LeastSquares(), parts=9).fit(X, y)) < 1 < 1000 < error(LeastSquares().fit(X, y))


def test_weights_count_rows(make_poisoned):
    X, y, _, _ = make_poisoned(share=0)
    counts = np.arange(len(y)) % 3
    weighted = PartitionedEnsemble(LeastSquares(), parts=3).fit(X, y, counts)
    repeated = PartitionedEnsemble(LeastSquares(), parts=3).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)


def test_small_parts_vote_for_their_mean_and_a_warning_counts_them():
    X, y = np.arange(30.0)[:, None], np.arange(30.0)
    with pytest.warns(TruelineWarning, match="of 15 parts got fewer rows than unknowns"):
        ensemble = PartitionedEnsemble(LeastSquares(), parts=15).fit(X, y)
    sizes = np.bincount(ensemble.part_, minlength=15)
    assert sizes.min() < 2
    for k in np.flatnonzero(sizes < 2):
        mine = y[ensemble.part_ == k]
        assert np.all(ensemble.estimators_[k].predict(X) == (mine.mean() if len(mine) else 0.0))


def test_names_of_columns_are_held(make_poisoned):
    X, y, _, _ = make_poisoned(share=0)
    frame = pd.DataFrame(X, columns=list("abc"))
    ensemble = PartitionedEnsemble(LeastSquares(), parts=5).fit(frame, y)
    assert list(ensemble.estimators_[0].feature_names_in_) == ["a", "b", "c"]
    assert np.array_equal(ensemble.predict(frame), PartitionedEnsemble(LeastSquares(), parts=5).fit(X, y).predict(X))
    with pytest.raises(ColumnsError):
        ensemble.certify(frame[["b", "a", "c"]], 1.0)


@pytest.mark.parametrize("parts", [2, 0, -1, 1.5, True])
def test_parts_must_be_odd(poisoned, parts):
    with pytest.raises(OptionError, match="odd whole number"):
        PartitionedEnsemble(LeastSquares(), parts=parts).fit(poisoned.X, poisoned.y)


def test_too_few_rows_for_the_parts(poisoned):
    with pytest.raises(ShapeError, match=r"11 parts of 4 unknowns need at least 44 rows.*at most 9 parts"):
        PartitionedEnsemble(LeastSquares(), parts=11).fit(poisoned.X[:43], poisoned.y[:43])


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), None])
def test_tolerances_that_cannot_be(poisoned, tolerance):
    with pytest.raises(OptionError, match="tolerance"):
        PartitionedEnsemble(LeastSquares(), parts=3).fit(poisoned.X, poisoned.y).certify(poisoned.X, tolerance)


def test_the_certificate_says_itself_in_a_line():
    certificate = PoisonCertificate(np.array([[1.0, 2.0, 3.0], [0.0, 5.0, 5.1]]), tolerance=1.0)
    assert repr(certificate) == (
        "PoisonCertificate of 2 predictions, 3 parts, within ±1: "
        "each withstands 0 poisoned rows, half of them 0, the best 1"
    )
    low, high = certificate.interval(2)
    assert np.all(low == -np.inf) and np.all(high == np.inf)
    with pytest.raises(OptionError, match="whole number"):
        certificate.interval(-1)
    for votes in ([[1.0, 2.0]], [[2.0, 1.0, 3.0]], [1.0]):
        with pytest.raises(OptionError, match="ascending order"):
            PoisonCertificate(np.array(votes), tolerance=1.0)
