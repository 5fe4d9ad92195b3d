"""Replaying: the rows of a finding, written, read back and applied, give the number that the finding says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import audit
from trueline.audit.again import file_of
from trueline.audit.changes import Changes, read_changes
from trueline.audit.saying import amount
from trueline.errors import DataError, ReadError


def rows(n=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2))
    y = X @ [3.0, 0.4] + rng.normal(size=n)
    y[4] += 40
    return X, y


@pytest.fixture(scope="module")
def told():
    return audit.run(*rows(), effort="quick", tolerance=0.01, attacker_rows=3)


def test_a_file_of_rows_reads_back_to_the_last_bit(tmp_path):
    written = Changes(
        ("a", "b,c"), "y", (3, 9), {4: 1 / 3}, np.array([[0.1, 1e-300], [2 / 3, -5e9]]), np.array([1.5, np.pi])
    )
    written.to_csv(tmp_path / "rows.csv")
    read = read_changes(tmp_path / "rows.csv")
    assert (read.names, read.target, read.removed, read.relabelled) == (("a", "b,c"), "y", (3, 9), {4: 1 / 3})
    assert (read.rows == written.rows).all() and (read.labels == written.labels).all()
    assert str(read) == "2 rows removed, 1 row relabelled, 2 rows added"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its first line must be"),
        ("row,change,y,x\n", "its first line must be"),
        ("change,row,y,x\nkeep,1,,\n", ":2: 'keep' is neither"),
        ("change,row,y,x\nremove,one,,\n", ":2:"),
        ("change,row,y,x\nremove,1,,\nadd,,1.0\n", ":3:"),
        ("change,row,y,x\nrelabel,1,,\n", ":2:"),
    ],
)
def test_a_line_that_says_nothing_is_named(tmp_path, text, said):
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(ReadError, match=re.escape(said)):
        read_changes(tmp_path / "rows.csv")


def test_what_a_finding_says_is_what_its_rows_do(told, tmp_path):
    written = told.rows_to(tmp_path / "rows")
    findings = {tmp_path / "rows" / file_of(one): one for one in told.findings if one.fingerprint in told.changes}
    assert set(findings) == set(written) and len(written) >= 3
    for path, one in findings.items():
        seen = audit.replay(*rows(), path)
        if one.rule_id.startswith("sign-"):
            assert set(one.where) <= set(seen.flipped)
        elif one.rule_id == "influential-row":
            assert seen.rms_shift == pytest.approx(one.effect)
            assert amount(seen.rms_shift) in one.title
        else:
            j = [f"the effect of {name}" for name in seen.names].index(one.where[0])
            assert (seen.before[j], seen.after[j]) == pytest.approx((one.evidence["before"], one.evidence["after"]))
            assert f"from {amount(seen.before[j])} to {amount(seen.after[j])} per unit" in one.title


def test_the_call_that_is_printed_runs_as_it_stands(told, tmp_path, monkeypatch):
    import trueline

    monkeypatch.chdir(tmp_path)
    X, y = rows()
    one = next(one for one in told.findings if one.rule_id == "influential-row")
    assert one.reproduce.startswith("trueline.audit.run(X, y, effort='quick', tolerance=0.01, attacker_rows=3")
    *_, last = one.reproduce.split("; ")
    told.rows_to("rows")
    seen = eval(last, {"trueline": trueline, "X": X, "y": y})  # our own words
    assert seen.rms_shift == pytest.approx(one.effect)


def test_rows_in_the_units_of_the_data_where_the_model_has_a_space_of_its_own(tmp_path):
    X, y = rows()
    X = X * [1.0, 1000.0] + [0.0, 5e5]
    model = make_pipeline(StandardScaler(), Ridge(alpha=5.0)).fit(X, y)
    found = audit.run(X, y, model, effort="quick", tolerance=0.01, attacker_rows=3)
    one = next(one for one in found.findings if one.rule_id == "worst-added-rows")
    changes = found.changes[one.fingerprint]
    assert (changes.rows >= X.min(axis=0) - 1e-6).all() and (changes.rows <= X.max(axis=0) + 1e-6).all()
    found.rows_to(tmp_path)
    seen = audit.replay(X, y, tmp_path / file_of(one), model)
    j = int(one.where[0].removeprefix("the effect of X[:, ")[0])
    assert seen.after[j] == pytest.approx(one.evidence["after"], rel=1e-6)


def test_rows_of_other_data_are_refused():
    X, y = rows()
    none = np.empty((0, 2)), np.empty(0)
    with pytest.raises(DataError, match="row 99 is not among the 60 rows"):
        audit.replay(X, y, Changes(("X[:, 0]", "X[:, 1]"), "y", (99,), {}, *none))
    with pytest.raises(DataError, match="of other columns: X\\[:, 1\\]"):
        audit.replay(X, y, Changes(("X[:, 0]",), "y", (1,), {}, np.empty((0, 1)), np.empty(0)))
