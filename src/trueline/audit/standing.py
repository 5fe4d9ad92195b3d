"""Who stands where after the arena: every trial, and each defence judged by the worst of them."""

from __future__ import annotations

import html
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..display import aligned, plain
from ..errors import OptionError
from ..files import write_whole

__all__ = ["Arena", "Trial"]


@dataclass(frozen=True)
class Trial:
    """One defence fitted on one poisoned training set.

    Parameters
    ----------
    defence, attack : str
    rate : float
        Poison / (clean + poison).
    seed : int
        Of the attack.
    knows : str
        What the attacker knew: "nothing", "data", "model" or "defence".
    mse : float
        On clean rows that nobody trained on, in squared units of y.
    displacement : float
        How far the prediction at the target moved from the same defence's on clean rows, in units of y; the largest
        over the targets.
    caught : float or None
        Share of the poison that the defence dropped; None where it drops no rows.
    dropped_clean : float or None
        Share of the clean rows that it dropped with it.
    seconds : float
        Of the fit.
    note : str
        Why there is no number, where there is none.
    """

    defence: str
    attack: str
    rate: float
    seed: int
    knows: str
    mse: float
    displacement: float
    caught: float | None
    dropped_clean: float | None
    seconds: float
    note: str = ""

    @property
    def adaptive(self) -> bool:
        """Did the attacker know the defence?"""
        return self.knows == "defence"


@dataclass(frozen=True, eq=False)
class Arena:
    """All trials; a defence is worth what it holds against the worst of them.

    Parameters
    ----------
    trials : tuple of Trial
        Those at rate 0 are the clean fits.
    rows, columns : int
        Of the training data: where rows / columns is small, no defence can tell poison from data.
    penalties : dict of str to float or None
        λ of every defence, on the averaged loss; None where it has none of that name.
    """

    trials: tuple[Trial, ...]
    rows: int
    columns: int
    penalties: dict[str, float | None]

    @property
    def defences(self) -> tuple[str, ...]:
        """In the order given."""
        return tuple(dict.fromkeys(trial.defence for trial in self.trials))

    @property
    def rates(self) -> tuple[float, ...]:
        """From 0 up."""
        return tuple(sorted({trial.rate for trial in self.trials}))

    def worst(self, defence: str, rate: float, adaptive: bool | None = None) -> Trial:
        """The trial with the largest error; among adaptive (True) or oblivious (False) attacks, or all (None).

        Raises
        ------
        OptionError
            There is no such trial.
        """
        found = [trial for trial in self.trials if trial.defence == defence and trial.rate == rate]
        if rate > 0 and adaptive is not None:
            found = [trial for trial in found if trial.adaptive is adaptive]
        if not found:
            raise OptionError(f"no trial of {defence!r} at rate {rate:g}"
                              + ("" if adaptive is None else f" with adaptive={adaptive}"))  # fmt: skip
        return max(found, key=lambda trial: np.inf if np.isnan(trial.mse) else trial.mse)

    def table(self) -> list[dict[str, Any]]:
        """One line for every defence and rate above 0: clean error, the worst oblivious and adaptive ones, what was
        caught and what it cost."""
        return [self._line(defence, rate) for defence in self.defences for rate in self.rates if rate > 0]

    def _line(self, defence: str, rate: float) -> dict[str, Any]:
        clean, worst = self.worst(defence, 0.0), self.worst(defence, rate)
        adaptive = any(trial.adaptive for trial in self.trials if trial.defence == defence and trial.rate == rate)
        return {
            "defence": defence, "rate": rate, "clean_mse": clean.mse,
            "oblivious_mse": self.worst(defence, rate, False).mse,
            "adaptive_mse": self.worst(defence, rate, True).mse if adaptive else None,
            "worst_attack": worst.attack, "displacement": worst.displacement, "caught": worst.caught,
            "clean_dropped": clean.dropped_clean, "seconds": worst.seconds, "reg_lambda": self.penalties[defence],
            "rows_per_column": self.rows / self.columns,
        }  # fmt: skip

    def __str__(self) -> str:
        head = f"{self.rows} rows, {self.columns} columns: {self.rows / self.columns:.1f} rows per column"
        return "\n".join([head, *aligned([_HEAD, *map(_cells, self.table())])])

    def _repr_html_(self) -> str:
        lines = [_HEAD, *map(_cells, self.table())]
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
        return f"<table>{body}</table>"

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Every trial and the table, as one JSON file.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        values = {"rows": self.rows, "columns": self.columns, "table": self.table(),
                  "trials": [asdict(trial) for trial in self.trials]}  # fmt: skip
        write_whole(path, (json.dumps(plain(values), indent=1) + "\n").encode())

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Worst test error against the rate, one line a defence, drawn to a file.

        Raises
        ------
        OptionError
            matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise OptionError("drawing needs matplotlib", advice='pip install "trueline[plot]"') from None
        figure = Figure(figsize=(7, 4.5), layout="constrained")
        axes = figure.subplots()
        for number, defence in enumerate(self.defences):
            errors = [self.worst(defence, rate).mse for rate in self.rates]
            axes.plot([100 * rate for rate in self.rates], errors, "osv^Dp*Xhd"[number % 10] + "-", label=defence)
        axes.set(xlabel="poison, % of all training rows", ylabel="MSE on clean test rows (squared units of y)",
                 title="The worst of all attacks tried", yscale="log")  # fmt: skip
        axes.legend()
        figure.savefig(os.fspath(path), dpi=120)


_HEAD = ("defence", "rate", "clean MSE", "oblivious", "adaptive", "worst attack", "moved by", "caught", "clean lost",
         "seconds", "λ")  # fmt: skip


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    def number(value: float | None, form: str = ".4g") -> str:
        return "–" if value is None else format(value, form)

    return (
        line["defence"], f"{line['rate']:.0%}", number(line["clean_mse"]), number(line["oblivious_mse"]),
        number(line["adaptive_mse"]), line["worst_attack"], number(line["displacement"], ".3g"),
        number(line["caught"], ".0%"), number(line["clean_dropped"], ".0%"), number(line["seconds"], ".2g"),
        number(line["reg_lambda"], "g"),
    )  # fmt: skip
