"""What an operator may set, in one place, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How much one caller may ask for, and what an answer shows.

    Parameters
    ----------
    max_body : int
        Bytes of one request; a body is read whole only below it.
    max_rows : int
        Rows of one request.
    timeout : float
        Seconds in which a body must have arrived.
    round : int, optional
        Decimals of an answer; negative for tens and hundreds. All of them by default.
    rate : str, optional
        Requests per caller, such as "60/minute", or several joined by ";".
    drift_window : int
        The last rows that drift is looked for in; 0 looks for none.
    in_flight : int
        Requests with a body at once: they may hold this many times `max_body` of memory.
    drain : float
        Seconds between being told to stop and closing the door, for balancers to see that it is not ready.
    """

    max_body: int = 2**20
    max_rows: int = 10_000
    timeout: float = 10.0
    round: int | None = None
    rate: str | None = None
    drift_window: int = 1000
    in_flight: int = 256
    drain: float = 1.0
