"""Table 1: known answers, every fitter at its defaults, warnings on record."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .peers import Peer

__all__ = ["DIGITS_NEEDED", "Case", "Cell", "hard_cases", "judge", "lre", "table", "wampler", "wampler_cases"]

Array = NDArray[np.floating]

DIGITS_NEEDED = 4.0  # with fewer correct digits an answer is called wrong
MOST_DIGITS = 15.0
TRUTH = Path(__file__).parents[2] / "shared" / "truth" / "strd"
NO_WARNING = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)

# What Wampler added to his exact polynomial (times 1, 100 and 10000): orthogonal to every power up to five.
WAMPLER_NOISE = (759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048,
                 -2048, 1838, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 759)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Rows with a known line.

    Parameters
    ----------
    name : str
    X, y : ndarray (n, d), (n,)
    truth : ndarray (d + 1,)
        Intercept first.
    in_digits : bool
        Show correct digits; else the relative error of the worst coefficient, intercept left out.
    """

    name: str
    X: Array
    y: Array
    truth: Array
    in_digits: bool = True


@dataclass(frozen=True)
class Cell:
    """What one fitter made of one case: digits of the worst coefficient, how it reads, and whether it warned."""

    digits: float
    text: str
    warned: bool

    @property
    def silently_wrong(self) -> bool:
        return self.digits < DIGITS_NEEDED and not self.warned


def lre(answer: ArrayLike, truth: ArrayLike) -> float:
    """Correct digits of the worst coefficient, between 0 and 15.

    Examples
    --------
    >>> round(lre([1.0, 2.0002], [1.0, 2.0]), 1)
    4.0
    """
    error = _error(answer, truth)
    return float(np.clip(-np.log10(error), 0.0, MOST_DIGITS)) if error > 0 else MOST_DIGITS


def _error(answer: ArrayLike, truth: ArrayLike) -> float:
    """Largest relative error; absolute where the truth is 0; infinite for what is not a number."""
    got, wanted = np.asarray(answer, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return float("inf")
    return float((np.abs(got - wanted) / np.where(wanted == 0, 1.0, np.abs(wanted))).max())


def judge(peer: Peer, case: Case) -> Cell:
    """Fit, compare, and note every warning that is not about the library's own future."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = np.asarray(peer.fit(case.X, case.y), dtype=np.float64)
        except Exception as error:  # refusing loudly is an answer too
            return Cell(0.0, type(error).__name__, True)
    warned = any(not issubclass(warning.category, NO_WARNING) for warning in caught)
    first = 0 if case.in_digits else 1
    digits = lre(answer[first:], case.truth[first:])
    text = f"{digits:.1f}" if case.in_digits else f"{_error(answer[1:], case.truth[1:]):.0e}"
    return Cell(digits, text, warned)


def wampler(number: int) -> Case:
    """Wampler's polynomial of degree five, 1 to 5, made from its formula; the truth is exact."""
    slope = Fraction(1, 10) if number == 2 else Fraction(1)
    size = {3: 1, 4: 100, 5: 10_000}.get(number, 0)
    truth = [slope**power for power in range(6)]
    y = [sum(c * x**k for k, c in enumerate(truth)) + size * noise for x, noise in enumerate(WAMPLER_NOISE)]
    return Case(
        f"Wampler{number}", _powers(np.arange(21.0), range(1, 6)), np.array([float(value) for value in y]),
        np.array([float(c) for c in truth]),
    )  # fmt: skip


def wampler_cases() -> list[Case]:
    """All five."""
    return [wampler(number) for number in range(1, 6)]


def hard_cases(truth: Path = TRUTH) -> tuple[list[Case], list[str]]:
    """The columns of table 1, and why some are left out here."""
    published = {name: _published(truth / f"{name}.json") for name in ("Longley", "Filip")}
    nowhere = [name for name, case in published.items() if case is None]
    left_out = [f"{name}: no {truth.parent.name}/{truth.name}/{name}.json beside the repository" for name in nowhere]
    found = [case for case in published.values() if case is not None]
    made = [
        _offset("offset 1e6", 1e6),
        _offset("offset 1e8", 1e8),
        _scales(),
        _offset("float32, offset 1e3", 1e3, np.float32),
    ]
    return [wampler(1), *found, *made], left_out


def _published(path: Path) -> Case | None:
    """A data set of NIST's, kept as the decimals of its file."""
    if not path.exists():
        return None
    data = json.loads(path.read_text())
    X = np.array(data["x"], dtype=np.float64)
    if data["powers"]:
        X = _powers(X[:, 0], [power for power in data["powers"] if power])
    truth = np.array(list(data["certified_coef"].values()), dtype=np.float64)
    return Case(data["name"], X, np.array(data["y"], dtype=np.float64), truth)


def _powers(x: Array, powers: Iterable[int]) -> Array:
    return np.column_stack([x**power for power in powers])


def _offset(name: str, offset: float, dtype: type[np.floating] = np.float64, rows: int = 200_000) -> Case:
    """Columns far from zero. Their cells and y are exact in `dtype`, so every error is the fitter's own."""
    spread = np.round(np.random.default_rng(1).standard_normal((rows, 3)) * 1024) / 1024
    X, truth = offset + spread, np.array([0.0, 1.0, -2.0, 3.0])
    return Case(name, X.astype(dtype), (X @ truth[1:]).astype(dtype), truth, in_digits=False)


def _scales() -> Case:
    """Columns in units that differ by 1e7, each as important to y as the others."""
    scale = np.array([1.0, 1e4, 1e7])
    Z = np.random.default_rng(2).standard_normal((1000, 3))
    effect = np.array([1.0, -2.0, 3.0])
    return Case("scales 1, 1e4, 1e7", Z * scale, Z @ effect, np.append(0.0, effect / scale), in_digits=False)


def table(peers: Sequence[Peer], cases: Sequence[Case]) -> dict[str, list[Cell]]:
    """One row per fitter."""
    return {peer.name: [judge(peer, case) for case in cases] for peer in peers}
