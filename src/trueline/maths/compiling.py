"""Compile a loop once per machine, and do without the cache where none can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["compiled"]


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """numba's ``njit`` that releases the interpreter lock and keeps its machine code on disk.

    Parameters
    ----------
    **options
        For ``njit``, such as ``fastmath``.

    Notes
    -----
    Where the code is kept: ``__pycache__`` beside the source, else the user's cache folder, or ``NUMBA_CACHE_DIR``.
    Where none of them can be written, every process compiles anew.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no folder to keep it in
            return njit(nogil=True, **options)(function)

    return decorate
