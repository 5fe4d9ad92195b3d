"""What a model file remembers of its training rows: exact, read back to the bit, believed in nothing."""

from __future__ import annotations

import json
import tracemalloc
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from trueline import LeastSquares, LinearRegressionGD, Schema
from trueline.errors import ArtifactError, CellsError, MagnitudeError, OptionError, ShapeError
from trueline.rows.source import ArraySource
from trueline.ship.drift.cells import Counter, Intervals, Levels
from trueline.ship.drift.learning import Running
from trueline.ship.drift.leverage import left_out
from trueline.ship.drift.reference import MOST_COLUMNS, Reference


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.standard_normal(2000), rng.poisson(2, 2000), np.exp(rng.standard_normal(2000))])
    return X, X @ [1.0, -2.0, 0.5] + rng.standard_normal(2000)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    region = rng.choice(["north", "south", "west"], size=500, p=[0.6, 0.3, 0.1])
    return pa.table({"region": region, "rooms": rng.integers(1, 6, 500), "price": rng.standard_normal(500)})


def test_means_are_exact_and_counts_are_of_the_rows_not_set_aside(rows):
    X, y = rows
    reference = Reference.learn(["a", "b", "c"], X, X[:, 0], y)
    np.testing.assert_allclose(reference.means, X.mean(axis=0), rtol=1e-13)
    for j, column in enumerate(reference.columns):
        assert column.counts.sum() == 1800
        assert (column.mean, column.sd) == pytest.approx((X[:, j].mean(), X[:, j].std(ddof=1)))
        assert (column.low, column.high) == (X[:, j].min(), X[:, j].max())
    assert reference.residuals.mean == pytest.approx((y - X[:, 0]).mean())


def test_a_value_that_many_rows_share_has_a_cell_to_itself():
    rng = np.random.default_rng(0)
    values = np.where(rng.random(3000) < 0.5, 0.0, rng.standard_normal(3000))
    cells = Intervals.around(values[:300])
    counter = Counter(cells)
    counter.add(values)
    alone = int(cells.place(np.zeros(1))[0])
    assert counter.counts[alone] == (values == 0).sum() and counter.centres[alone] == 0.0
    whole = Intervals.around(np.array([3.0, 1.0, 1.0, 2.0]))
    assert [int(place) for place in whole.place(np.array([0.0, 1.0, 1.5, 2.0, 3.0, 4.0]))] == [0, 1, 2, 2, 3, 4]


def test_levels_never_seen_share_the_last_cell():
    cells = Levels.among(np.array([0.0, 0.0, 2.0]), ["a", "b", "c"])
    assert cells.own == ("a", "c")
    assert cells.place(np.array([0.0, 1.0, 2.0, 3.0, np.nan])).tolist() == [0, 2, 1, 2, -1]
    many = Levels.among(np.repeat(np.arange(40.0), np.arange(40, 0, -1)), [f"l{j:02}" for j in range(40)])
    assert many.own == tuple(f"l{j:02}" for j in range(24))


def test_columns_are_those_of_the_table(table):
    schema = Schema.learn(table, "price", one_hot=["region"])
    model = LeastSquares().fit(*schema.source(table).to_arrays())
    reference = Reference.of(model, schema.source(table), schema=schema)
    assert [column.name for column in reference.columns] == ["region", "rooms"]
    region = reference.columns[0]
    assert region.cells.own == ("north", "south", "west") and region.counts.sum() == 450
    shares = [np.mean([name == level for name in table["region"].to_pylist()]) for level in ("south", "west")]
    np.testing.assert_allclose(reference.means[:2], shares, rtol=1e-12)
    assert reference.residuals is not None and reference.left_out


def test_where_blocks_are_cut_changes_nothing(rows):
    X, y = rows
    model = LeastSquares().fit(X, y)

    class Cut(ArraySource):
        def blocks(self):
            for first in range(0, 2000, 137):
                part = slice(first, first + 137)
                yield from ArraySource(self.X[part], self.y[part]).blocks()

    whole, cut = (Reference.of(model, kind(X, y)).to_dict() for kind in (ArraySource, Cut))
    assert [column["counts"] for column in whole["columns"]] == [column["counts"] for column in cut["columns"]]
    assert [column["edges"] for column in whole["columns"]] == [column["edges"] for column in cut["columns"]]
    np.testing.assert_allclose(whole["means"], cut["means"], rtol=1e-13)


