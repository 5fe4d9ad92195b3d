"""How often one caller may ask, by the `limits` library."""

from __future__ import annotations

import math
import time

from limits import parse_many
from limits.strategies import FixedWindowRateLimiter

from ...errors import OptionError
from .counters import Counters
from .refusals import RefusedError

__all__ = ["Rates"]


class Rates:
    """Limits that every caller has for itself.

    Windows begin with a caller's first request, and are fixed: two numbers per caller, however high the rate. Around
    the end of a window up to twice as many requests may pass.

    Parameters
    ----------
    rate : str
        ``"60/minute"``; several are joined by ``;``.

    Raises
    ------
    OptionError
        Not a rate.

    Examples
    --------
    >>> rates = Rates("1/hour")
    >>> rates.take("key 3f")
    >>> rates.take("key 3f")
    Traceback (most recent call last):
        ...
    trueline.faces.serve.refusals.RefusedError: key 3f may ask 1 per 1 hour
    """

    def __init__(self, rate: str) -> None:
        try:
            self._limits = parse_many(rate)
        except ValueError:
            self._limits = []
        if not self._limits or any(limit.amount < 1 for limit in self._limits):
            raise OptionError(f"{rate!r} is no rate", advice="Write 60/minute, or 10/second;1000/hour")
        self._counted = FixedWindowRateLimiter(Counters())

    def take(self, caller: str) -> None:
        """Count one request.

        Parameters
        ----------
        caller : str
            ``"key ID"`` or ``"address"``; stands in the message.

        Raises
        ------
        RefusedError
            "too_many"; Retry-After says how many seconds to wait.
        """
        for limit in self._limits:
            if not self._counted.hit(limit, caller):
                reset = self._counted.get_window_stats(limit, caller).reset_time
                wait = str(max(1, math.ceil(reset - time.time())))
                raise RefusedError("too_many", f"{caller} may ask {limit}", (), {"Retry-After": wait})
