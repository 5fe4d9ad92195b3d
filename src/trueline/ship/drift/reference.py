"""Reference: what a model's training rows looked like, small enough to travel with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ArtifactError, MagnitudeError, OptionError, Problem, ShapeError
from ...models.foreign import as_line
from ...rows import table
from ...rows.schema import Schema
from ...rows.source import ArraySource, Source
from .cells import Cells, Levels
from .fields import distribution_from_dict, distribution_to_dict, numbers_from_dict, reference_fields
from .learning import Layout, Look, Running, count, set_aside
from .leverage import left_out
from .pairs import PairCounter, Pairs, middles_of

__all__ = ["MOST_COLUMNS", "Distribution", "Reference"]

Array = NDArray[np.float64]

MOST_COLUMNS = 5000  # some 7 MB of JSON
View = Callable[[Array, Array], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Distribution:
    """One column of the training rows.

    Parameters
    ----------
    name : str
    cells : Intervals or Levels
    counts : ndarray (n_cells,) of int
        Rows in each cell; the rows that the cells were made of are left out.
    centres : ndarray (n_cells,)
        Mean of the values in each cell, NaN for an empty one; of levels all NaN.
    mean, sd, low, high : float
        Of all rows, in the units of the column; NaN for levels.
    """

    name: str
    cells: Cells
    counts: NDArray[np.int64]
    centres: Array
    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Reference:
    """What `DriftMonitor` holds later rows against.

    It tells whoever reads the file the smallest and largest value of every column, and values in between that stood in
    some rows.

    Parameters
    ----------
    rows : int
        Training rows; some 10 %, at most 2000, are set aside for the cells and not counted in them.
    features : tuple of str
        As the model sees them.
    means, clipped : ndarray (n_features,)
        Of the features over all rows, as they are and as predictions see them.
    columns : tuple of Distribution
        Of the table's columns.
    predictions : Distribution
        In units of y.
    residuals : Distribution, optional
        y - ŷ.
    left_out : bool
        Whether predictions and residuals are those of fits without the row, as new rows have them; otherwise those of
        training, which are smaller than later ones by a factor of about 1 - d/n.
    pairs : Pairs, optional
        How columns of numbers go together, where that was asked for.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((1000, 2))
    >>> reference = Reference.learn(["a", "b"], X, X @ [1.0, 2.0])
    >>> reference.columns[0].counts.sum()
    np.int64(900)
    >>> Reference.from_dict(reference.to_dict()).predictions.mean == reference.predictions.mean
    True
    """

    rows: int
    features: tuple[str, ...]
    means: Array
    clipped: Array
    columns: tuple[Distribution, ...]
    predictions: Distribution
    residuals: Distribution | None = None
    left_out: bool = False
    pairs: Pairs | None = None

    @classmethod
    def of(
        cls, model: Any, X: Any, y: ArrayLike | None = None, *, schema: Schema | None = None,
        correlations: bool = False,
    ) -> Reference:  # fmt: skip
        """Of a fitted model's own training rows, each predicted by the fit without it where a formula gives that.

        Parameters
        ----------
        model : a fitted linear model, or a Line
        X : array (n_samples, n_features), or a `Source`
            Encoded; memory stays bounded for a source. It is read three times.
        y : array (n_samples,), optional
            A source brings its own. Without it nothing is known of the residuals.
        schema : Schema, optional
            That encoded X; columns are those of its table then.
        correlations : bool
            Also count, for every two columns of numbers, how often they are high together.

        Raises
        ------
        ShapeError, CellsError
            X is not what the model takes, or not finite.
        OptionError
            More columns than a file should hold.
        """
        line = as_line(model)
        source, labelled = (X, True) if isinstance(X, Source) else _source(X, y, len(line.coef))
        names = (schema.feature_names if schema else None) or source.names or getattr(model, "feature_names_in_", None)
        alone = left_out(line, source) if labelled else None

        def plainly(rows: Array, labels: Array) -> tuple[Array, Array]:
            predictions = np.asarray(line.scaling.clip(rows) @ line.coef + line.intercept)
            return predictions, labels - predictions

        layout = Layout.of(_names(names, source.n_features), schema)
        told = (labelled, alone is not None, correlations)
        return _learnt(layout, source, alone or plainly, line.scaling.clip, *told)

    @classmethod
    def learn(
        cls, names: Sequence[str], X: ArrayLike, predictions: ArrayLike, y: ArrayLike | None = None, *,
        schema: Schema | None = None, clip: Callable[[Array], Array] | None = None, correlations: bool = False,
    ) -> Reference:  # fmt: skip
        """Of rows in memory with predictions already made; best of rows that the model was not fitted on.

        Parameters
        ----------
        names : sequence of str
            Of the features.
        X : array (n_samples, n_features)
        predictions : array (n_samples,)
            In units of y.
        y : array (n_samples,), optional
        schema : Schema, optional
            That encoded X.
        clip : callable, optional
            X as predictions see it.
        correlations : bool
            As `of`.

        Raises
        ------
        ShapeError, CellsError, OptionError
            As `of`.
        """
        source, _ = _source(X, predictions, len(names))
        table.check_finite(source.y, what="predictions")
        labels = None if y is None else _source(X, y, len(names))[0].y
        widened = source if labels is None else ArraySource(np.column_stack([source.X, labels]), source.y)

        def view(rows: Array, given: Array) -> tuple[Array, Array]:
            return given, given if labels is None else rows[:, -1] - given

        layout = Layout.of(_names(names, len(names)), schema)
        return _learnt(layout, widened, view, clip or (lambda rows: rows), labels is not None, True, correlations)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        pairs = {} if self.pairs is None else {"pairs": self.pairs.to_dict()}
        return {
            "rows": self.rows, "features": list(self.features), "means": self.means.tolist(),
            "clipped": self.clipped.tolist(), "columns": [distribution_to_dict(column) for column in self.columns],
            "predictions": distribution_to_dict(self.predictions),
            "residuals": None if self.residuals is None else distribution_to_dict(self.residuals),
            "left_out": self.left_out, **pairs,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: Any) -> Reference:
        """The reference that `to_dict` wrote.

        Parameters
        ----------
        values : dict

        Raises
        ------
        ArtifactError
            Anything that no training rows could have left behind.
        """
        fields = reference_fields(values, MOST_COLUMNS)
        columns = tuple(Distribution(**distribution_from_dict(each, fields["rows"])) for each in values["columns"])
        predictions = Distribution(**numbers_from_dict(values["predictions"], fields["rows"]))
        residuals = values["residuals"]
        if residuals is not None:
            residuals = Distribution(**numbers_from_dict(residuals, fields["rows"]))
        pairs = Pairs.from_dict(values["pairs"], fields["rows"]) if "pairs" in values else None
        if pairs is not None and pairs.columns != _of_numbers(columns):
            raise ArtifactError("reference: pairs: columns must be those that hold numbers")
        return cls(**fields, columns=columns, predictions=predictions, residuals=residuals, pairs=pairs)


def _of_numbers(columns: Sequence[Distribution]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if not isinstance(column.cells, Levels))


def _source(X: Any, y: Any, width: int) -> tuple[ArraySource, bool]:
    matrix = np.asarray(X)
    matrix = matrix if matrix.dtype == np.float32 else matrix.astype(np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != width or not len(matrix):
        raise ShapeError(f"X has shape {matrix.shape}, a reference of {width} features takes (n_samples, {width})")
    table.check_finite(matrix, None, "X")
    labels = np.zeros(len(matrix)) if y is None else np.asarray(y, dtype=np.float64).ravel()
    if len(labels) != len(matrix):
        raise ShapeError(f"X has {len(matrix)} rows, and there are {len(labels)} numbers beside them")
    table.check_finite(labels, None, "y")
    return ArraySource(matrix, labels), y is not None


def _names(names: Sequence[str] | None, width: int) -> tuple[str, ...]:
    return tuple(f"x{j}" for j in range(width)) if names is None else tuple(str(name) for name in names)


def _learnt(
    layout: Layout, source: Source, view: View, clip: Callable[[Any], Any], labelled: bool, left_out: bool,
    correlations: bool,
) -> Reference:  # fmt: skip
    """Two reads of the rows."""
    if len(layout.names) > MOST_COLUMNS:
        raise OptionError(f"a reference of {len(layout.names)} columns: a file should hold {MOST_COLUMNS} at most",
                          advice="Save the model with reference=False")  # fmt: skip
    width = len(layout.features)

    def look() -> Iterator[Look]:
        for block in source.blocks():
            rows = np.asarray(block.X, dtype=np.float64)
            predictions, residuals = view(rows, block.y)
            X = rows[:, :width]
            counted = [layout.raw(X), predictions[:, None], *([residuals[:, None]] if labelled else [])]
            yield Look(X, np.asarray(clip(X)), np.column_stack(counted))

    levels = (*layout.levels, *((),) * (2 if labelled else 1))
    aside = set_aside(look, levels)
    paired = layout.numbers
    together = PairCounter(paired, middles_of(aside.rows[:, list(paired.values())])) if correlations else None
    counters, features, clipped, columns = count(look, aside, None if together is None else together.add)
    names = (*layout.names, "prediction", *(["residual"] if labelled else []))
    _refuse_infinite(names, columns)
    found, parts = [], (columns.mean, columns.sd, columns.low, columns.high)
    for j, (name, counter) in enumerate(zip(names, counters, strict=True)):
        summary = [float(part[j]) for part in parts]
        blank = bool(levels[j])
        centres = np.full(counter.cells.size, np.nan) if blank else counter.centres
        found.append(Distribution(name, counter.cells, counter.counts, centres, *([np.nan] * 4 if blank else summary)))
    here = len(layout.names)
    return Reference(
        int(columns.rows.max()), layout.features, features.mean, clipped.mean, tuple(found[:here]), found[here],
        found[here + 1] if labelled else None, left_out,
        None if together is None else together.pairs,
    )  # fmt: skip


def _refuse_infinite(names: Sequence[str], columns: Running) -> None:
    finite = np.isfinite(columns.mean) & np.isfinite(columns.sd)
    if not finite.all():
        problems = [
            Problem("mean or spread overflows", name) for name, good in zip(names, finite, strict=True) if not good
        ]
        raise MagnitudeError("a reference cannot be learnt", problems=problems, advice="Rescale these columns")
