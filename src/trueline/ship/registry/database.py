"""The registry's own database file: made whole or not at all, and looked at before MLflow touches it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ...errors import OptionError, RegistryBusyError, RegistryError
from .calls import RESTORE, ask, connect

__all__ = ["check_database", "create_database", "database_file"]

PREFIX = "sqlite:///"


def database_file(uri: str) -> Path | None:
    """The absolute path behind ``sqlite:///PATH``; None for a server.

    Parameters
    ----------
    uri : str

    Raises
    ------
    OptionError
        Neither a SQLite file nor a server.
    """
    if uri.startswith(("http://", "https://")):
        return None
    path = uri.removeprefix(PREFIX)
    if path == uri or not path or path.startswith(":") or set(path) & set("?#\0"):
        raise OptionError(f"{uri!a:.100} is no registry", advice="Write sqlite:///models.db, or http://HOST:PORT")
    return Path(path).absolute()


def check_database(path: Path, patience: float, *, write: bool) -> None:
    """Look into the file before MLflow does, which would make tables in any database and wait minutes on a damaged one.

    Parameters
    ----------
    path : Path
    patience : float
        Seconds to wait for a lock.
    write : bool
        Also read all of its pages, and see that nobody holds the lock.

    Raises
    ------
    RegistryError
        No such file, damaged, or the database of something else.
    RegistryBusyError
        Locked for as long as we wait.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=patience)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"registered_models", "model_versions", "runs"} <= tables:
                raise RegistryError(f"{path}: is a database, but no registry", advice="Name another file")
            if write:
                _check_pages(database, path)
                database.execute("BEGIN IMMEDIATE")
                database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise RegistryBusyError(
                f"{path}: locked by another process for {patience:g} s, nothing was changed", advice="Try again"
            ) from None
        raise RegistryError(f"{path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from None


def create_database(path: Path, patience: float) -> None:
    """Make an empty registry at `path`, where there is none; of several who try at once, one does.

    MLflow builds its tables in some seventy steps. They are taken in a file of another name, linked to its place when
    all are done, so that a process killed between them leaves no half of a database.

    Parameters
    ----------
    path : Path
    patience : float

    Raises
    ------
    RegistryError
        The folder does not exist or cannot be written.
    """
    if not path.parent.is_dir():
        raise RegistryError(f"{path}: its folder does not exist")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", suffix=".part") as folder:
            building = Path(folder) / path.name
            client = connect(f"{PREFIX}{building}")
            for search in (client.search_registered_models, client.search_experiments):  # each side makes its own rows
                ask(str(path), partial(search, max_results=1), patience)
            with suppress(FileExistsError):  # somebody was faster
                os.link(building, path)
    except OSError as error:
        raise RegistryError(f"{path}: cannot be made ({error.strerror})") from None


def _check_pages(database: sqlite3.Connection, path: Path) -> None:
    ((verdict,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise _damaged(path, str(verdict).strip().splitlines()[-1])


def _damaged(path: Path, why: str) -> RegistryError:
    return RegistryError(f"{path}: the database is damaged ({why:.120}), nothing was written", advice=RESTORE)
