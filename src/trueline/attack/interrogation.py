"""Interrogation: from a line through d + 1 answers to what hides it: rounding, noise, clipping, or no line at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from .asking import Endpoint, SpentError, rounding_unit
from .extracted import Extraction
from .probing import profile

__all__ = ["Interrogation", "digits_of"]

Array = NDArray[np.float64]

CHECKS = 16  # questions at two corners and random places, to see whether the answers are those of a line
REPEATS = 8  # the same question again, to see whether the answers are random
EXACT = 1e-12  # relative errors below this, times the columns, are the rounding of float64


@dataclass(eq=False)
class Interrogation:
    """A model under questions: the box, and every answer that is fitted.

    Parameters
    ----------
    endpoint : Endpoint
    low, high : ndarray (n_features,)
        The box to ask in, in the units of the data.
    rng : numpy Generator
    """

    endpoint: Endpoint
    low: Array
    high: Array
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.centre, self.half = (self.low + self.high) / 2, (self.high - self.low) / 2
        self.rows, self.answers = np.empty((0, len(self.low))), np.empty(0)

    def solve(self, queries: int, noise: float | None) -> Extraction:
        """A line from d + 1 answers if it holds elsewhere; else find out why not.

        Parameters
        ----------
        queries : int
            Answers to fit through rounding or noise.
        noise : float, optional
            Standard deviation of noise, in units of y, where it is known.
        """
        d = len(self.low)
        self._keep(self.centre + np.vstack([np.zeros(d), np.diag(self.half)]))
        line = self._fitted("line")
        corners = np.stack([self.low, self.high])  # the low one was never asked about: one-sided bends show there
        checks = np.vstack([corners, self._sampled(CHECKS - 2)])[: self.endpoint.left]
        if not len(checks):
            return self._told(replace(line, kind="unchecked line", unknown=(
                "No question was left to check whether it is a line",)))  # fmt: skip
        said = self.endpoint.ask(checks)
        line = replace(line, held_out_error=float(np.abs(line.predict(checks) - said).max()))
        size = float(np.abs(np.append(self.answers, said)).max())
        if line.held_out_error <= EXACT * (d + 1) * size and not noise:
            exact = digits_of(line.held_out_error, self._effect(line.coef))
            return self._told(replace(line, digits=exact, table=((d + 1, exact),)))
        try:
            return self._told(self._through_noise(line, checks, said, queries, noise))
        except SpentError:
            return self._told(replace(line, kind="not a line", digits=0.0, table=(), unknown=(
                "The questions ended before it was known why the answers are not those of a line",)))  # fmt: skip

    def _through_noise(
        self, line: Extraction, checks: Array, said: Array, queries: int, noise: float | None
    ) -> Extraction:
        """Rounded, noisy, clipped, or no line at all."""
        unit = rounding_unit(np.append(self.answers, said))
        again = self.endpoint.ask(np.tile(self.centre, (REPEATS, 1)))
        random = bool(np.ptp(again) > 0)
        scatter, certainty = (noise, 1e6) if noise else (float(again.std(ddof=1)), float(REPEATS - 1))
        if not noise and not random:
            scatter, certainty = unit / np.sqrt(12), 1e6
        if scatter > 0:
            d = len(self.low)
            self._keep(self._sampled(max(min(queries - d - 1, self.endpoint.left), 0), edges=True))
            fitted, misfit = self._least_squares(scatter)
            error = float(np.abs(fitted.predict(checks) - said).max())
            allowed = float(f_distribution.ppf(0.9999, max(len(self.answers) - d - 1, 1), certainty))
            checked = float(np.square(fitted.predict(checks) - said).mean()) / (1 + self._leverage(checks))
            limit = float(f_distribution.ppf(0.9999, len(checks), certainty))
            if misfit <= allowed * scatter**2 and checked <= limit * scatter**2:
                kind = "noisy line" if random or noise else "rounded line"
                return replace(fitted, kind=kind, held_out_error=error)
            line = replace(fitted, kind="not a line", held_out_error=error, digits=0.0, table=())
        if random:
            return replace(line, kind="not a line", digits=0.0, table=(), unknown=(
                "The answers are random and not those of a line; bends cannot be told from noise",))  # fmt: skip
        return self._along_columns(line, checks, said, unit)

    def _along_columns(self, line: Extraction, checks: Array, said: Array, unit: float) -> Extraction:
        """A clipped line column by column; held against answers that it has not seen."""
        size = float(np.abs(said).max())
        tolerance = max(unit, EXACT * size)
        found = [profile(self._asker(j), self.low[j], self.high[j], tolerance) for j in range(len(self.low))]
        coef = np.array([one.slope for one in found])
        clip_low, clip_high = np.array([one.low for one in found]), np.array([one.high for one in found])
        middle = float(self.endpoint.ask(self.centre[None])[0])
        intercept = middle - float(coef @ np.clip(self.centre, clip_low, clip_high))
        clipped = replace(line, coef=coef, intercept=intercept, clip_low=clip_low, clip_high=clip_high)
        error = float(np.abs(clipped.predict(checks) - said).max())
        if error > len(coef) * (4 * unit + 1e-9 * size):
            bent = [f"X[:, {j}]" for j, one in enumerate(found) if not one.straight]
            why = f"Bent along {', '.join(bent)}" if bent else "Columns act together, not each on its own"
            return replace(line, kind="not a line", digits=0.0, table=(), unknown=(why,))
        digits = digits_of(error, self._effect(coef))
        flat = tuple(f"X[:, {j}] does nothing in the box: its coefficient is 0, or it is clipped to one value"
                     for j, one in enumerate(found) if one.flat)  # fmt: skip
        return replace(clipped, kind="clipped line", held_out_error=error, digits=digits,
                       table=((self.endpoint.asked, digits),), unknown=flat)  # fmt: skip

    def _asker(self, column: int) -> Callable[[float], float]:
        def ask(value: float) -> float:
            row = self.centre.copy()
            row[column] = value
            return float(self.endpoint.ask(row[None])[0])

        return ask

    def _least_squares(self, scatter: float) -> tuple[Extraction, float]:
        """The fit to all answers kept, its mean squared residual, and digits by number of answers."""
        fitted = self._fitted("noisy line")
        left = len(self.answers) - len(self.low) - 1
        residuals = fitted.predict(self.rows) - self.answers
        misfit = float(np.square(residuals).sum() / left) if left > 0 else 0.0
        effect, d = self._effect(fitted.coef), len(self.low)
        counts = sorted({min(times * (d + 1), len(self.answers)) for times in (1, 2, 5, 10, 20, 50, 100, 10**9)})
        table = tuple((n, digits_of(scatter * float(np.sqrt(np.diag(self._inverse(n))[1:].max())), effect))
                      for n in counts)  # fmt: skip
        return replace(fitted, digits=table[-1][1], table=table), misfit

    def _fitted(self, kind: str) -> Extraction:
        """Least squares in the box's own units; through d + 1 answers it solves them exactly."""
        if len(self.answers) == len(self.low) + 1:  # the middle and a step along each column
            theta = np.append(self.answers[0], self.answers[1:] - self.answers[0])
        else:
            theta = np.linalg.lstsq(self._design(self.rows), self.answers)[0]
        coef = theta[1:] / self.half
        intercept = float(theta[0] - coef @ self.centre)
        open_end = np.full(len(coef), np.inf)
        return Extraction(coef, intercept, -open_end, open_end, kind, 0, np.nan, np.nan, (), ())

    def _design(self, rows: Array) -> Array:
        return np.column_stack([np.ones(len(rows)), (rows - self.centre) / self.half])

    def _inverse(self, n: int) -> Array:
        design = self._design(self.rows[:n])
        return np.asarray(np.linalg.inv(design.T @ design))

    def _leverage(self, rows: Array) -> float:
        design = self._design(rows)
        return float(np.einsum("ij,jk,ik->i", design, self._inverse(len(self.answers)), design).mean())

    def _effect(self, coef: Array) -> float:
        """The largest change of the output that one column makes from the middle of the box to its side."""
        return float(np.abs(coef * self.half).max())

    def _sampled(self, n: int, edges: bool = False) -> Array:
        """Random places in the box; near its corners, which tell slopes best, though never twice the same."""
        at = self.rng.uniform(-1, 1, (n, len(self.low)))
        return np.asarray(self.centre + self.half * (np.sign(at) * (1 - 0.3 * np.abs(at)) if edges else at))

    def _keep(self, rows: Array) -> None:
        self.answers = np.append(self.answers, self.endpoint.ask(rows))
        self.rows = np.vstack([self.rows, rows])

    def _told(self, found: Extraction) -> Extraction:
        outside = "Nothing is known outside the box: a model may clip there"
        return replace(found, queries=self.endpoint.asked, unknown=(*found.unknown, outside))


def digits_of(error: float, effect: float) -> float:
    """Decimal digits that an error leaves of an effect."""
    if effect == 0:
        return 0.0
    return float(np.clip(-np.log10(max(error / effect, 1e-16)), 0.0, 16.0))
