"""A drift report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...audit.saying import count
from ...display import aligned

if TYPE_CHECKING:
    from .report import Drift, DriftReport

__all__ = ["COLUMNS_DIFFER", "LEAST_P", "headline", "number", "p_text", "pairs_said", "table_of", "verdict"]

COLUMNS_DIFFER = "its columns are not those of training"
HEAD = ("", "felt", "shift", "shift/sd", "W/sd", "PSI", "(chance)", "p", "p, all", "")
NAME = 40
SHOWN = 20
PAIRS = 5
PROBLEMS = 10
LEAST_P = 1e-300  # below, float64 runs out of digits


def table_of(report: DriftReport) -> str:
    """The verdict, what the model feels, and a line for everything that is watched.

    Parameters
    ----------
    report : DriftReport
    """
    lines = [headline(report), *_felt(report), *_errors(report), "", *_lines(report), *_pairs(report)]
    lines += [f"  {problem}" for problem in report.problems[:PROBLEMS]]
    rest = len(report.problems) - PROBLEMS
    return "\n".join(lines + ([f"  … and {rest} more"] if rest > 0 else []))


def headline(report: DriftReport) -> str:
    """One line: drift or not, of how many rows, at which rate of false alarms."""
    what = {"drift": "DRIFT", "no drift": "No drift", "not enough data": "Not enough data"}[report.status]
    what = "COLUMNS DIFFER" if report.refusal == COLUMNS_DIFFER and not report.alarm else what
    named = f" in {', '.join(report.drifted[:6])}" if report.alarm else ""
    number_ = "" if report.window is None else f", window {report.window}"
    rows = f"{report.rows:,} row{'' if report.rows == 1 else 's'} against {report.reference_rows:,} of training"
    why = f"; {report.refusal}" if report.refusal else ""
    return f"{what}{named}: {rows}{number_}, false alarms at most {report.level:.3g}{why}"


def verdict(drift: Drift) -> str:
    """What is said of one line."""
    if drift.not_judged:
        return drift.not_judged
    notes = [f"{drift.blank:,} without a value"] if drift.blank else []
    notes += [f"{drift.unknown:,} of unknown levels"] if drift.unknown else []
    return ", ".join((["DRIFTED"] if drift.drifted else []) + notes)


def p_text(p: float | None) -> str:
    """A p-value in two digits; never 0."""
    return f"<{LEAST_P:g}" if p is not None and p < LEAST_P else number(p, ".2g")


def pairs_said(report: DriftReport) -> str:
    """How many pairs of columns were watched, and how many no longer go together as in training."""
    changed = sum(each.drifted for each in report.pairs)
    pairs = f"{count(len(report.pairs), 'pair')} of columns"
    return f"{pairs}: {changed or 'none'} {'goes' if changed < 2 else 'go'} together otherwise than in training"


def number(value: float | None, spec: str = "+.3g") -> str:
    """A number in few digits, or a dash."""
    return "–" if value is None else format(value, spec)


def _felt(report: DriftReport) -> list[str]:
    shift, unclipped = report.prediction.shift, report.prediction.felt_unclipped
    if shift is None:
        return ["  No prediction can be made of these rows."]
    error = "" if report.prediction.shift_error is None else f" ± {report.prediction.shift_error:.2g}"
    lines = [f"  Mean prediction of {report.target}: {report.prediction.reference_mean:.6g} in training, "
             f"{report.prediction.mean:.6g} here ({shift:+.3g}{error}); felt is each column's part of it"]  # fmt: skip
    if unclipped is not None and abs(unclipped - shift) > 1e-9 * max(abs(shift), abs(unclipped)):
        lines.append(f"  Clipping holds back {unclipped - shift:+.3g}: without it the shift would be {unclipped:+.3g}")
    return lines


def _errors(report: DriftReport) -> list[str]:
    """What the residuals say, where labels are known."""
    residual = report.residual
    if residual is None or residual.shift is None:
        return []
    return [f"  Errors of {residual.rows:,} rows with labels: mean {number(residual.mean)} ± "
            f"{number(residual.shift_error, '.2g')}, {number(residual.reference_mean)} in training; spread "
            f"{number(residual.sd, '.3g')}, {number(residual.reference_sd, '.3g')} in training"]  # fmt: skip


def _lines(report: DriftReport) -> list[str]:
    features = sorted(report.features, key=lambda each: not each.drifted)[:SHOWN]
    shown = [each for each in report.features if each in features]
    rows = [HEAD, *(_row(each) for each in shown), _row(report.prediction)]
    rows += [_row(report.residual)] if report.residual else []
    lines = [f"  {line}" for line in aligned(rows, (0, len(HEAD) - 1))]
    rest = len(report.features) - len(shown)
    return lines + ([f"  … and {rest} more columns that the model feels less, none drifted"] if rest > 0 else [])


def _pairs(report: DriftReport) -> list[str]:
    if not report.pairs:
        return []
    lines = ["", f"  {pairs_said(report)}"]
    for each in [pair for pair in report.pairs if pair.drifted][:PAIRS]:
        lines.append(f"    {each.first[:NAME]} & {each.second[:NAME]}: phi {number(each.reference_phi, '+.2f')} in "
                     f"training, {number(each.phi, '+.2f')} here; p, all {p_text(each.adjusted)}  DRIFTED")  # fmt: skip
    return lines


def _in_sd(value: float | None, sign: str) -> str:
    # two decimals of 1e300 are three hundred digits
    return number(value, f"{sign}.2f" if value is None or abs(value) < 1e5 else f"{sign}.3g")


def _row(drift: Drift) -> tuple[str, ...]:
    return (
        drift.name[:NAME], number(drift.felt) if drift.kind in ("number", "level") else "",
        number(drift.shift), _in_sd(drift.shift_sd, "+"), _in_sd(drift.wasserstein, ""), number(drift.psi, ".3f"),
        f"({number(drift.psi_by_chance, '.3f')})", p_text(drift.p), p_text(drift.adjusted),
        verdict(drift),
    )  # fmt: skip
