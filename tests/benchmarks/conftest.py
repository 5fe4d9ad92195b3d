"""The benchmarks are a folder beside the package, not a part of it: tests must be told where."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
