"""Read a model file back, believing nothing it says until it was checked."""

from __future__ import annotations

import json
import os
import stat
from typing import Any, NoReturn

import numpy as np

from ..errors import ArtifactError, OptionError
from ..maths.losses import Loss
from ..maths.scaling import Scaling
from ..models.foreign import Line
from ..rows.schema import Schema
from .artifact import Model
from .drift.reference import Reference
from .fields import bounds, checked, is_finite, is_int, is_list_of, number, numbers, optional
from .kept_moments import moments_from_dict
from .record import Privacy
from .sealing import FORMAT, LARGEST_FILE, is_sealed, signed_bytes, unpacks_to_too_much
from .signing import Key, Signature, verify
from .snapshot import Snapshot
from .writing import LOSSES

__all__ = ["load", "loads", "read_content"]

FIELDS = {
    "format", "kind", "loss", "w", "b", "mu", "sigma", "clip_low", "clip_high", "fit_intercept", "reg_lambda", "alpha",
    "row_bound", "feature_names", "schema_hash", "schema", "data", "reference", "privacy", "training", "moments",
    "signature", "sha256",
}  # fmt: skip


def load(path: str | os.PathLike[str], *, require_signed: str | os.PathLike[str] | Key | None = None) -> Model:
    """Read a model that `save` wrote.

    Parameters
    ----------
    path : str or path-like
    require_signed : path or Key, optional
        A public key: the file must be signed by its owner. Without it a signature in the file is not verified; the
        checksum is in any case, which tells of damage and not of who wrote it. `Model.checked` says which of the two.

    Returns
    -------
    Model

    Raises
    ------
    ArtifactError
        Truncated or changed by so much as a bit, not JSON, of a later format, misshapen, or with numbers that are not
        finite; not signed by the key that is required; names the file.
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
    return loads(read_content(path), os.fspath(path), require_signed=require_signed)


def loads(content: bytes, name: str, *, require_signed: str | os.PathLike[str] | Key | None = None) -> Model:
    """The same from bytes.

    Parameters
    ----------
    content : bytes
    name : str
        What errors call them.
    require_signed : path or Key, optional
        As `load`.

    Raises
    ------
    ArtifactError
        As `load`.
    """
    if len(content) > LARGEST_FILE:
        raise ArtifactError(f"{name}: larger than {LARGEST_FILE >> 20} MB, which no model file is")
    try:
        values = _parse(content)
        signature = Signature.from_dict(values["signature"])
        checked = "checksum"
        if require_signed is not None:
            checked = f"signature of {verify(signed_bytes(values), signature, require_signed)}"
        return _model(values, signature, checked)
    except ArtifactError as error:
        raise ArtifactError(f"{name}: {error}") from None


def read_content(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a plain file, one more than there may be at most; a pipe or a device is not waited for.

    Parameters
    ----------
    path : str or path-like
    """

    def never_waiting(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=never_waiting) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ArtifactError(f"{os.fspath(path)}: not a plain file")
        return stream.read(LARGEST_FILE + 1)


def _parse(content: bytes) -> dict[str, Any]:
    if unpacks_to_too_much(content):
        raise ArtifactError("more values than a model has")
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
        intact = is_sealed(values, content)
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


def _model(values: dict[str, Any], signature: Signature | None, checksum: str) -> Model:
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
    if values["schema_hash"] != (None if schema is None else schema.hash):
        raise ArtifactError("schema_hash is not that of the schema")
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
    data, reference = Snapshot.from_dict(values["data"]), _reference(values["reference"])
    if reference is not None and len(reference.features) != len(w):
        raise ArtifactError(f"the reference is of {len(reference.features)} features, w has {len(w)}")
    privacy = Privacy.from_dict(values["privacy"])
    if privacy is not None and (data, reference, moments) != (None, None, None):
        raise ArtifactError("a private model holds no snapshot, reference or moments")
    return Model(
        values["kind"], line, None if names is None else tuple(names), schema, training, moments, data, reference,
        privacy, signature, values["sha256"], checksum,
    )  # fmt: skip


def _schema(values: Any) -> Schema | None:
    try:
        return None if values is None else Schema.from_dict(values)
    except OverflowError:
        raise ArtifactError("schema: a number is too large") from None


def _reference(values: Any) -> Reference | None:
    return None if values is None else Reference.from_dict(values)


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
