"""A CSV file as tables of spellings, and the exact line or byte where it cannot be one."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv

from ..errors import ReadError

__all__ = ["CsvFile", "explain_bytes"]

DELIMITERS = (",", ";", "\t", "|")
HEAD = 1 << 20  # where the header has to end
SIGNATURES = (b"\x1f\x8b", b"PK", b"\xff\xfe", b"\xfe\xff")  # gzip, zip, UTF-16 of either byte order
BLOCK_BYTES = 1 << 22  # read at once; also the longest possible row


@dataclass
class CsvFile:
    """A CSV file in UTF-8 with one header; every cell is its spelling, blanks stay empty text.

    Parameters
    ----------
    label : str
        How messages name the file.
    open_bytes : callable
        Opens it for reading from the first byte.

    Raises
    ------
    ReadError
        Not UTF-8, empty, an open quote in the header; names line or byte.
    """

    label: str
    open_bytes: Callable[[], BinaryIO]
    names: tuple[str, ...] = field(init=False)
    delimiter: str = field(init=False)
    n_rows: int | None = field(init=False, default=None)
    spelled: bool = field(init=False, default=True)
    _written: tuple[str, ...] = field(init=False)
    _strictly_read: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        with self._text() as text:
            head = text.read(HEAD)
        if not head.strip():
            raise ReadError(f"{self.label}: the file is empty, it has no rows")
        headers = {delimiter: self._header(head, delimiter) for delimiter in DELIMITERS}
        self.delimiter = max(DELIMITERS, key=lambda delimiter: len(headers[delimiter]))
        self._written = tuple(headers[self.delimiter])
        self.names = called(self._written)
        if len(self.names) < 2 and not all(headers.values()):
            raise ReadError(f"{self.label}:1: the header has a quote that is never closed")

    def _header(self, head: str, delimiter: str) -> list[str]:
        records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True)
        try:
            return next((cells for cells in records if cells), [])
        except csv.Error:  # its quotes make sense with another delimiter, or with none
            return []

    def _text(self) -> io.TextIOWrapper:
        checked = io.BufferedReader(CheckedBytes(self.open_bytes(), self.label))
        return io.TextIOWrapper(checked, encoding="utf-8-sig", newline="")

    def read(self, columns: tuple[str, ...]) -> Iterator[pa.Table]:
        """Its rows as tables of text, in order, from the first."""
        checked = CheckedBytes(self.open_bytes(), self.label)
        rows = 0
        try:
            with checked, self._reader(checked, columns) as reader:
                for batch in reader:
                    rows += batch.num_rows
                    yield pa.Table.from_batches([batch]).rename_columns(list(columns))
        except pa.ArrowInvalid as error:
            if self._walk_strictly():  # no rows are no fault of the file
                raise ReadError(f"{self.label}: {error}") from None
            return
        if checked.quotes and checked.lines != rows + 1 and not self._strictly_read:
            self._walk_strictly()  # a row spans lines: meant so, or a quote was left open
        self.n_rows = rows

    def _reader(self, checked: CheckedBytes, columns: tuple[str, ...]) -> Any:
        alone = len(self.names) == 1  # then an empty line is a blank cell
        written = [self._written[self.names.index(name)] for name in columns]
        return pa.csv.open_csv(
            checked,  # type: ignore[arg-type]
            read_options=pa.csv.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=pa.csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=not alone
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=written, column_types={name: pa.string() for name in written}, null_values=[]
            ),
        )

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        """``line 7``: where rows counted from 0 stand in the file."""
        wanted = set(rows)
        last = max(wanted, default=-1)
        found = {}
        for row, (line, _) in enumerate(self._records()):
            if row in wanted:
                found[row] = f"line {line}"
            if row >= last:
                break
        return found

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of every row after the header, by Python's own slow and strict reader."""
        with self._text() as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            line, header = 0, True
            try:
                for cells in reader:
                    if cells or (len(self.names) == 1 and not header):
                        if not header:
                            yield line + 1, cells
                        header = False
                    line = reader.line_num
            except csv.Error as error:
                raise ReadError(f"{self.label}:{line + 1}: {_quoting(error)}") from None

    def _walk_strictly(self) -> int:
        """Count the rows, or name the first that is not one: wrong number of cells, open quote."""
        width, rows = len(self.names), 0
        for line, cells in self._records():
            rows += 1
            if cells and len(cells) != width:
                raise ReadError(f"{self.label}:{line}: {len(cells)} cells where the header names {width} columns")
        self._strictly_read = True
        return rows


