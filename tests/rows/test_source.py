"""Blocks are cut where the width of the data says, whatever reads them, and hold every row once."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.rows.source import BLOCK_CELLS, ArraySource, Source, block_rows


@pytest.mark.parametrize("width", [0, 1, 3, 7, 100, 1024, 1025, 100_000])
def test_a_block_is_a_multiple_of_eight_rows_and_of_bounded_size(width):
    rows = block_rows(width)
    assert rows % 8 == 0
    assert rows == 1024 or rows * width <= BLOCK_CELLS
    assert rows >= 1024


@pytest.mark.parametrize("extra", [-1, 0, 1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_hold_every_row_once_in_order(order, extra):
    width = 600
    n_rows = 2 * block_rows(width) + extra
    X = np.asarray(np.arange(n_rows * width, dtype=float).reshape(n_rows, width), order=order)
    y, weights = np.arange(n_rows, dtype=float), np.arange(n_rows, dtype=float) + 0.5
    source = ArraySource(X, y, weights, ("a",) * width)
    assert isinstance(source, Source)
    blocks = list(source.blocks())
    assert [block.first for block in blocks] == list(range(0, n_rows, block_rows(width)))
    assert all(block.X.flags.c_contiguous for block in blocks)
    np.testing.assert_array_equal(np.concatenate([block.X for block in blocks]), X)
    np.testing.assert_array_equal(np.concatenate([block.y for block in blocks]), y)
    np.testing.assert_array_equal(np.concatenate([block.weights for block in blocks]), weights)
    assert (source.n_rows, source.n_features, source.names) == (n_rows, width, ("a",) * width)
    assert len(list(source.blocks())) == len(blocks)  # read again from the start


def test_rows_that_lie_row_by_row_are_not_copied():
    X = np.ones((10, 3), dtype=np.float32)
    (block,) = ArraySource(X, np.ones(10)).blocks()
    assert np.shares_memory(block.X, X)
    assert block.X.dtype == np.float32
    assert block.weights is None


def test_a_strided_target_is_laid_out_for_the_kernels():
    table = np.ones((10, 4))
    (block,) = ArraySource(table[:, :3], table[:, 3], table[:, 0]).blocks()
    assert block.X.flags.c_contiguous and block.y.flags.c_contiguous and block.weights.flags.c_contiguous
