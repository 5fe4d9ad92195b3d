"""``trueline verify``: a right fit passes, a wrong one fails, and flags never contradict a model silently."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from trueline.ship import save
from trueline.ship.sealing import canonical, seal


def test_a_right_model_passes(run, flats, model):
    found = run("verify", flats, "--target", "price", "--model", model)
    assert found.code == 0
    for part in ("gradient check passed", "optimal", "closed form", "region=south", "none at or above --fail-on high"):
        assert part in found.out


def test_without_a_model_one_is_fitted(run, flats, clean):
    found = run("verify", flats, "--target", "price", *clean, "--json")
    assert found.code == 0
    assert found.json["certificate"]["gap"] < 1e-9 and found.json["closed_form"]["w_digits"] > 8
    assert found.json["gradient"]["passed"] is True


def test_a_tampered_model_fails(run, flats, model):
    values = json.loads(model.read_text())
    values["w"][0] += 5.0
    model.write_bytes(canonical(seal(values)))
    found = run("verify", flats, "--target", "price", "--model", model)
    assert found.code == 1
    assert "is not the best fit to these rows" in found.out and "1 at or above --fail-on high" in found.out
    machine = run("verify", flats, "--target", "price", "--model", model, "--json")
    assert machine.code == 1 and machine.json["findings"][0]["rule_id"] == "not-optimal"
    assert run("verify", flats, "--target", "price", "--model", model, "--fail-on", "critical").code == 0


def test_fail_on_decides(run, flats, model):
    assert run("verify", flats, "--target", "price", "--model", model, "--fail-on", "info").code == 1


def test_collinear_columns_fail_and_are_named(run, tmp_path):
    (tmp_path / "c.csv").write_text("a,b,y\n" + "".join(f"{i},{2 * i},{i % 5}\n" for i in range(20)))
    found = run("verify", "c.csv", "--target", "y")
    assert found.code == 1 and "a, b determine each other" in found.out and "X[:" not in found.out
    assert "set --reg-lambda" in found.out


@pytest.mark.parametrize(
    "flags", [("--loss", "huber"), ("--loss", "mae", "--lr", "0.1", "--epochs", "50"), ("--standardize",)]
)
def test_every_kind_of_model_can_be_looked_at(run, flats, clean, flags):
    assert run("fit", flats, "--target", "price", *clean, *flags, "-o", "m.json").code == 0
    assert run("verify", flats, "--target", "price", "--model", "m.json", "--json").code in (0, 1)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--target", "rooms"), "predicts 'price', not 'rooms'"),
        (("--target", "price", "--one-hot", "region"), "--one-hot"),
        (("--target", "price", "--drop", "age"), "--drop"),
        (("--target", "price", "--reg-lambda", "1"), "--reg-lambda"),
    ],
)
def test_flags_must_not_contradict_the_model(run, flats, model, flags, said):
    found = run("verify", flats, "--model", model, *flags)
    assert found.code == 2 and said in found.err


def test_blanks_may_be_left_out_though_the_model_had_none(run, flats, clean):
    rows = [line for line in flats.read_text().splitlines() if ",," not in line]
    (flats.parent / "full.csv").write_text("\n".join(rows) + "\n")
    assert run("fit", "full.csv", "--target", "price", *clean[:4], "-o", "m.json").code == 0
    assert run("verify", flats, "--target", "price", "--model", "m.json").code == 2
    assert run("verify", flats, "--target", "price", "--model", "m.json", "--drop-missing").code == 0


def test_a_model_of_somebody_else_is_matched_by_its_names(run, tmp_path):
    """The columns of the file come in another order than those of the model."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(30, 2)), columns=["b", "a"])
    y = 3 * frame["a"] + rng.normal(size=30)
    save(LinearRegression().fit(frame, y), tmp_path / "m.json")
    frame.assign(y=y)[["y", "a", "b"]].to_csv(tmp_path / "rows.csv", index=False)
    assert run("verify", "rows.csv", "--target", "y", "--model", "m.json").code == 0


def test_a_column_that_the_model_does_not_know_is_left_out_by_the_command_it_prints(run, flats, model):
    more = flats.parent / "more.csv"
    header, *rows = flats.read_text().splitlines()
    more.write_text("\n".join([f"{header},tax", *(f"{row},3" for row in rows)]) + "\n")
    refused = run("verify", more, "--target", "price", "--model", model)
    assert refused.code == 2 and refused.err.rstrip().endswith("--drop tax")
    words = ("--drop", "tax", "--drop-missing")
    assert run("verify", more, "--target", "price", "--model", model, *words).code == 0
