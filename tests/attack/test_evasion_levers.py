"""The tables of cheap levers say what moving a column really does to the predictions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trueline import Domain, LeastSquares, LinearRegressionGD
from trueline.attack import evasion_table, extrapolation
from trueline.errors import CellsError, DataError, OptionError, ShapeError


def rows(rng):
    X = rng.normal(0, [1.0, 10.0, 0.1], (60, 3))
    return X, X @ [2.0, 0.5, -3.0] + rng.normal(size=60)


@pytest.mark.parametrize("clip", [None, (0.1, 0.9)])
def test_reach_is_what_the_model_predicts_end_to_end(rng, clip):
    X, y = rows(rng)
    model = LinearRegressionGD(standardize=True, clip_features=clip).fit(X, y)
    table = evasion_table(model, X, ["a", "b", "c"])
    assert sorted(table.reach, reverse=True) == list(table.reach)
    for name, per_unit, reach in zip(table.names, table.per_unit, table.reach, strict=True):
        j = "abc".index(name)
        ends = np.repeat(X[:1], 2, axis=0)
        ends[:, j] = X[:, j].min(), X[:, j].max()
        assert reach == pytest.approx(abs(np.diff(model.predict(ends))[0]))
        assert per_unit == model.coef_[j]
    assert table.per_sd == pytest.approx([(model.coef_ * X.std(axis=0))["abc".index(name)] for name in table.names])
    assert table.sd_of_output == pytest.approx(model.predict(X).std())


def test_a_domain_replaces_ranges_and_frozen_columns_reach_nowhere(rng):
    X, y = rows(rng)
    model = LeastSquares().fit(X, y)
    table = evasion_table(model, X, domain=Domain([-np.inf, -50, -np.inf], np.inf, frozen=[0], names=["a", "b", "c"]))
    at = table.names.index("b")
    assert (table.low[at], table.high[at]) == (-50, X[:, 1].max())
    assert table.reach[table.names.index("a")] == 0


def test_names_come_from_the_frame_and_both_print(rng):
    X, y = rows(rng)
    frame = pa.table(dict(zip(["rooms", "<b>", "age"], X.T, strict=True)))
    model = LeastSquares().fit(frame, y)
    for shown in (evasion_table(model, frame), extrapolation(model, frame)):
        assert "rooms" in str(shown)
        assert "&lt;b&gt;" in shown._repr_html_()
        assert "nan" not in str(shown)
    assert evasion_table(model, X).names[0] in ("rooms", "<b>", "age")


def test_extrapolation_with_and_without_clipping(rng):
    X, y = rows(rng)
    open_model = LeastSquares().fit(X, y)
    clipping = LinearRegressionGD(standardize=True, clip_features=(0.0, 1.0)).fit(X, y)
    far = Domain(-1e4, 1e4)
    loose, tight = (extrapolation(model, X, far) for model in (open_model, clipping))
    assert loose.as_is == pytest.approx(np.abs(open_model.coef_) * 2e4)
    assert tight.as_is == pytest.approx(tight.observed)
    assert tight.unclipped == pytest.approx(np.abs(clipping.coef_) * 2e4)
    assert loose.observed == pytest.approx(np.abs(open_model.coef_) * np.ptp(X, axis=0))
    assert loose.worst > 100
    assert tight.worst < 1.5
    assert np.isinf(extrapolation(open_model, X).as_is).all()
    assert np.isfinite(extrapolation(clipping, X).as_is).all()
    wide = extrapolation(open_model, X, k=10.0)
    assert wide.as_is == pytest.approx(np.abs(open_model.coef_) * 20 * X.std(axis=0))


def test_a_constant_column_does_nothing_however_far(rng):
    X, y = rows(rng)
    X[:, 1] = 4.0
    with pytest.warns(UserWarning, match="constant"):
        model = LeastSquares().fit(X, y)
    assert extrapolation(model, X).as_is[1] == 0
    assert evasion_table(model, X).reach[-1] == 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"X": np.full((2, 3), np.nan)}, CellsError, "NaN"),
        ({"X": np.ones((2, 2))}, ShapeError, "2 columns"),
        ({"names": ["a"]}, OptionError, "1 names were given for 3"),
        ({"k": 0}, OptionError, "k must be"),
        ({"domain": Domain(100, 200)}, DataError, "exclude every row"),
    ],
    ids=str,
)
def test_bad_input_is_named(rng, change, error, words):
    X, y = rows(rng)
    model = LeastSquares().fit(X, y)
    given = {"X": X, **change}
    with pytest.raises(error, match=words):
        extrapolation(model, given.pop("X"), **given)
