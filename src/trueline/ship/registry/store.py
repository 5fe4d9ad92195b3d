"""Where a registry keeps things: versions in MLflow's tables, files in a folder beside them or behind a server."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import RegistryError
from ...files import write_whole
from .calls import AbsentError, ExistsError, ask, connect
from .database import check_database, create_database, database_file

__all__ = ["Store", "open_store", "place_of"]

EXPERIMENT = "trueline"
RUN = re.compile(r"[0-9a-f]{32}")
PAGE = 200
LOCAL = ("", "file")


@dataclass(frozen=True)
class Store:
    """One registry, open.

    Parameters
    ----------
    place : str
        How messages name it: a path, or an address without its password.
    client : MlflowClient
    folder : Path, optional
        Where the files of a SQLite registry are; None behind a server.
    patience : float
        Seconds to wait where it is busy.
    """

    place: str
    client: Any
    folder: Path | None
    patience: float

    def put(self, name: str, files: Mapping[str, bytes], metrics: Mapping[str, float]) -> tuple[str, str]:
        """Keep files for a version to come; until there is one, nobody sees them.

        Parameters
        ----------
        name : str
            Of the model.
        files : dict of str to bytes
        metrics : dict of str to float
            For MLflow's pages.

        Returns
        -------
        run, source : str
            Where they are, in MLflow's words.

        Raises
        ------
        RegistryError
            The server leaves files to its clients.
        """
        from mlflow.entities import Metric

        run = self._ask(self.client.create_run, self._experiment(), run_name=name)
        run_id, source = str(run.info.run_id), str(run.info.artifact_uri)
        if self.folder is None and urlsplit(source).scheme in LOCAL:
            raise RegistryError(f"{self.place}: leaves files to its clients, in {source} on each of their machines",
                                advice="Start it with mlflow server --artifacts-destination FOLDER")  # fmt: skip
        if self.folder is None:
            self._upload(run_id, files)
        else:
            self._write(self.folder / run_id / "artifacts", files)
        stamp = int(run.info.start_time)
        self._ask(self.client.log_batch, run_id, [Metric(key, value, stamp, 0) for key, value in metrics.items()])
        self._ask(self.client.set_terminated, run_id)
        return run_id, f"{source}/{next(iter(files))}"

    def get(self, run_id: str, file: str, largest: int) -> bytes:
        """The bytes of a file that `put` kept.

        Parameters
        ----------
        run_id, file : str
        largest : int
            More bytes are not read.

        Raises
        ------
        AbsentError
            It is not there.
        RegistryError
            It is larger, or in no place that `put` uses.
        """
        if not RUN.fullmatch(run_id):
            raise AbsentError(f"{self.place}: no files are kept for it")
        if self.folder is not None:
            return self._read(self.folder / run_id / "artifacts" / file, largest)
        sizes = {entry.path: entry.file_size for entry in self._ask(self.client.list_artifacts, run_id)}
        if file not in sizes:
            raise AbsentError(f"{self.place}: it has no {file}")
        if (sizes[file] or 0) > largest:
            raise RegistryError(f"{self.place}: its {file} is larger than {largest >> 20} MB")
        with tempfile.TemporaryDirectory() as folder:
            return self._read(Path(self._ask(self.client.download_artifacts, run_id, file, folder)), largest)

    def create(self, name: str, run_id: str, source: str, tags: Mapping[str, str]) -> Any:
        """A new version, its number the largest and one; the last step of a registration.

        Parameters
        ----------
        name, run_id, source : str
        tags : dict of str to str
        """
        with suppress(ExistsError):
            self._ask(self.client.create_registered_model, name)
        make = partial(self.client.create_model_version, name, source, run_id, tags=dict(tags), await_creation_for=0)
        # A try that failed may have made it all the same: one run never makes two.
        return ask(self.place, make, self.patience, lambda: self._version_of(run_id))

    def delete(self, name: str, version: int) -> None:
        """Once, without a second try: after a first one that seemed to fail, its number may be another's.

        Parameters
        ----------
        name : str
        version : int
        """
        ask(self.place, partial(self.client.delete_model_version, name, str(version)), -1.0)

    def versions(self, name: str) -> list[Any]:
        """All versions of a model, oldest first; none where there is no such model. Their aliases are not filled in.

        Parameters
        ----------
        name : str
        """
        found = self._pages(self.client.search_model_versions, f"name = '{name}'")
        return sorted(found, key=lambda version: int(version.version))

    def version(self, name: str, version: int) -> Any:
        """One version by its number.

        Parameters
        ----------
        name : str
        version : int
        """
        return self._ask(self.client.get_model_version, name, str(version))

    def model(self, name: str) -> Any:
        """What is known of a model as a whole: aliases and tags.

        Parameters
        ----------
        name : str
        """
        return self._ask(self.client.get_registered_model, name)

    def names(self) -> list[str]:
        """Every model there is."""
        return sorted(str(model.name) for model in self._pages(self.client.search_registered_models, None))

    def point(self, name: str, alias: str, version: int) -> None:
        """Let an alias mean a version.

        Parameters
        ----------
        name, alias : str
        version : int
        """
        self._ask(self.client.set_registered_model_alias, name, alias, str(version))

    def tag_model(self, name: str, key: str, value: str | None) -> None:
        """Tag a model as a whole; None takes the tag away.

        Parameters
        ----------
        name, key : str
        value : str, optional
        """
        if value is not None:
            self._ask(self.client.set_registered_model_tag, name, key, value)
        elif key in self.model(name).tags:
            self._ask(self.client.delete_registered_model_tag, name, key)

    def _ask(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        return ask(self.place, partial(method, *args, **kwargs), self.patience)

    def _pages(self, search: Any, words: str | None) -> list[Any]:
        found: list[Any] = []
        token: str | None = None
        while True:
            page = self._ask(search, words, max_results=PAGE, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found

    def _version_of(self, run_id: str) -> Any:
        return next(iter(self.client.search_model_versions(f"run_id = '{run_id}'")), None)

    def _experiment(self) -> str:
        known = self._ask(self.client.get_experiment_by_name, EXPERIMENT)
        if known is None:
            kept = None if self.folder is None else str(self.folder)
            try:
                return str(self._ask(self.client.create_experiment, EXPERIMENT, artifact_location=kept))
            except ExistsError:  # somebody was faster
                known = self._ask(self.client.get_experiment_by_name, EXPERIMENT)
        return str(known.experiment_id)

    def _upload(self, run_id: str, files: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                write_whole(Path(folder) / file, content)
                self._ask(self.client.log_artifact, run_id, str(Path(folder) / file))

    @staticmethod
    def _write(folder: Path, files: Mapping[str, bytes]) -> None:
        os.makedirs(folder, exist_ok=True)
        for file, content in files.items():
            write_whole(folder / file, content)

    def _read(self, path: Path, largest: int) -> bytes:
        try:
            with path.open("rb") as stream:
                content = stream.read(largest + 1)
        except FileNotFoundError:
            raise AbsentError(f"{path}: is gone") from None
        if len(content) > largest:
            raise RegistryError(f"{path}: is larger than {largest >> 20} MB")
        return content


def open_store(uri: str, patience: float, *, write: bool = False) -> Store:
    """Open a registry; only to write, and only a database file, is it made where there is none.

    Parameters
    ----------
    uri : str
        ``sqlite:///PATH``, or the address of an MLflow server.
    patience : float
        Seconds to wait where it is busy.
    write : bool

    Raises
    ------
    RegistryError
        There is none, or it is damaged.
    RegistryBusyError
        Locked, or no answer.
    """
    path = database_file(uri)
    if path is None:
        return Store(place_of(uri), connect(uri), None, patience)
    if not path.exists():
        if not write:
            raise RegistryError(f"{path}: there is no registry", advice="trueline register makes one")
        create_database(path, patience)
    check_database(path, patience, write=write)
    return Store(str(path), connect(f"sqlite:///{path}"), path.with_name(f"{path.name}.files"), patience)


def place_of(uri: str) -> str:
    """How messages name it: without user and password.

    Parameters
    ----------
    uri : str

    Examples
    --------
    >>> place_of("https://ann:secret@models.example:5000")
    'https://models.example:5000'
    """
    before, marks, rest = uri.partition("://")
    return f"{before}{marks}{rest.rpartition('@')[2]}" if before in ("http", "https") else uri
