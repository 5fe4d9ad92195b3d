"""DriftMonitor: what the model feels is exact, alarms are false as rarely as they say, and odd windows are no crash."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet
from scipy.stats import binomtest

from trueline import LeastSquares, LinearRegressionGD, Schema
from trueline.errors import OptionError, ReadError, ShapeError
from trueline.maths.two_sample import p_value
from trueline.ship import DriftMonitor, load, save
from trueline.ship.drift.reference import Reference

KINDS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "skewed": lambda rng, shape: np.exp(1.5 * rng.standard_normal(shape)),
    "discrete": lambda rng, shape: rng.poisson(2.0, shape).astype(float),
    "tied": lambda rng, shape: np.where(rng.random(shape) < 0.6, 0.0, np.round(rng.lognormal(size=shape), 1)),
}


def flats(rng, rows, income=0.0, south=0.3):
    region = rng.choice(["east", "north", "south", "west"], size=rows, p=[0.2, 0.4, south, 0.4 - south])
    rooms, earned = rng.integers(1, 7, rows), np.round(rng.lognormal(10, 0.5, rows) * np.exp(income), 2)
    price = 100 + 10 * rooms + 0.002 * earned + 20 * (region == "south") + rng.normal(0, 5, rows)
    return pa.table({"region": region, "rooms": rooms, "income": earned, "price": price})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A model of flats that clips its features, in a file."""
    table = flats(np.random.default_rng(0), 3000)
    schema = Schema.learn(table, "price", one_hot=["region"])
    X, y = schema.source(table).to_arrays()
    model = LinearRegressionGD(clip_features=(0.01, 0.99), standardize=True).fit(X, y)
    path = tmp_path_factory.mktemp("drift") / "model.json"
    save(model, path, X=X, y=y, schema=schema)
    return path


@pytest.fixture(scope="module")
def monitor(path):
    return DriftMonitor(path)


def feature(report, name):
    return next(each for each in report.features if each.name == name)


def plain(rng, draw=KINDS["normal"], columns=3, rows=1000):
    X = draw(rng, (rows, columns))
    line = LeastSquares().fit(X, X @ np.ones(columns))
    return DriftMonitor(line, alpha=0.05, reference=Reference.of(line, X))


# What the model feels


def test_the_parts_are_the_shift_of_the_mean_prediction(path, monitor, rng):
    model, window = load(path), flats(rng, 400, income=0.3)
    X = model.schema.encode(window)[0]
    report = monitor.check(window)
    before = model.reference.clipped @ model.coef_ + model.intercept_
    shift = model.predict(X).mean() - before
    assert report.prediction.shift == pytest.approx(shift, rel=1e-10)
    assert sum(each.felt for each in report.features) == pytest.approx(shift, rel=1e-10)
    income = feature(report, "income")
    coefficient = model.coef_[-1]
    assert income.felt_unclipped == pytest.approx(coefficient * income.shift, rel=1e-10)
    assert abs(income.felt) < abs(income.felt_unclipped)  # clipping holds some of it back
    assert report.features[0] is max(report.features, key=lambda each: abs(each.felt))


def test_residuals_are_those_of_the_predictions_that_are_served(path, monitor, rng):
    """Which clip what lies beyond the quantiles of training."""
    model, window = load(path), flats(rng, 400, income=1.0)
    errors = window["price"].to_numpy() - model.predict(model.schema.encode(window)[0])
    report = monitor.check(window)
    assert report.residual.mean == pytest.approx(errors.mean(), rel=1e-9)
    assert report.residual.sd == pytest.approx(errors.std(ddof=1), rel=1e-9)


def test_of_residuals_the_spread_counts_as_much_as_the_shift(monitor, rng):
    report = monitor.check(flats(rng, 300))
    for each in (report.residual, report.prediction):
        before, now = (np.array([cell[which] for cell in each.cells]) for which in (1, 2))
        assert each.p == p_value(before, now, spread=each is report.residual)
        assert p_value(before, now) != p_value(before, now, spread=True)


@pytest.mark.filterwarnings("ignore:beyond what training saw")
def test_what_a_policy_clips_is_not_felt(rng, tmp_path):
    table, window = flats(rng, 500), flats(rng, 200, income=3.0)
    schema = Schema.learn(table, "price", one_hot=["region"])
    X, y = schema.source(table).to_arrays()
    clipping = schema.with_policies(["income"], out_of_range="clip")
    save(LeastSquares().fit(X, y), tmp_path / "m.json", X=X, y=y, schema=clipping)
    model = load(tmp_path / "m.json")
    served = model.predict(window.drop_columns(["price"]))
    report = DriftMonitor(model).check(window)
    assert report.prediction.mean == pytest.approx(served.mean(), rel=1e-9)
    assert report.residual.mean == pytest.approx((window["price"].to_numpy() - served).mean(), rel=1e-9)
    assert abs(report.prediction.felt) < abs(report.prediction.felt_unclipped)


