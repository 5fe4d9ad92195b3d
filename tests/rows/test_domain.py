"""Domain: the nearest allowed row, the farthest one, and what is said of the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline import Domain, Schema
from trueline.errors import CellsError, DataError, OptionError, ShapeError

FLATS = Domain([1, 0, 0, -2.5, 0, 0], [7.5, 1, 1, 2.5, 1, 1], y_low=0, y_high=9,
               integers=["rooms"], one_hot=[["south", "west"]], exactly_one=[("old", "new")],
               names=["rooms", "south", "west", "light", "old", "new"])  # fmt: skip
cells = st.floats(-20, 20, allow_nan=False)
rows = st.lists(cells, min_size=6, max_size=6).map(np.array)
boxes = st.lists(st.tuples(cells, cells).map(sorted), min_size=3, max_size=3).map(np.array)


@given(rows)
def test_projected_rows_are_inside_and_stay_where_they_are(row):
    near = FLATS.project(row)
    assert near.shape == row.shape
    assert FLATS.contains(near).all() and not FLATS.problems(near)
    np.testing.assert_array_equal(FLATS.project(near), near)


@given(boxes, st.lists(cells, min_size=3, max_size=3).map(np.array), st.integers(0, 2**32 - 1))
def test_no_row_of_a_box_is_nearer_than_the_projected_one(box, row, seed):
    domain = Domain(box[:, 0], box[:, 1])
    others = domain.sample(200, np.random.default_rng(seed))
    nearest = np.linalg.norm(domain.project(row) - row)
    assert nearest <= np.linalg.norm(others - row, axis=1).min() + 1e-12


@given(rows, st.integers(0, 2**32 - 1))
def test_no_allowed_row_is_nearer_with_whole_numbers_and_groups(row, seed):
    others = FLATS.sample(300, np.random.default_rng(seed))
    assert FLATS.contains(others).all()
    assert np.linalg.norm(FLATS.project(row) - row) <= np.linalg.norm(others - row, axis=1).min() + 1e-12


@given(rows, st.integers(0, 2**32 - 1))
def test_no_allowed_row_lies_farther_in_a_direction(direction, seed):
    corner = FLATS.farthest(direction)
    assert FLATS.contains(corner).all()
    assert corner @ direction >= (FLATS.sample(300, np.random.default_rng(seed)) @ direction).max() - 1e-9


def test_farthest_for_many_directions_at_once(rng):
    directions = rng.normal(size=(5, 6))
    np.testing.assert_array_equal(FLATS.farthest(directions), [FLATS.farthest(d) for d in directions])


def test_every_level_is_sampled_and_whole_numbers_reach_both_ends(rng):
    drawn = FLATS.sample(2000, rng)
    assert set(map(tuple, drawn[:, 1:3])) == {(0, 0), (1, 0), (0, 1)}
    assert set(map(tuple, drawn[:, 4:])) == {(1, 0), (0, 1)}
    assert set(drawn[:, 0]) == {1, 2, 3, 4, 5, 6, 7}


def test_bounds_close_a_level(rng):
    domain = Domain(0, [1, 0], one_hot=[[0, 1]])
    np.testing.assert_array_equal(domain.project([0.2, 0.9]), [0, 0])
    np.testing.assert_array_equal(domain.farthest([-1.0, 1.0]), [0, 0])
    with pytest.raises(OptionError, match="leave no level"):
        Domain(0, 0, exactly_one=[[0, 1]]).project([[0, 1]])


def test_bounds_are_as_given_and_the_box_is_moved_in():
    domain = Domain(0.5, 7.5, integers=[0])
    assert [side.tolist() for side in domain.bounds(2)] == [[0.5, 0.5], [7.5, 7.5]]
    assert [side.tolist() for side in domain.box(2)] == [[1.0, 0.5], [7.0, 7.5]]


def test_frozen_columns_are_kept_and_drawn_from_rows(rng):
    domain = Domain(0, 1, frozen=[1])
    np.testing.assert_array_equal(domain.project([[7.0, 7.0]]), [[1.0, 7.0]])
    assert domain.contains([[1.0, 7.0]]).all()
    existing = np.array([[0.0, 30.0], [0.0, 50.0]])
    assert set(domain.sample(50, rng, like=existing)[:, 1]) == {30.0, 50.0}
    np.testing.assert_array_equal(domain.farthest([1.0, 1.0], like=existing[0]), [1.0, 30.0])
    for call in (lambda: domain.sample(3, rng, n_features=2), lambda: domain.farthest([1.0, 1.0])):
        with pytest.raises(OptionError, match=r"cannot be chosen.*like="):
            call()


def test_problems_name_column_row_and_count():
    found = FLATS.problems([[1, 0, 0, 0, 1, 0], [0, 1, 1, 3, 1, 0], [2.5, 0, 0, 3, 1, 0]], [5, -1, 12])
    said = [str(problem) for problem in found]
    assert said == [
        "rooms: below 1 (1 row, first in row 2)",
        "rooms: not a whole number (1 row, first in row 3)",
        "light: above 2.5 (2 rows, first in row 2)",
        "south, west: not one level of its group (1 row, first in row 2)",
        "y: below 0 (1 row, first in row 2)",
        "y: above 9 (1 row, first in row 3)",
    ]
    assert FLATS.contains([[1, 0, 0, 0, 1, 0]] * 2, [5, -1]).tolist() == [True, False]
    np.testing.assert_array_equal(FLATS.project_y([-3, 4, 30]), [0, 4, 9])


def frames():
    table = {"region": ["n", "s", "w", "s"], "rooms": [2, 3, 4, 4], "light": [0.5, 1.5, 2.0, 0.0],
             "price": [10.0, 20.0, 30.0, 40.0]}  # fmt: skip
    return [pd.DataFrame(table), pl.DataFrame(table), pa.table(table)]


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_learnt_with_a_schema(frame):
    schema = Schema.learn(frame, "price", one_hot=["region"])
    domain = Domain.learn(frame, "price", schema)
    assert domain.names == ("region=s", "region=w", "rooms", "light")
    np.testing.assert_array_equal(domain.project([[0.6, 0.7, 9.0, -1.0]]), [[0, 1, 4, 0]])
    assert (domain.y_low, domain.y_high) == (10, 40)
    same = Domain.from_schema(schema)
    assert [side.tolist() for side in same.box(4)] == [side.tolist() for side in domain.box(4)]


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_learnt_from_a_frame_of_numbers(frame):
    import narwhals as nw

    numbers = nw.from_native(frame).drop("region").to_native()
    domain = Domain.learn(numbers, "price")
    assert domain.names == ("rooms", "light")
    assert domain.integers == (0,)
    assert (domain.y_low, domain.y_high) == (10, 40)


def test_learnt_from_an_array():
    domain = Domain.learn([[0, 0.5], [1, 1.5]], [[3], [4]])
    np.testing.assert_array_equal(domain.project([[0.8, 9.0]]), [[1.0, 1.5]])
    assert (domain.y_low, domain.y_high) == (3, 4)


def test_the_short_form():
    domain = Domain.of((0, [1, 2]), 2, (5, 6))
    np.testing.assert_array_equal(domain.project([[9, 9]]), [[1, 2]])
    assert (domain.y_low, domain.y_high) == (5, 6)
    assert Domain.of().contains([[1e300]]).all()
    for bad in (3, "01", (1, 2, 3)):
        with pytest.raises(OptionError, match="bounds must be"):
            Domain.of(bad, 2)
    with pytest.raises(OptionError, match="y_bounds must be two numbers"):
        Domain.of(None, 2, ([0, 1], 2))
    with pytest.raises(OptionError, match="bounds 3 features, the data has 2"):
        Domain.of((0, [1, 2, 3]), 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y_low": 2, "y_high": 1}, "y_low=2"),
        ({"integers": ["rooms"]}, "no names were given"),
        ({"integers": ["rooms"], "names": ["a", "b"]}, "no column is called 'rooms': names are a, b"),
        ({"integers": [5]}, "5 is no column of 2"),
        ({"integers": [True]}, "True is no column"),
        ({"frozen": "a", "names": ["a", "b"]}, "must be a list"),
        ({"one_hot": ["ab"]}, "must be a list"),
        ({"one_hot": [[]]}, "has no columns"),
        ({"one_hot": [[0, 1], [1]]}, "in two one-hot groups"),
        ({"one_hot": [[0, 1]], "frozen": [0]}, "freeze all of them or none"),
        ({"low": 0.2, "high": 0.8, "integers": [0]}, "no whole number lies between"),
        ({"names": ["a", "b", "c"]}, "names 3 columns, the data has 2"),
    ],
)
def test_what_no_row_can_keep_is_refused(given, message):
    with pytest.raises(OptionError, match=message):
        Domain(**given).project([[0.0, 1.0]])


def test_open_bounds_cannot_be_sampled_nor_gone_to(rng):
    with pytest.raises(OptionError, match=r"no bounds on X\[:, 1\].*bounds="):
        Domain(0, [1, np.inf]).sample(2, rng)
    with pytest.raises(OptionError, match=r"no bounds on X\[:, 1\]"):
        Domain(0, [1, np.inf]).farthest([1.0, 1.0])
    np.testing.assert_array_equal(Domain(0, [1, np.inf]).farthest([1.0, -1.0]), [1, 0])
    with pytest.raises(ShapeError, match="how many features"):
        Domain(0, 1).sample(2, rng)


def test_bounds_that_exclude_the_data_are_refused():
    Domain(0, 5).check([[1, 2], [3, 9]], [1, 2])
    with pytest.raises(DataError, match=r"X\[:, 1\]: reaches from 7 to 9, allowed is 0 to 5"):
        Domain(0, 5).check([[1, 7], [3, 9]])
    with pytest.raises(DataError, match="every label: y reaches from 1 to 2"):
        Domain(y_low=3).check([[1.0], [2.0]], [1, 2])


def test_rows_that_are_none():
    with pytest.raises(CellsError, match="NaN is in no domain"):
        Domain().project([[np.nan]])
    with pytest.raises(ShapeError, match=r"6 columns|6 features"):
        FLATS.allowed(6).project([[1.0, 2.0]])
    with pytest.raises(ShapeError, match="learnt from rows"):
        Domain.learn(np.empty((0, 2)))
