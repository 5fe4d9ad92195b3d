"""Tables in files and in memory, behind one small interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Protocol, cast

from ..errors import ReadError
from .table import eager_frame

__all__ = ["FrameTables", "ParquetFile", "Reader", "file_reader"]

BATCH_ROWS = 1 << 16
# Far beyond what real tables reach: bytes unpacked per byte of the file, and rows per byte.
MOST_UNPACKED, MOST_ROWS, SMALL = 1_000, 100, 10_000_000


class Reader(Protocol):
    """A table that can be read again and again."""

    @property
    def label(self) -> str:
        """How messages name it."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of its columns."""

    @property
    def n_rows(self) -> int | None:
        """Its rows, where known before reading."""

    @property
    def spelled(self) -> bool:
        """Are cells the spellings of a text file?"""

    def read(self, columns: tuple[str, ...]) -> Iterator[Any]:
        """These columns as frames, row after row, from the first."""

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        """``line 7``: where rows counted from 0 stand in the file, for files that have lines."""


@dataclass(frozen=True)
class FrameTables:
    """A frame in memory."""

    frame: Any
    label: str = "the table"
    spelled: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in eager_frame(self.frame).columns)

    @property
    def n_rows(self) -> int:
        return len(eager_frame(self.frame))

    def read(self, columns: tuple[str, ...]) -> Iterator[Any]:
        frame = eager_frame(self.frame)
        wanted = [name for name in frame.columns if str(name) in columns]
        yield frame.select(wanted).to_native()

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        return {}


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file, read some rows at a time; checksums of its pages are verified where it has them.

    Raises
    ------
    ReadError
        Truncated or damaged.
    """

    label: str
    open_bytes: Callable[[], BinaryIO]
    names: tuple[str, ...] = field(init=False)
    n_rows: int = field(init=False)
    spelled: bool = False

    def __post_init__(self) -> None:
        with _named(self.label), self.open_bytes() as raw, self._file(raw) as file:
            object.__setattr__(self, "names", tuple(file.schema_arrow.names))
            object.__setattr__(self, "n_rows", file.metadata.num_rows)
            self._refuse_bomb(file.metadata, raw.seek(0, os.SEEK_END))

    def _refuse_bomb(self, metadata: Any, size: int) -> None:
        """What unpacks to absurdly more than it weighs is refused before anything is allocated."""
        unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        if unpacked > max(SMALL, MOST_UNPACKED * size) or self.n_rows > max(SMALL, MOST_ROWS * size):
            raise ReadError(f"{self.label}: {size} bytes claim to hold {self.n_rows} rows, {unpacked} bytes unpacked",
                            advice="Write it again from a source that you trust")  # fmt: skip

    def _file(self, raw: BinaryIO) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(raw, page_checksum_verification=True)

    def read(self, columns: tuple[str, ...]) -> Iterator[Any]:
        import pyarrow as pa

        wanted = None if columns == self.names else list(columns)
        with _named(self.label), self.open_bytes() as raw, self._file(raw) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                yield pa.Table.from_batches([batch])

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        return {}


@contextmanager
def _named(label: str) -> Iterator[None]:
    """Whatever PyArrow says of a damaged file, with the file's name."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, EOFError) as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise ReadError(f"{label}: {what}", advice="The file is damaged or incomplete") from None


def file_reader(uri: str | os.PathLike[str]) -> Reader:
    """The reader that fits the file's first bytes (Parquet) or else CSV.

    Raises
    ------
    ReadError
        It cannot be opened, or not be read as what it is.
    """
    label = os.fspath(uri)
    open_bytes = partial(_open_bytes, label)
    with open_bytes() as raw:
        magic = raw.read(4)
    if magic == b"PAR1" or label.endswith((".parquet", ".pq")):
        return ParquetFile(label, open_bytes)
    from .csv_file import CsvFile

    return CsvFile(label, open_bytes)


def _open_bytes(label: str) -> BinaryIO:
    try:
        if "://" not in label:
            return open(label, "rb")
        from pyarrow import fs

        filesystem, path = fs.FileSystem.from_uri(label)
        return cast(BinaryIO, filesystem.open_input_file(path))
    except (OSError, ValueError) as error:  # Arrow's own refusal of a scheme is a ValueError
        raise ReadError(f"{label}: {getattr(error, 'strerror', None) or error}") from None
