"""What would explain that a model does not follow from its rows: one cause after the other, each tried by refitting."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import TruelineError
from ..maths.scaling import Scaling
from ..models.huber_regression import HuberRegression
from ..models.quantile_regression import QuantileRegression
from .candidate import Candidate
from .dropped_rows import dropped_rows
from .rescaled import standardised, units
from .subject import Fit, Subject

__all__ = ["candidates"]

Array = NDArray[np.float64]


def candidates(subject: Subject) -> Iterator[Candidate]:
    """All causes, the plainest first. One that cannot be computed on these rows is passed over.

    Parameters
    ----------
    subject : Subject
    """
    for cause in (_penalties, _intercepts, standardised, units, _weights, _rows, _solvers, _losses, _slopes):
        found = cause(subject)
        while True:
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")  # of fits that are mere tries
                    candidate = next(found, None)
            except (TruelineError, np.linalg.LinAlgError):
                break
            if candidate is None:
                break
            if np.isfinite(candidate.fit.coef).all() and np.isfinite(candidate.fit.intercept):
                yield candidate


def _penalties(subject: Subject) -> Iterator[Candidate]:
    """At a ridge optimum the gradient is -λ·(penalised coefficients), so one projection tells λ."""
    theirs, weight = subject.theirs, float(subject.weights.sum())
    free = subject.line.fit_intercept
    plain, scaled = np.ones(len(theirs.coef)), subject.size
    spaces = [(plain, "the coefficients"), (scaled, "those of standardised columns")]
    if not (subject.line.scaling.sigma == 1).all():
        spaces.append((subject.line.scaling.sigma, "those of its own scaled columns"))
    centre = np.average(subject.X, axis=0, weights=subject.weights) if free else np.zeros(len(plain))
    rows, target = subject.X - centre, subject.y - (np.average(subject.y, weights=subject.weights) if free else 0.0)
    pull = rows.T @ (subject.weights * (target - rows @ theirs.coef)) / weight
    for sigma, where in spaces:
        shrunk = theirs.coef * np.square(sigma)
        reg_lambda = float((pull / sigma) @ (shrunk / sigma) / max(np.square(shrunk / sigma).sum(), 1e-300))
        if reg_lambda <= 0:
            continue
        scaling = Scaling.none(len(plain)).standardized(np.zeros(len(plain)), sigma)
        fit = subject.refit(reg_lambda=reg_lambda, scaling=scaling)
        text = f"a ridge penalty reg_lambda = {reg_lambda:.6g} (alpha = {reg_lambda * weight:.6g}) on {where}"
        yield Candidate("penalty", text, fit, fitted=1)
    if subject.line.known_penalty(weight) > 0:
        yield Candidate("penalty", "no penalty", subject.refit(reg_lambda=0.0))


def _intercepts(subject: Subject) -> Iterator[Candidate]:
    if subject.line.fit_intercept:
        fit = subject.refit(fit_intercept=False, scaling=Scaling.none(len(subject.names)))
        yield Candidate("intercept", "it was fitted without an intercept", fit)
    else:
        fit = subject.refit(fit_intercept=True)
        said = "" if subject.has_intercept else f", {fit.intercept:.6g}, which it does not tell"
        yield Candidate("intercept", f"it was fitted with an intercept{said}", fit, intercept=False)


def _weights(subject: Subject) -> Iterator[Candidate]:
    if subject.weighted:
        yield Candidate("weights", "it was fitted without these weights", subject.refit(weighted=False))


def _rows(subject: Subject) -> Iterator[Candidate]:
    for text, kept, weighed in dropped_rows(subject):
        yield Candidate("rows", text, subject.refit(kept), weighed=weighed)


def _solvers(subject: Subject) -> Iterator[Candidate]:
    """Singular values below a cut are thrown away by many solvers: the smallest coefficients then, not the best."""
    root = np.sqrt(subject.weights)[:, None]
    free = subject.line.fit_intercept
    centre = np.average(subject.X, axis=0, weights=subject.weights) if free else np.zeros(len(subject.names))
    level = float(np.average(subject.y, weights=subject.weights)) if free else 0.0
    triangle = np.linalg.qr(root * (subject.X - centre), mode="r")
    values, axes = np.linalg.svd(triangle)[1:]
    null = axes[int((values > np.finfo(float).eps * max(subject.X.shape) * values[0]).sum()) :]
    if len(null):
        ours = subject.refit()
        coef = ours.coef + null.T @ (null @ (subject.theirs.coef - ours.coef))
        text = "it differs only in what these rows do not determine: predictions on them agree"
        yield Candidate("undetermined", text, Fit(coef, level - float(centre @ coef), 9.0), fitted=len(null))
    for cut in (1e-4, 1e-6, 1e-8, 1e-10):
        solved = np.linalg.lstsq(root * (subject.X - centre), root[:, 0] * (subject.y - level), rcond=cut)
        coef, rank = np.asarray(solved[0], dtype=np.float64), int(solved[2])
        if rank < len(centre):
            text = (
                f"its solver took nearly dependent columns for dependent (singular values below {cut:g} of the largest)"
            )
            yield Candidate("solver", text, Fit(coef, level - float(centre @ coef), 9.0))


def _slopes(subject: Subject) -> Iterator[Candidate]:
    if subject.has_intercept:
        text = "its slopes are right, its intercept is not"
        yield Candidate("intercept", text, subject.refit(), intercept=False)


def _losses(subject: Subject) -> Iterator[Candidate]:
    """Medians and Huber's, as far as they are at their defaults; only without weights."""
    if subject.weighted:
        return
    free = subject.line.fit_intercept
    tries: list[tuple[str, Callable[[], object]]] = [
        ("the median (least absolute deviations)", lambda: QuantileRegression(0.5, free).fit(subject.X, subject.y)),
        ("Huber's loss, delta = 1.345 scales (MAD)",
         lambda: HuberRegression(fit_intercept=free).fit(subject.X, subject.y)),
        ("Huber's loss, delta = 1.345 scales (proposal 2)",
         lambda: HuberRegression(scale="proposal2", fit_intercept=free).fit(subject.X, subject.y)),
    ]  # fmt: skip
    for text, fit in tries:
        try:
            model = fit()
        except TruelineError:
            continue
        yield Candidate("loss", f"it minimises {text}", Fit(model.coef_, model.intercept_, 9.0))  # type: ignore[attr-defined]