def test_a_column_that_the_model_ignores_is_not_felt(rng):
    X = rng.standard_normal((1000, 2))
    model = SimpleNamespace(coef_=np.array([2.0, 0.0]), intercept_=1.0)
    report = DriftMonitor(model, reference=Reference.of(model, X)).check(X[:300] + np.array([0.0, 3.0]))
    assert report.drifted == ("x1",) and feature(report, "x1").felt == 0.0 and feature(report, "x1").shift > 2.9


def test_labels_tell_of_drift_that_the_columns_do_not_show(path, monitor, rng):
    window = flats(rng, 500)
    y = window["price"].to_numpy()
    worse = window.set_column(3, "price", pa.array(y + 6.0))
    report = monitor.check(worse)
    assert report.drifted == ("residual",) and report.residual.shift == pytest.approx(6.0, abs=1.0)
    assert monitor.check(window.drop_columns(["price"])).residual is None
    assert monitor.check(window.drop_columns(["price"]), y + 6.0).drifted == ("residual",)
    partly = np.where(np.arange(500) < 200, y + 6.0, np.nan)
    assert monitor.check(window.drop_columns(["price"]), partly).residual.rows == 200
    renamed = worse.rename_columns(["region", "rooms", "income", "paid"])
    assert monitor.check(renamed, "paid").drifted == ("residual",)
    spread = window.set_column(3, "price", pa.array(y + rng.normal(0, 6, 500)))
    assert monitor.check(spread).drifted == ("residual",)


# Laws


def test_the_order_of_rows_and_columns_means_nothing(monitor, rng):
    window = flats(rng, 300, income=0.1)
    turned = window.take(rng.permutation(300)).select(["price", "income", "region", "rooms"])
    straight, mixed = monitor.check(window), monitor.check(turned)
    for each in straight.features:
        assert each.p == feature(mixed, each.name).p
        assert each.felt == pytest.approx(feature(mixed, each.name).felt, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_units_mean_nothing_to_p(rng, kind):
    X, window = KINDS[kind](rng, (800, 2)), KINDS[kind](rng, (150, 2)) + 0.1
    scale, shift = np.array([2.0**20, 0.125]), np.array([2.0**21, -4.0])
    found = []
    for move in (lambda rows: rows, lambda rows: np.round(rows * 2**12) / 2**12 * scale + shift):
        exact = np.round(X * 2**12) / 2**12
        model = SimpleNamespace(coef_=np.ones(2), intercept_=0.0)
        rows = move(exact)
        report = DriftMonitor(model, reference=Reference.of(model, rows)).check(move(np.round(window * 2**12) / 2**12))
        found.append({each.name: (each.p, round(each.shift_sd, 6)) for each in report.features})
    assert found[0] == found[1]


def test_a_window_twice_is_surer(monitor, rng):
    """Copied rows are no new rows; the monitor cannot know, and says so in its conditions."""
    window = flats(rng, 150, income=0.1)
    once, twice = monitor.check(window), monitor.check(pa.concat_tables([window, window]))
    assert feature(twice, "income").p < feature(once, "income").p
    assert feature(twice, "income").shift == pytest.approx(feature(once, "income").shift)


def test_a_file_gives_the_same_report_as_its_rows(monitor, rng, tmp_path):
    window = flats(rng, 200)
    parquet.write_table(window, tmp_path / "window.parquet")
    csv.write_csv(window, tmp_path / "window.csv")
    told = monitor.check(window).to_dict()
    assert monitor.check(tmp_path / "window.parquet").to_dict() == told
    from_text = monitor.check(str(tmp_path / "window.csv")).to_dict()
    assert from_text["prediction"] == told["prediction"]


def test_adjusted_p_values_make_the_alarm(monitor, rng):
    report = monitor.check(flats(rng, 300, income=0.5))
    smallest = min(each.p for each in report.watched)
    assert min(each.adjusted for each in report.watched) == pytest.approx(min(1.0, len(report.watched) * smallest))
    assert report.alarm == any(each.adjusted <= report.level for each in report.watched)


# False alarms


def rate(kind, rows, runs, rng, alpha=0.05, training=1000, columns=4):
    """Alarms where nothing drifted, each run with a reference of its own."""
    model, alarms = SimpleNamespace(coef_=np.ones(columns), intercept_=0.0), 0
    for _ in range(runs):
        reference = Reference.of(model, KINDS[kind](rng, (training, columns)))
        alarms += DriftMonitor(model, alpha, reference=reference).check(KINDS[kind](rng, (rows, columns))).alarm
    return binomtest(alarms, runs, alpha, alternative="greater").pvalue


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [50, 1000])
def test_false_alarms_are_as_rare_as_they_say(kind, rows, rng):
    assert rate(kind, rows, 20, rng) > 0.001


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [50, 100, 200, 1000, 5000])
def test_false_alarms_at_every_window(kind, rows, rng):
    assert rate(kind, rows, 200, rng, training=5000, columns=10) > 0.001


