"""What Prometheus reads: counts that are right, and drift over the last rows."""

from __future__ import annotations

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from trueline import LeastSquares
from trueline.faces.serve import drift_window
from trueline.faces.serve.drift_window import DriftWindow, _measures
from trueline.models.foreign import as_line
from trueline.ship import DriftMonitor, Reference

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}


def samples(served, look=True):
    """Every sample of /metrics by name and labels."""
    if look:
        served.service.window._looked = -1e9
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.name.startswith("trueline_") for family in families)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def rows(n, seed=0, age=0.0):
    rng = np.random.default_rng(seed)
    return [{"region": ("north", "south", "west")[i % 3], "rooms": int(rng.integers(1, 9)),
             "age": float(rng.uniform(1, 79)) + age, "balcony": bool(i % 2)} for i in range(n)]  # fmt: skip


def test_counts(served):
    served.ask({"rows": rows(7)})
    served.ask({"rows": [{**GOOD, "age": 500}]})
    served.ask({"rows": [{**GOOD, "region": "east"}]})
    served.ask(b"{")
    found = samples(served)
    assert found["trueline_rows_total",] == 8
    assert found["trueline_requests_total", "/predict", "200"] == 2
    assert found["trueline_requests_total", "/predict", "422"] == 1
    assert found["trueline_refusals_total", "wrong_cells"] == found["trueline_refusals_total", "malformed"] == 1
    assert found["trueline_warnings_total", "range"] == 1
    assert found["trueline_request_seconds_count", "/predict"] == 4
    assert found["trueline_requests_in_flight",] == 1 and found["trueline_ready",] == 1
    [info] = [key[1:] for key in found if key[0] == "trueline_model_info"]
    assert set(info) == {"flats", "3", served.service.served.model.sha256}


def test_rows_are_counted_on_every_way_in(served):
    tensors = [{"name": name, "shape": [2], "datatype": {"region": "BYTES", "balcony": "BOOL"}.get(name, "FP64"),
                "data": [cell, cell]} for name, cell in GOOD.items()]  # fmt: skip
    assert served.ask({"inputs": tensors}, "/v2/models/flats/infer").status_code == 200
    served.ask({"columns": {name: [cell] * 3 for name, cell in GOOD.items()}})
    assert samples(served)["trueline_rows_total",] == samples(served)["trueline_drift_window_rows",] == 5


def test_paths_that_nobody_has_are_one_label(served):
    for i in range(20):
        served.client.get(f"/nowhere/{i}")
    routes = {key[1] for key in samples(served) if key[0] == "trueline_requests_total"}
    assert routes <= {"other", "/metrics"}


def test_drift(served):
    found = samples(served)
    assert found["trueline_drift_checked",] == found["trueline_drift_alarm",] == 0
    served.ask({"rows": [GOOD]})
    found = samples(served)
    assert (found["trueline_drift_window_rows",], found["trueline_drift_checked",]) == (1, 0)  # not enough data
    served.ask({"rows": rows(600)})
    found = samples(served)
    assert found["trueline_drift_window_rows",] == 601
    assert found["trueline_drift_checked",] == 1 and found["trueline_drift_alarm",] == 0
    served.ask({"rows": rows(900, 1, age=40.0)})
    found = samples(served)
    assert found["trueline_drift_alarm",] == 1 and found["trueline_drift_feature", "age", "drifted"] == 1
    assert found["trueline_drift_feature", "age", "psi"] > 0.2
    served.ask({"rows": rows(300)})
    assert samples(served, look=False)["trueline_drift_window_rows",] == 1000  # looked at a moment ago


def test_constant_and_strange_rows_are_no_fault(serve):
    served = serve(policies={"columns": ["region"], "unknown_level": "warn"})
    for row in (GOOD, {**GOOD, "region": "east", "age": 1e300}, {**GOOD, "age": -1.7e308}):
        served.ask({"rows": [row] * 200})
        assert samples(served)["trueline_drift_window_rows",] > 0


def test_a_monitor_that_stumbles_costs_no_other_measurement(served, monkeypatch):
    monkeypatch.setattr(served.service.window, "_monitor", 3)
    served.ask({"rows": [GOOD]})
    found = samples(served)
    assert found["trueline_rows_total",] == 1 and found["trueline_drift_checked",] == 0


def test_no_window(serve):
    served = serve(drift_window=0)
    assert served.ask({"rows": [GOOD]}).status_code == 200
    assert samples(served)["trueline_drift_window_rows",] == 0 and not served.service.window.watched


@pytest.mark.parametrize("sizes", [[1] * 23, [3, 4, 5, 6], [25], [10, 10], [9, 1, 1], [4, 100, 3]], ids=str)
def test_the_ring_keeps_the_last_rows_in_order(model, sizes):
    window = DriftWindow(model, model.schema, 10)
    sent = np.arange(sum(sizes) * 4, dtype=float).reshape(-1, 4)
    sent[:, 0] %= 3
    start = 0
    for size in sizes:
        window.add(sent[start : start + size])
        start += size
    table = window.frame()
    assert table["rooms"].to_pylist() == sent[-10:, 1].tolist()
    assert table["region"].to_pylist() == [("north", "south", "west")[int(code)] for code in sent[-10:, 0]]


def test_levels_that_training_did_not_see(model):
    window = DriftWindow(model, model.schema, 10)
    window.add(np.array([[-1.0, 1, 2, 0]]))
    assert window.frame()["region"].to_pylist() == [drift_window.STRANGE]


def test_a_column_called_prediction_is_not_hidden_by_the_prediction():
    X = np.random.default_rng(0).standard_normal((200, 2))
    model = LeastSquares().fit(X, X[:, 0])
    names = ["prediction", "(prediction)"]
    reference = Reference.learn(names, X, model.predict(X))
    found = _measures(DriftMonitor(as_line(model), reference=reference).check(X + np.array([9.0, 0.0])))
    assert found["prediction"]["shift"] == pytest.approx(9) and found["(prediction)"]["shift"] == pytest.approx(0)
    assert found["((prediction))"]["shift"] == pytest.approx(9)