def test_memory_does_not_grow_with_the_rows():
    class Endless(ArraySource):
        """The same block again and again."""

        def blocks(self):
            yield from [next(super().blocks())] * self.times

    rng, peaks = np.random.default_rng(0), []
    for times in (2, 8):
        source = Endless(rng.standard_normal((60_000, 3)), rng.standard_normal(60_000))
        object.__setattr__(source, "times", times)
        model = SimpleNamespace(coef_=np.ones(3), intercept_=0.0)
        tracemalloc.start()
        assert Reference.of(model, source).rows == times * 60_000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("intercept", [True, False])
def test_residuals_are_those_of_fits_without_the_row(rows, intercept):
    X, y = rows[0][:40], rows[1][:40]
    model = LeastSquares(fit_intercept=intercept).fit(X, y)
    from trueline.models.foreign import as_line

    _, residuals = left_out(as_line(model), ArraySource(X, y))(X, y)
    for i in (0, 7, 39):
        without = np.arange(40) != i
        other = LeastSquares(fit_intercept=intercept).fit(X[without], y[without])
        assert residuals[i] == pytest.approx(y[i] - other.predict(X[i : i + 1])[0], rel=1e-9)


def test_the_residuals_that_are_remembered_are_those_of_fits_without_the_row(rng):
    """20 columns on 60 rows: residuals of the fit itself are a third smaller."""
    X = rng.standard_normal((60, 20))
    y = X.sum(axis=1) + rng.standard_normal(60)
    model = LeastSquares().fit(X, y)
    each = [y[i] - LeastSquares().fit(np.delete(X, i, 0), np.delete(y, i)).predict(X[[i]])[0] for i in range(60)]
    reference = Reference.of(model, X, y)
    assert reference.left_out and reference.residuals.sd == pytest.approx(np.std(each, ddof=1), rel=1e-9)


def test_more_columns_than_rows_and_collinear_ones_break_nothing(rng):
    X, y = rng.standard_normal((12, 20)), rng.standard_normal(12)
    with pytest.warns(UserWarning):
        model = LeastSquares().fit(X, y)
    assert np.isfinite(Reference.of(model, X, y).residuals.sd)
    twins = np.column_stack([rng.standard_normal(50)] * 2)
    with pytest.warns(UserWarning):
        model = LeastSquares().fit(twins, twins[:, 0])
    assert Reference.of(model, twins, twins[:, 0]).residuals.sd < 1e-9


def test_clipping_is_in_the_means_that_predictions_see(rows):
    X, y = rows
    model = LinearRegressionGD(clip_features=(0.05, 0.95), standardize=True).fit(X, y)
    reference = Reference.of(model, X, y)
    assert reference.clipped @ model.coef_ + model.intercept_ == pytest.approx(model.predict(X).mean(), rel=1e-12)
    assert reference.means @ model.coef_ + model.intercept_ != pytest.approx(model.predict(X).mean(), rel=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 25])
def test_few_rows_are_remembered_too(size):
    X = np.arange(size, dtype=np.float64)[:, None]
    reference = Reference.learn(["a"], X, X[:, 0])
    assert Reference.from_dict(json.loads(json.dumps(reference.to_dict()))).rows == size


@pytest.mark.parametrize("factor", [1e300, 1e-300, 5e-324])
def test_numbers_at_the_ends_of_float64(factor):
    X = np.random.default_rng(1).integers(1, 9, (300, 1)) * factor
    values = json.loads(json.dumps(Reference.learn(["a"], X, X[:, 0]).to_dict(), allow_nan=False))
    column = Reference.from_dict(values).columns[0]
    assert column.mean == pytest.approx((X[:, 0] / factor).mean() * factor, rel=1e-9)