def test_rare_levels_raise_no_alarm(rng):
    """Many levels that training saw once or never: cells of training's own levels would alarm nearly always."""
    alarms = 0
    for _ in range(25):
        names = [f"l{code}" for code in rng.zipf(1.5, 900).clip(max=10**6)]
        table = pa.table({"level": names, "y": rng.standard_normal(900)})
        schema = Schema.learn(table.slice(0, 600), "y", one_hot=["level"]).with_policies(unknown_level="warn")
        model = SimpleNamespace(coef_=np.zeros(len(schema.feature_names)), intercept_=0.0, schema_=schema)
        reference = Reference.learn(schema.feature_names, schema.source(table.slice(0, 600)).to_arrays()[0],
                                    np.zeros(600), schema=schema)  # fmt: skip
        report = DriftMonitor(model, 0.05, reference=reference).check(table.slice(600))
        assert feature(report, "level").unknown > 0
        alarms += report.alarm
    assert binomtest(alarms, 25, 0.05, alternative="greater").pvalue > 0.001


@pytest.mark.faults
def test_residuals_of_training_rows_left_out_are_those_of_new_rows(rng):
    """20 columns on 120 rows: residuals of the fit itself would be a third smaller."""
    alarms = 0
    for _ in range(200):
        X, new = rng.standard_normal((120, 20)), rng.standard_normal((200, 20))
        y, labels = X.sum(axis=1) + rng.standard_normal(120), new.sum(axis=1) + rng.standard_normal(200)
        model = LeastSquares().fit(X, y)
        report = DriftMonitor(model, reference=Reference.of(model, X, y)).check(new, labels)
        alarms += report.residual.p <= 0.05
    assert binomtest(alarms, 200, 0.05, alternative="greater").pvalue > 0.001


# Streams


def test_alpha_is_spread_over_windows(rng):
    X = rng.standard_normal((500, 1))
    model = SimpleNamespace(coef_=np.ones(1), intercept_=0.0)
    reference = Reference.of(model, X)
    planned = DriftMonitor(model, 0.06, windows=12, reference=reference)
    assert planned.level(1) == planned.level(12) == pytest.approx(0.005)
    endless = DriftMonitor(model, 0.06, reference=reference)
    assert sum(endless.level(t) for t in range(1, 10_000)) == pytest.approx(0.06, rel=1e-3)
    assert endless.check(X[:50]).level == 0.06 and endless.check(X[:50], window=2).level == pytest.approx(0.01)
    with pytest.raises(OptionError, match="window 13: alpha was spread over 12"):
        planned.level(13)


def test_a_window_that_is_not_judged_costs_nothing_of_alpha(rng):
    X, model = rng.standard_normal((500, 1)), SimpleNamespace(coef_=np.ones(1), intercept_=0.0)
    monitor = DriftMonitor(model, windows=2, reference=Reference.of(model, X))
    told = list(monitor.stream([X[:50], X[:3], X[:3], X[50:100]]))
    assert [report.status for report in told] == ["no drift", *["not enough data"] * 2, "no drift"]


def test_over_a_stream_alarms_are_as_rare_as_over_one_window(rng):
    """All windows are held against one reference, so they may be wrong together."""
    alarms = 0
    for _ in range(12):
        monitor = plain(rng, columns=1, rows=300)
        alarms += any(report.alarm for report in monitor.stream(rng.standard_normal((15, 40, 1))))
    assert binomtest(alarms, 12, 0.05, alternative="greater").pvalue > 0.001


def test_a_drift_that_comes_late_is_found(rng):
    monitor = plain(rng)
    windows = [rng.standard_normal((200, 3)) + (0.8 if t >= 12 else 0.0) for t in range(14)]
    reports = list(monitor.stream(windows))
    assert next(report.window for report in reports if report.alarm) == 13