def _quoting(error: csv.Error) -> str:
    if "end of data" in str(error):
        return "a quote in this row is never closed"
    if "field limit" in str(error):
        return f"a quote in this row is never closed, or a cell holds more than {csv.field_size_limit()} characters"
    return f"text after a closing quote ({error})"


class CheckedBytes(io.RawIOBase):
    """Bytes on their way to a parser; the first that is not UTF-8 text stops them.

    Parameters
    ----------
    raw : binary file
    label : str
        How messages name it.
    """

    def __init__(self, raw: BinaryIO, label: str) -> None:
        self.quotes = self.lines = 0
        self._raw, self._label, self._offset = raw, label, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = b"\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        self._check(data)
        buffer[: len(data)] = data
        return len(data)

    def _check(self, data: bytes) -> None:
        pending = self._decoder.getstate()[0]
        nul = data.find(b"\0")
        if nul >= 0:
            raise explain_bytes(self._label, pending + data, self._offset - len(pending), nul + len(pending))
        try:
            if pending or not data.isascii() or not data:
                self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise explain_bytes(self._label, pending + data, self._offset - len(pending), error.start) from None
        self._offset += len(data)
        self._count(data)

    def _count(self, data: bytes) -> None:
        self.quotes += data.count(b'"')
        self.lines += data.count(b"\n") + (not data and self._last != b"\n")
        self._last = data[-1:] or b"\n"

    def close(self) -> None:
        self._raw.close()
        super().close()


def explain_bytes(label: str, data: bytes, offset: int, position: int) -> ReadError:
    """Why the byte at `position` of `data` (which starts at byte `offset` of the file) is no UTF-8 text."""
    signature = data[:2] if offset == 0 else b""
    place = f"{label}: byte {0 if signature in SIGNATURES else offset + position}"
    if signature == b"\x1f\x8b":
        return ReadError(f"{place}: compressed with gzip, not text", advice="Unpack it first")
    if signature == b"PK":
        return ReadError(f"{place}: a zip archive (an Excel workbook?), not text", advice="Save it as CSV")
    around = data[max(0, position - 16) : position + 16]
    if signature in SIGNATURES or around.count(b"\0") > len(around) // 3:
        return ReadError(f"{place}: not UTF-8 but probably UTF-16", advice=_iconv("UTF-16", label))
    if data[position] == 0:
        return ReadError(f"{place}: a NUL byte, which no text file holds", advice="Export the file again")
    letter = data[position : position + 1]
    guess = f"0x{letter.hex()} is {letter.decode('cp1252', 'replace')!r} in latin-1 and Windows-1252"
    return ReadError(f"{place}: not UTF-8 ({guess})", advice=_iconv("WINDOWS-1252", label))


def _iconv(encoding: str, label: str) -> str:
    return f"Convert it: iconv -f {encoding} -t UTF-8 {label}" if sys.platform != "win32" else "Save it as UTF-8"


def called(written: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns; a single one without a name, an index as R and pandas write it, is called by its place.

    Examples
    --------
    >>> called(("", "price"))
    ('column 1', 'price')
    """
    place = next((i for i, name in enumerate(written) if not name.strip()), None)
    if place is None or sum(not name.strip() for name in written) > 1 or f"column {place + 1}" in written:
        return written
    return (*written[:place], f"column {place + 1}", *written[place + 1 :])
