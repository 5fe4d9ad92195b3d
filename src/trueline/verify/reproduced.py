"""What `reproduce` answers: does it follow, in how many digits, what differs first, what would explain it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Difference", "Explanation", "Reproduction"]


@dataclass(frozen=True)
class Difference:
    """A coefficient that differs.

    Parameters
    ----------
    name : str
        Of the column, or "intercept".
    theirs, ours : float
        In the units of the data.
    digits : float
        In which the two agree, relative to the largest coefficient in equilibrated units.
    """

    name: str
    theirs: float
    ours: float
    digits: float


@dataclass(frozen=True)
class Explanation:
    """A cause under which a refit gives the model again.

    Parameters
    ----------
    cause : str
        "penalty", "intercept", "standardised", "weights", "unit of y", "unit of a column", "rows", "undetermined",
        "solver" or "loss".
    text : str
        In words, with its numbers.
    digits : float
        In which the changed refit and the model agree.
    """

    cause: str
    text: str
    digits: float


@dataclass(frozen=True)
class Reproduction:
    """A model beside its refit.

    Parameters
    ----------
    description : str
        The model, and how it was refitted.
    reproduced : bool
        Do the two agree in as many digits as can be asked for? A rounded table: is every number ours, rounded?
    digits : float
        In which all coefficients agree, at most 16.
    vouched : float
        Digits that the refit itself can vouch for on these rows.
    written : float
        Digits that the model was written with; 16 for one that is not a rounded table.
    asked : float
        Digits that were asked for.
    first_difference : Difference or None
        The first coefficient that differs, the intercept last.
    explanations : tuple of Explanation
        Causes that reproduce the model, the plainest first. Empty where it is reproduced, or nothing tried explains it.
    nearest : Explanation or None
        Of the causes that do not, the one that comes nearest.
    tried : int
        How many were tried.
    """

    description: str
    reproduced: bool
    digits: float
    vouched: float
    written: float
    asked: float
    first_difference: Difference | None
    explanations: tuple[Explanation, ...]
    nearest: Explanation | None
    tried: int

    def __str__(self) -> str:
        verdict = "follows from these rows" if self.reproduced else "does NOT follow from these rows"
        most = min(self.vouched, self.written)
        lines = [f"{self.description}: {verdict} ({self.digits:.1f} digits agree; {most:.1f} can be asked for)"]
        if (first := self.first_difference) is not None:
            lines.append(f"  first difference: {first.name} is {first.theirs:.8g}, these rows give {first.ours:.8g}")
        lines += [f"  explained by: {found.text} ({found.digits:.1f} digits)" for found in self.explanations]
        if not self.reproduced and not self.explanations:
            near = "" if self.nearest is None else f"; nearest: {self.nearest.text} ({self.nearest.digits:.1f} digits)"
            lines.append(f"  none of {self.tried} causes tried explains it{near}")
        return "\n".join(lines)