def test_a_clock_that_goes_backwards_is_not_judged_and_costs_nothing(rng):
    monitor = plain(rng)
    windows = [rng.standard_normal((50, 3)), rng.standard_normal((50, 3)) + 9, rng.standard_normal((50, 3))]
    days = [date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 3)]
    first, back, next_ = monitor.stream(windows, times=days)
    assert (back.alarm, back.status) == (False, "not enough data")
    assert "clock went backwards: 2024-01-01 after 2024-01-02" in back.refusal
    assert next_.level == monitor.level(2) and first.level == monitor.level(1)
    again = list(monitor.stream(windows[:1] * 2, times=[days[0]] * 2))
    assert again[1].status == "not enough data"


# Windows that say too little


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_few_rows_are_not_judged(monitor, rng, rows):
    report = monitor.check(flats(rng, 20).slice(0, rows))
    assert (report.alarm, report.status, report.rows) == (False, "not enough data", rows)
    assert all("not enough data" in each.not_judged for each in report.watched)
    json.dumps(report.to_dict(), allow_nan=False)
    assert "not enough data" in str(report)


def test_few_rows_of_training_are_not_judged_either(rng):
    model = SimpleNamespace(coef_=np.ones(1), intercept_=0.0)
    monitor = DriftMonitor(model, reference=Reference.of(model, rng.standard_normal((18, 1))))
    report = monitor.check(rng.standard_normal((500, 1)) + 9.0)
    assert report.status == "not enough data" and not report.alarm
    assert all(each.p is None and "of training were counted" in each.not_judged for each in report.watched)


@pytest.mark.parametrize("policy, predicted", [("refuse", 27), ("warn", 30)])
def test_rows_that_are_refused_have_no_prediction(rng, policy, predicted):
    table = flats(rng, 300)
    schema = Schema.learn(table, "price", one_hot=["region"]).with_policies(unknown_level=policy)
    X, y = schema.source(table).to_arrays()
    model = LeastSquares().fit(X, y)
    model.schema_ = schema
    strange = table.slice(0, 30).set_column(0, "region", pa.array(["mars"] * 3 + table["region"].to_pylist()[3:30]))
    report = DriftMonitor(model, reference=Reference.of(model, X, y, schema=schema)).check(strange)
    assert (report.prediction.rows, report.residual.rows, feature(report, "region").unknown) == (predicted,) * 2 + (3,)


def test_a_window_of_copies_is_not_judged(monitor, rng):
    report = monitor.check(flats(rng, 1).take([0] * 400))
    assert (report.alarm, report.status) == (False, "not enough data")
    assert report.refusal == "all 400 rows are copies of one"


def test_a_column_that_got_stuck_is_drift(monitor, rng):
    stuck = flats(rng, 400).set_column(2, "income", pa.array(np.full(400, 22_000.0)))
    assert "income" in monitor.check(stuck).drifted


def test_a_column_that_never_changes_is_no_drift_until_it_does(rng):
    X = np.column_stack([rng.standard_normal(500), np.full(500, 7.0)])
    model = SimpleNamespace(coef_=np.array([1.0, 1.0]), intercept_=0.0)
    monitor = DriftMonitor(model, reference=Reference.of(model, X))
    same = monitor.check(X[:100])
    assert same.status == "no drift" and feature(same, "x1").p == 1.0 and feature(same, "x1").shift_sd is None
    assert "x1" in monitor.check(X[:100] + np.array([0.0, 1e-9])).drifted


def test_all_nan_is_not_enough_data(monitor, rng):
    window = flats(rng, 300)
    empty = window.set_column(2, "income", pa.array(np.full(300, np.nan)))
    report = monitor.check(empty)
    assert (report.alarm, report.status, report.complete) == (False, "not enough data", False)
    assert feature(report, "income").blank == 300 and feature(report, "rooms").p is not None
    assert report.prediction.shift is None and any("income: blank" in problem for problem in report.problems)
    nothing = pa.table({name: pa.nulls(50, pa.float64()) for name in ("region", "rooms", "income")})
    assert monitor.check(nothing).status == "not enough data"


def test_cells_that_hold_no_value_are_counted(monitor, rng):
    income = flats(rng, 1000)["income"].to_numpy().copy()
    income[:10], income[10:15] = np.nan, np.inf
    report = monitor.check(flats(rng, 1000).set_column(2, "income", pa.array(income)))
    assert feature(report, "income").blank == 15 and feature(report, "income").rows == 985
    assert report.complete and "15 without a value" in str(report)
    income[:200] = np.nan
    lost = monitor.check(flats(rng, 1000).set_column(2, "income", pa.array(income)))
    assert lost.refusal == "200 of 1,000 rows cannot be predicted" and not lost.complete


