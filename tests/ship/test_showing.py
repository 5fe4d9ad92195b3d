"""What a file tells about its rows is said, and text that others chose stays text."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, LinearRegressionGD, Schema
from trueline.defend import PrivateLeastSquares
from trueline.ship import load, save
from trueline.ship.card import model_card
from trueline.ship.forgetting import forget_rows
from trueline.ship.showing import describe, reveals

EVIL = "a|b\n# <script>alert(1)</script>\x1b[31m[x](javascript:1)\u202e"


@pytest.fixture
def flats(rng):
    rooms, region = rng.integers(1, 6, 40), np.array(["n", "s", "w"])[rng.integers(0, 3, 40)]
    return pa.table({"region": region.tolist(), "rooms": rooms, "price": 100.0 * rooms + rng.normal(size=40)})


def saved(path, model, **options):
    save(model, path, **options)
    return load(path)


def told(model):
    return " ".join(reveals(model))


def test_each_part_of_a_file_is_said_to_tell_what_it_tells(flats, tmp_path, rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    path = tmp_path / "m.json"
    bare = told(saved(path, LeastSquares().fit(X, y)))
    assert "The coefficients follow from the rows" in bare
    for word in ("Moments", "Reference", "Snapshot", "Schema", "Scaling", "Clipping"):
        assert word not in bare
    schema = Schema.learn(flats, "price", one_hot=["region"])
    fitted = LeastSquares().fit(*schema.source(flats).to_arrays())
    full = told(saved(path, fitted, X=flats, y="price", schema=schema, keep_moments=True,
                      training={"metrics": {"rows": 8, "rmse": 1.0}}))  # fmt: skip
    for part in ("Moments: the number of rows", "Reference for drift", "smallest and largest value of 1 column,",
                 "all 3 levels", "that there were 40 rows", "on 8 rows"):  # fmt: skip
        assert part in full, part
    descent = LinearRegressionGD(standardize=True, clip_features=(0.1, 0.9), tol=1e-6).fit(X, y)
    scaled = told(saved(path, descent, X=X, y=y, reference=False, snapshot=False))
    assert "Scaling" in scaled and "Clipping" in scaled and "Snapshot" not in scaled and "Reference" not in scaled
    private = PrivateLeastSquares(1.0, bounds=(-5, 5), y_bounds=(-5, 5)).fit(X, y)
    assert "(epsilon, delta) = (1, 1e-06)" in told(saved(path, private, X=X, y=y))


def test_the_description_is_the_model(flats, tmp_path):
    schema = Schema.learn(flats, "price", one_hot=["region"])
    fitted = LeastSquares(reg_lambda=0.5).fit(*schema.source(flats).to_arrays())
    model = saved(tmp_path / "m.json", fitted, X=flats, y="price", schema=schema)
    found = describe(model)
    json.dumps(found, allow_nan=False)
    assert found["features"] == dict(zip(schema.feature_names, fitted.coef_, strict=True))
    assert (found["target"], found["schema"]["hash"], found["penalty"]["reg_lambda"]) == ("price", schema.hash, 0.5)
    assert found["sha256"] == json.loads((tmp_path / "m.json").read_text())["sha256"]


def test_a_card_says_what_is_known_and_what_is_not(flats, tmp_path):
    schema = Schema.learn(flats, "price", one_hot=["region"])
    fitted = LeastSquares().fit(*schema.source(flats).to_arrays())
    card = model_card(saved(tmp_path / "m.json", fitted, X=flats, y="price", schema=schema), "m.json")
    assert card.startswith("# Model card: m.json\n")
    for part in ("predicts price from 3 features", "To be filled in by its owner", "| rooms | integer | ",
                 "40 rows from a source that is not recorded", "No errors on held-out rows are recorded",
                 "It is not signed", "## What the file tells"):  # fmt: skip
        assert part in card, part


def test_a_card_without_a_schema_says_what_that_means(flats, tmp_path):
    """Then there are the names of the fit, or not even those."""
    X, y = flats.select(["rooms"]), flats["price"]
    named = model_card(saved(tmp_path / "m.json", LeastSquares().fit(X, y)), "m.json")
    assert "## Inputs\n\nNo schema is known" in named and "matched by name;" in named
    assert "| rooms | any number |" in named
    plain = LeastSquares().fit(np.asarray(X["rooms"], dtype=float)[:, None], np.asarray(y))
    nameless = model_card(saved(tmp_path / "m.json", plain), "m.json")
    assert "from 1 feature.\n" in named and "by position" in nameless and "| X\\[:, 0\\] | any number |" in nameless


def test_ranges_are_called_what_they_are(flats, tmp_path):
    """After forgetting an extreme row, a range is what the moments allow, and nothing that was seen."""
    flats = flats.drop_columns("region")
    schema = Schema.learn(flats, "price")
    X, y = schema.source(flats).to_arrays()
    model = saved(tmp_path / "m.json", LeastSquares().fit(X, y), schema=schema, keep_moments=True)
    assert "| column | kind | seen in training |" in model_card(model, "m.json")
    least = [int(np.argmin(X[:, 0]))]
    rest = forget_rows(model, X[least], y[least]).model
    assert "| column | kind | known of training |" in model_card(rest, "m.json")
    assert "or a wider range where such a row was forgotten" in told(rest)


def test_blanks_at_the_ends_of_a_name_are_seen(tmp_path, rng):
    X, y = rng.normal(size=(20, 1)), rng.normal(size=20)
    model = saved(tmp_path / "m.json", LeastSquares().fit(pa.table({"side=west ": X[:, 0]}), y))
    assert "| 'side=west ' |" in model_card(model, "m.json")


def test_names_that_others_chose_are_no_markup(tmp_path, rng):
    X, y = rng.normal(size=(20, 1)), rng.normal(size=20)
    model = LeastSquares().fit(pa.table({EVIL: X[:, 0]}), y)
    training = {"status": EVIL, EVIL: {"x": EVIL}, "metrics": {EVIL: EVIL, "rows": [EVIL]}, "seeds": [EVIL]}
    card = model_card(saved(tmp_path / "m.json", model, training=training), EVIL)
    assert "<script" not in card.replace("\\<script", "") and "\x1b" not in card and "\u202e" not in card
    assert "](javascript" not in card.replace("\\]", "")
    assert all(line.startswith(("| ", "#", "A ", "\\", "Loss", "To", "On", "No", "File", "When", "- ", "|"))
               for line in card.splitlines() if line)  # fmt: skip
    assert [line for line in card.splitlines() if line.startswith("# ")] == [card.splitlines()[0]]


@pytest.mark.parametrize("value", [None, 0, "x", [], {}, {"rows": {}}, [[]], True, 1e300], ids=repr)
def test_a_record_of_any_shape_can_be_shown(tmp_path, rng, value):
    """The record is what whoever wrote the file liked it to be."""
    fitted = LeastSquares().fit(rng.normal(size=(20, 1)), rng.normal(size=20))
    record = dict.fromkeys(("status", "epochs", "lr", "seeds", "versions", "metrics", "rows", "more"), value)
    model = saved(tmp_path / "m.json", fitted, training={**record, "x": 1})
    assert describe(model)["training"]["metrics"] == value
    assert model_card(model, "m").endswith("\n")
