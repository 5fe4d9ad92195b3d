"""What an audit stands on: rows and model taken in, terms settled, everything in the way refused at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ColumnsError, OptionError, ShapeError
from ..models.coefficient_table import read_coefficients
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..models.options import is_number, is_whole
from ..rows.domain import Domain
from ..rows.schema import Schema
from ..rows.stream import did_you_mean
from .again import call_of
from .bounds import domain_of
from .effort import effort_of
from .ground import Ground, quietly
from .intake import Intake, Wanted, take_in
from .saying import amount, listed, percent
from .severity import Terms

__all__ = ["Given", "Options", "prepare"]

SPREAD = 0.25  # of the usual residual: the tolerance where none is given
SHARE = 0.01  # of the rows: what an attacker controls where nothing is said


class Options(TypedDict, total=False):
    """What an audit takes besides rows, model and terms.

    - ``source``: column or array (n_samples,), who supplied each row.
    - ``sensitive``: name of a feature that the model should not tell.
    - ``bounds``: dict of column to (low, high), the target's among them, or one (low, high) for all features: what your
      pipeline enforces, in the units of the data. Others are as observed.
    - ``domain``: `Domain`, all of that at once.
    - ``one_hot``, ``drop``: columns of a table to encode, to leave out.
    - ``drop_missing``: leave out rows with a blank.
    - ``schema``: `Schema` of the model, instead of one learnt from the table.
    - ``effects``: features, or columns of a table, whose effect is what the analysis concludes: counted first.
    - ``frozen``: features, or columns of a table, that nobody can misreport or choose.
    - ``title``, ``command``, ``rows_to``: what the report calls itself, how it is made again, and the folder to which
      the rows of its findings are written.
    """

    source: str | ArrayLike | None
    sensitive: str | None
    bounds: Any
    domain: Domain | None
    one_hot: Iterable[str]
    drop: Iterable[str]
    drop_missing: bool
    schema: Schema | None
    effects: Iterable[str]
    frozen: Iterable[str]
    title: str
    command: str
    rows_to: str | None


class Given(NamedTuple):
    """The terms as they were given."""

    effort: str
    tolerance: float | None
    attacker_rows: int | None
    random_state: int


def prepare(X: Any, y: Any, model: Any, given: Given, options: Options) -> Ground:
    """The ground of an audit.

    Parameters
    ----------
    X, y, model
        As for `run`.
    given : Given
    options : Options
    """
    effort, tolerance, attacker_rows, seed = given
    work = effort_of(effort)
    if tolerance is not None and not is_number(tolerance, above=0):
        raise OptionError(f"tolerance must be above 0, in units of y, got {tolerance!r}")
    if attacker_rows is not None and not is_whole(attacker_rows):
        raise OptionError(f"attacker_rows must be a whole number of rows, at least 1, got {attacker_rows!r}")
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise OptionError(f"random_state must be a whole number, so that the audit can be repeated, got {seed!r}")
    rows = take_in(
        X,
        y,
        Wanted(
            tuple(options.get("one_hot") or ()),
            tuple(options.get("drop") or ()),
            bool(options.get("drop_missing")),
            options.get("source"),
            options.get("schema"),
        ),
    )
    n = len(rows.y)
    if attacker_rows is not None and attacker_rows > n:
        raise OptionError(f"attacker_rows must be at most the {n:,} rows of the data, got {attacker_rows!r}",
                          advice="Bounds are proven for up to as many rows as there are")  # fmt: skip
    line, theirs, held = _line(model, rows)
    sensitive = options.get("sensitive")
    if sensitive is not None and sensitive not in rows.names:
        raise OptionError(f"sensitive={sensitive!r} is no feature", advice=f"There are {', '.join(rows.names)[:300]}")
    domain, bounded = domain_of(rows, options.get("bounds"), options.get("domain"))
    if frozen := _features(rows, options.get("frozen") or (), "frozen"):
        domain = replace(domain, frozen=[*domain.frozen, *(rows.names.index(name) for name in frozen)])
    effects = _features(rows, options.get("effects") or (), "effects")
    command = options.get("command") or call_of(model, given._asdict(), dict(options))
    ground = Ground(
        rows, line, theirs, held, domain, bounded, Terms(1.0, 1), work, int(seed), sensitive, command, effects
    )
    return replace(ground, terms=_terms(ground, tolerance, attacker_rows))


def _features(rows: Intake, asked: Iterable[str], what: str) -> tuple[str, ...]:
    """Features by their own names, or by that of the column that they encode."""
    columns = () if rows.schema is None else rows.schema.columns
    encoded = {column.name: column.feature_names for column in columns}
    found: dict[str, None] = {}
    for name in asked:
        if name not in rows.names and name not in encoded:
            close = did_you_mean(name, (*rows.names, *encoded))
            raise OptionError(f"{what}: {name!r} is no feature{close}", advice=f"There are {listed(rows.names, 12)}")
        found |= dict.fromkeys([name] if name in rows.names else encoded[name])
    return tuple(found)


def _line(model: Any, rows: Intake) -> tuple[Line, bool, Any]:
    """The audited line, whether it was given, and what holds it."""
    n, d = rows.X.shape
    if model is None:
        if n < d + 3:
            raise ShapeError(
                f"{n} rows are too few to audit a fit of {d} columns",
                advice=f"Give at least {d + 3} rows, or leave out columns",
            )
        fitted = quietly(LeastSquares(), rows.X, rows.y)
        return as_line(fitted), False, fitted
    if isinstance(model, Mapping | str | os.PathLike):  # of a printed model, loss and penalty are not known
        return replace(read_coefficients(model).line(rows.names), reg_lambda=None), True, model
    inner = getattr(model, "line", None)
    line = inner if isinstance(inner, Line) else as_line(model)
    names = getattr(model, "feature_names_in_", None)
    names = getattr(model, "feature_names", None) if names is None else names
    if len(line.coef) != d:
        raise ShapeError(
            f"the model takes {len(line.coef)} columns, these rows have {d}: {', '.join(rows.names)[:300]}"
        )
    if names is not None and rows.schema is not None and tuple(map(str, names)) != rows.names:
        raise ColumnsError(
            f"the model was fitted on {', '.join(map(str, names))[:300]}, these rows have {', '.join(rows.names)[:300]}"
        )
    return line, True, model


def _terms(ground: Ground, tolerance: float | None, attacker_rows: int | None) -> Terms:
    """What was given, else a quarter of the usual residual and a hundredth of the rows."""
    attackers = max(1, round(SHARE * ground.n)) if attacker_rows is None else int(attacker_rows)
    if tolerance is not None:
        return Terms(float(tolerance), attackers, "given")
    residual = np.abs(ground.y - ground.predictions)
    usual = float(np.median(residual)) * 1.4826
    if usual > 1e-9 * float(np.ptp(ground.y)):
        return Terms(
            SPREAD * usual,
            attackers,
            f"a quarter of the usual residual ({amount(usual)} in {ground.target}, "
            "1.4826 times the median of their sizes); set a tolerance to say what matters to you",
        )
    spread = 0.01 * float(ground.y.std())
    return Terms(
        spread,
        attackers,
        f"{percent(0.01)} of the standard deviation of {ground.target}, since the model "
        "passes through most rows; set a tolerance to say what matters to you",
    )
