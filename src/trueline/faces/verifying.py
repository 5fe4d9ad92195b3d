"""`trueline verify`: is this fit right?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from numpy.typing import NDArray

from .. import verify
from ..errors import OptionError
from ..findings import Finding, Severity
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..models.linear_regression_gd import LinearRegressionGD
from ..ship import load
from .loading import read_table
from .screen import print_json, say, warned

__all__ = ["VerifyRequest", "verify_file"]


@dataclass(frozen=True)
class VerifyRequest:
    """What was asked for; without `model` one is fitted in closed form."""

    data: Path
    target: str
    model: Path | None
    one_hot: tuple[str, ...]
    drop: tuple[str, ...]
    drop_missing: bool
    reg_lambda: float
    fail_on: str


def verify_file(request: VerifyRequest, as_json: bool) -> None:
    """Diagnose the rows, check the gradient, compare with the closed form, certify; exit with 1 where it is not right."""
    if request.fail_on not in list(Severity):
        raise OptionError(f"--fail-on must be one of {', '.join(Severity)}, got {request.fail_on!r}")
    stored = None if request.model is None else load(request.model)
    rows = read_table(request.data, request.target, request.one_hot, request.drop, request.drop_missing,
                      None if stored is None else stored.schema)  # fmt: skip
    with warned() as texts:
        line = as_line(LeastSquares(request.reg_lambda).fit(rows.X, rows.y)) if stored is None else stored.line
        report = _checks(line, rows.X, rows.y)
    findings = verify.diagnose(_named(rows.X, rows.schema.feature_names), rows.y)
    findings += _unproven(report, str(request.model or line.description))
    if as_json:
        print_json({"findings": [finding.to_dict() for finding in findings], "warnings": texts,
                    "gradient": _dict(report["gradient"]), "closed_form": _dict(report["closed_form"]),
                    "certificate": _dict(report["certificate"])})  # fmt: skip
    else:
        _print(findings, report, texts)
    if any(finding.severity.at_least(Severity(request.fail_on)) for finding in findings):
        raise typer.Exit(1)


def _named(X: NDArray[Any], names: tuple[str, ...]) -> Any:
    """A frame, so that findings speak of columns by name."""
    import pyarrow as pa

    return pa.table({name: X[:, j] for j, name in enumerate(names)})


def _checks(line: Line, X: NDArray[Any], y: NDArray[Any]) -> dict[str, Any]:
    penalty = line.penalty(float(len(y)))
    gradient = verify.check_gradient(
        LinearRegressionGD(loss=line.loss, lr=0.1, reg_lambda=penalty or 0.0, fit_intercept=line.fit_intercept,
                           standardize=True), X, y)  # fmt: skip
    comparison = None if penalty is None else verify.compare_closed_form(line, X, y)
    certificate = verify.certify(line, X, y, reg_lambda=penalty or 0.0)
    return {"gradient": gradient, "closed_form": comparison, "certificate": certificate}


def _unproven(report: dict[str, Any], what: str) -> list[Finding]:
    """A line that is not the optimum of its own loss on these rows is the gravest finding there is."""
    certificate = report["certificate"]
    if certificate.optimal:
        return []
    return [Finding(
        "not-optimal", Severity.HIGH, f"{what} is not the best fit to these rows",
        evidence={"relative_gap": certificate.relative_gap, "proof": certificate.proof}, where=(what,),
        advice="Other rows, another penalty, or a descent that stopped early would explain it; fit again and compare",
        reproduce="trueline verify",
    )]  # fmt: skip


def _dict(check: Any) -> dict[str, Any] | None:
    if check is None:
        return None
    values = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in asdict(check).items()}
    return {**values, "text": str(check)}


def _print(findings: list[Finding], report: dict[str, Any], texts: list[str]) -> None:
    say("The rows")
    for finding in findings:
        say(f"  {finding}")
    say("\nThe fit")
    say(f"  {report['gradient']}")
    say(f"  {report['certificate']}")
    if report["closed_form"] is not None:
        say("  against the closed form (np.linalg.pinv):")
        say("    " + str(report["closed_form"]).replace("\n", "\n    "))
    for text in texts:
        say(f"warning: {text}")
