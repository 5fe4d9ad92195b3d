"""A model file is believed in nothing: whatever is wrong with it is an ArtifactError that names the file."""

from __future__ import annotations

import hashlib
import json
import pickle
from copy import deepcopy

import numpy as np
import pyarrow as pa
import pytest

from trueline import Domain, LeastSquares, LinearRegressionGD, Schema
from trueline.errors import ArtifactError
from trueline.maths.losses import Huber
from trueline.ship import load, save
from trueline.ship.sealing import canonical, seal


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One file with a schema, one with everything else."""
    folder = tmp_path_factory.mktemp("models")
    table = pa.table({"a": [1.0, 2.0, 4.0, 3.0], "r": ["n", "s", "s", "n"], "y": [1.0, 3.0, 2.0, 7.0]})
    schema = Schema.learn(table, "y", one_hot=["r"])
    model = LeastSquares().fit(*schema.source(table).to_arrays())
    save(model, folder / "schema.json", schema=schema)
    X = pa.table({"a": [0.0, 1.0, 2.0, 5.0], "b": [1.0, 0.0, 3.0, 1.0]})
    descent = LinearRegressionGD(standardize=True, loss=Huber(2.0), clip_features=Domain(0.0, [np.inf, 2.0]), tol=1e-3)
    save(descent.fit(X, [1.0, 2.0, 2.0, 4.0]), folder / "descent.json")
    return folder


def refused(path, content, match=None):
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=match) as error:
        load(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def changed(folder, name, change):
    """The file with its values changed and its checksum made right again, as an attacker would."""
    values = json.loads((folder / name).read_text())
    change(values)
    try:
        return canonical(seal(values))
    except ValueError:  # NaN and infinity
        return json.dumps({**values, "sha256": ""}).encode()


@pytest.mark.parametrize("name", ["schema.json", "descent.json"])
def test_truncated_at_every_byte(folder, tmp_path, name):
    content = (folder / name).read_bytes()
    for size in range(len(content)):
        refused(tmp_path / "m.json", content[:size])


def test_a_flipped_bit_in_every_byte_is_seen(folder, tmp_path):
    """All eight of them, in a file that has everything: test_loading_faults.py."""
    content = (folder / "descent.json").read_bytes()
    for at in range(len(content)):
        refused(tmp_path / "m.json", content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :])


@pytest.mark.parametrize(("old", "new"), [(b'"b": ', b'"b":  '), (b"\n}", b"}"), (b"e", b"E")], ids=repr)
def test_other_bytes_for_the_same_values_are_refused(folder, tmp_path, old, new):
    content = (folder / "schema.json").read_bytes()
    assert old in content
    refused(tmp_path / "m.json", content.replace(old, new, 1))


WRONG = {
    "format later": ({"format": 7}, "made by format 7, this reads up to 1. Install a later trueline"),
    "format huge": ({"format": 10**4000}, "made by format 1000"),
    "format none": ({"format": 0}, "made by format 0"),
    "format text": ({"format": "1"}, "names no format"),
    "format true": ({"format": True}, "names no format"),
    "format real": ({"format": 1.0}, "names no format"),
    "w text": ({"w": "1"}, "w must be"),
    "w empty": ({"w": []}, "w must be"),
    "w longer": ({"w": [1.0, 2.0, 3.0]}, "mu has 2 numbers, w has 3"),
    "w nested": ({"w": [[1.0], [2.0]]}, "w must be"),
    "w truth": ({"w": [True, 1.0]}, "w must be"),
    "w text inside": ({"w": ["1", 1.0]}, "w must be"),
    "w null": ({"w": [None, 1.0]}, "w must be"),
    "w beyond floats": ({"w": [10**400, 1.0]}, "w must be"),
    "w overflows": ({"w": [1e300, 1.0], "sigma": [1e-300, 1.0]}, "overflow"),
    "b null": ({"b": None}, "b cannot be"),
    "b truth": ({"b": True}, "b cannot be"),
    "b beyond floats": ({"b": 10**400}, "b cannot be"),
    "mu shorter": ({"mu": [0.0]}, "mu has 1"),
    "sigma zero": ({"sigma": [0.0, 1.0]}, "sigma must be positive"),
    "sigma negative": ({"sigma": [-1.0, 1.0]}, "sigma must be positive"),
    "bounds crossed": ({"clip_low": [1.0, 1.0], "clip_high": [0.0, 2.0]}, "low at most high"),
    "bounds halved": ({"clip_low": None}, "must both be there"),
    "bounds longer": ({"clip_low": [0.0, 0.0, 0.0]}, "clip_low must be"),
    "bounds truth": ({"clip_low": [False, 0.0]}, "clip_low must be"),
    "loss unknown": ({"loss": {"name": "pickle"}}, "unknown loss"),
    "loss a list": ({"loss": [["name", "squared"], ["half", True]]}, "unknown loss"),
    "loss nameless": ({"loss": {}}, "unknown loss"),
    "loss name a list": ({"loss": {"name": []}}, "unknown loss"),
    "loss extra": ({"loss": {"name": "huber", "delta": 1.0, "x": 1.0}}, "loss: huber takes"),
    "loss short": ({"loss": {"name": "huber"}}, "loss: huber takes"),
    "loss truth": ({"loss": {"name": "huber", "delta": True}}, "delta cannot be"),
    "loss beyond floats": ({"loss": {"name": "huber", "delta": 10**400}}, "delta cannot be"),
    "loss negative": ({"loss": {"name": "huber", "delta": -1.0}}, "loss: Huber's delta"),
    "loss number": ({"loss": {"name": "squared", "half": 1}}, "half cannot be"),
    "reg_lambda negative": ({"reg_lambda": -1.0}, "reg_lambda cannot be"),
    "alpha null": ({"alpha": None}, "alpha cannot be"),
    "alpha negative": ({"alpha": -1.0}, "alpha cannot be"),
    "row_bound zero": ({"row_bound": 0.0}, "row_bound cannot be"),
    "fit_intercept number": ({"fit_intercept": 1}, "fit_intercept cannot be"),
    "kind number": ({"kind": 3}, "kind cannot be"),
    "names shorter": ({"feature_names": ["a"]}, "feature_names must be"),
    "names repeated": ({"feature_names": ["a", "a"]}, "feature_names must be"),
    "names numbers": ({"feature_names": [1, 2]}, "feature_names must be"),
    "training a list": ({"training": []}, "training cannot be"),
    "schema a list": ({"schema": []}, "schema"),
    "field unknown": ({"extra": 1}, "unknown .'extra'."),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_wrong_values_under_a_right_checksum(folder, tmp_path, change, said):
    refused(tmp_path / "m.json", changed(folder, "descent.json", lambda values: values.update(change)), said)


SCHEMA = {
    "level gone": lambda schema: schema["columns"][1]["levels"].pop(),
    "column gone": lambda schema: schema["columns"].pop(),
    "beyond floats": lambda schema: schema["columns"][0].update(high=10**400),
    "truth": lambda schema: schema["columns"][0].update(low=True),
    "target also a column": lambda schema: schema.update(target="a"),
    "unknown nulls": lambda schema: schema.update(nulls="guess"),
    "unknown field": lambda schema: schema.update(more=1),
}


@pytest.mark.parametrize("change", SCHEMA.values(), ids=SCHEMA)
def test_wrong_schemas_under_a_right_checksum(folder, tmp_path, change):
    content = changed(folder, "schema.json", lambda values: change(values["schema"]))
    refused(tmp_path / "m.json", content, "schema")


def test_names_in_another_order_than_the_schema(folder, tmp_path):
    content = changed(folder, "schema.json", lambda values: values.update(feature_names=["r=s", "a"]))
    refused(tmp_path / "m.json", content, "other features")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5000])
def test_numbers_that_are_none(folder, tmp_path, number):
    text = (folder / "descent.json").read_text()
    for name in ("b", "alpha"):
        at = text.index(f'"{name}": ') + len(name) + 4
        refused(tmp_path / "m.json", (text[:at] + number + text[text.index(",", at) :]).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"1", b'"x"', b"{}", b'{"format": 1}', b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"\0",
        b"[" * 200_000, b'{"a":' * 200_000, b'{"format": 1, "format": 1}', pickle.dumps({"format": 1}), b"PK\x03\x04",
    ],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_what_is_no_model_at_all(tmp_path, content):
    refused(tmp_path / "m.json", content)


def test_fields_given_twice(folder, tmp_path):
    text = (folder / "descent.json").read_text()
    refused(tmp_path / "m.json", text.replace('"b": ', '"b": 0.0,\n "b": ', 1).encode(), "given twice")


def test_deep_nesting_and_lone_surrogates_inside_a_right_file(folder, tmp_path):
    text = (folder / "descent.json").read_text()
    nested = text.replace('"training": {', '"training": {"x": ' + "[" * 50_000 + "]" * 50_000 + ", ", 1)
    refused(tmp_path / "m.json", nested.encode())
    refused(tmp_path / "m.json", text.replace('"kind": "', '"kind": "\\ud800', 1).encode())


def test_a_file_too_large_is_not_parsed(tmp_path):
    with (tmp_path / "m.json").open("wb") as stream:
        stream.truncate(65 * 2**20)
    with pytest.raises(ArtifactError, match="larger than 64 MB"):
        load(tmp_path / "m.json")


def test_missing_fields_are_named(folder, tmp_path):
    values = json.loads((folder / "descent.json").read_text())
    for name in values:
        if name != "format":
            fewer = deepcopy(values)
            del fewer[name]
            refused(tmp_path / "m.json", canonical(fewer), name)


def test_what_cannot_be_read_is_an_os_error_that_names_it(tmp_path):
    for path in (tmp_path, tmp_path / "gone.json"):
        with pytest.raises(OSError, match=path.name):
            load(path)


def test_the_hash_of_the_schema_is_held_against_the_schema(folder, tmp_path):
    for name, wrong in (("schema.json", "0" * 64), ("schema.json", None), ("descent.json", "0" * 64)):
        content = changed(folder, name, lambda values, wrong=wrong: values.update(schema_hash=wrong))
        refused(tmp_path / "m.json", content, "schema_hash is not that of the schema")


def test_a_reference_of_other_features_is_refused(folder, tmp_path):
    X, y = np.arange(12.0).reshape(6, 2) ** 2, np.arange(6.0)
    save(LeastSquares().fit(X[:, :1], y), folder / "one.json", X=X[:, :1], y=y)
    reference = json.loads((folder / "one.json").read_text())["reference"]
    content = changed(folder, "descent.json", lambda values: values.update(reference=reference))
    refused(tmp_path / "m.json", content, "the reference is of 1 features, w has 2")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"b": ', b'"b":  '), (b"0.0,", b"0e0,"), (b'"kind"', b'"\\u006bind"'), (b"\n ", b"\r\n ")],
    ids=repr,
)
def test_other_bytes_for_the_same_values_are_refused_under_their_own_checksum(folder, tmp_path, old, new):
    """The same model in other words, sealed as trueline would seal it: there is one way to write a model alone."""
    content = (folder / "descent.json").read_bytes()
    at = content.index(b',\n "sha256"')
    assert old in content[:at]
    body = content[:at].replace(old, new, 1) + b"\n}\n"
    sha256 = hashlib.sha256(body).hexdigest()
    refused(tmp_path / "m.json", body[:-3] + f',\n "sha256": "{sha256}"\n}}\n'.encode(), "do not match its checksum")
