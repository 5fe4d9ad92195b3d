"""A drift report as one HTML file, in the look of the audit's: no address in it, nothing loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...audit.report.grid import grid
from ...audit.report.html import check_installed, drawn, rendered
from ...audit.report.visible import visible, visible_values
from ...audit.saying import amount, listed
from ...files import write_whole
from .table import LEAST_P, headline, p_text, pairs_said, verdict

if TYPE_CHECKING:
    from .report import Drift, DriftReport

__all__ = ["write_page"]

SHOWN = 8  # columns whose cells are drawn
ROWS = 2000  # of the table
PAIRS = 100
FELT = (
    "A column's part is its coefficient times the shift of its mean, both as predictions see them; of a category the "
    "sum over its levels. The parts add up to the shift of the mean prediction, exactly."
)
RATE = (
    "The rows of training were sorted into cells that a few of them, set aside and not counted, had fixed. Where "
    "nothing drifted, training and window are two draws of one law, whichever it is, so every choice of as many rows "
    "out of both is equally likely to be the window: p is the share of such choices at least as far out as this one. "
    "Over everything that is watched together p is adjusted by Holm's rule, which holds however columns depend on each "
    "other. PSI has no fixed threshold here: it grows as windows shrink. Beside it stands what chance alone makes."
)
COLUMNS = (
    "",
    "said",
    "felt",
    "shift",
    "in sd",
    "p",
    "p, all together",
    "Wasserstein in sd",
    "PSI",
    "PSI by chance",
    "rows",
)


TOGETHER = (
    "For every two columns of numbers, rows of training and of this window are counted by whether each column lies "
    "above its middle in training. Phi is the correlation of the two answers. p is by Zelen's exact test that the odds "
    "of being above together are those of training; how often each is above does not matter."
)
PAIR = ("", "", "said", "phi in training", "phi here", "p", "p, all together", "rows")


def write_page(report: DriftReport, path: str | os.PathLike[str]) -> None:
    """Write the page.

    Parameters
    ----------
    report : DriftReport
    path : str or path-like

    Raises
    ------
    OptionError
        What draws the page is not installed.
    OSError
        The file cannot be written.
    """
    check_installed()
    page = {
        "title": visible(f"{report.target}: {report.status}", 160), "version": __version__, "facts": _facts(report),
        "summary": visible_values([headline(report).replace("`", "'"), *report.problems]),
        "sections": [_felt(report), _all(report), *_pairs(report), _cells(report)],
    }  # fmt: skip
    write_whole(path, rendered(page, "page.html.j2", Path(__file__).parent))


def _facts(report: DriftReport) -> list[dict[str, str]]:
    told = {
        "Rows": f"{report.rows:,}", "Rows of training": f"{report.reference_rows:,}",
        "Alarm": "yes" if report.alarm else "no", "False alarms, at most": f"{report.level:.3g}",
        "Window": "by itself" if report.window is None else str(report.window),
        "Model": str(report.model.get("kind", "–")), "Checksum": str(report.model.get("sha256") or "–")[:16],
    }  # fmt: skip
    told |= {} if report.time is None else {"Time": str(report.time)}
    return [{"name": name, "value": visible(value, 80)} for name, value in told.items()]


def _section(anchor: str, title: str, paragraphs: list[str], **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"figures": [], "tables": [], "how": "", "how_anchor": f"{anchor}-how", "not_run": ""}
    return {**empty, "anchor": anchor, "title": title, "paragraphs": paragraphs, **more}


def _felt(report: DriftReport) -> dict[str, Any]:
    """What the model feels, in units of y."""
    from .charts import felt

    shift, unclipped = report.prediction.shift, report.prediction.felt_unclipped
    if shift is None:
        return _section("felt", "What the model feels", ["No prediction can be made of these rows."])
    target = visible(report.target, 60)
    paragraphs = [f"The mean prediction of {target} moved by {amount(shift)}, with a standard error of "
                  f"{amount(report.prediction.shift_error)}."]  # fmt: skip
    if unclipped is not None and abs(unclipped - shift) > 1e-9 * max(abs(shift), abs(unclipped)):
        paragraphs.append(f"Without clipping it would have moved by {amount(unclipped)}.")
    if report.residual is not None and report.residual.shift is not None:
        was, now = report.residual.reference_sd, report.residual.sd
        paragraphs.append(f"Where labels are known, the mean error moved by {amount(report.residual.shift)} and its "
                          f"spread went from {amount(was)} to {amount(now)}.")  # fmt: skip
    figure = drawn(felt(report), "felt-1")
    return _section("felt", "What the model feels", paragraphs, figures=[figure], how=FELT)


def _all(report: DriftReport) -> dict[str, Any]:
    rows = [_row(each) for each in report.watched]
    said = f"Drifted: {visible(listed(report.drifted, 20), 400)}." if report.drifted else "Nothing drifted."
    table = grid("Everything that is watched", COLUMNS, rows, most=ROWS)
    return _section("all", "What changed", [said], tables=[table], how=RATE)


def _row(drift: Drift) -> list[Any]:
    felt = drift.felt if drift.kind in ("number", "level") else None
    said = verdict(drift).lower() or "no drift"
    return [drift.name, said, felt, drift.shift, drift.shift_sd, _short(drift.p), _short(drift.adjusted),
            drift.wasserstein, drift.psi, drift.psi_by_chance, drift.rows]  # fmt: skip


def _pairs(report: DriftReport) -> list[dict[str, Any]]:
    """How columns go together, where training remembers it."""
    if not report.pairs:
        return []
    rows = [[each.first, each.second, each.not_judged or ("drifted" if each.drifted else "no drift"),
             each.reference_phi, each.phi, _short(each.p), _short(each.adjusted), each.rows]
            for each in report.pairs[:PAIRS]]  # fmt: skip
    table = grid("Pairs, the strongest evidence first", PAIR, rows, most=PAIRS)
    said = f"{pairs_said(report)}."
    return [_section("pairs", "What goes together", [said], tables=[table], how=TOGETHER)]


def _short(p: float | None) -> float | str | None:
    """Two digits: more are chance."""
    return p_text(p) if p is None or p < LEAST_P else float(f"{p:.2g}")


def _cells(report: DriftReport) -> dict[str, Any]:
    from .charts import shares

    drawable = [each for each in report.watched if each.rows and each.cells]
    shown = sorted(drawable, key=lambda each: (not each.drifted, each.kind in ("number", "level")))[:SHOWN]
    rest = len(drawable) - len(shown)
    words = "Cells hold about as many rows of training each; bars are training, dots are this window."
    figures = [drawn(shares(each), f"cells-{number}") for number, each in enumerate(shown, start=1)]
    more = [f"{rest} more are in the table above."] if rest > 0 else []
    return _section("cells", "Where the rows are", [words, *more], figures=figures)
