"""Registry: versions of model files in MLflow's tables, whole or not at all, checked on every way out."""

from __future__ import annotations

import os

from ...audit.baseline import read_suppressions
from ...errors import ArtifactError, GateError, OptionError
from ...files import write_whole
from ..artifact import Model
from ..fields import is_finite
from ..loading import loads, read_content
from ..signing import Key, public_key
from .differences import Difference, difference
from .gate import check_reason, objections, read_audit
from .lookup import AUDIT, MODEL, Shelf, check_newest, keep_or_yield
from .names import VersionName, check_alias, check_name, parse_reference
from .store import Store, open_store, place_of
from .version import SIGNER, Version, tags_of, version_of

__all__ = ["CHAMPION", "DEFAULT", "Registry"]

CHAMPION = "champion"
DEFAULT = "sqlite:///trueline.db"
PATIENCE = 30.0  # seconds

Signer = str | os.PathLike[str] | Key


class Registry:
    """Versions of models: in a SQLite file, or on any MLflow server.

    Parameters
    ----------
    uri : str, optional
        ``sqlite:///PATH`` or ``http://HOST:PORT``; by default the environment's ``TRUELINE_REGISTRY``, else
        ``sqlite:///trueline.db`` in the current folder. Beside a SQLite file, in ``PATH.files``, are the models.
    patience : float
        Seconds to wait where it is locked or overloaded.

    Examples
    --------
    >>> Registry("sqlite:///nowhere.db").history("flats")
    Traceback (most recent call last):
        ...
    trueline.errors.RegistryError: .../nowhere.db: there is no registry. trueline register makes one
    """

    def __init__(self, uri: str | None = None, *, patience: float = PATIENCE) -> None:
        self.uri = uri or os.environ.get("TRUELINE_REGISTRY") or DEFAULT
        self.patience = patience

    def __repr__(self) -> str:
        return f"Registry({self.place!r})"

    @property
    def place(self) -> str:
        """How messages name it: its address, without a password."""
        return place_of(self.uri)

    def register(
        self, path: str | os.PathLike[str], name: str, *, audit: str | os.PathLike[str] | None = None,
        suppress: str | os.PathLike[str] | None = None, expect_version: int | None = None, force: str = "",
        require_signed: Signer | None = None,
    ) -> Version:  # fmt: skip
        """Make a model file the newest version of a name. The version comes last: a killed process leaves none.

        Parameters
        ----------
        path : str or path-like
            What `save` wrote; kept byte for byte.
        name : str
        audit : path, optional
            The JSON of an audit of this model; kept with the version.
        suppress : path, optional
            Findings that somebody answers for, as `trueline audit --suppress` takes them.
        expect_version : int, optional
            Only if this is still the newest version; 0 where there must be none.
        force : str
            Why the gate is to be ignored; kept with the version.
        require_signed : path of a public key, optional
            Only if its owner signed the file.

        Raises
        ------
        GateError
            The fit has not converged, or its audit has a finding at or above high or could not be completed.
        RegistryConflictError
            Somebody registered since `expect_version`.
        ArtifactError
            No model file, a damaged one, or not signed by that key.
        RegistryError
            The registry cannot be used; RegistryBusyError where it may be later.
        """
        check_name(name)
        if expect_version is not None and expect_version < 0:
            raise OptionError(f"expect_version counts from 0, got {expect_version}")
        content = read_content(path)
        model = loads(content, os.fspath(path), require_signed=require_signed)
        evidence = None if audit is None else read_audit(audit)
        against = objections(model, evidence, () if suppress is None else read_suppressions(suppress))
        reason = check_reason(force) if force else ""
        if against and not reason:
            raise GateError(os.fspath(path), reasons=against,
                            advice="Mend that, or register it with force=REASON, which is kept")  # fmt: skip
        store = self._open(write=True)
        if expect_version is not None:
            check_newest(store, name, expect_version)
        files = {MODEL: content} | ({} if evidence is None else {AUDIT: evidence.content})
        run, source = store.put(name, files, _metrics(model))
        tags = tags_of(model, evidence, reason if against else "", expect_version)
        made = version_of(store.create(name, run, source, tags), {})
        if expect_version is not None:
            keep_or_yield(store, made, expect_version)
        return made

    def pull(
        self, reference: str, path: str | os.PathLike[str], *, require_signed: Signer | None = None
    ) -> Version:  # fmt: skip
        """Write the file of a version to `path`, once it is certain that it is the one that was registered.

        Parameters
        ----------
        reference : str
            ``NAME@3`` or ``NAME@champion``.
        path : str or path-like
        require_signed : path of a public key, optional
            Only if its owner signed it. What an alias was promoted to require is required in any case.

        Raises
        ------
        ArtifactError
            Its file is gone, damaged, another one, or not signed by that key.
        RegistryError
            There is no such version, or the registry cannot be read.
        """
        version, content, _ = self._checked(reference, require_signed)
        write_whole(path, content)
        return version

    def load(self, reference: str, *, require_signed: Signer | None = None) -> Model:
        """The model of a version, as `pull` and then `trueline.ship.load` would give it.

        Parameters
        ----------
        reference : str
        require_signed : path of a public key, optional
        """
        return self.fetch(reference, require_signed=require_signed)[1]

    def fetch(self, reference: str, *, require_signed: Signer | None = None) -> tuple[Version, Model]:
        """Which version a reference means at this moment, and its model, as `load` gives it.

        Parameters
        ----------
        reference : str
        require_signed : path of a public key, optional
        """
        version, _, model = self._checked(reference, require_signed)
        return version, model

    def promote(
        self, reference: str, alias: str = CHAMPION, *, require_signed: Signer | None = None,
        allow_unsigned: bool = False,
    ) -> Version:  # fmt: skip
        """Let an alias mean a version from now on.

        Parameters
        ----------
        reference : str
        alias : str
        require_signed : path of a public key, optional
            From now on only what its owner signed can be promoted to this alias, or pulled by it.
        allow_unsigned : bool
            Lift that again.

        Raises
        ------
        ArtifactError
            Its file is gone, damaged, another one, or not signed by the key that this alias requires.
        RegistryError
            There is no such version, or the registry cannot be used.
        """
        check_alias(alias)
        if require_signed is not None and allow_unsigned:
            raise OptionError("a signature cannot be both required and not")
        asked = parse_reference(reference)
        store = self._open(write=True)
        shelf = Shelf.of(store, asked.name)
        version = shelf.find(asked)
        given = public_key(require_signed) if isinstance(require_signed, str | os.PathLike) else require_signed
        wanted = None if allow_unsigned else given or shelf.signer(alias)
        content, _ = shelf.fetch(version)
        try:
            loads(content, version.reference, require_signed=wanted)
        except ArtifactError as error:
            raise ArtifactError(f"not promoted to {alias}: {error}",
                                advice="Sign it with ship.save(ship.load(path), path, sign_with=KEY), and register "
                                "it again") from None  # fmt: skip
        if given is not None or allow_unsigned:
            store.tag_model(asked.name, SIGNER + alias, None if given is None else given.public_hex)
        store.point(asked.name, alias, version.version)
        return Shelf.of(store, asked.name).find(VersionName(asked.name, version.version))

    def history(self, name: str) -> tuple[Version, ...]:
        """All versions of a model, newest first; what others registered under its name is left out.

        Parameters
        ----------
        name : str

        Raises
        ------
        RegistryError
            There is no model of this name, or the registry cannot be read.
        """
        check_name(name)
        return Shelf.of(self._open(), name).all()

    def diff(self, old: str, new: str) -> Difference:
        """What changed between two versions.

        Parameters
        ----------
        old, new : str
            ``NAME@2``, ``NAME@champion``; of one model or of two.
        """
        store = self._open()
        sides = []
        for asked in (parse_reference(old), parse_reference(new)):
            shelf = Shelf.of(store, asked.name)
            version = shelf.find(asked)
            sides.append((version, shelf.fetch(version)[1], shelf.audit(version)))
        return difference(sides[0], sides[1])

    def _open(self, *, write: bool = False) -> Store:
        return open_store(self.uri, self.patience, write=write)

    def _checked(self, reference: str, require_signed: Signer | None) -> tuple[Version, bytes, Model]:
        """A version with its file: the one that was registered, and signed by everybody who must have."""
        asked = parse_reference(reference)
        shelf = Shelf.of(self._open(), asked.name)
        version = shelf.find(asked)
        content, model = shelf.fetch(version, require_signed)
        if (key := shelf.signer(asked.alias)) is not None:
            model = loads(content, str(asked), require_signed=key)
        return version, content, model


def _metrics(model: Model) -> dict[str, float]:
    told = model.training.get("metrics")
    return {key: float(value) for key, value in told.items() if is_finite(value)} if isinstance(told, dict) else {}
