"""run: fit, verify, attack, defend, certify, and say what is fragile, by how much, to whom, and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ColumnsError, OptionError, ShapeError
from ..findings import Severity
from ..models.coefficient_table import read_coefficients
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..models.options import is_number, is_whole
from ..rows.domain import Domain
from ..rows.executor import single_threaded_blas
from ..rows.schema import Schema
from .audit_report import AuditReport
from .bounds import domain_of
from .effort import effort_of
from .ground import Ground, quietly
from .intake import Intake, Wanted, take_in
from .saying import amount, percent
from .section import Section
from .sections import SECTIONS
from .severity import Terms
from .summing_up import model_facts, reveals, summary, todo

__all__ = ["Options", "run"]

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
    - ``title``, ``command``: what the report calls itself, and how it is made again.
    """

    source: str | ArrayLike | None
    sensitive: str | None
    bounds: Any
    domain: Domain | None
    one_hot: Iterable[str]
    drop: Iterable[str]
    drop_missing: bool
    schema: Schema | None
    title: str
    command: str


def run(
    X: Any,
    y: Any,
    model: Any = None,
    *,
    effort: str = "normal",
    tolerance: float | None = None,
    attacker_rows: int | None = None,
    random_state: int = 0,
    on_progress: Callable[[int, int], object] | None = None,
    **options: Unpack[Options],
) -> AuditReport:
    """Audit a linear regression: is it right, who could move it, with how few rows, what holds and what does it cost?

    Parameters
    ----------
    X : frame, stream of `rows.open`, or array (n_samples, n_features)
    y : name of a column of X, or array (n_samples,)
    model : fitted linear model, optional
        trueline's, scikit-learn's, a Pipeline of scalers and one, what `ship.load` gives; or a printed one: a mapping
        of names to coefficients, or the path of a CSV file of them. Without it least squares.
    effort : {"quick", "normal", "thorough"}
        Fixes the work in units chosen before running (`trueline.audit.effort`), so it can be repeated.
    tolerance : float, optional
        A shift of y below this does not matter, in units of y; a quarter of the usual residual by default.
    attacker_rows : int, optional
        How many rows an attacker is thought to control; a hundredth of the rows by default.
    random_state : int
        Seeds what is drawn at random: the same data, seed and effort give the same report.
    on_progress : callable, optional
        Called with (done, total) steps.
    **options
        source, sensitive, bounds, domain, one_hot, drop, drop_missing, schema, title, command: see `Options`.

    Returns
    -------
    AuditReport
        A section that could not be computed says why, and stands in ``report.incomplete``.

    Raises
    ------
    DataError
        Rows that cannot be used: everything in the way at once.
    OptionError
        Terms outside what they may be; no linear model.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 2))
    >>> report = run(X, X @ [3.0, 0.1] + rng.normal(size=60), effort="quick", tolerance=0.5, attacker_rows=2)
    >>> report.rows, report.features, report.incomplete
    (60, ('X[:, 0]', 'X[:, 1]'), ())
    """
    with single_threaded_blas():
        ground = _prepare(X, y, model, _Given(effort, tolerance, attacker_rows, random_state), options)
        ground = replace(ground, on_progress=on_progress)
        sections = _sections(ground)
    order = list(Severity)[::-1]
    found = [finding for section in sections for finding in section.findings]
    findings = tuple(sorted(found, key=lambda one: (order.index(one.severity), -_size(one.effect))))
    counts = next((section.facts.get("counts", ()) for section in sections if section.key == "counts"), ())
    return AuditReport(
        title=options.get("title") or f"{ground.target} from {len(ground.names)} features",
        target=ground.target,
        rows=ground.n,
        features=ground.names,
        effort=effort,
        seed=int(random_state),
        tolerance=ground.terms.tolerance,
        tolerance_why=ground.terms.why,
        attacker_rows=ground.terms.attacker_rows,
        findings=findings,
        sections=tuple(sections),
        counts=tuple(counts),
        summary=summary(findings, sections, ground),
        todo=todo(findings),
        model=model_facts(ground),
        reveals=reveals(ground),
    )


class _Given(NamedTuple):
    """The terms as they were given."""

    effort: str
    tolerance: float | None
    attacker_rows: int | None
    random_state: int


def _prepare(X: Any, y: Any, model: Any, given: _Given, options: Options) -> Ground:
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
    line, theirs, held = _line(model, rows)
    sensitive = options.get("sensitive")
    if sensitive is not None and sensitive not in rows.names:
        raise OptionError(f"sensitive={sensitive!r} is no feature", advice=f"There are {', '.join(rows.names)[:300]}")
    domain, bounded = domain_of(rows, options.get("bounds"), options.get("domain"))
    command = options.get("command") or f"trueline.audit.run(X, y, effort={effort!r}, random_state={int(seed)})"
    ground = Ground(rows, line, theirs, held, domain, bounded, Terms(1.0, 1), work, int(seed), sensitive, command)
    return replace(ground, terms=_terms(ground, tolerance, attacker_rows))


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


def _sections(ground: Ground) -> list[Section]:
    """Each in its turn; one that fails says so, and the rest go on."""
    done: list[Section] = []
    for number, (key, title, build) in enumerate(SECTIONS):
        if ground.on_progress is not None:
            ground.on_progress(number, len(SECTIONS))
        try:
            found = build(ground)
        except MemoryError:
            found = Section(key, title, not_run="failed: out of memory", failed=True)
        except Exception as error:  # whatever one section meets, the others are still worth having
            found = Section(key, title, not_run=f"failed: {type(error).__name__}: {error}", failed=True)
        done.append(replace(found, key=key, title=title))
    if ground.on_progress is not None:
        ground.on_progress(len(SECTIONS), len(SECTIONS))
    return done


def _size(effect: float | None) -> float:
    return 0.0 if effect is None else abs(effect)
