"""Known answers, and how many digits of them were found."""

from __future__ import annotations

import json
import warnings
from fractions import Fraction

import numpy as np
import pytest
from benchmarks.accuracy import TRUTH, WAMPLER_NOISE, Case, hard_cases, judge, lre, wampler
from benchmarks.peers import PEERS, Peer

OURS = PEERS[0]


@pytest.mark.parametrize(
    ("answer", "digits"),
    [([1.0, 2.0], 15.0), ([1.001, 2.0], 3.0), ([1.0, 2.0002], 4.0), ([3.0, 2.0], 0.0), ([np.nan, 2.0], 0.0)],
)  # fmt: skip
def test_digits_of_the_worst_coefficient(answer, digits):
    assert lre(answer, [1.0, 2.0]) == pytest.approx(digits, abs=1e-3)


def test_a_coefficient_that_is_zero_is_judged_by_its_size():
    assert lre([1e-6, 1.0], [0.0, 1.0]) == pytest.approx(6.0)


def test_wampler_noise_is_orthogonal_to_the_polynomial():
    assert [sum(noise * x**power for x, noise in enumerate(WAMPLER_NOISE)) for power in range(6)] == [0] * 6


def test_wampler_2_is_rounded_once():
    exact = sum(Fraction(1, 10) ** power * 7**power for power in range(6))
    assert wampler(2).y[7] == float(exact)


@pytest.mark.parametrize("number", [1, 4])
def test_wampler_as_published(number):
    path = TRUTH / f"Wampler{number}.json"
    if not path.exists():
        pytest.skip("no published answers at ../shared/truth/strd")
    published = json.loads(path.read_text())
    np.testing.assert_array_equal(wampler(number).y, np.array(published["y"], dtype=float))
    np.testing.assert_array_equal(wampler(number).truth, [float(c) for c in published["certified_coef"].values()])


def test_rows_far_from_zero_are_exact(tmp_path):
    cases, left_out = hard_cases(tmp_path)
    assert len(left_out) == 2
    assert "Longley" in left_out[0]
    for case in cases:
        if "offset" in case.name:
            exact = [
                sum(Fraction(float(x)) * int(c) for x, c in zip(row, case.truth[1:], strict=True))
                for row in case.X[:50]
            ]
            assert [Fraction(float(value)) for value in case.y[:50]] == exact


def test_trueline_is_right_or_warned_on_every_case():
    cells = [judge(OURS, case) for case in hard_cases()[0]]
    assert [cell for cell in cells if cell.silently_wrong] == []


@pytest.mark.parametrize("loud", [True, False])
def test_a_wrong_answer_is_silent_or_warned(loud):
    def wrong(X, y):
        if loud:
            warnings.warn("ill conditioned", RuntimeWarning, stacklevel=1)
        return np.zeros(X.shape[1] + 1)

    cell = judge(Peer("planted", "numpy", wrong), wampler(1))
    assert (cell.warned, cell.silently_wrong) == (loud, not loud)


def test_a_refusal_is_not_silent():
    def refuses(X, y):
        raise ValueError("no")

    case = Case("any", np.ones((3, 1)), np.ones(3), np.zeros(2))
    cell = judge(Peer("planted", "numpy", refuses), case)
    assert (cell.text, cell.silently_wrong) == ("ValueError", False)
