"""`trueline demo`: runs the same demo.py that stands at the root of the repository."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from unittest import mock

from ..errors import ReadError

__all__ = ["tell"]


def tell(plot: Path | None) -> None:
    """Run the story as a script.

    Raises
    ------
    ReadError
        Neither the installed copy nor the repository's is there.
    """
    package = Path(__file__).parents[1]
    candidates = (package / "_demo.py", package.parents[1] / "demo.py")
    story = next((path for path in candidates if path.is_file()), None)
    if story is None:
        raise ReadError(f"{candidates[0]}: the demo is missing from this installation")
    with mock.patch.object(sys, "argv", [str(story), *([] if plot is None else ["--plot", str(plot)])]):
        runpy.run_path(str(story), run_name="__main__")
