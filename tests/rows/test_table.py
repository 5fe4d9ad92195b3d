"""Frames of every library become the same numbers, and what is no number is named whole: column, first row, count."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from trueline.errors import CellsError, ColumnsError, DataError
from trueline.rows.source import BLOCK_CELLS
from trueline.rows.table import check_finite, column_vector, is_frame, numeric_matrix

LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
each_library = pytest.mark.parametrize("frame_of", LIBRARIES.values(), ids=LIBRARIES)


def found(error) -> dict[str, tuple[int, int]]:
    return {problem.column: (problem.row, problem.count) for problem in error.value.problems}


@each_library
def test_names_and_numbers_survive_in_their_order(frame_of):
    frame = frame_of({"b": [1.5, -2.0, 3.0], "a": [1, 2, 2**53], "flag": [True, False, True]})
    names, matrix = numeric_matrix(frame)
    assert names == ("b", "a", "flag")
    np.testing.assert_array_equal(matrix, [[1.5, 1, 1], [-2, 2, 0], [3, 2.0**53, 1]])
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous


@pytest.mark.parametrize(("kinds", "kept"), [(("float32", "float32"), "float32"), (("float32", "float64"), "float64")])
def test_single_precision_is_kept_only_where_every_column_has_it(kinds, kept):
    frame = pd.DataFrame({"a": np.array([0.1], kinds[0]), "b": np.array([0.1], kinds[1])})
    _, matrix = numeric_matrix(frame)
    assert matrix.dtype == kept
    assert matrix[0, 0] == np.float32(0.1)


@each_library
def test_all_problems_of_all_columns_at_once(frame_of):
    frame = frame_of(
        {
            "good": [1.0, 2.0, 3.0, 4.0],
            "holes": [1.0, None, None, 4.0],
            "infinite": [1.0, 2.0, float("-inf"), 4.0],
            "region": ["north", "south", "north", "east"],
            "typed": ["1.5", "2.5", "3.5", "4.5"],
            "when": [datetime.datetime(2020, 1, 1)] * 4,
            "big": [1, 2, 2**53 + 1, 4],
        }
    )
    with pytest.raises(CellsError) as error:
        numeric_matrix(frame)
    expected = {"holes": (2, 2), "infinite": (3, 1), "region": (1, 4), "typed": (1, 4), "when": (1, 4), "big": (3, 1)}
    assert found(error) == expected
    said = str(error.value)
    assert said.startswith("Input X contains NaN, infinity, text, too large whole numbers and dates:")
    assert "'north'" in said and "'1.5'" in said and "'-inf'" in said and str(2**53 + 1) in said
    assert "one_hot=" in error.value.advice


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1.0, np.nan], dtype="float64"),
        pd.Series([1, pd.NA], dtype="Int64"),
        pd.Series([1.0, None], dtype="float64[pyarrow]"),
        pd.Series([1.0, None], dtype=object),
        pd.Series([1, pd.NA], dtype=object),
        pd.Series([True, None], dtype=object),
        pl.Series([1.0, float("nan")]),
        pl.Series([1, None]),
        pa.array([1.0, None]),
        pa.array([True, None]),
    ],
    ids=lambda column: (
        f"{type(column).__module__.split('.')[0]} {getattr(column, 'dtype', getattr(column, 'type', ''))}"
    ),
)
def test_every_spelling_of_nothing_is_blank(column):
    library = type(column).__module__.split(".")[0]
    frame = LIBRARIES[library]({"a": column})
    with pytest.raises(CellsError, match="Input X contains NaN: a: blank") as error:
        numeric_matrix(frame)
    assert found(error) == {"a": (2, 1)}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, "?", 3.0], "text, not numbers (first '?')"),
        ([1.0, "2.5", 3.0], "text, not numbers (first '2.5')"),
        ([1.0, [2.0], 3.0], "lists or structs"),
        ([1.0, 2j, 3.0], "complex"),
        ([1.0, datetime.date(2020, 1, 1), 3.0], "dates"),
        ([1.0, b"2", 3.0], "objects"),
        ([1.0, 10**400, 3.0], "whole numbers beyond 2**53"),
        ([1.0, float("inf"), "x"], "infinity (first 'inf')"),
    ],
)
def test_a_cell_that_is_no_number_in_an_object_column_is_the_one_named(values, words):
    with pytest.raises(CellsError) as error:
        numeric_matrix(pd.DataFrame({"a": pd.Series(values, dtype=object)}))
    first = error.value.problems[0]
    assert words in first.what
    assert (first.column, first.row, first.count) == ("a", 2, 1)


def test_object_columns_of_numbers_pass():
    values = [1, 2.5, np.float32(0.5), np.int64(3), True]
    _, matrix = numeric_matrix(pd.DataFrame({"a": pd.Series(values, dtype=object)}))
    np.testing.assert_array_equal(matrix[:, 0], [1, 2.5, 0.5, 3, 1])


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"a": [1j, 2j]}), "complex numbers"),
        (pd.DataFrame({"a": pd.Categorical(["x", "y"])}), "text"),
        (pd.DataFrame({"a": pd.to_timedelta([1, 2])}), "dates"),
        (pl.DataFrame({"a": [[1], [2]]}), "lists"),
        (pl.DataFrame({"a": [{"b": 1}, {"b": 2}]}), "lists"),
        (pl.DataFrame({"a": pl.Series(["x", "y"], dtype=pl.Categorical)}), "text"),
        (pl.DataFrame({"a": pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"]))}), "text"),
        (pl.DataFrame({"a": pl.Series([1, {}], dtype=pl.Object)}), "lists"),
        (pl.DataFrame({"a": [b"1", b"2"]}), "objects"),
        (pa.table({"a": pa.array(["x", "y"]).dictionary_encode()}), "text"),
        (pa.table({"a": pa.array([datetime.time(1)] * 2)}), "dates"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{type(value).__module__.split('.')[0]}",
)
def test_types_that_are_no_numbers_are_refused(frame, words):
    with pytest.raises(CellsError, match=f"Input X contains {words}: a: "):
        numeric_matrix(frame)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": pl.Series([1, 2], dtype=pl.Int128)}),
        pl.DataFrame({"a": pl.Series(["1", "2"]).cast(pl.Decimal(10, 2))}),
        pd.DataFrame({"a": [decimal.Decimal(1), decimal.Decimal(2)]}),
        pd.DataFrame({"a": pd.arrays.SparseArray([1.0, 2.0])}),
        pd.DataFrame({"a": pd.Series([1, 2], dtype="Int8")}),
        pa.table({"a": pa.array([1, 2], pa.float16())}),
        pa.table({"a": pa.chunked_array([[1], [2]], pa.uint64())}),
    ],
    ids=["int128", "decimal", "decimals", "sparse", "nullable", "half", "chunks"],
)
def test_unusual_numbers_pass(frame):
    np.testing.assert_array_equal(numeric_matrix(frame)[1], [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("frame", "name"),
    [(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]), "a"),
     (pa.table([pa.array([1])] * 3, names=["a", "b", "a"]), "a"),
     (pd.DataFrame([[1, 2, 3]], columns=[1, "b", "1"]), "1")],
    ids=["pandas", "pyarrow", "pandas number and text"],
)  # fmt: skip
def test_repeated_names_are_refused(frame, name):
    assert is_frame(frame)
    with pytest.raises(ColumnsError, match="2 columns have this name") as error:
        numeric_matrix(frame)
    assert [problem.column for problem in error.value.problems] == [name]


def test_column_labels_that_are_numbers_become_their_text():
    names, matrix = numeric_matrix(pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=[7, 3]))
    assert names == ("7", "3")
    np.testing.assert_array_equal(matrix, [[1, 2], [3, 4]])


def test_a_lazy_frame_is_a_frame_that_has_to_be_collected_first():
    lazy = pl.LazyFrame({"a": [1.0]})
    assert is_frame(lazy)
    with pytest.raises(DataError, match=r"collect\(\)"):
        numeric_matrix(lazy)


@pytest.mark.parametrize(
    "thing", [None, [[1.0]], np.eye(2), "data.csv", {"a": [1]}, pd.Series([1.0]), pl.Series([1.0])]
)
def test_what_is_no_frame(thing):
    assert not is_frame(thing)


def test_looking_for_frames_imports_no_frame_library():
    code = (
        "import sys, numpy as np; from trueline.rows.table import is_frame; is_frame(np.eye(2)); is_frame([1]);"
        "sys.exit(bool({'pandas', 'polars'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "column",
    [pd.Series([1, 2, 3], name="y"), pl.Series("y", [1, 2, 3]), pa.array([1, 2, 3]), pa.chunked_array([[1, 2], [3]]),
     pd.DataFrame({"y": [1, 2, 3]}), pl.DataFrame({"y": [1, 2, 3]})],
    ids=lambda column: f"{type(column).__module__.split('.')[0]} {type(column).__name__}",
)  # fmt: skip
def test_a_column_of_any_library_is_a_vector(column):
    vector = column_vector(column)
    np.testing.assert_array_equal(vector, [1.0, 2.0, 3.0])
    assert vector.dtype == np.float64
    vector[0] = 0.0  # one's own memory: writing to it is allowed


def test_a_target_with_holes_and_infinities_names_both():
    with pytest.raises(CellsError, match="Input y contains NaN and infinity") as error:
        column_vector(pd.Series([1.0, np.inf, np.nan, np.nan], name="price"))
    assert [(p.column, p.row, p.count) for p in error.value.problems] == [("price", 3, 2), ("price", 2, 1)]


def test_a_target_of_two_columns_is_refused():
    with pytest.raises(ColumnsError, match="one column, got 2: a, b"):
        column_vector(pd.DataFrame({"a": [1], "b": [2]}))


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
def test_check_finite_names_column_first_row_and_count(value, word):
    matrix = np.ones((5, 4))
    matrix[[2, 4], 3] = value
    with pytest.raises(CellsError, match=f"^Input X contains {word}") as error:
        check_finite(matrix)
    assert found(error) == {"X[:, 3]": (3, 2)}
    with pytest.raises(CellsError) as error:
        check_finite(matrix, ("a", "b", "c", "d"))
    assert found(error) == {"d": (3, 2)}
    with pytest.raises(CellsError, match=f"^Input y contains {word}") as error:
        check_finite(matrix[:, 3], what="y")
    assert found(error) == {"y": (3, 2)}


def test_check_finite_counts_over_all_blocks():
    rows = BLOCK_CELLS + 10
    matrix = np.zeros((rows, 2), dtype=np.float32)
    matrix[[BLOCK_CELLS // 2 + 3, rows - 1], 1] = np.nan
    with pytest.raises(CellsError) as error:
        check_finite(matrix)
    assert found(error) == {"X[:, 1]": (BLOCK_CELLS // 2 + 4, 2)}


def test_opposite_infinities_do_not_hide_each_other():
    with pytest.raises(CellsError, match="infinity") as error:
        check_finite(np.array([[np.inf, 1.0], [-np.inf, 1.0]]))
    assert found(error) == {"X[:, 0]": (1, 2)}


def test_finite_numbers_whose_sum_overflows_pass():
    check_finite(np.full((10, 3), 1e308))
    check_finite(np.array([[2**63 - 1]]))
    check_finite(np.empty((0, 3)))
