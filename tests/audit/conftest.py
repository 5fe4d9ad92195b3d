"""Audits that many tests look at, made once."""

from __future__ import annotations

import pytest

from trueline import audit
from trueline.rows.datasets import make_credit_limits


@pytest.fixture(scope="session")
def credit():
    """Credit limits with a broker who tampers."""
    return make_credit_limits(800)


@pytest.fixture(scope="session")
def report(credit):
    """Their audit, quick."""
    return audit.run(credit.table, "limit", source="broker", one_hot=["region"], effort="quick", sensitive="income")
