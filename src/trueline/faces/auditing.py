"""`trueline audit`: what is fragile, by how much, to whom, and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from .. import audit
from ..audit.audit_report import AuditReport
from ..audit.baseline import Verdict, judge, read_baseline, read_suppressions
from ..audit.sarif import write_sarif
from ..errors import OptionError
from ..findings import Severity
from .audited import model_of, rows_of
from .correction import in_flags
from .loading import check_output, with_flags
from .screen import INCOMPLETE, print_json, progress, say, warned

__all__ = ["AuditRequest", "audit_file"]

STEPS = "steps"


@dataclass(frozen=True)
class AuditRequest:
    """What was asked for, in the words of the flags."""

    data: str
    target: str
    model: Path | None
    one_hot: tuple[str, ...]
    drop: tuple[str, ...]
    drop_missing: bool
    source: str | None
    sensitive: str | None
    bounds: tuple[str, ...]
    tolerance: float | None
    attacker_rows: int | None
    effort: str
    seed: int
    html: Path | None
    json: Path | None
    sarif: Path | None
    redact: bool
    baseline: Path | None
    suppress: Path | None
    fail_on: str
    require_signed: Path | None = None
    effects: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    rows_to: Path | None = None
    replay: Path | None = None


def audit_file(request: AuditRequest, as_json: bool) -> None:
    """Read, audit, write what was asked for, and say what matters.

    Raises
    ------
    typer.Exit
        With 1: a finding at or above `fail_on`, new or worse where there is a baseline; with 3: a section failed.
    """
    if request.replay is not None:
        _replay(request, request.replay, as_json)
        return
    if request.fail_on not in list(Severity):
        raise OptionError(f"--fail-on must be one of {', '.join(Severity)}, got {request.fail_on!r}")
    inputs = [path for path in (request.data, request.model, request.baseline, request.suppress) if path is not None]
    for output, flag in ((request.html, "--html"), (request.json, "--json"), (request.sarif, "--sarif")):
        check_output(output, *[path for path in inputs if path != request.baseline], flag=flag)
    before = None if request.baseline is None else read_baseline(request.baseline)
    answered = () if request.suppress is None else read_suppressions(request.suppress)
    report, texts = _audited(request)
    verdict = judge(report.findings, Severity(request.fail_on), date.today(), before, answered)
    written = _write(request, report, verdict)
    if as_json:
        typer.echo(report.json(redact=request.redact), nl=False)
    else:
        _print(request, report, verdict, texts, written)
    if verdict.failing:
        raise typer.Exit(1)
    if report.incomplete:
        raise typer.Exit(INCOMPLETE)


def _audited(request: AuditRequest) -> tuple[AuditReport, list[str]]:
    name = Path(request.data).name
    model, schema = model_of(request.model, request.target, request.one_hot, request.require_signed)
    stream, schema = rows_of(request.data, schema, request.drop, request.drop_missing)
    with warned() as texts, with_flags(name, "--drop-missing"), progress(f"auditing {name}", STEPS) as on_progress:
        report = audit.run(
            stream, request.target, model, effort=request.effort, tolerance=request.tolerance,
            attacker_rows=request.attacker_rows, random_state=request.seed, on_progress=on_progress,
            source=request.source, sensitive=request.sensitive, bounds=_bounds(request.bounds), one_hot=request.one_hot,
            drop=request.drop, drop_missing=request.drop_missing, schema=schema, title=f"{request.target} from {name}",
            effects=request.effects, frozen=request.frozen, command=_command(request),
            rows_to=None if request.rows_to is None else str(request.rows_to),
        )  # fmt: skip
    return report, texts


def _replay(request: AuditRequest, rows: Path, as_json: bool) -> None:
    """Apply the rows of a file and show what moves."""
    model, schema = model_of(request.model, request.target, request.one_hot, request.require_signed)
    stream, schema = rows_of(request.data, schema, request.drop, request.drop_missing)
    with warned(), with_flags(Path(request.data).name, "--drop-missing"):
        found = audit.replay(
            stream, request.target, rows, model, one_hot=request.one_hot, drop=request.drop,
            drop_missing=request.drop_missing, source=request.source, schema=schema,
        )  # fmt: skip
    if as_json:
        print_json(found.to_dict())
    else:
        say(str(found))


def _bounds(words: Iterable[str]) -> dict[str, tuple[float, float]] | None:
    """``income=0:200000`` for each column; the last = parts the name, which may hold one itself."""
    found: dict[str, tuple[float, float]] = {}
    for word in words:
        name, _, ends = word.rpartition("=")
        low, colon, high = ends.partition(":")
        try:
            found[name] = (float(low), float(high))
        except ValueError:
            colon = ""
        if not (name and colon):
            raise OptionError(f"--bounds {word!r}: write COLUMN=LOW:HIGH", advice="For example --bounds age=18:110")
    return found or None


def _command(request: AuditRequest) -> str:
    """What makes the same report again."""
    words = ["trueline", "audit", request.data, "--target", request.target]
    for flag, value in (("--model", request.model), ("--source", request.source), ("--sensitive", request.sensitive),
                        ("--tolerance", request.tolerance), ("--attacker-rows", request.attacker_rows)):  # fmt: skip
        words += [flag, str(value)] if value is not None else []
    for flag, values in (("--one-hot", request.one_hot), ("--drop", request.drop), ("--bounds", request.bounds),
                         ("--effect", request.effects), ("--frozen", request.frozen)):  # fmt: skip
        words += [word for value in values for word in (flag, value)]
    words += ["--drop-missing"] if request.drop_missing else []
    return shlex.join([*words, "--effort", request.effort, "--seed", str(request.seed)])


def _write(request: AuditRequest, report: AuditReport, verdict: Verdict) -> list[str]:
    if request.json is not None:
        report.to_json(request.json, redact=request.redact)
    if request.sarif is not None:
        write_sarif(report, request.sarif, request.data, verdict.states, verdict.suppressed, redact=request.redact)
    if request.html is not None:
        report.to_html(request.html, redact=request.redact)
    written = [str(path) for path in (request.html, request.json, request.sarif) if path is not None]
    if request.rows_to is not None:
        number = len(report.rows_to(request.rows_to))
        written.append(f"the rows of {number} finding{'s' * (number != 1)} in {request.rows_to}")
    return written


def _print(request: AuditRequest, report: AuditReport, verdict: Verdict, texts: list[str], written: list[str]) -> None:
    say(in_flags(str(report)))
    for text in texts:
        say(f"  warning: {text}")
    if request.baseline is not None:
        new = sum(state == "new" for state in verdict.states.values())
        say(f"  Against {request.baseline}: {new} new, {len(verdict.states) - new} known.")
    if verdict.suppressed:
        say(f"  Suppressed: {'; '.join(sorted(set(verdict.suppressed.values())))}")
    for late in verdict.expired:
        say(f"  A suppression expired on {late.expires.isoformat()}: {late} ({late.reason})")
    for idle in verdict.unused:
        say(f"  A suppression matches nothing: {idle}")
    number = len(verdict.failing)
    gate = f"{number} finding{'s' * (number != 1)} at or above --fail-on {request.fail_on}"
    say(
        f"  {gate} · " + (f"written: {', '.join(written)}" if written else "add --html audit.html for the whole report")
    )
