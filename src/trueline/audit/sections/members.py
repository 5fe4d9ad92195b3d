"""Members: do the sizes of a model's errors tell which rows it was trained on?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ... import attack
from ...errors import TruelineError
from ...findings import Assurance, Finding
from ...models.least_squares import LeastSquares
from ..effort import FEWEST
from ..ground import Ground, quietly
from ..saying import count
from ..section import Table
from ..severity import severity_of_leak
from .findings import MEMBERSHIP, finding
from .pricing import price_of
from .remedies import Remedy, told, unmeasured

__all__ = ["HOW_MEMBERS", "Members", "members"]

Array = NDArray[np.float64]

HOW_MEMBERS = (
    "trueline.attack.membership_inference (Yeom et al. 2018): fits of the model's kind are trained on random halves of "
    "the rows and asked about both halves; the row with the smaller error is called the member. AUC: the chance that "
    "this is right, 0.5 for a coin. The baseline calls members those near the mean of the labels. Advantage: a "
    "threshold chosen on half of either half, scored on rows that had no part in choosing it. From, to: 95 % of the "
    "models. "
)
MOST = 20_000  # rows: half of them train; more rows hide each row better
MATTERS = 0.55  # AUC from which on a coin is beaten by something
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of standardised columns, tried against it from small to large


class Members(NamedTuple):
    """What the section says of membership."""

    text: str
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    calm: str = ""


def members(ground: Ground) -> Members:
    """Membership inference against fits of the model's kind.

    Parameters
    ----------
    ground : Ground
    """
    rows = _rows(ground)
    splits = ground.effort.halvings(len(rows) // 2, len(ground.names))
    plain = LeastSquares(ground.penalty, ground.line.fit_intercept)
    try:
        told = attack.membership_inference(
            plain, ground.Z[rows], ground.y[rows], splits=splits, random_state=ground.seed
        )
    except TruelineError as error:
        return Members(f"Membership inference was not run: {str(error).rstrip('.')}. ")
    lines = [
        ["AUC", told.auc, *told.interval],
        ["AUC without the model", float(told.baseline_aucs.mean()), *np.quantile(told.baseline_aucs, [0.025, 0.975])],
        ["advantage on unseen rows", told.advantage, *told.advantage_interval],
    ]
    table = Table("Who was among the training rows?", ("measure", "mean", "from", "to"), lines, ("", "", "", ""))
    text = (
        f"{count(splits, 'model')} of {len(rows) // 2:,} rows each: the sizes of their errors tell members from others "
        f"with AUC {told.auc:.3f} ({told.interval[0]:.3f} to {told.interval[1]:.3f}; 0.5 is a coin). "
        + (f"The audited model has {ground.n:,} rows, which hide each of them better. " if len(rows) < ground.n else "")
    )
    if not told.found or told.interval[0] < MATTERS:
        calm = f"Errors tell no better than AUC {told.interval[1]:.2f} which rows a model of this kind was trained on."
        return Members(text, (table,), (), calm)
    return Members(text, (table,), (_finding(ground, rows, told),))


def _rows(ground: Ground) -> NDArray[np.intp]:
    if ground.n <= MOST:
        return np.arange(ground.n)
    return np.sort(np.random.default_rng(ground.seed).choice(ground.n, MOST, replace=False))


def _finding(ground: Ground, rows: NDArray[np.intp], told: Any) -> Finding:
    remedy = _penalised(ground, rows)
    return finding(
        ground,
        "membership-leak",
        severity_of_leak(2 * told.auc - 1),
        f"The size of an error tells whether a row was among the training rows: AUC {told.auc:.2f} for a model of "
        f"{len(rows) // 2:,} rows and {len(ground.names)} columns",
        where=("training rows",),
        evidence={"auc": told.auc, "from": told.interval[0], "to": told.interval[1], "advantage": told.advantage,
                  "advantage_from": told.advantage_interval[0], **remedy.evidence},
        attacker="knows the model, a row and its label; asks for one prediction",
        assurance=Assurance.SAMPLED,
        advice=f"{remedy.advice}. More rows or fewer columns hide each row better; PrivateLeastSquares bounds it by "
        "proof",
        reference=MEMBERSHIP,
    )  # fmt: skip


def _penalised(ground: Ground, rows: NDArray[np.intp]) -> Remedy:
    """The smallest penalty under which errors tell nothing that matters, and its price."""
    splits = FEWEST
    for penalty in PENALTIES:
        model = make_pipeline(StandardScaler(), LeastSquares(penalty, ground.line.fit_intercept))
        told_then = attack.membership_inference(
            model, ground.Z[rows], ground.y[rows], splits=splits, random_state=ground.seed
        )
        if told_then.interval[0] < MATTERS:
            cost = price_of(ground, _fit(ground, penalty))
            name = f"fit standardised columns with reg_lambda={penalty:g}"
            return told(name, cost, told_then.auc, "the AUC then is")
    return unmeasured(f"penalties up to {PENALTIES[-1]:g} on standardised columns do not hide the rows")


def _fit(ground: Ground, penalty: float) -> Callable[[NDArray[np.intp]], Callable[[Array], Array]]:
    def fit(rows: NDArray[np.intp]) -> Callable[[Array], Array]:
        model = make_pipeline(StandardScaler(), LeastSquares(penalty, ground.line.fit_intercept))
        quietly(model, ground.Z[rows], ground.y[rows])
        return lambda Z: np.asarray(model.predict(Z))

    return fit
