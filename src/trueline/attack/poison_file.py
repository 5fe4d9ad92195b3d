"""Poison as a file: the rows as CSV that any tool reads, and beside it where they come from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArtifactError
from ..files import write_whole
from ..rows.domain import Domain

if TYPE_CHECKING:
    from .poison import Poison

__all__ = ["read", "write"]

VERSION = 1
FIELDS = {"format", "kind", "knows", "controls", "n_clean", "replaces", "report", "seed", "names", "domain", "sha256"}


def write(poison: Poison, path: str | os.PathLike[str]) -> None:
    """The rows to `path`, their provenance to ``path.json``.

    Parameters
    ----------
    poison : Poison
    path : str or path-like
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*(poison.names or [f"x{j}" for j in range(poison.rows.shape[1])]), "y"])
    for row, label in zip(poison.rows.tolist(), poison.labels.tolist(), strict=True):
        lines.writerow([repr(value) for value in [*row, label]])  # the shortest text that reads back exactly
    content = text.getvalue().encode()
    about = {
        "format": VERSION, "kind": poison.kind, "knows": poison.knows, "controls": poison.controls,
        "n_clean": poison.n_clean, "seed": poison.seed, "report": poison.report,
        "replaces": None if poison.replaces is None else poison.replaces.tolist(),
        "names": None if poison.names is None else list(poison.names),
        "domain": _domain_values(poison.domain, poison.rows.shape[1]),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    write_whole(path, content)
    write_whole(_beside(path), (json.dumps(about, indent=1, default=_plain) + "\n").encode())


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of the Poison that `write` wrote.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ArtifactError
        The ``.json`` is missing or misshapen, or the rows are not those that it speaks of.
    """
    content = Path(path).read_bytes()
    try:
        about = json.loads(_beside(path).read_bytes())
    except FileNotFoundError:
        raise ArtifactError(f"{_beside(path)}: not there, so nobody knows what these rows are",
                            advice="to_csv writes two files: keep them together") from None  # fmt: skip
    except ValueError:
        raise ArtifactError(f"{_beside(path)}: not JSON") from None
    if not isinstance(about, dict) or set(about) != FIELDS or about["format"] != VERSION:
        raise ArtifactError(f"{_beside(path)}: not the provenance of poison in format {VERSION}")
    if about["sha256"] != hashlib.sha256(content).hexdigest():
        raise ArtifactError(f"{path}: these are not the rows that {_beside(path).name} speaks of")
    cells = np.array([[float(cell) for cell in line] for line in list(csv.reader(io.StringIO(content.decode())))[1:]])
    names, replaces = about["names"], about["replaces"]
    return {
        "rows": cells[:, :-1], "labels": cells[:, -1], "domain": _domain(about["domain"]),
        "names": None if names is None else tuple(names),
        "replaces": None if replaces is None else np.array(replaces, dtype=np.intp),
        **{key: about[key] for key in ("kind", "knows", "controls", "n_clean", "report", "seed")},
    }  # fmt: skip


def _beside(path: str | os.PathLike[str]) -> Path:
    return Path(f"{os.fspath(path)}.json")


def _domain_values(domain: Domain, n_features: int) -> dict[str, Any]:
    low, high = domain.bounds(n_features)
    y_low, y_high = np.array([domain.y_low]), np.array([domain.y_high])
    sides = {"low": low, "high": high, "y_low": y_low, "y_high": y_high}
    numbers = {key: [None if np.isinf(value) else float(value) for value in side] for key, side in sides.items()}
    words = ("integers", "one_hot", "exactly_one", "frozen", "names")
    return {**numbers, **{word: getattr(domain, word) for word in words}}


def _domain(values: dict[str, Any]) -> Domain:
    values = dict(values)
    for key, open_side in (("low", -np.inf), ("high", np.inf), ("y_low", -np.inf), ("y_high", np.inf)):
        values[key] = [open_side if value is None else value for value in values[key]]
    values["y_low"], values["y_high"] = values["y_low"][0], values["y_high"][0]
    return Domain(**values)


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
