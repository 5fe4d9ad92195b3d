"""Version: what a registry knows of one version of a model, and the tags that say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...errors import RegistryError
from ..artifact import Model
from .gate import Audit

__all__ = ["SIGNER", "Version", "follows", "standing", "tags_of", "version_of"]

TAG = "trueline."
WORDS = ("kind", "schema", "data", "status", "signed_by", "audit", "audit_sha256", "forced")
SIGNER = f"{TAG}signer."  # and an alias: on the model as a whole, who must have signed what the alias means


@dataclass(frozen=True)
class Version:
    """One version of a model in a registry.

    Parameters
    ----------
    name : str
    version : int
    sha256 : str
        Of the model file; what comes back is held against it.
    created : datetime
    aliases : tuple of str
    kind : str
        The class that fitted it.
    schema : str
        Hash of its schema; empty where it has none.
    data : str
        Content hash of its training rows; empty where it is not known.
    rmse : float, optional
        Root mean square error on rows held out, in the units of y.
    status : str
        How the fit ended; empty where that is not known.
    signed_by : str
        Id of the key; empty where it is not signed.
    audit : str
        Findings by severity; empty where it was not audited.
    audit_sha256 : str
        Of the audit's JSON that is kept with it.
    forced : str
        Why it was registered against the gate; empty where the gate was open.
    run : str
        MLflow's run that holds its files.
    """

    name: str
    version: int
    sha256: str
    created: datetime
    aliases: tuple[str, ...] = ()
    kind: str = ""
    schema: str = ""
    data: str = ""
    rmse: float | None = None
    status: str = ""
    signed_by: str = ""
    audit: str = ""
    audit_sha256: str = ""
    forced: str = ""
    run: str = ""

    @property
    def reference(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "created": self.created.isoformat(), "aliases": list(self.aliases)}


def tags_of(model: Model, audit: Audit | None, forced: str, after: int | None) -> dict[str, str]:
    """What a version says of its files; what is not known is left out.

    Parameters
    ----------
    model : Model
    audit : Audit, optional
    forced : str
    after : int, optional
        The version that this one must follow directly.
    """
    known = {
        "sha256": model.sha256, "kind": model.kind, "schema": None if model.schema is None else model.schema.hash,
        "data": None if model.data is None else model.data.hash, "status": model.training.get("status"),
        "rmse": (model.training.get("metrics") or {}).get("rmse"),
        "signed_by": None if model.signature is None else model.signature.key, "forced": forced, "after": after,
        "audit": audit, "audit_sha256": None if audit is None else audit.sha256,
    }  # fmt: skip
    return {f"{TAG}{key}": str(value) for key, value in known.items() if value not in (None, "")}


def version_of(found: Any, aliases: Mapping[str, str]) -> Version:
    """The version that MLflow's words describe.

    Parameters
    ----------
    found : mlflow.entities.model_registry.ModelVersion
    aliases : mapping of str to str
        Of the model: which version each of them means.

    Raises
    ------
    RegistryError
        It was not registered by trueline, or is not ready.
    """
    told = {key.removeprefix(TAG): str(value) for key, value in found.tags.items() if key.startswith(TAG)}
    reference = f"{found.name}@{found.version}"
    if "sha256" not in told or found.status != "READY":
        raise RegistryError(f"{reference}: was not registered by trueline, or not to the end",
                            advice="Register the model file again")  # fmt: skip
    words = {key: told.get(key, "") for key in WORDS}
    created = datetime.fromtimestamp(int(found.creation_timestamp) / 1000, UTC)
    mine = tuple(sorted(alias for alias, version in aliases.items() if str(version) == str(found.version)))
    return Version(str(found.name), int(found.version), told["sha256"], created, mine, **words,
                   rmse=_number(told.get("rmse")), run=str(found.run_id or ""))  # fmt: skip


def _number(told: str | None) -> float | None:
    try:
        return None if told is None else float(told)
    except ValueError:  # somebody else wrote it
        return None


def standing(found: Iterable[Any]) -> list[Any]:
    """The versions that stand, oldest first: not one that had to follow another directly, and a third came between.

    A registration that loses a race takes its version back. Until it has, and where it was killed before it could, this
    is how everybody knows: the number that it must follow is a tag that it was born with.

    Parameters
    ----------
    found : iterable of mlflow.entities.model_registry.ModelVersion
        Oldest first.
    """
    kept: list[Any] = []
    for one in found:
        after = follows(one)
        if after is None or not kept or int(kept[-1].version) <= after:
            kept.append(one)
    return kept


def follows(found: Any) -> int | None:
    """The number that a version must follow directly; None where any will do.

    Parameters
    ----------
    found : mlflow.entities.model_registry.ModelVersion
    """
    told = str(found.tags.get(f"{TAG}after", ""))
    return int(told) if told.isascii() and told.isdigit() else None
