"""``trueline fit``: the right estimator, the right numbers, the right exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from trueline.errors import OptionError
from trueline.faces.fitting import parse_loss
from trueline.maths.losses import Huber, Quantile, Squared

HOUSING = Path(__file__).parents[3] / "shared" / "data" / "california_housing.csv"


@pytest.mark.parametrize(
    "flags",
    [
        ("--gd",), ("--lr", "0.0001"), ("--epochs", "50"), ("--loss", "mse"), ("--standardize",), ("--momentum", "0.5"),
        ("--tol", "1e-3"), ("--batch-size", "10"), ("--clip-row-gradient", "5"), ("--clip-features", "0.01", "0.99"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_any_flag_of_descent_chooses_it(run, flats, clean, flags):
    result = run("fit", flats, "--target", "price", *clean, *flags, "--json")
    assert result.code == 0
    assert result.json["model"] == "LinearRegressionGD"


def test_without_one_it_is_the_closed_form(run, flats, clean):
    found = run("fit", flats, "--target", "price", *clean, "--seed", "3", "--reg-lambda", "0.1", "--json").json
    assert (found["model"], found["saved"]) == ("LeastSquares", None)


def test_what_a_person_reads(run, flats, clean):
    printed = run("fit", flats, "--target", "price", *clean, "-o", "a model.json").out
    for part in (
        "59 rows, 4 features -> price", "region: measured against its level 'north'", "region=south", "rooms",
        "training (59 rows)", "held out (12 rows)", "R²", "digits vouched for",
        "trueline verify", "trueline audit", "--target price --model 'a model.json'",
        "trueline predict 'a model.json' new.csv",
    ):  # fmt: skip
        assert part in printed


def test_the_numbers_are_those_of_lstsq(run, flats, clean):
    found = run("fit", flats, "--target", "price", *clean, "--json").json
    rows = [row for row in csv.DictReader(flats.read_text().splitlines()) if row["age"]]
    y = np.array([float(row["price"]) for row in rows])
    X = np.array([[1.0, row["region"] == "south", row["region"] == "west", float(row["rooms"]), float(row["age"])]
                  for row in rows])  # fmt: skip
    theta, (rss,) = np.linalg.lstsq(X, y)[:2]
    assert np.allclose([found["intercept"], *found["coefficients"].values()], theta, rtol=1e-10)
    assert found["training"]["train_mse"] == pytest.approx(rss / len(y))
    assert found["training"]["train_r2"] == pytest.approx(1 - rss / len(y) / y.var())


def test_the_held_out_error_is_honest(run, tmp_path):
    """As many columns as rows to fit them on: no error in training, plenty on rows that were held out."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 40))
    np.savetxt(tmp_path / "noise.csv", table, delimiter=",", header=",".join(f"c{j}" for j in range(40)), comments="")
    training = run("fit", "noise.csv", "--target", "c0", "--json").json["training"]
    assert training["metrics"]["rows"] == 10
    assert training["metrics"]["rmse"] ** 2 > 20 * training["train_mse"]
    assert run("fit", "noise.csv", "--target", "c0", "--test-share", 0, "--json").json["training"]["metrics"] is None


def test_the_seed_picks_the_held_out_rows(run, flats, clean):
    first, second = (run("fit", flats, "--target", "price", *clean, "--seed", seed, "--json").json for seed in (0, 1))
    assert first["coefficients"] == second["coefficients"]
    assert first["training"]["metrics"] != second["training"]["metrics"]


def test_two_runs_print_the_same(run, flats, clean):
    words = ("fit", flats, "--target", "price", *clean, "--gd", "--batch-size", "8", "--epochs", "5")
    assert run(*words) == run(*words)
    assert run(*words).out != run(*words, "--seed", "1").out


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
def test_strict_stops_what_did_not_converge(run, flats, clean, as_json):
    words = ("fit", flats, "--target", "price", *clean, "--gd", "--epochs", "3", "-o", "m.json", *as_json)
    loose = run(*words)
    assert loose.code == 0
    assert "raise" in loose.out and Path("m.json").exists()
    Path("m.json").unlink()
    strict = run(*words, "--strict")
    assert strict.code == 3
    assert "not converged" in strict.err and not Path("m.json").exists()
    if as_json:
        assert strict.json["saved"] is None and "not converged" in strict.json["error"]


