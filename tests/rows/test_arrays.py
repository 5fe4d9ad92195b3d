"""numbers_only: numeric arrays pass untouched, everything else is turned into numbers or named."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.errors import CellsError, NotANumberError
from trueline.rows.arrays import numbers_only


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
def test_numbers_pass_untouched(dtype):
    X = np.ones((4, 2), dtype=dtype)
    assert numbers_only(X, "X") is X


def test_lists_of_numbers_pass_untouched():
    X = [[1, 2.5], [3, 4]]
    assert numbers_only(X, "X") is X


@pytest.mark.parametrize("shape", [(6,), (3, 2)])
def test_objects_that_hold_only_numbers_become_float64(shape):
    X = np.array([1, 2.5, np.float32(0.5), True, None, np.inf], dtype=object).reshape(shape)
    found = numbers_only(X, "X")
    assert found.dtype == np.float64 and found.shape == shape
    assert np.array_equal(found.ravel(), [1, 2.5, 0.5, 1, np.nan, np.inf], equal_nan=True)


@pytest.mark.parametrize("values", [[[1, "2"], [3, "x"]], np.array([[1, "2"], [3, "x"]], dtype=object)], ids=type)
def test_text_among_numbers_names_its_own_column_alone(values):
    with pytest.raises(CellsError) as caught:
        numbers_only(values, "X")
    assert [(p.column, p.row, p.count) for p in caught.value.problems] == [("X[:, 1]", 1, 2)]
    assert "first '2'" in str(caught.value)


def test_every_column_is_named_and_y_has_no_number():
    with pytest.raises(CellsError) as caught:
        numbers_only(np.array([["a", "b"], ["c", "d"]]), "X")
    assert [p.column for p in caught.value.problems] == ["X[:, 0]", "X[:, 1]"]
    with pytest.raises(CellsError, match=r"^y: text, not numbers \(first 'a'\) \(2 rows, first in row 1\)"):
        numbers_only(["a", "b"], "y")


@pytest.mark.parametrize("thing", [{"a": 1}, object(), [1, 2]], ids=["dict", "object", "list"])
def test_what_no_number_can_be_made_of_is_also_a_type_error(thing):
    cells = np.array([1.0, None, 2.0], dtype=object)
    cells[1] = thing
    with pytest.raises(NotANumberError, match="argument must be a string or a number") as caught:
        numbers_only(cells, "y")
    assert isinstance(caught.value, TypeError) and caught.value.problems[0].row == 2


@pytest.mark.parametrize("values", [np.array([1 + 2j, 3]), np.array([1 + 2j, 3], dtype=object), [1j, 2.0]], ids=repr)
def test_complex_numbers_are_refused_in_scikit_learn_s_words(values):
    with pytest.raises(CellsError, match=r"Complex data not supported: y: .*first in row 1"):
        numbers_only(values, "y")


def test_whole_numbers_end_where_float64_skips_some():
    limit = 2**53
    exact = np.array([limit, -limit])
    assert numbers_only(exact, "y") is exact
    for beyond in ([1, limit + 1], [1, -limit - 1]):
        with pytest.raises(CellsError, match=r"2\*\*53.*first in row 2"):
            numbers_only(np.array(beyond), "y")
    with pytest.raises(CellsError, match=r"2\*\*53"):
        numbers_only(np.array([2**64 - 1], dtype=np.uint64), "y")
    with pytest.raises(CellsError, match=r"2\*\*53"):
        numbers_only([2**70, 1], "y")
