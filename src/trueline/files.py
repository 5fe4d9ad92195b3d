"""Write a file whole or not at all: the one way any floor writes a file."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["write_new", "write_whole"]


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    Temporary file in the same folder, fsync, rename, fsync of the folder.

    Parameters
    ----------
    path : str or path-like
        The file to write; an existing one is replaced.
    content : bytes
        All of its bytes.

    Raises
    ------
    OSError
        The disk is full, the folder is missing or read-only, ...; `path` is untouched and named. Only where the very
        last step fails, the fsync of the folder, is the new content there already, whole but perhaps not for good.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> write_whole(path, b"{}")
    >>> path.read_bytes()
    b'{}'
    """
    _write(Path(path), content, _mode(Path(path)), os.replace)


def write_new(path: str | os.PathLike[str], content: bytes, mode: int) -> None:
    """The same for a file that must not be there yet, with its permissions from the first byte on.

    Parameters
    ----------
    path : str or path-like
    content : bytes
    mode : int
        E.g. ``0o600`` for a secret.

    Raises
    ------
    FileExistsError
        There is something at `path`, a dangling link included; it is untouched.
    OSError
        As `write_whole`.
    """

    def put(temporary: str, target: Path) -> None:
        os.link(temporary, target)  # fails where there is anything, which a rename does not
        os.unlink(temporary)

    _write(Path(path), content, mode, put)


def _write(target: Path, content: bytes, mode: int, put: Callable[[str, Path], object]) -> None:
    with _naming(target):
        folder = os.open(target.parent, os.O_RDONLY)  # while it can still fail without harm
        try:
            temporary = _written(target, content, mode)
            try:
                put(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            _sync(folder)
        finally:
            os.close(folder)


def _written(target: Path, content: bytes, mode: int) -> str:
    """A temporary file beside the target, all of it on the disk."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        try:
            stream = os.fdopen(handle, "wb")
        except BaseException:
            os.close(handle)
            raise
        with stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return temporary


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Errors of the system name the file that was asked for, not a temporary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error


def _mode(target: Path) -> int:
    """The mode a plain open() would have left: the old file's, or 0666 under the umask."""
    if target.exists():
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync(folder: int) -> None:
    """The new name on the disk; file systems that cannot sync a folder say EINVAL."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