def test_strict_is_content_with_convergence(run, flats, clean):
    assert run("fit", flats, "--target", "price", *clean, "--standardize", "--strict", "-o", "m.json").code == 0
    assert json.loads(Path("m.json").read_text())["training"]["status"] == "converged"


def test_divergence_names_the_limit(run, flats, clean):
    result = run("fit", flats, "--target", "price", *clean, "--lr", "10", "-o", "m.json")
    assert result.code == 3
    assert "diverged" in result.err and "--lr auto" in result.err
    assert not Path("m.json").exists()


def test_warnings_name_columns(run, tmp_path):
    (tmp_path / "c.csv").write_text("seven,b,c,y\n" + "".join(f"7,{i},{2 * i},{i % 5}\n" for i in range(20)))
    printed = run("fit", "c.csv", "--target", "y").out
    assert "constant column: seven" in printed and "determine each other: b, c" in printed
    assert "X[:" not in printed


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-o", "flats.csv"), "overwrite"), (("-o", "no/m.json"), "does not exist"), (("-o", "."), "is a folder"),
        (("--lr", "fast"), "--lr must be"), (("--lr", "-1"), "lr must be"), (("--loss", "cubic"), "loss must be"),
        (("--loss", "huber:wide"), "huber:2.5"), (("--loss", "huber:-1"), "positive"),
        (("--momentum", "1"), "momentum"),
        (("--tol", "-1"), "tol"), (("--clip-row-gradient", "0"), "--clip-row-gradient must"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_options_are_said_before_the_rows_are_read(run, flats, monkeypatch, flags, said):
    before = flats.read_bytes()
    monkeypatch.setattr("trueline.faces.fitting.read_table", lambda *args: pytest.fail("the rows were read"))
    result = run("fit", "flats.csv", "--target", "price", *flags)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert flats.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "loss"),
    [("huber", Huber()), ("huber:2.5", Huber(2.5)), ("quantile:0.9", Quantile(0.9)), ("mse", Squared(half=False))],
)
def test_losses_by_text(text, loss):
    assert parse_loss(text) == loss


@pytest.mark.parametrize("text", ["huber:", "quantile", "mse:2", "quantile:2", "", ":"])
def test_no_such_loss(text):
    with pytest.raises(OptionError):
        parse_loss(text)


def test_california_housing_from_the_first_command_to_eight_digits(run):
    if not HOUSING.exists():
        pytest.skip("california_housing.csv is not beside this repository")
    refused = run("fit", HOUSING, "--target", "median_house_value", "--json")
    assert refused.code == 2
    words = ["fit", HOUSING, "--target", "median_house_value", "--drop-missing", "--one-hot", "ocean_proximity"]
    assert sorted(refused.json["command"].split()) == sorted(["trueline", *map(str, words), "--json"])
    found = run(*refused.json["command"].split()[1:]).json
    rows = [row for row in csv.DictReader(HOUSING.read_text().splitlines()) if all(row.values())]
    numeric = [name for name in rows[0] if name not in ("ocean_proximity", "median_house_value")]
    levels = sorted({row["ocean_proximity"] for row in rows})[1:]
    X = np.array([[*(float(row[name]) for name in numeric), *(row["ocean_proximity"] == level for level in levels)]
                  for row in rows])  # fmt: skip
    y = np.array([float(row["median_house_value"]) for row in rows])
    coef = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean())[0]
    names = [*numeric, *(f"ocean_proximity={level}" for level in levels)]
    assert list(found["coefficients"]) == names
    assert np.allclose(list(found["coefficients"].values()), coef, rtol=1e-8)
    assert found["intercept"] == pytest.approx(y.mean() - X.mean(axis=0) @ coef, rel=1e-8)
