"""The sections of an audit, one small file each, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Callable

from ..ground import Ground
from ..section import Section
from .counts import counts
from .damage import damage
from .descent import descent
from .diagnosis import diagnosis
from .fit import fit
from .influence import influence
from .leakage import leakage
from .levers import levers
from .poisoned import poisoned
from .reproduces import reproduces
from .sources import sources
from .worst_rows import worst_rows

__all__ = ["SECTIONS"]

SECTIONS: tuple[tuple[str, str, Callable[[Ground], Section]], ...] = (
    ("reproduces", "Does the model reproduce?", reproduces),
    ("fit", "The fit", fit),
    ("diagnosis", "Diagnosis", diagnosis),
    ("influence", "Rows that pull", influence),
    ("counts", "How few rows flip an effect", counts),
    ("worst_rows", "The worst rows that could be added", worst_rows),
    ("damage", "Damage by poison, and what holds", damage),
    ("poisoned", "Possibly poisoned already?", poisoned),
    ("sources", "By source", sources),
    ("leakage", "Leakage", leakage),
    ("levers", "Levers and extrapolation", levers),
    ("descent", "Descent", descent),
)
