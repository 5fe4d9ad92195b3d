"""Say that loops are being compiled: it takes seconds, and happens once per machine.

The word goes to the logger ``trueline``, which prints it to stderr unless told otherwise.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from numba.core import event

__all__ = ["announce_compiling"]

LOG = logging.getLogger("trueline")


@cache
def announce_compiling() -> None:
    """Listen for the first loop of ours that is compiled rather than loaded."""
    event.register("numba:compile", _Listener())  # type: ignore[no-untyped-call]


class _Listener(event.Listener):
    said = False

    def on_start(self, event: Any) -> None:
        ours = getattr(event.data["dispatcher"].py_func, "__module__", "").startswith("trueline.")
        if ours and not self.said:
            self.said = True
            LOG.warning("trueline: compiling its loops for this machine, once; it takes some seconds")

    def on_end(self, event: Any) -> None:
        pass
