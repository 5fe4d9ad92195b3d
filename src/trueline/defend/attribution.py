"""attribute: which source did the rows come from that a defence dropped, and could that be chance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.utils.validation import check_is_fitted

from ..errors import DataError, OptionError, Problem, ShapeError
from ..models.options import is_number
from ..models.summary_table import as_html, as_text, number, probability

__all__ = ["Attribution", "SourceCount", "attribute"]

JUDGED = ("kept_", "inliers_", "weights_")


@dataclass(frozen=True)
class SourceCount:
    """What a defence did to the rows of one source.

    Parameters
    ----------
    source : object
        Its label.
    rows, dropped : int
    share : float
        dropped / rows.
    lift : float
        share over the share of all rows; NaN where none was dropped.
    p : float
        Chance of as many dropped rows or more, were they spread over the rows blindly: hypergeometric, exact.
    p_corrected : float
        The same over all sources, by Holm: accusing below α accuses anyone wrongly with a chance of α at most.
    """

    source: Any
    rows: int
    dropped: int
    share: float
    lift: float
    p: float
    p_corrected: float


@dataclass(frozen=True, repr=False)
class Attribution:
    """The sources of dropped rows, the most suspicious first. Prints as a table.

    Parameters
    ----------
    sources : tuple of SourceCount
    rows, dropped : int
        Over all sources.
    alpha : float
        Sources whose corrected p lies at or below are `accused`.
    """

    sources: tuple[SourceCount, ...]
    rows: int
    dropped: int
    alpha: float

    @property
    def accused(self) -> tuple[Any, ...]:
        """Labels of the sources with more dropped rows than chance explains."""
        return tuple(one.source for one in self.sources if one.p_corrected <= self.alpha)

    def __repr__(self) -> str:
        return as_text(*self._cells())

    def _repr_html_(self) -> str:
        return as_html(*self._cells())

    def _cells(self) -> tuple[str, list[tuple[str, str]], list[list[str]], list[str]]:
        said = ", ".join(str(label) for label in self.accused) or "nobody"
        facts = [("rows", str(self.rows)), ("dropped", str(self.dropped)),
                 ("sources", str(len(self.sources))), ("accused", said)]  # fmt: skip
        table = [["source", "rows", "dropped", "share", "lift", "p", "p corrected"]]
        for one in self.sources:
            table.append([str(one.source), str(one.rows), str(one.dropped), f"{one.share:.1%}", number(one.lift, 3),
                          probability(one.p), probability(one.p_corrected)])  # fmt: skip
        notes = [f"accused where the corrected p (Holm) is at most {self.alpha:g}",
                 "a source whose honest rows are unusual is accused too: look at them"]  # fmt: skip
        return "Who sent the dropped rows", facts, table, notes


def attribute(defence: Any, source: Any, *, alpha: float = 0.01) -> Attribution:
    """Count the dropped or down-weighted rows of each source, and say where there are more than chance explains.

    Parameters
    ----------
    defence : Screen, Sever, TrimmedLeastSquares
        Or anything fitted with `kept_` or `inliers_` (bool per row) or `weights_` (per row, at most 1), or such an
        array. A row of a weight below one half counts as dropped.
    source : array or column (n_samples,)
        Where each row of the fit came from: a label of any kind, in the order of the rows.
    alpha : float
        Chance of accusing anyone at all where sources have no part in what is dropped.

    Returns
    -------
    Attribution

    Raises
    ------
    OptionError
        The defence says nothing of single rows, or `alpha` is not between 0 and 1.
    DataError
        Not one label per row, or labels that are missing.

    Notes
    -----
    Given how many rows were dropped, a source blind to that gets a hypergeometric number of them (Fisher's exact test,
    one-sided); Holm (1979) corrects over sources, which holds however they depend on each other. It tests whether
    the dropped rows are spread blindly over the sources. A source whose honest rows lie at the edge, the only one
    in a rich town, say, fails that test without guilt.

    Examples
    --------
    >>> kept = np.array([True] * 40 + [False] * 6 + [True] * 4)
    >>> found = attribute(kept, ["Alder"] * 20 + ["Birch"] * 20 + ["Cedar"] * 10)
    >>> found.accused, found.sources[0].dropped, f"{found.sources[0].p:.1e}"
    (('Cedar',), 6, '1.3e-05')
    """
    if not (is_number(alpha, above=0) and alpha < 1):
        raise OptionError(f"alpha must lie between 0 and 1, got {alpha!r}")
    dropped = _dropped(defence)
    labels, codes = _codes(source, len(dropped))
    rows = np.bincount(codes, minlength=len(labels))
    hits = np.bincount(codes, weights=dropped, minlength=len(labels)).astype(int)
    total, gone = len(dropped), int(dropped.sum())
    p = np.minimum(hypergeom.sf(hits - 1, total, gone, rows), 1.0)
    corrected = _holm(p)
    counts = [
        SourceCount(labels[k], int(rows[k]), int(hits[k]), float(hits[k] / rows[k]),
                    float(hits[k] / rows[k] / (gone / total)) if gone else float("nan"), float(p[k]),
                    float(corrected[k]))
        for k in np.argsort(p, kind="stable")
    ]  # fmt: skip
    return Attribution(tuple(counts), total, gone, float(alpha))


def _dropped(defence: Any) -> NDArray[np.bool_]:
    """Which rows the defence dropped, or gave less than half their weight."""
    kept = defence
    if not isinstance(defence, np.ndarray | list):
        if hasattr(defence, "fit"):
            check_is_fitted(defence)
        judged = [getattr(defence, name) for name in JUDGED if hasattr(defence, name)]
        if not judged:
            raise OptionError(f"{type(defence).__name__} has none of {', '.join(JUDGED)}, so it judges no single rows",
                              advice="Attribute what Screen, Sever or TrimmedLeastSquares dropped")  # fmt: skip
        kept = judged[0]
    kept = np.asarray(kept)
    if kept.ndim != 1 or kept.dtype.kind not in "bfiu" or not np.isfinite(kept).all():
        raise OptionError(f"one truth value or weight per row is needed, got shape {kept.shape} of {kept.dtype}")
    return np.asarray(~kept if kept.dtype == np.bool_ else kept < 0.5)


def _codes(source: Any, n_rows: int) -> tuple[list[Any], NDArray[np.intp]]:
    """Labels in order of appearance, and which one each row has."""
    labels = source.to_pylist() if hasattr(source, "to_pylist") else np.asarray(source, dtype=object).tolist()
    if not isinstance(labels, list) or len(labels) != n_rows:
        count = len(labels) if isinstance(labels, list) else 1
        raise ShapeError(f"source has {count} labels, the defence saw {n_rows} rows: one label per row")
    missing = np.fromiter((label is None or label != label for label in labels), dtype=bool, count=n_rows)
    if missing.any():
        raise DataError(problems=[Problem("no label", "source", int(np.argmax(missing)) + 1, int(missing.sum()))],
                        advice="Give every row a source; 'unknown' is one")  # fmt: skip
    try:
        number_of = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    except TypeError:
        raise OptionError("source must hold one label per row, text or numbers") from None
    return list(number_of), np.array([number_of[label] for label in labels], dtype=np.intp)


def _holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Step-down: the k-th smallest times how many are left, never below an earlier one, at most 1. Holm (1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
