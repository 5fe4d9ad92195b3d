"""One law over every way to poison: the budget is kept, the domain respected, the seed repeats, types are kept."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from trueline import Domain, attack
from trueline.attack.poison import KNOWS
from trueline.errors import DataError, OptionError

ATTACKS = {
    "outlier": attack.outlier,
    "flip_labels": attack.flip_labels,
    "statistical": attack.statistical,
    "targeted": partial(attack.targeted, at=[0.5, 0.0, 3.0], shift=0.3),
    "optimize": partial(attack.optimize, steps=10),
    "adaptive": partial(attack.adaptive, Ridge(), effort=12),
}
every = pytest.mark.parametrize("name", ATTACKS)


@pytest.fixture
def clean():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=60), rng.integers(0, 2, 60), rng.integers(0, 9, 60)])
    return X, X @ [1.0, 2.0, -0.5] + rng.normal(size=60)


def poison(name, X, y, **budget):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ATTACKS[name](X, y, **budget)


@every
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_no_more_rows_than_the_rate_allows(name, clean, rate):
    made = poison(name, *clean, rate=rate)
    k = len(made.labels)
    assert k / (60 + k) <= rate and (k + 1) / (61 + k) > rate
    X, y = made.apply(*clean)
    assert X.shape == (60 + k, 3) and np.array_equal(X[:60], clean[0]) and np.array_equal(y[:60], clean[1])


@every
def test_rows_and_labels_stay_in_the_domain(name, clean):
    X, y = clean
    domain = Domain([-3.0, 0.0, 0.0], [3.0, 1.0, 9.0], y_low=-6.0, y_high=5.0, integers=[1, 2])
    made = poison(name, X, y, rows=6, domain=domain)
    assert domain.contains(made.rows, made.labels).all()
    assert np.array_equal(made.rows[:, 1:], np.round(made.rows[:, 1:]))
    assert made.labels.min() >= -6.0 and made.labels.max() <= 5.0


@every
def test_frozen_columns_are_taken_from_rows_that_exist(name, clean):
    X, y = clean
    made = poison(name, X, y, rows=5, domain=Domain(-9.0, 9.0, y_low=-9.0, y_high=9.0, frozen=[0]))
    assert set(made.rows[:, 0]) <= set(X[:, 0])


@every
def test_the_same_seed_makes_the_same_poison(name, clean):
    one, same = (poison(name, *clean, rate=0.1, random_state=7) for _ in range(2))
    assert np.array_equal(one.rows, same.rows) and np.array_equal(one.labels, same.labels)
    assert one.seed == 7 and one.knows in KNOWS and one.controls


@every
def test_nothing_that_was_given_is_touched(name, clean):
    kept = [part.copy() for part in clean]
    poison(name, *clean, rate=0.1).apply(*clean)
    assert all(np.array_equal(a, b) for a, b in zip(kept, clean, strict=True))


@every
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_come_back_as_frames(name, clean, frame):
    X, y = clean
    table = frame({"a": X[:, 0], "b": X[:, 1].astype(int), "c": X[:, 2].astype(int)})
    made = poison(name, table, y, rows=4)
    assert made.names == ("a", "b", "c")
    both, labels = made.apply(table, y)
    assert type(both) is type(table) and list(both.columns) == ["a", "b", "c"]
    assert [str(t) for t in both.dtypes] == [str(t) for t in table.dtypes] and len(both) == len(labels) == 64


@every
def test_what_is_written_reads_back_exactly(name, clean, tmp_path):
    made = poison(name, *clean, rows=4)
    made.to_csv(tmp_path / "poison.csv")
    back = attack.Poison.read_csv(tmp_path / "poison.csv")
    assert np.array_equal(made.rows, back.rows) and np.array_equal(made.labels, back.labels)
    assert (back.kind, back.knows, back.controls, back.seed) == (made.kind, made.knows, made.controls, made.seed)


@every
@pytest.mark.parametrize("rate", [0.6, 0.0, -0.1, np.nan])
def test_a_rate_that_is_none_is_refused(name, clean, rate):
    with pytest.raises(OptionError, match="rate"):
        poison(name, *clean, rate=rate)


@every
def test_bounds_that_leave_nothing_out_of_the_data_are_refused(name, clean):
    with pytest.raises((DataError, OptionError)):
        poison(name, *clean, rows=3, bounds=(100.0, 200.0))


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "flip_labels"])  # labels are all it chooses
def test_everything_frozen_is_refused(name, clean):
    with pytest.raises(OptionError, match="frozen"):
        poison(name, *clean, rows=3, domain=Domain(-9.0, 9.0, y_low=-9.0, y_high=9.0, frozen=[0, 1, 2]))


@every
def test_constant_and_repeated_columns_and_rows_are_no_obstacle(name, clean):
    X, y = clean
    X, y = np.vstack([X, X[:10]]), np.append(y, y[:10])
    X = np.column_stack([X[:, :2], np.full(70, 3.0)])
    made = poison(name, X, y, rows=4)
    assert np.isfinite(made.rows).all() and np.isfinite(made.labels).all()
