"""Severity: every cell of the table in docs/severity.md, at its limits, and the same words in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueline.audit.severity import Terms, lower, severity_of, severity_of_leak
from trueline.findings import Severity

TERMS = Terms(tolerance=100.0, attacker_rows=4)
PAGE = Path(__file__).parents[2] / "docs" / "severity.md"
BELOW, ONCE, THRICE = (0.0, 99.9), (100.0, 299.9), (300.0, 1e9)
ALREADY, WITHIN, FIVE, MORE = (0,), (1, 4), (5, 20), (21, None)

CELLS = [
    (BELOW, ALREADY, "low"), (BELOW, WITHIN, "info"), (BELOW, FIVE, "info"), (BELOW, MORE, "info"),
    (ONCE, ALREADY, "high"), (ONCE, WITHIN, "medium"), (ONCE, FIVE, "low"), (ONCE, MORE, "info"),
    (THRICE, ALREADY, "critical"), (THRICE, WITHIN, "high"), (THRICE, FIVE, "medium"), (THRICE, MORE, "low"),
]  # fmt: skip


@pytest.mark.parametrize(("effects", "rows", "said"), CELLS)
def test_every_cell_at_both_of_its_ends(effects, rows, said):
    for effect in effects:
        for needed in rows:
            assert severity_of(effect, needed, TERMS) == said
            assert severity_of(-effect, needed, TERMS) == said


def test_the_page_has_the_same_cells():
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith(("| below", "| from"))]
    told = [cell.strip() for line in lines for cell in line.strip("|").split("|")[1:]]
    assert told == [said for _, _, said in CELLS]


def test_what_moves_only_ones_own_output_is_one_step_lower():
    assert severity_of(1e9, 1, TERMS, own_output=True) is Severity.MEDIUM
    assert severity_of(150.0, 1, TERMS, own_output=True) is Severity.LOW
    assert lower(Severity.INFO) is Severity.INFO and lower(Severity.CRITICAL) is Severity.HIGH


@pytest.mark.parametrize(
    ("told", "said"), [(0.0, "info"), (0.099, "info"), (0.1, "low"), (0.49, "low"), (0.5, "medium"), (1.0, "medium")]
)
def test_leaks(told, said):
    assert severity_of_leak(told) == said
