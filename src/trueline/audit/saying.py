"""Numbers and counts as a person writes them."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["amount", "cost_in_words", "count", "growth", "listed", "loss_in_words", "percent"]

BEYOND = 1e9  # times the error: there was none


def amount(value: float | None, digits: int = 3) -> str:
    """A number with as many digits as matter, thousands apart.

    Parameters
    ----------
    value : float or None
    digits : int
        Significant ones.

    Examples
    --------
    >>> amount(1839.7), amount(0.023456), amount(-2.5e9), amount(0.0), amount(None)
    ('1,840', '0.0235', '-2.5e+09', '0', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -5 <= size < 8:
        return f"{value:.{digits}g}"
    rounded = round(value, digits - 1 - size)
    text = f"{rounded:,.{max(0, digits - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(number: int, what: str) -> str:
    """A number of things.

    Parameters
    ----------
    number : int
    what : str
        In the singular.

    Examples
    --------
    >>> count(1, "row"), count(5000, "row")
    ('1 row', '5,000 rows')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """A share, with a digit where it is small.

    Parameters
    ----------
    share : float

    Examples
    --------
    >>> percent(0.004), percent(0.25), percent(-0.03)
    ('0.4 %', '25 %', '-3 %')
    """
    value = 100 * share if abs(share) > 0.0005 else 0.0
    return f"{value:.1f} %" if abs(value) < 10 and abs(value - round(value)) > 0.05 else f"{value:.0f} %"


def growth(share: float) -> str:
    """By how much something grows: a share, from its double on a factor.

    Parameters
    ----------
    share : float

    Examples
    --------
    >>> growth(0.004), growth(47.51)
    ('0.4 %', 'a factor of 49')
    """
    return f"a factor of {amount(1 + share, 2)}" if share >= 1 else percent(share)


def cost_in_words(share: float) -> str:
    """The price of a remedy, after "it costs".

    Parameters
    ----------
    share : float
        By which the mean squared error on clean rows grows.

    Examples
    --------
    >>> cost_in_words(0.016), cost_in_words(47.51), cost_in_words(-0.01)
    ('1.6 % MSE on clean rows', 'a factor of 49 in MSE on clean rows', 'no measurable MSE on clean rows')
    """
    if share > BEYOND:
        return "an exact fit: MSE on clean rows grows from 0"
    if share <= 0.0005:
        return "no measurable MSE on clean rows"
    return f"{growth(share)}{' in' if share >= 1 else ''} MSE on clean rows"


def listed(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """Names with commas, the rest counted.

    Parameters
    ----------
    names : sequence of str
    most : int

    Examples
    --------
    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def loss_in_words(loss: Any) -> str:
    """What a loss measures, for somebody who has not read the code.

    Parameters
    ----------
    loss : Loss

    Examples
    --------
    >>> from trueline.maths.losses import Huber, Quantile, Squared
    >>> loss_in_words(Squared()), loss_in_words(Huber(1.5)), loss_in_words(Quantile(0.5))
    ('mean squared error', 'mean Huber loss, linear from 1.5 on', 'mean absolute error')
    """
    name = type(loss).__name__
    if name == "Squared":
        return "mean squared error"
    if name == "Huber":
        return f"mean Huber loss, linear from {amount(loss.delta)} on"
    if name == "Quantile":
        return "mean absolute error" if loss.tau == 0.5 else f"mean loss of the {percent(loss.tau)} quantile"
    return f"mean of {loss}"
