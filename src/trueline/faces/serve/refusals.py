"""Why a request gets no answer: every reason with its status, and the one shape in which it is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["REASONS", "Reason", "RefusedError"]

MOST_PROBLEMS = 50  # listed in one answer; the rest is counted


@dataclass(frozen=True)
class Reason:
    """A status, and what it means in the API's own description."""

    status: int
    meaning: str


REASONS = {
    "malformed": Reason(
        400, "no HTTP/1.1, or not strict JSON: syntax, NaN, a key given twice, nested too deep, too many digits"
    ),
    "no_key": Reason(401, "no API key"),
    "bad_key": Reason(401, "an API key that is unknown, malformed or expired"),
    "wrong_scope": Reason(403, "the API key is good, but not for this"),
    "not_found": Reason(404, "no such path or model"),
    "wrong_method": Reason(405, "the path takes another method"),
    "too_slow": Reason(408, "the body did not arrive in time"),
    "too_large": Reason(413, "more bytes or rows than one request may have"),
    "wrong_type": Reason(415, "the body must be application/json, not compressed"),
    "wrong_host": Reason(421, "asked under a name that is not this server's"),
    "wrong_shape": Reason(422, "JSON, but not rows or columns"),
    "wrong_columns": Reason(422, "columns are missing, or there are others"),
    "wrong_cells": Reason(422, "cells that the schema refuses: column, row and value are named"),
    "overflow": Reason(422, "the answer is too large for float64"),
    "large_head": Reason(431, "request line and headers are too long"),
    "too_many": Reason(429, "more requests than this caller may make; Retry-After says when"),
    "internal": Reason(500, "a fault of the server; its log knows the request id"),
    "busy": Reason(503, "too many requests at once, or the server is about to stop"),
}


class RefusedError(Exception):
    """A request that gets no answer.

    Parameters
    ----------
    reason : str
        One of `REASONS`.
    message : str
        What is wrong, and the way out.
    problems : iterable of dict
        Each thing in the way, with column, row and value where there are such.
    headers : dict
        Besides the usual ones.
    key : str, optional
        Id of the key that was shown, for the log.
    """

    def __init__(
        self, reason: str, message: str, problems: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None, key: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.reason, self.message = reason, message
        self.problems = [dict(problem) for problem in problems]
        self.headers, self.key = dict(headers or {}), key

    @property
    def status(self) -> int:
        """Of the answer."""
        return REASONS[self.reason].status

    def body(self) -> bytes:
        """The answer: ``{"error": {"reason", "message", "problems"}}``.

        Examples
        --------
        >>> RefusedError("no_key", "send a key").body()
        b'{"error": {"reason": "no_key", "message": "send a key", "problems": []}}'
        """
        shown = self.problems[:MOST_PROBLEMS]
        if more := len(self.problems) - len(shown):
            shown.append({"what": f"and {more} more"})
        error = {"reason": self.reason, "message": self.message, "problems": shown}
        return json.dumps({"error": error}).encode()  # ASCII: half a surrogate pair cannot break it
