"""Who sent the dropped rows: counts and p-values against definitions, the planted broker, and nobody on clean rows."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import binom, fisher_exact

from trueline import LeastSquares, TrimmedLeastSquares
from trueline.defend import PartitionedEnsemble, Screen, Sever, Winsorize, attribute
from trueline.errors import DataError, OptionError, ShapeError

DEFENCES = [Screen(LeastSquares(), leverage=None, residual=4.0), Sever(LeastSquares(), share=0.03)]
defences = pytest.mark.parametrize("defence", DEFENCES, ids=lambda one: type(one).__name__)


@defences
@pytest.mark.parametrize("seed", range(5))
def test_the_dishonest_broker_is_found(make_credit, defence, seed):
    X, y, broker, credit = make_credit(seed=seed)
    found = attribute(defence.fit(X, y), broker)
    assert found.accused == (credit.broker,)
    worst = found.sources[0]
    assert worst.source == credit.broker and worst.dropped > 50 and worst.lift > 4 and worst.p_corrected < 1e-20


@defences
def test_nobody_is_accused_on_clean_rows(make_credit, defence):
    """One seed in a hundred may accuse someone by chance, at alpha 0.01; 3 of 100 would be less likely than 8 %."""
    accused = 0
    for seed in range(100):
        X, y, broker, _ = make_credit(n=400, share=0.0, seed=seed)
        accused += bool(attribute(defence.fit(X, y), broker).accused)
    assert accused <= 3


def test_false_alarms_keep_to_alpha():
    """Dropped rows that have nothing to do with sources of very different sizes."""
    rng, alarms, alpha = np.random.default_rng(1), 0, 0.1
    source = np.repeat(["a", "b", "c", "d", "e"], [150, 30, 10, 5, 5])
    for _ in range(2000):
        alarms += bool(attribute(rng.permutation(200) >= 20, source, alpha=alpha).accused)
    assert 20 < alarms <= binom.ppf(0.999, 2000, alpha)


def test_p_is_fishers_and_corrected_by_holm(rng):
    kept, source = rng.random(60) > 0.3, rng.integers(4, size=60)
    found = attribute(kept, source)
    for one in found.sources:
        mine = source == one.source
        table = [[(~kept & mine).sum(), (kept & mine).sum()], [(~kept & ~mine).sum(), (kept & ~mine).sum()]]
        assert np.isclose(one.p, fisher_exact(table, alternative="greater").pvalue)
        assert (one.rows, one.dropped) == (mine.sum(), (~kept & mine).sum())
        assert np.isclose(one.lift, one.share / (~kept).mean())
    p = np.sort([one.p for one in found.sources])
    holm = np.minimum(np.maximum.accumulate(p * [4, 3, 2, 1]), 1)
    assert np.allclose([one.p_corrected for one in found.sources], holm)
    assert sum(one.dropped for one in found.sources) == found.dropped == (~kept).sum()


def test_p_is_the_share_of_all_ways_to_drop():
    """Two of five rows dropped, both of the source with three: 3 of the 10 ways."""
    ways = [sum(row < 3 for row in pair) for pair in itertools.combinations(range(5), 2)]
    found = attribute(np.array([False, False, True, True, True]), list("aaabb"))
    assert np.isclose(next(one.p for one in found.sources if one.source == "a"), np.mean(np.array(ways) >= 2))


def test_weights_below_one_half_count_as_dropped():
    class Weighing:
        weights_ = np.array([1.0, 0.49, 0.5, 0.0])

    found = attribute(Weighing(), ["a", "b", "a", "b"])
    assert found.dropped == 2 and found.sources[0].source == "b" and found.sources[0].dropped == 2


@pytest.mark.parametrize("column", [list, np.array, pd.Series, pa.array], ids=lambda kind: kind.__name__)
def test_labels_come_in_any_column(column):
    found = attribute(np.array([True, False, True]), column(["x", "y", "x"]))
    assert [one.source for one in found.sources] == ["y", "x"]


def test_rows_that_trimming_leaves_out_count_as_dropped(make_credit):
    X, y, broker, credit = make_credit()
    assert attribute(TrimmedLeastSquares().fit(X, y), broker).accused == (credit.broker,)


def test_it_prints_as_a_table(make_credit):
    X, y, broker, credit = make_credit()
    found = attribute(DEFENCES[1].fit(X, y), broker)
    text = str(found)
    assert "accused" in text and "p corrected" in text and text.count(credit.broker) == 2
    assert "<table" in found._repr_html_() and "nobody" in str(attribute(np.ones(4, dtype=bool), list("abab")))


def test_nothing_dropped_accuses_nobody():
    found = attribute(np.ones(4, dtype=bool), list("abab"))
    assert found.accused == () and all(one.p == 1 and np.isnan(one.lift) for one in found.sources)


@pytest.mark.parametrize("defence", [Winsorize(), PartitionedEnsemble(LeastSquares(), parts=3)])
def test_defences_that_judge_no_single_rows(poisoned, defence):
    with pytest.raises(OptionError, match="judges no single rows"):
        attribute(defence.fit(poisoned.X, poisoned.y), poisoned.bad)


def test_sources_that_cannot_be():
    kept = np.array([True, False, True])
    with pytest.raises(ShapeError, match="2 labels, the defence saw 3 rows"):
        attribute(kept, ["a", "b"])
    with pytest.raises(DataError, match=r"no label .*first in row 2"):
        attribute(kept, ["a", None, "b"])
    with pytest.raises(OptionError, match="one label per row"):
        attribute(kept, np.ones((3, 2)))
    with pytest.raises(OptionError, match="alpha"):
        attribute(kept, ["a", "b", "c"], alpha=0)
    with pytest.raises(OptionError, match="one truth value or weight per row"):
        attribute(np.ones((3, 1)), ["a", "b", "c"])
