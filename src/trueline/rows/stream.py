"""`open`: any table, wherever it lies, as a stream that can be read again and again."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from ..errors import ColumnsError, DataError, OptionError, Problem
from .readers import FrameTables, Reader, file_reader
from .table import eager_frame, is_frame

__all__ = ["Progress", "TableStream", "closest", "did_you_mean", "open"]

Progress = Callable[[int, int | None], object]
Encoded = TypeVar("Encoded", covariant=True)


class Encoder(Protocol[Encoded]):
    """What turns a stream of tables into numbers: a Schema."""

    def source(self, stream: TableStream) -> Encoded:
        """The numbers of `stream`."""


@dataclass(frozen=True)
class TableStream:
    """A table read piece by piece, as often as wanted; made by `open`.

    Parameters
    ----------
    reader : Reader
        The file or frame behind it.
    names : tuple of str
        The columns that are read.
    on_progress : callable, optional
        Called with rows done and, where known, rows in all (else None).
    """

    reader: Reader
    names: tuple[str, ...]
    on_progress: Progress | None = None

    @property
    def label(self) -> str:
        """How messages name it."""
        return self.reader.label

    @property
    def n_rows(self) -> int | None:
        """Number of rows, where it is known before reading."""
        return self.reader.n_rows

    @property
    def spelled(self) -> bool:
        """Are cells the spellings of a text file? Then ``"3.5"`` is a number, and ``"NA"`` is blank."""
        return self.reader.spelled

    def tables(self) -> Iterator[Any]:
        """Start over from the first row: PyArrow tables for files (of text for CSV), the frame itself for a frame.

        Raises
        ------
        DataError
            There are no rows.
        ReadError
            The file cannot be read: names it, and the line or byte.
        """
        done = 0
        for table in self.reader.read(self.names):
            yield table
            done += len(eager_frame(table))
            if self.on_progress:
                self.on_progress(done, self.n_rows)
        if not done:
            raise DataError(f"{self.label}: no rows")

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        """``line 7``: where rows counted from 0 stand in the file, for files that have lines (CSV)."""
        return self.reader.places(rows)

    def encoded(self, schema: Encoder[Encoded]) -> Encoded:
        """The rows as numbers: a `Source` of X and y that fits walk over (see `Schema.source`)."""
        return schema.source(self)


def open(
    uri_or_frame: Any, *, columns: Sequence[str] | None = None, on_progress: Progress | None = None
) -> TableStream:
    """A CSV or Parquet file, or a frame, as a stream of tables; memory stays bounded for files.

    Parameters
    ----------
    uri_or_frame : str, path, or frame
        A local path or a URI that PyArrow can open (``file://``, ``s3://``); CSV in UTF-8 with a header, cells
        apart by comma, semicolon, tab or bar (whichever the header uses); or a frame of any library.
    columns : sequence of str, optional
        Read these only.
    on_progress : callable, optional
        Called along the way with rows done and, where known, rows in all (else None).

    Returns
    -------
    TableStream

    Raises
    ------
    ReadError
        The file is missing, empty, damaged or not UTF-8.
    ColumnsError
        Headers that are repeated, empty, padded with blanks or look alike; columns that are not there.

    Examples
    --------
    >>> import pathlib
    >>> written = pathlib.Path("flats.csv").write_text("rooms,price\\n2,310\\n3,405\\n")
    >>> from trueline.rows import Schema
    >>> from trueline.rows import open as open_rows
    >>> stream = open_rows("flats.csv")
    >>> X, y = stream.encoded(Schema.learn(stream, "price")).to_arrays()
    >>> X, y
    (array([[2.],
           [3.]]), array([310., 405.]))
    """
    if isinstance(uri_or_frame, TableStream):
        return uri_or_frame
    if isinstance(uri_or_frame, str | os.PathLike):
        reader: Reader = file_reader(uri_or_frame)
    elif is_frame(uri_or_frame):
        reader = FrameTables(uri_or_frame)
    else:
        raise DataError(f"rows cannot be read from a {type(uri_or_frame).__name__}", advice="Give a path or a frame")
    if problems := list(_header_problems(reader.names)):
        raise ColumnsError(f"{reader.label}: header", problems=problems, advice="Rename these columns")
    if columns is None:
        return TableStream(reader, reader.names, on_progress)
    missing = [Problem(f"no such column{did_you_mean(name, reader.names)}", name) for name in columns
               if name not in reader.names]  # fmt: skip
    if missing:
        raise ColumnsError(reader.label, problems=missing, advice=f"The columns are {', '.join(reader.names)}")
    if not columns:
        raise OptionError("columns must name at least one column")
    return TableStream(reader, tuple(name for name in reader.names if name in columns), on_progress)


def _header_problems(names: Sequence[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if not name.strip():
            where = ", ".join(str(number) for number, other in enumerate(names, start=1) if other == name)
            yield Problem(f"column {where} has no name")
        elif count > 1:
            yield Problem(f"{count} columns have this name", name)
        elif name != name.strip():
            yield Problem("blanks around the name", repr(name))
        elif not name.isprintable():
            yield Problem("an invisible character in the name", ascii(name))
    composed = Counter(unicodedata.normalize("NFC", name) for name in dict.fromkeys(names))
    for name, count in composed.items():
        if count > 1:
            yield Problem(f"{count} names that differ only in how Unicode writes the accents", name)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``", did you mean ...?"`` where something close exists, else nothing."""
    close = get_close_matches(name, list(names), n=3)
    shown = [each if each == each.strip() else repr(each) for each in close]  # a blank at an end is easily missed
    return f", did you mean {' or '.join(shown)}?" if close else ""


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name most like `name`, if any is close."""
    return next(iter(get_close_matches(name, list(names), n=1)), None)
