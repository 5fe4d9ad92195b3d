"""What a model file keeps of the rows that a model was fitted on: their snapshot, and the reference for drift."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MagnitudeError, OptionError, ShapeError, TruelineWarning
from ..models.foreign import Line
from ..rows import table
from ..rows.observed import numbers_of_rows
from ..rows.readers import FrameTables
from ..rows.schema import Schema
from ..rows.source import ArraySource
from ..rows.stream import TableStream
from .drift.reference import Reference
from .snapshot import Snapshot

__all__ = ["TrainingRows"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Training rows as numbers, and what they are called.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    y : ndarray (n_samples,)
    names : tuple of str, optional
    schema : Schema, optional
    sources : tuple of str
        Names of the files they were read from.
    """

    X: Array
    y: Array
    names: tuple[str, ...] | None
    schema: Schema | None
    sources: tuple[str, ...] = ()

    @classmethod
    def read(
        cls, X: Any, y: Any, n_features: int, names: tuple[str, ...] | None, schema: Schema | None
    ) -> TrainingRows:
        """Rows as they were given to the fit, or as the table they came from.

        Parameters
        ----------
        X : array (n_samples, n_features), frame, or what `rows.open` gives
        y : array (n_samples,), or the name of a column of X
        n_features : int
            Of the model.
        names : tuple of str, optional
            Of its features.
        schema : Schema, optional

        Raises
        ------
        OptionError
            One of X and y is missing.
        DataError
            They do not fit together, or not the model; cells that are not finite.
        """
        if X is None or y is None:
            raise OptionError("X and y go together: the rows that the model was fitted on")
        sources = (PurePath(X.label).name,) if isinstance(X, TableStream) and X.label != FrameTables.label else ()
        if isinstance(y, str) and schema is not None:
            X, y = schema.source(X).to_arrays()
        found, target, seen = numbers_of_rows(X, y, schema)
        if target is None or found.ndim != 2 or found.shape != (len(target), n_features):
            raise ShapeError(f"X {found.shape} and y are not rows of a model of {n_features} features")
        table.check_finite(found, names, "X")
        table.check_finite(target, what="y")
        return cls(found, target, names or seen, schema, sources)

    def snapshot(self) -> Snapshot:
        """Their hash."""
        references = None if self.schema is None else self.schema.dropped_levels
        return Snapshot.of(self.X, self.y, self.names, references=references, sources=self.sources)

    def reference(self, line: Line, correlations: bool = False) -> Reference | None:
        """What drift is told from; None, and a warning, where a file cannot say it; an error with `correlations`.

        Warns
        -----
        TruelineWarning
            More columns than a file should say it of, or one whose mean or spread overflows.
        """
        try:
            rows = ArraySource(self.X, self.y, None, self.names)
            return Reference.of(line, rows, schema=self.schema, correlations=correlations)
        except (OptionError, MagnitudeError) as error:
            if correlations:  # were asked for by name
                raise
            warnings.warn(f"saved without the reference that drift needs: {error}", TruelineWarning, stacklevel=4)
            return None
