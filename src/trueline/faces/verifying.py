"""`trueline verify`: is this fit right?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import typer
from numpy.typing import NDArray

from .. import verify
from ..errors import OptionError
from ..findings import Assurance, Finding, Severity
from ..models.foreign import Line, as_line
from ..models.least_squares import LeastSquares
from ..models.linear_regression_gd import LinearRegressionGD
from ..rows import Schema
from ..ship import Model
from ..verify import Certificate, Comparison
from .audited import columns_of
from .correction import in_flags
from .loading import Table, open_model, read_table, with_flags
from .screen import print_json, progress, say, table, warned

__all__ = ["VerifyRequest", "verify_file"]


@dataclass(frozen=True)
class VerifyRequest:
    """What was asked for; without `model` one is fitted in closed form."""

    data: str
    target: str
    model: Path | None
    one_hot: tuple[str, ...]
    drop: tuple[str, ...]
    drop_missing: bool
    reg_lambda: float
    fail_on: str
    require_signed: Path | None = None


@dataclass(frozen=True, eq=False)
class Checks:
    """What the checks of a fit said; the closed form is None where the model has none."""

    gradient: verify.GradientCheck
    closed_form: Comparison | None
    certificate: Certificate


def verify_file(request: VerifyRequest, as_json: bool) -> None:
    """Diagnose the rows, check the gradient, compare with the closed form, certify.

    Raises
    ------
    typer.Exit
        With 1: a finding at or above `fail_on`.
    """
    if request.fail_on not in list(Severity):
        raise OptionError(f"--fail-on must be one of {', '.join(Severity)}, got {request.fail_on!r}")
    stored = None if request.model is None else open_model(request.model, request.require_signed)
    schema = None if stored is None else _schema(request, stored)
    with with_flags(Path(request.data).name, "--drop-missing"):
        rows = read_table(request.data, request.target, request.one_hot, request.drop, request.drop_missing, schema)
    with warned() as texts, progress("verifying"):
        X = rows.frame()
        line = as_line(LeastSquares(request.reg_lambda).fit(X, rows.y)) if stored is None else stored.line
        checks = _checks(line, X, rows.y)
        findings = verify.diagnose(X, rows.y)
    findings = _wrong(checks, str(request.model or line.description)) + findings
    failing = [finding for finding in findings if finding.severity.at_least(Severity(request.fail_on))]
    if as_json:
        print_json({"findings": [finding.to_dict() for finding in findings], "warnings": texts,
                    **{name: _dict(check) for name, check in vars(checks).items()}})  # fmt: skip
    else:
        _print(request, rows, findings, checks, texts)
        say(_verdict(findings, failing, request.fail_on))
    if failing:
        raise typer.Exit(1)


def _schema(request: VerifyRequest, stored: Model) -> Schema:
    """The columns of the stored model, which flags must not contradict."""
    assert request.model is not None
    if request.reg_lambda:
        raise OptionError(f"{request.model} says itself how it was penalised", advice="Leave out --reg-lambda")
    schema = columns_of(stored, request.model, request.target, request.one_hot)
    return replace(schema, target=request.target, nulls="drop" if request.drop_missing else schema.nulls)


def _checks(line: Line, X: Any, y: NDArray[Any]) -> Checks:
    penalty = line.penalty(float(len(y)))
    gradient = verify.check_gradient(
        LinearRegressionGD(loss=line.loss, lr=0.1, reg_lambda=penalty or 0.0, fit_intercept=line.fit_intercept,
                           standardize=True), X, y)  # fmt: skip
    comparison = None if penalty is None else verify.compare_closed_form(line, X, y)
    return Checks(gradient, comparison, verify.certify(line, X, y, reg_lambda=penalty or 0.0))


def _wrong(checks: Checks, what: str) -> list[Finding]:
    """A line that is not the optimum of its own loss on these rows is the gravest finding there is."""
    findings = []
    if not checks.gradient.passed:
        findings.append(Finding(
            "wrong-gradient", Severity.CRITICAL, "the gradient is not the derivative of the loss",
            evidence={"check": str(checks.gradient)}, where=(what,), assurance=Assurance.FOUND,
            advice="No descent on this loss can be trusted", reproduce="trueline verify",
        ))  # fmt: skip
    if not checks.certificate.optimal:
        findings.append(Finding(
            "not-optimal", Severity.HIGH, f"{what} is not the best fit to these rows",
            evidence={"relative_gap": checks.certificate.relative_gap, "proof": checks.certificate.proof},
            where=(what,), assurance=Assurance.NOT_RUN if checks.certificate.proof == "none" else Assurance.PROVEN,
            advice="Other rows, another penalty, or a descent that stopped early would explain it; fit again and "
            "compare", reproduce="trueline verify",
        ))  # fmt: skip
    return findings


def _dict(check: Any) -> dict[str, Any] | None:
    if check is None:
        return None
    return {**asdict(check), "text": str(check)}


def _print(request: VerifyRequest, rows: Table, findings: list[Finding], checks: Checks, texts: list[str]) -> None:
    say(f"{Path(request.data).name}: {rows.n_rows:,} rows, {len(rows.schema.feature_names)} features "
        f"-> {request.target}, {request.model or 'least squares fitted now'}\n")  # fmt: skip
    say("Findings")
    for finding in findings:
        say(f"  [{finding.severity}] {finding.title}")
        if finding.advice:
            say(f"      {in_flags(finding.advice)}")
    say("\nThe fit")
    say(f"  {checks.gradient}")
    say(f"  {checks.certificate}")
    if checks.closed_form is not None:
        _print_closed_form(checks.closed_form, rows.schema.feature_names)
    for text in texts:
        say(f"warning: {text}")
    say()


def _print_closed_form(found: Comparison, names: tuple[str, ...]) -> None:
    say("\nAgainst the closed form (np.linalg.pinv), in the space the model was trained in")
    numbers = [("(intercept)", found.b, found.closed_b, f"{found.b_digits:.1f}"),
               *((name, mine, closed, "") for name, mine, closed in zip(names, found.w, found.closed_w, strict=True)),
               ("MSE", found.mse, found.closed_mse, f"{found.mse_digits:.1f}")]  # fmt: skip
    cells = [(name, f"{mine:.8g}", f"{closed:.8g}", digits) for name, mine, closed, digits in numbers]
    cells += [
        ("all coefficients", "", "", f"{found.w_digits:.1f}"),
        ("predictions", "", "", f"{found.prediction_digits:.1f}"),
    ]
    table(cells, ("", "model", "closed form", "equal digits"))


def _verdict(findings: list[Finding], failing: list[Finding], fail_on: str) -> str:
    """The last line: what was found, and what the exit code says."""
    counts = Counter(finding.severity for finding in findings)
    listed = ", ".join(f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity])
    outcome = f"{len(failing)} at or above" if failing else "none at or above"
    return f"Findings: {listed or 'none'}; {outcome} --fail-on {fail_on}."