def test_new_missing_and_unknown(monitor, rng):
    window = flats(rng, 300)
    more = monitor.check(window.append_column("tax", pa.array(np.ones(300))))
    assert (more.alarm, more.status) == (
        False,
        "not enough data",
    ) and "tax: not a column of the schema" in more.problems
    less = monitor.check(window.drop_columns(["rooms"]))
    assert feature(less, "rooms").not_judged == "missing" and "rooms: missing" in less.problems
    assert feature(less, "income").p is not None and less.prediction.p is None and not less.complete
    elsewhere = window.set_column(0, "region", pa.array(["overseas"] * 300))
    report = monitor.check(elsewhere)
    assert feature(report, "region").unknown == 300 and "region" in report.drifted
    text = monitor.check(window.set_column(1, "rooms", pa.array(["many"] * 300)))
    assert feature(text, "rooms").blank == 300 and any("text" in problem for problem in text.problems)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_numbers_at_the_ends_of_float64_are_no_crash(rng, factor):
    X = rng.standard_normal((300, 2)) * factor
    model = SimpleNamespace(coef_=np.ones(2), intercept_=0.0)
    monitor = DriftMonitor(model, reference=Reference.of(model, X))
    report = monitor.check(X[:100] * 1e7 if factor > 1 else X[:100] * 4)
    assert report.alarm
    json.dumps(report.to_dict(), allow_nan=False)
    assert str(report)


def test_a_column_may_be_called_prediction(rng):
    X = pa.table({"prediction": rng.standard_normal(500), "residual": rng.standard_normal(500)})
    matrix, y = np.column_stack([column.to_numpy() for column in X.columns]), rng.standard_normal(500)
    model = LeastSquares().fit(X, y)
    report = DriftMonitor(model, reference=Reference.of(model, matrix, y)).check(matrix + 5.0, y)
    names = [each.name for each in report.watched]
    assert sorted(names) == ["prediction", "prediction (the model's)", "residual", "residual (the model's)"]


def test_p_is_never_said_to_be_0(rng):
    report = plain(rng, rows=5000).check(rng.standard_normal((5000, 3)) + 9.0)
    assert report.prediction.p == 0.0 and "<1e-300" in str(report)


def test_what_cannot_be_watched_is_refused(path, rng, tmp_path):
    model = LeastSquares().fit(rng.standard_normal((50, 2)), rng.standard_normal(50))
    with pytest.raises(OptionError, match="does not remember"):
        DriftMonitor(model)
    X = rng.standard_normal((50, 3))
    with pytest.raises(OptionError, match="the reference is of the features a, b, c"):
        DriftMonitor(load(path), reference=Reference.learn(["a", "b", "c"], X, X[:, 0]))
    for alpha in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(OptionError, match="alpha must lie between 0 and 1"):
            DriftMonitor(path, alpha)
    for windows in (0, 1.5, True):
        with pytest.raises(OptionError, match="windows must be a whole number"):
            DriftMonitor(path, windows=windows)
    monitor = DriftMonitor(path)
    with pytest.raises(ShapeError, match=r"takes \(n_samples, 5\)"):
        monitor.check(np.zeros((20, 2)))
    with pytest.raises(ShapeError, match="more rows than the 7 labels"):
        monitor.check(flats(rng, 300), np.zeros(7))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ReadError, match=r"empty\.csv"):
        monitor.check(tmp_path / "empty.csv")


# The page


def test_the_page_loads_nothing_and_runs_nothing_that_others_wrote(rng, tmp_path):
    pytest.importorskip("vl_convert")
    hostile = "<script>alert(1)</script>"
    X = pa.table({hostile: rng.standard_normal(300), "b": rng.standard_normal(300)})
    model = LeastSquares().fit(X, rng.standard_normal(300))
    matrix = np.column_stack([column.to_numpy() for column in X.columns])
    monitor = DriftMonitor(model, reference=Reference.of(model, matrix))
    report = monitor.check(X.slice(0, 100).set_column(0, hostile, pa.array(rng.standard_normal(100) + 1)))
    report.to_html(tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page and "default-src" in page
    assert all(f'<h2 id="{anchor}-title"' in page for anchor in ("felt", "all", "cells"))
    assert 'src="http' not in page and 'href="http' not in page
