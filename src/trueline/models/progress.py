"""The live line of a descent, and the same as structured log records."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from ..maths.descent import Epoch

__all__ = ["live_line"]

logger = logging.getLogger("trueline.descent")


def live_line(epochs: int, verbose: bool) -> Callable[[Epoch, bool], None] | None:
    """What to call each epoch: shows and logs a hundred states of a full run, the first and the last always.

    Log records carry `epoch`, `loss`, `gradient_norm` and `parameter_norm` as attributes, ready for a structured
    formatter.
    """
    if not verbose:
        return None
    every = max(1, epochs // 100)
    line_end = "\r" if sys.stderr.isatty() else "\n"

    def show(state: Epoch, last: bool) -> None:
        if state.epoch % every and not last:
            return
        text = (
            f"epoch {state.epoch:>{len(str(epochs))}}/{epochs}  loss {state.loss:.6e}  "
            f"gradient {state.gradient_norm:.2e}  parameters {state.parameter_norm:.4e}"
        )
        sys.stderr.write(text + ("\n" if last else line_end))
        sys.stderr.flush()
        logger.info("descent epoch", extra=vars(state))

    return show
