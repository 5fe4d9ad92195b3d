"""`trueline demo`: runs the same demo.py that stands at the root of the repository."""

from __future__ import annotations

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

from ..errors import OptionError, ReadError
from .loading import check_output

__all__ = ["tell"]


def tell(plot: Path | None) -> None:
    """Run the story as a script.

    Raises
    ------
    OptionError
        A plot is wanted, and matplotlib is not installed or the file cannot be written.
    ReadError
        Neither the installed copy nor the repository's is there.
    """
    package = Path(__file__).parents[1]
    candidates = (package / "_demo.py", package.parents[1] / "demo.py")
    story = next((path for path in candidates if path.is_file()), None)
    if story is None:
        raise ReadError(f"{candidates[0]}: the demo is missing from this installation")
    check_output(plot, flag="--plot")
    if plot is not None and find_spec("matplotlib") is None:
        raise OptionError("--plot needs matplotlib", advice="pip install 'trueline[plot]'")
    with mock.patch.object(sys, "argv", [str(story), *([] if plot is None else ["--plot", str(plot)])]):
        runpy.run_path(str(story), run_name="__main__")
