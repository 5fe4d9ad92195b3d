"""Read a model file back, believing nothing it says until it was checked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..errors import ArtifactError, OptionError
from ..maths.losses import Loss
from ..maths.scaling import Scaling
from ..models.foreign import Line
from ..rows.schema import Schema
from .artifact import FORMAT, LARGEST_FILE, LOSSES, Model, canonical, seal
from .fields import bounds, checked, is_finite, is_int, is_list_of, number, numbers, optional
from .kept_moments import moments_from_dict

__all__ = ["load"]

FIELDS = {
    "format", "kind", "loss", "w", "b", "mu", "sigma", "clip_low", "clip_high", "fit_intercept", "reg_lambda", "alpha",
    "row_bound", "feature_names", "schema", "training", "moments", "sha256",
}  # fmt: skip


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model that `save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Model

    Raises
    ------
    ArtifactError
        Truncated or changed by so much as a bit, not JSON, of a later format, misshapen, or with numbers that are not
        finite; names the file.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> _ = path.write_text('{"format": 7}')
    >>> load(path)
    Traceback (most recent call last):
        ...
    trueline.errors.ArtifactError: .../model.json: made by format 7, this reads up to 1. Install a later trueline
    """
    file = Path(path)
    with file.open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ArtifactError(f"{file}: larger than {LARGEST_FILE >> 20} MB, which no model file is")
    try:
        return _model(_parse(content))
    except ArtifactError as error:
        raise ArtifactError(f"{file}: {error}") from None


def _parse(content: bytes) -> dict[str, Any]:
    try:
        values = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(f"not a model file, or a damaged one ({error})") from None
    if not isinstance(values, dict) or not is_int(values.get("format")):
        raise ArtifactError("not a model file of trueline: it names no format")
    if values["format"] != FORMAT:
        advice = "Install a later trueline" if values["format"] > FORMAT else ""
        raise ArtifactError(f"made by format {values['format']!s:.20}, this reads up to {FORMAT}", advice=advice)
    if set(values) != FIELDS:
        missing, extra = sorted(FIELDS - set(values)), sorted(set(values) - FIELDS)
        raise ArtifactError(f"fields differ from format {FORMAT}: missing {missing}, unknown {extra}")
    _check_seal(values, content)
    return values


def _check_seal(values: dict[str, Any], content: bytes) -> None:
    try:
        intact = content == canonical(seal(values))
    except (ValueError, RecursionError):  # 1e999, text that is no Unicode, deep nesting
        intact = False
    if not intact:
        raise ArtifactError("its bytes do not match its checksum: damaged, or edited by hand",
                            advice="Save it again, or fetch it again")  # fmt: skip


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ArtifactError("a field is given twice")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ArtifactError(f"{name} is no number that a model can hold")


def _model(values: dict[str, Any]) -> Model:
    w = numbers(values, "w")
    mu, sigma = numbers(values, "mu", len(w)), numbers(values, "sigma", len(w))
    if not (sigma > 0).all():
        raise ArtifactError("sigma must be positive")
    low, high = bounds(values, "clip_low", -np.inf, len(w)), bounds(values, "clip_high", np.inf, len(w))
    if (low is None) != (high is None) or (low is not None and high is not None and not (low <= high).all()):
        raise ArtifactError("clip_low and clip_high must both be there, low at most high")
    names = values["feature_names"]
    if names is not None and not (is_list_of(names, str) and len(set(names)) == len(names) == len(w)):
        raise ArtifactError(f"feature_names must be null or {len(w)} different names")
    schema = _schema(values["schema"])
    if schema is not None and (len(schema.feature_names) != len(w) or names not in (None, [*schema.feature_names])):
        raise ArtifactError(f"the schema makes other features than the {len(w)} of this model")
    scaling = Scaling(mu, sigma, np.zeros(len(w), dtype=bool), low, high)
    row_bound = optional(values, "row_bound", above=0.0)
    line = Line(
        w, number(values, "b"), scaling, _loss(values["loss"]), optional(values, "reg_lambda", least=0.0),
        checked(values, "fit_intercept", lambda value: isinstance(value, bool)),
        checked(values, "kind", lambda value: isinstance(value, str)),
        number(values, "alpha", least=0.0), np.inf if row_bound is None else row_bound,
    )  # fmt: skip
    with np.errstate(over="ignore", invalid="ignore"):
        usable = np.isfinite(line.coef).all() and np.isfinite(line.intercept)
    if not usable:
        raise ArtifactError("its coefficients overflow in the units of the data")
    training = checked(values, "training", lambda value: isinstance(value, dict))
    moments = moments_from_dict(values["moments"], line)
    return Model(values["kind"], line, None if names is None else tuple(names), schema, training, moments)


def _schema(values: Any) -> Schema | None:
    try:
        return None if values is None else Schema.from_dict(values)
    except OverflowError:
        raise ArtifactError("schema: a number is too large") from None


def _loss(values: Any) -> Loss:
    if not isinstance(values, dict) or not isinstance(values.get("name"), str) or values["name"] not in LOSSES:
        raise ArtifactError(f"unknown loss {values!r:.100}")
    kind = LOSSES[values["name"]]
    parameters = {name: value for name, value in values.items() if name != "name"}
    wanted = vars(kind())  # every loss has defaults, which say what a parameter is
    for name, value in parameters.items():
        good = isinstance(value, bool) if isinstance(wanted.get(name), bool) else is_finite(value)
        if not good:
            raise ArtifactError(f"loss: {name} cannot be {value!r:.100}")
    if set(parameters) != set(wanted):
        raise ArtifactError(f"loss: {values['name']} takes {sorted(wanted)}, got {sorted(parameters)!r:.100}")
    try:
        loss: Loss = kind(**parameters)
    except OptionError as error:
        raise ArtifactError(f"loss: {error}") from None
    return loss