def test_running_sums_ignore_what_is_no_number():
    running = Running(2)
    running.add(np.array([[1.0, np.nan], [3.0, np.inf]]))
    running.add(np.empty((0, 2)))
    running.add(np.array([[8.0, 5.0]]))
    assert running.rows.tolist() == [3, 1]
    assert running.mean.tolist() == [4.0, 5.0]
    np.testing.assert_allclose(running.sd, [np.std([1, 3, 8], ddof=1), 0.0])


def test_what_cannot_be_learnt_is_refused(rows):
    X, y = rows
    with pytest.raises(ShapeError, match="2 features"):
        Reference.learn(["a", "b"], X, y)
    with pytest.raises(ShapeError, match="2000 rows"):
        Reference.learn(["a", "b", "c"], X, y[:5])
    with pytest.raises(CellsError, match="NaN"):
        Reference.learn(["a"], [[np.nan]], [1.0])
    with pytest.raises(OptionError, match="reference=False"):
        Reference.learn([f"x{j}" for j in range(MOST_COLUMNS + 1)], np.zeros((1, MOST_COLUMNS + 1)), [0.0])
    far = np.array([[1.7e308], [-1.7e308], [1.7e308]])
    with pytest.raises(MagnitudeError, match="a: mean or spread overflows"):
        Reference.learn(["a"], far, [0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def written(table):
    schema = Schema.learn(table, "price", one_hot=["region"])
    model = LeastSquares().fit(*schema.source(table).to_arrays())
    return Reference.of(model, schema.source(table), schema=schema).to_dict()


def test_it_is_read_back_to_the_bit_and_small(written):
    text = json.dumps(written, allow_nan=False)
    assert json.dumps(Reference.from_dict(json.loads(text)).to_dict()) == text
    assert len(text) < 1500 * (len(written["columns"]) + 2)


def column(number, **changes):
    def change(values):
        values["columns"][number] = {**values["columns"][number], **changes}

    return change


def doubled(values):
    """An edge twice, and an empty cell between."""
    numbers = values["columns"][1]
    for field, value in (("edges", numbers["edges"][0]), ("counts", 0), ("centres", None)):
        numbers[field].insert(1, value)


def top(**changes):
    return lambda values: values.update(changes)


def entry(number, field, place, value):
    def change(values):
        values["columns"][number][field][place] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        top(rows=0), top(rows=2**60), top(rows=True), top(rows=5), top(features=["a", "a", "b"]), top(means=[1.0]),
        top(means=[float("nan")] * 3), top(clipped=None), top(columns={}), top(predictions=None), top(left_out=1),
        top(extra=1), lambda values: values.pop("means"), top(residuals=[]), top(residuals={"name": "r"}),
        column(0, counts=[1, 2]), column(0, own=["north", "north", "west"]), column(0, own=["no", "such", "level"]),
        column(0, known=[1, 2, 3]), column(0, name=""), column(0, name=3), column(0, more=1),
        column(1, edges=[1.0, 1.0]), column(1, edges="12"), column(1, sd=-1.0), column(1, low=9.0),
        column(1, mean=1e9), column(1, high=float("inf")), column(1, centres=[]), column(1, edges=[0.0] * 70),
        entry(1, "counts", 1, -1), entry(1, "counts", 1, 1.0), entry(1, "counts", 1, True),
        entry(1, "counts", 1, 10**9),
        entry(1, "counts", 0, 1), entry(1, "edges", 0, None), entry(1, "edges", 0, 99.0), entry(1, "edges", 0, 10**400),
        entry(1, "centres", 1, None), entry(1, "centres", 1, 50.0), entry(1, "centres", 1, float("nan")),
        doubled, lambda values: values["columns"].append(None),
        lambda values: values["columns"].extend([{}] * MOST_COLUMNS),
    ],
)  # fmt: skip
def test_what_no_rows_left_behind_is_refused(written, change):
    values = deepcopy(written)
    change(values)
    with pytest.raises(ArtifactError, match="reference: "):
        Reference.from_dict(values)


@pytest.mark.parametrize("values", [None, [], 3, "reference", {}])
def test_what_is_no_reference_is_refused(values):
    with pytest.raises(ArtifactError, match="reference: must have exactly the fields"):
        Reference.from_dict(values)
