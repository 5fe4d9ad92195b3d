"""The audit as a whole: it finds what was planted, repeats itself to the byte, and says what it did not do."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trueline import Domain, audit
from trueline.audit.sections import SECTIONS
from trueline.audit.terminal import _bracket
from trueline.errors import DataError, OptionError
from trueline.findings import Severity
from trueline.rows.datasets import make_credit_limits


def small(n=60, d=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, X @ np.arange(3.0, 3.0 - d, -1.0) + rng.normal(size=n)


@pytest.fixture(scope="module")
def diabetes():
    data = load_diabetes(as_frame=True)
    return audit.run(data.frame, "target", effort="quick")


def test_the_planted_broker_is_found(report, credit):
    pull = next(finding for finding in report.findings if finding.rule_id == "source-pulls")
    assert pull.where == (credit.broker,) and pull.severity is Severity.CRITICAL
    assert report.summary[0]["text"] == pull.title and credit.broker in report.summary[0]["text"]
    suspects = np.array(pull.evidence["suspects"]) - 1
    assert credit.poisoned[suspects].mean() > 0.7  # the others are honest rows of his that lie far out
    assert set(np.flatnonzero(credit.poisoned)) <= set(suspects)
    assert pull.evidence["left"] < 0.1 * abs(pull.effect)
    assert pull.evidence["segment"] == "region=south" and pull.effect > 0
    assert 0 < pull.evidence["remedy_cost"] < 0.05 and "costs" in pull.advice


def test_honest_brokers_are_left_alone():
    honest = make_credit_limits(800, poison_share=0.0)
    found = audit.run(honest.table, "limit", source="broker", one_hot=["region"], effort="quick")
    assert not [finding for finding in found.findings if finding.rule_id in ("source-pulls", "disagreeing-rows")]
    assert "No source supplied more" in found.section("sources").text


def test_every_section_is_there_and_nothing_failed(report):
    assert [section.key for section in report.sections] == [key for key, _, _ in SECTIONS]
    assert report.incomplete == ()
    assert [line.partition(":")[0] for line in report.not_run] == ["Does the model reproduce?"]


def test_the_same_data_seed_and_effort_give_the_same_bytes(report, credit):
    again = audit.run(credit.table, "limit", source="broker", one_hot=["region"], effort="quick", sensitive="income")
    assert again.json() == report.json()
    other = audit.run(credit.table, "limit", source="broker", one_hot=["region"], effort="quick", random_state=1)
    assert other.json() != report.json()
    shared = {f.fingerprint for f in other.findings} & {f.fingerprint for f in report.findings}
    assert any(f.rule_id == "source-pulls" and f.fingerprint in shared for f in report.findings)


def test_the_dictionary_is_plain_json(report, tmp_path):
    values = report.to_dict()
    assert set(values) == {
        "format", "title", "target", "rows", "features", "effort", "seed", "tolerance", "attacker_rows", "summary",
        "todo", "findings", "counts", "sections", "reveals", "not_run", "incomplete", "model",
    }  # fmt: skip
    report.to_json(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text()) == values
    homes = [fingerprint for section in values["sections"] for fingerprint in section["findings"]]
    assert sorted(homes) == sorted(finding["fingerprint"] for finding in values["findings"])
    for section in values["sections"]:
        assert set(section) == {"key", "title", "text", "how", "not_run", "tables", "chart", "findings"}
        for table in section["tables"]:
            assert len(table["columns"]) == len(table["units"])
            assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_every_finding_says_what_it_must(report):
    for finding in report.findings:
        assert finding.title and finding.advice and finding.reproduce
    kinds = {finding.rule_id: finding for finding in report.findings}
    for rule in ("source-pulls", "sign-flips", "worst-added-rows", "cheap-lever"):
        assert kinds[rule].attacker and "NIST AI 100-2" in kinds[rule].reference and kinds[rule].effect
        assert "ATLAS AML.T" in kinds[rule].reference


def test_what_rests_on_observed_ranges_says_so(report):
    for rule in ("worst-added-rows", "poison-by-adding"):
        finding = next(finding for finding in report.findings if finding.rule_id == rule)
        assert "holds only if your pipeline refuses rows outside" in finding.attacker


def test_it_never_promises(report, diabetes):
    for one in (report, diabetes):
        assert not re.search(r"\b(safe|safely|robust|robustly|secure)\b", one.json() + str(one), re.I)


def test_the_summary_fits_a_terminal(report, diabetes):
    for one in (report, diabetes):
        lines = str(one).splitlines()
        assert len(lines) <= 25 and max(map(len, lines)) <= 120
        assert len(one.summary) <= 3 and lines[1].strip().startswith(one.summary[0]["text"][:40])
    assert "<pre>" in report._repr_html_()


def test_the_known_counts_of_diabetes(diabetes):
    line = next(line for line in diabetes.counts if line["feature"] == "s5")
    assert line["remove"]["found"] == 26 and line["remove"]["certified"] >= 11
    assert line["add_bounded"]["found"] == 2 and line["add_any"]["found"] == 1
    flips = next(finding for finding in diabetes.findings if finding.rule_id == "sign-flips")
    assert flips.where == ("s5",) and "2 added rows" in flips.title and "26 would have to be removed" in flips.title


def test_signs_that_nothing_settles_are_not_reported_as_flipped(diabetes):
    unsettled = next(finding for finding in diabetes.findings if finding.rule_id == "sign-not-settled")
    assert "s1" in unsettled.where and unsettled.severity is Severity.LOW


# -- the audited model -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [LinearRegression(), Ridge(alpha=5.0), make_pipeline(StandardScaler(), Ridge(alpha=5.0))], ids=str
)
def test_a_model_of_these_rows_reproduces(model):
    X, y = small()
    found = audit.run(X, y, model.fit(X, y), effort="quick")
    assert found.incomplete == () and "follows from these rows" in found.section("reproduces").text
    assert not [finding for finding in found.findings if finding.rule_id in ("not-reproduced", "not-optimal")]
    assert (found.model["penalty"] > 0) is ("Ridge" in str(model))


def test_a_tampered_model_does_not():
    X, y = small()
    model = LinearRegression().fit(X, y)
    model.coef_ = model.coef_ + np.array([0.5, 0.0])
    found = audit.run(X, y, model, effort="quick")
    rules = {finding.rule_id: finding.severity for finding in found.findings}
    assert rules["not-reproduced"] is Severity.HIGH and rules["not-optimal"] is Severity.HIGH


def test_the_penalty_of_the_model_is_attacked_too():
    """A strong penalty holds coefficients: it takes more rows to flip one."""
    X, y = small(80)
    free = audit.run(X, y, effort="quick").counts
    held = audit.run(X, y, make_pipeline(StandardScaler(), Ridge(alpha=400.0)).fit(X, y), effort="quick").counts
    before = {line["feature"]: line["add_bounded"]["found"] for line in free}
    after = {line["feature"]: line["add_bounded"]["found"] for line in held}
    assert before != after


def test_what_does_not_apply_to_a_lasso_says_so():
    X, y = small()
    found = audit.run(X, y, Lasso(alpha=0.01).fit(X, y), effort="quick")
    assert found.incomplete == ()
    assert "is not least squares or ridge" in found.section("counts").text
    assert "No certificate" in found.section("fit").text
    assert all(line["remove"]["certified"] == 0 for line in found.counts)


def test_a_table_of_coefficients(tmp_path):
    X, y = small()
    frame = pa.table({"a": X[:, 0], "b": X[:, 1], "y": y})
    line = LinearRegression().fit(X, y)
    path = tmp_path / "m.csv"
    path.write_text(f"name,coefficient\n(Intercept),{line.intercept_}\nb,{line.coef_[1]}\na,{line.coef_[0]}\n")
    found = audit.run(frame, "y", path, effort="quick")
    assert found.incomplete == () and found.model["kind"] == "a table of coefficients"
    assert "follows from these rows" in found.section("reproduces").text
    np.testing.assert_allclose([c["value"] for c in found.model["coefficients"]], line.coef_)
    with pytest.raises(DataError, match="c: not in the table"):
        audit.run(frame.append_column("c", pa.array(X[:, 0] ** 2)), "y", path)


# -- terms -------------------------------------------------------------------------------------------------------------


def test_tolerance_and_attackers_decide_severity():
    X, y = small()
    strict = audit.run(X, y, effort="quick", tolerance=1e-3, attacker_rows=60)
    calm = audit.run(X, y, effort="quick", tolerance=1e6, attacker_rows=1)
    assert strict.at_least("high") and not calm.at_least("medium")
    assert {finding.rule_id for finding in calm.at_least("low")} <= {"sign-flips"}  # a conclusion has no tolerance
    assert "not moved by more than" in " ".join(line["text"] for line in calm.summary)
    assert calm.to_dict()["tolerance"] == {"value": 1e6, "why": "given"}


def test_bounds_given_for_everything_leave_no_condition():
    X, y = small()
    wide = {"X[:, 0]": (-9, 9), "X[:, 1]": (-9, 9), "y": (-30, 30)}
    found = audit.run(X, y, effort="quick", bounds=wide, tolerance=0.01)
    assert "holds only if" not in found.json()
    assert not [finding for finding in found.findings if finding.rule_id == "extrapolation"]
    same = audit.run(X, y, effort="quick", domain=Domain(-9, 9, y_low=-30, y_high=30), tolerance=0.01)
    assert same.counts == found.counts


def test_rows_outside_the_bounds_are_a_finding():
    X, y = small()
    found = audit.run(X, y, effort="quick", bounds={"X[:, 0]": (-1, 1)})
    outside = next(finding for finding in found.findings if finding.rule_id == "bounds-not-kept")
    assert outside.where == ("X[:, 0]",)


def test_progress_ends_where_it_said():
    told = []
    audit.run(*small(), effort="quick", on_progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, len(SECTIONS)) and told[-1] == (len(SECTIONS), len(SECTIONS))


def test_a_section_that_fails_says_why_and_the_others_go_on(monkeypatch):
    def broken(ground):
        raise ZeroDivisionError("planted")

    planted = tuple((k, t, broken if k == "damage" else build) for k, t, build in SECTIONS)
    monkeypatch.setattr("trueline.audit.running.SECTIONS", planted)
    found = audit.run(*small(), effort="quick")
    assert found.incomplete == ("damage",) and "ZeroDivisionError: planted" in found.section("damage").not_run
    assert found.counts and "INCOMPLETE" in str(found)


def test_a_section_without_enough_memory_leaves_the_audit_incomplete(monkeypatch):
    def greedy(ground):
        raise MemoryError

    monkeypatch.setattr("trueline.audit.running.SECTIONS", (("fit", "The fit", greedy),))
    found = audit.run(*small(), effort="quick")
    assert found.incomplete == ("fit",) and found.not_run == ("The fit: failed: out of memory",)


# -- what must not reassure --------------------------------------------------------------------------------------------


def test_a_column_that_never_changes_hides_nothing():
    """Beside an intercept it says nothing, so that what is proven without it is proven with it."""
    X, y = small()
    plain = audit.run(X, y, effort="quick")
    still = audit.run(np.column_stack([X, np.full(len(y), 7.1)]), y, effort="quick")
    assert still.section("worst_rows").not_run is None
    for with_it, without in zip(still.counts, plain.counts, strict=True):
        assert all(with_it[kind] == without[kind] for kind in ("remove", "relabel", "add_bounded"))
    of = [[entry for entry in report.findings if entry.rule_id == "worst-added-rows"] for report in (plain, still)]
    assert of[0][0].evidence["bound"] == pytest.approx(of[1][0].evidence["bound"], rel=1e-9)


def test_columns_that_determine_each_other_are_named_where_they_stop_something():
    X, y = small(80, 3)
    X = np.column_stack([X, X[:, 0] + X[:, 1]])
    found = audit.run(X, y, effort="quick")
    assert "X[:, 0], X[:, 1], X[:, 3] determine each other" in found.section("worst_rows").not_run
    assert found.incomplete == () and "X[:, 2]" not in found.section("worst_rows").not_run
    held = audit.run(X, y, Ridge(1.0).fit(X, y), effort="quick")  # a penalty determines them
    assert held.section("worst_rows").not_run is None


def test_descent_says_how_far_it_came(diabetes):
    text = diabetes.section("descent").text
    assert "after 200 epochs the loss, half the mean squared error, is" in text
    assert "above the smallest possible (status: epochs used up)" in text
    X, y = small()
    near = audit.run(X, y, effort="quick").section("descent").text
    assert "above" not in near and near.endswith("(status: converged).")


def test_one_source_is_nobody_to_compare_with():
    X, y = small()
    found = audit.run(X, y, effort="quick", source=["Alder"] * len(y))
    assert found.incomplete == () and "one source" in found.section("sources").not_run


def test_redaction_hides_sources_with_short_names():
    X, y = small(200)
    source = np.array(["A1", "7", "C", "7", "C"])[np.arange(200) % 5]
    found = audit.run(X, y + 12.0 * (source == "A1"), effort="quick", source=source)
    assert '"A1"' in found.section("sources").text
    assert not re.search(r"\bA1\b", found.json(redact=True))


def test_columns_that_nobody_chooses_are_no_failure():
    X, y = small()
    found = audit.run(X, y, effort="quick", frozen=["X[:, 0]", "X[:, 1]"])
    assert found.incomplete == () and "nobody can choose" in found.section("damage").not_run


def test_a_count_without_a_proof_does_not_look_exact():
    X, y = small()
    line = LinearRegression().fit(X, y)
    found = audit.run(X, y, {"intercept": line.intercept_, "X[:, 0]": line.coef_[0], "X[:, 1]": line.coef_[1]},
                      effort="quick")  # fmt: skip
    assert all(one["remove"]["certified"] == 0 for one in found.counts)
    assert f"≤ {found.counts[0]['remove']['found']}" in str(found)
    worst = [entry for entry in found.findings if entry.rule_id == "worst-added-rows"]
    assert all(entry.assurance == "found" and "least-squares fit of these rows" in entry.title for entry in worst)
    beside = [entry.title for entry in found.findings if "would have to be removed" in entry.title]
    assert all("at most" in title for title in beside)


@pytest.mark.parametrize(
    ("certified", "found", "said"),
    [(29, 29, "29"), (1, 1, "1"), (0, 1, "1"), (11, 29, "11–29"), (1, 29, "≤ 29"), (0, 29, "≤ 29"),
     (11, None, "≥ 11"), (1, None, "none found"), (None, None, "none found")],
)  # fmt: skip
def test_the_terminal_shows_as_exact_only_what_is_proven(certified, found, said):
    assert _bracket({"certified": certified, "found": found}) == said
    assert _bracket(None) == "–"


def test_half_open_bounds_end_where_the_rows_do():
    X, y = small()
    half, plain = audit.run(X, y, effort="quick", bounds={"y": (-np.inf, 1e3)}), audit.run(X, y, effort="quick")
    assert half.section("worst_rows").not_run is None and half.counts != plain.counts
    assert "observed ranges of X[:, 0], X[:, 1], y" in half.section("worst_rows").text


def test_leaving_out_what_makes_a_fit_exact_costs_the_fit():
    X, _ = small()
    found = audit.run(X, 3.0 * X[:, 0], effort="quick")
    lever = next(entry for entry in found.findings if entry.rule_id == "cheap-lever")
    assert "costs an exact fit" in lever.advice


# -- bad input ---------------------------------------------------------------------------------------------------------


def table(**columns):
    rng = np.random.default_rng(0)
    base = {"a": rng.normal(size=30), "b": rng.normal(size=30)}
    return pa.table({**base, "y": base["a"] + rng.normal(size=30), **columns})


@pytest.mark.parametrize(
    ("frame", "target", "options", "said"),
    [
        (table(), "z", {}, "z"),
        (table(y=np.ones(30)), "y", {}, "y is 1 in every row"),
        (table(copy=table()["y"]), "y", {}, "copy: is the target again"),
        (table().slice(0, 3), "y", {}, "3 rows cannot be audited"),
        (pa.table({"a": np.ones(9), "y": np.ones(9)}), "y", {}, "all rows are identical"),
        (table(region=["n", "s", "w"] * 10), "y", {}, "region: text"),
        (table(day=["2026-01-02"] * 30), "y", {}, "day"),
        (table(row_id=np.arange(30)), "y", {}, "row_id"),
        (table(), "y", {"bounds": {"a": (50, 60)}}, "bounds exclude"),
        (table(), "y", {"bounds": {"q": (0, 1)}}, "q: no such feature"),
        (table(), "y", {"source": "broker"}, "broker"),
        (table(), "y", {"source": "y"}, "is the target"),
        (table(big=np.logspace(0, 300, 30)), "y", {}, "big: squares of its values overflow"),
        (table(small=np.logspace(-300, -200, 30)), "y", {}, "small: values so small"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str | dict) else "",
)
def test_bad_rows_get_a_clear_line(frame, target, options, said):
    with pytest.raises(DataError, match=said):
        audit.run(frame, target, effort="quick", **options)


def test_ten_thousand_columns_are_beyond_the_limit():
    with pytest.raises(DataError, match=r"10,000 columns .* more than the 1,000"):
        audit.run(np.random.default_rng(0).normal(size=(20, 10_000)), np.arange(20.0))


def test_a_model_with_other_columns_is_refused():
    X, y = small()
    with pytest.raises(DataError, match="takes 2 columns, these rows have 3"):
        audit.run(np.column_stack([X, X[:, 0] ** 2]), y, LinearRegression().fit(X, y))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"effort": "heroic"}, "effort must be one of"),
        ({"tolerance": 0}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"attacker_rows": 0}, "attacker_rows"),
        ({"random_state": None}, "random_state"),
        ({"sensitive": "q"}, "is no feature"),
        ({"bounds": {"y": (3, 1)}}, "lies above"),
        ({"bounds": {"y": 3}}, "must be"),
        ({"bounds": {"y": (float("nan"), 3)}}, "no two numbers"),
        ({"bounds": (0, 1), "domain": Domain()}, "one or the other"),
    ],
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(OptionError, match=said):
        audit.run(*small(), **options)


def test_the_price_of_trimming_says_what_it_leaves_aside():
    """Long tails are honest rows too: a price measured without them must say so."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X @ [1.0, 2.0] + np.exp(1.5 * rng.normal(size=300))
    found = audit.run(X, y, effort="quick", tolerance=0.05, attacker_rows=5)
    advice = " ".join(finding.advice for finding in found.findings)
    assert re.search(r"on the rows that agree, [\d.]+ % if the other [\d.]+ % are honest", advice)
