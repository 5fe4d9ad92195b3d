"""run: fit, verify, attack, defend, certify, and say what is fragile, by how much, to whom, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

from ..findings import Finding, Severity
from ..rows.executor import single_threaded_blas
from .again import Again
from .audit_report import AuditReport
from .changes import Changes
from .ground import Ground
from .preparing import Given, Options, prepare
from .section import Section
from .sections import SECTIONS
from .summing_up import model_facts, reveals, summary, todo, told_of

__all__ = ["Options", "run"]


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
        How many rows an attacker is thought to control, at most n_samples; a hundredth of the rows by default.
    random_state : int
        Seeds what is drawn at random: the same data, seed and effort give the same report.
    on_progress : callable, optional
        Called with (done, total) steps.
    **options
        source, sensitive, bounds, domain, one_hot, drop, drop_missing, schema, effects, frozen, title, command,
        rows_to: see `Options`.

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
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 2))
    >>> report = run(X, X @ [3.0, 0.1] + rng.normal(size=60), effort="quick", tolerance=0.5, attacker_rows=2)
    >>> report.rows, report.features, report.incomplete
    (60, ('X[:, 0]', 'X[:, 1]'), ())
    """
    with single_threaded_blas():
        ground = prepare(X, y, model, Given(effort, tolerance, attacker_rows, random_state), options)
        ground = replace(ground, on_progress=on_progress)
        sections = _with_words(_sections(ground), Again(ground.command, options.get("rows_to")))
    order = list(Severity)[::-1]
    found = [finding for section in sections for finding in section.findings]
    findings = tuple(sorted(found, key=lambda one: (order.index(one.severity), -_size(one.effect))))
    told = told_of(findings, ground)
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
        summary=summary(told, sections, ground),
        todo=todo(told),
        model=model_facts(ground),
        reveals=reveals(ground),
        changes=_changes(sections),
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


def _changes(sections: list[Section]) -> dict[str, Changes]:
    """The rows that findings speak of, by fingerprint."""
    return {key: changes for section in sections for key, changes in section.facts.get("changes", {}).items()}


def _with_words(sections: list[Section], again: Again) -> list[Section]:
    """Each finding with what shows it again."""
    rows = _changes(sections)

    def told(finding: Finding) -> Finding:
        return replace(finding, reproduce=again.words(finding, finding.fingerprint in rows))

    return [replace(section, findings=tuple(map(told, section.findings))) for section in sections]


def _size(effect: float | None) -> float:
    return 0.0 if effect is None else abs(effect)
