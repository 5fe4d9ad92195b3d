"""The flags of the commands that come after `fit`, each with its words in ``--help``."""

from __future__ import annotations
