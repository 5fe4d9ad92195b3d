"""The two poisoning protocols with known answers; their data lies beside the repository, where there is any."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
Array = NDArray[np.float64]


def _lines(name: str) -> list[list[str]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def communities() -> tuple[Array, Array]:
    """Columns with 1000 blanks or more dropped, then rows with one; name, fold and racePctWhite dropped."""
    lines = _lines("communities.csv")
    full = [j for j in range(len(lines[0])) if sum(line[j] == "?" for line in lines) < 1000]
    rows = [line for line in lines if not any(line[j] == "?" for j in full)]
    numbers = np.array([[float(line[j]) for j in full if j not in (3, 4, 8)] for line in rows])
    return numbers[:, :-1], numbers[:, -1]


def house() -> tuple[Array, Array, Array, Array]:
    """300 rows for training, 500 for the test, in the order of NumPy's legacy seed 123."""
    numbers = np.array(_lines("house.csv")[1:], dtype=np.float64)
    order = np.random.RandomState(123).permutation(len(numbers))
    train, test = numbers[order[:300]], numbers[order[300:800]]
    return train[:, 1:], train[:, 0], test[:, 1:], test[:, 0]
