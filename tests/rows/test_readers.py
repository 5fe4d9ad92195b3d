"""Files as they come: whatever cannot be read is named by file and line, file and byte, or header."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from trueline import rows
from trueline.errors import CellsError, ColumnsError, DataError, OptionError, ReadError
from trueline.rows import Schema
from trueline.rows.csv_file import CheckedBytes
from trueline.rows.source import ArraySource, Source, block_rows
from trueline.rows.stream import open as open_rows


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "cars.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def text_of(stream) -> list[dict[str, str]]:
    return [row for table in stream.tables() for row in table.to_pylist()]


def numbers_of(path, target="y"):
    stream = open_rows(path)
    return stream.encoded(Schema.learn(stream, target)).to_arrays()


@pytest.mark.parametrize(
    "content",
    [
        "a,y\n1,2\n3,4\n",
        "a,y\r\n1,2\r\n3,4\r\n",
        "a,y\n1,2\n\n3,4",
        "\ufeffa,y\n1,2\n3,4\n",
        '"a","y"\n"1","2"\n" 3 ",4.0\n',
        "a;y\n1;2\n3;4\n",
        "a\ty\n+1\t2.\n3e0\t.4E1\n",
        "a|y\n1|2\n3|4\n",
    ],
    ids=["plain", "crlf", "empty line", "byte order mark", "quotes and blanks", "semicolons", "tabs", "bars"],
)
def test_the_same_table_written_in_many_ways(write, content):
    X, y = numbers_of(write(content))
    np.testing.assert_array_equal(X, [[1], [3]])
    np.testing.assert_array_equal(y, [2, 4])


def test_cells_of_a_csv_are_text_until_a_schema_reads_them(write):
    stream = open_rows(write('a,b\n007,=cmd()\n,"two\nlines"\n'))
    assert text_of(stream) == [{"a": "007", "b": "=cmd()"}, {"a": "", "b": "two\nlines"}]
    assert text_of(stream) == text_of(stream)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("a,b\n1,2\n3\n5,6\n", 3, "1 cells where the header names 2 columns"),
        ("a,b\n1,2\n3,4,5\n", 3, "3 cells where the header names 2 columns"),
        ('a,b\n"x\ny",2\n\n3\n', 5, "1 cells where the header names 2 columns"),
        ('a,b\n1,2\n3,"4\n5,6\n', 3, "a quote in this row is never closed"),
        ('a,b\n1,2\n3,"4\n5,"6\n', 3, "text after a closing quote"),
        ('a,b\n1,2\n3,"4\n' + "5,6\n" * 50_000, 3, "a quote in this row is never closed"),
        ('a,"b\n1,2\n', 1, "a quote that is never closed"),
    ],
    ids=["short", "long", "after lines in quotes", "open quote", "open quote twice", "open quote far", "open header"],
)
def test_a_row_that_is_none_is_named_by_its_line(write, content, line, words):
    path = write(content)
    with pytest.raises(ReadError, match=words) as error:
        text_of(open_rows(path))
    assert f"{path}:{line}: " in str(error.value)


def test_ragged_far_into_a_large_file(write):
    path = write("a,b\n" + "1.5,2.5\n" * 1_000_000 + "1\n")
    with pytest.raises(ReadError, match=r"cars.csv:1000002: 1 cells"):
        text_of(open_rows(path))


@pytest.mark.parametrize(
    ("content", "byte", "words"),
    [
        (b"a,b\n1,\x00\n", 6, "NUL byte"),
        ("a,b\n1,café\n".encode("latin-1"), 9, "0xe9 is 'é' in latin-1"),
        (b"a,b\n1,caf\xc3", 9, "not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), 0, "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), 1, "UTF-16"),
        (gzip.compress(b"a,b\n1,2\n"), 0, "gzip"),
        (b"PK\x03\x04\x14\x00\x06\x00", 0, "Excel"),
        (b"a,b\n" + b"1,2\n" * 2_000_000 + b"1,\xe9\n", 8_000_006, "not UTF-8"),
    ],
    ids=["NUL", "latin-1", "cut off", "UTF-16", "UTF-16 bare", "gzip", "xlsx", "late"],
)
def test_what_is_not_utf8_is_named_by_its_byte(write, content, byte, words):
    path = write(content)
    with pytest.raises(ReadError, match=words) as error:
        text_of(open_rows(path))
    assert f"{path}: byte {byte}: " in str(error.value)


def test_a_letter_cut_off_where_reading_pauses_is_named_by_its_own_byte():
    stream = CheckedBytes(io.BytesIO(b"abc\xc3defgh"), "cars.csv")
    assert stream.read(4) == b"abc\xc3"
    with pytest.raises(ReadError, match="byte 3: "):
        stream.read(4)


def test_letters_of_several_bytes_may_straddle_what_is_read_at_once(write):
    path = write("a,b\n" + "1,é\n" * 1_000_001 + "22,é\n" * 1_000_000)  # every alignment of the two bytes occurs
    assert sum(table.num_rows for table in open_rows(path).tables()) == 2_000_001


def test_a_single_column_without_a_name_is_called_by_its_place(write):
    """R and pandas write the row numbers so; what is one is refused with the flag that leaves it out."""
    path = write('"",x,y\n' + "".join(f'"{i}",{i * i % 7},{i % 5}\n' for i in range(1, 30)))
    stream = open_rows(path)
    assert stream.names == ("column 1", "x", "y")
    (table,) = stream.tables()
    assert table.column_names == ["column 1", "x", "y"] and table["column 1"][0].as_py() == "1"
    assert [one.column_names for one in open_rows(path, columns=["y", "column 1"]).tables()] == [["column 1", "y"]]
    with pytest.raises(DataError) as error:
        Schema.learn(stream, "y")
    assert [problem.fix for problem in error.value.problems] == ["--drop 'column 1'"]
    assert Schema.learn(stream, "y", drop=["column 1"]).names == ("x",)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,b,a", ["a: 2 columns have this name"]),
        ("caf\u00e9,cafe\u0301", ["2 names that differ only in how Unicode writes the accents"]),
        (" a,b", ["' a': blanks around the name"]),
        ("a,b ", ["'b ': blanks around the name"]),
        ("a,,", ["column 2, 3 has no name"]),
        ("column 2,", ["column 2 has no name"]),
        ("a,\ufeffb", ["invisible character"]),
        ("a,a, b,,", ["a: 2 columns", "' b': blanks", "column 4, 5 has no name"]),
    ],
)
def test_a_header_that_confuses_is_refused_whole(write, header, words):
    width = header.count(",") + 1
    with pytest.raises(ColumnsError) as error:
        open_rows(write(f"{header}\n{','.join('1' * width)}\n"))
    assert len(error.value.problems) == len(words)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "a,y\n", "a,y"])
def test_a_file_without_rows_says_so(write, content):
    with pytest.raises(DataError, match="no rows") as error:
        text_of(open_rows(write(content)))
    assert "cars.csv" in str(error.value)


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(ReadError) as error:
        open_rows(path)
    assert str(error.value).startswith(f"{path}: ")


def test_an_empty_line_of_a_single_column_is_a_blank_cell(write):
    assert text_of(open_rows(write("a\n1\n\n3\n"))) == [{"a": "1"}, {"a": ""}, {"a": "3"}]


def test_columns_restrict_what_is_read(write):
    stream = open_rows(write("a,b,c\n1,2,3\n"), columns=["c", "a"])
    assert stream.names == ("a", "c")
    assert text_of(stream) == [{"a": "1", "c": "3"}]
    with pytest.raises(ColumnsError, match="did you mean") as error:
        open_rows(write("alpha,beta\n1,2\n"), columns=["alhpa", "gamma"])
    assert [problem.column for problem in error.value.problems] == ["alhpa", "gamma"]
    with pytest.raises(OptionError):
        open_rows(write("a\n1\n"), columns=[])


def test_progress_counts_rows_and_knows_the_total_the_second_time(write):
    seen = []
    stream = open_rows(write("a,y\n1,2\n3,4\n"), on_progress=lambda *step: seen.append(step))
    assert stream.n_rows is None
    text_of(stream)
    text_of(stream)
    assert seen == [(2, None), (2, 2)]


def test_a_table_of_parquet_is_read_typed_and_knows_its_rows(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"a": [1, 2, 3], "y": [1.5, 2.5, 3.5], "s": ["p", "q", "r"]}), path)
    stream = open_rows(path, columns=["y", "a"])
    assert stream.n_rows == 3
    assert text_of(stream) == [{"a": 1, "y": 1.5}, {"a": 2, "y": 2.5}, {"a": 3, "y": 3.5}]


def test_parquet_is_known_by_its_first_bytes_whatever_its_name(tmp_path):
    path = tmp_path / "export.data"
    parquet.write_table(pa.table({"a": [1]}), path)
    assert text_of(open_rows(path)) == [{"a": 1}]


def test_parquet_cut_off_anywhere_is_refused(tmp_path):
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    parquet.write_table(pa.table({"a": np.arange(100.0), "y": np.arange(100.0)}), whole)
    content = whole.read_bytes()
    for length in range(0, len(content), 7):
        cut.write_bytes(content[:length])
        with pytest.raises(ReadError, match=r"cut\.parquet: "):
            text_of(open_rows(cut))


def test_a_bit_flipped_in_a_page_of_parquet_is_noticed(tmp_path):
    path = tmp_path / "flipped.parquet"
    table = pa.table({"a": np.random.default_rng(1).normal(size=1000)})
    parquet.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    place = bytes(content).index(table["a"].to_numpy()[:8].tobytes())
    for bit in random.Random(2).sample(range(8 * 8000), 20):
        content[place + bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(ReadError, match=r"flipped\.parquet: "):
            text_of(open_rows(path))
        content[place + bit // 8] ^= 1 << bit % 8


def test_a_parquet_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.parquet"
    zeros = pa.array(np.zeros(20_000_000, np.int8))
    parquet.write_table(pa.table({"a": zeros}), path, compression="zstd", use_dictionary=False, data_page_size=1 << 28)
    assert path.stat().st_size < 100_000
    with pytest.raises(ReadError, match="claim to hold 20000000 rows"):
        open_rows(path)


def test_frames_are_streams_too():
    columns = {"a": [1.0, 2.0], "y": [3.0, 4.0]}
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        stream = rows.open(frame)
        assert stream.names == ("a", "y")
        assert stream.n_rows == 2
        X, y = stream.encoded(Schema.learn(stream, "y")).to_arrays()
        np.testing.assert_array_equal(X[:, 0], [1, 2])
        np.testing.assert_array_equal(y, [3, 4])


def test_arrays_are_no_streams():
    with pytest.raises(DataError, match="ndarray"):
        open_rows(np.eye(2))


def test_a_file_gives_the_very_blocks_of_the_array_it_holds(tmp_path):
    rng = np.random.default_rng(3)
    n_rows = block_rows(40) + 17
    data = rng.normal(size=(n_rows, 41))
    names = [f"x{number}" for number in range(40)] + ["y"]
    table = pa.table(dict(zip(names, data.T, strict=True)))
    path = tmp_path / "wide.parquet"
    parquet.write_table(table, path, row_group_size=10_001)
    frame = pd.DataFrame(data, columns=names)
    csv.write_csv(table, tmp_path / "wide.csv")
    wanted = list(ArraySource(np.ascontiguousarray(data[:, :40]), data[:, 40]).blocks())
    schema = Schema.learn(frame, "y")
    for table_of in (path, tmp_path / "wide.csv", frame):
        source = open_rows(table_of).encoded(schema)
        assert isinstance(source, Source)
        blocks = list(source.blocks())
        assert source.n_rows == n_rows
        assert [(block.first, block.X.shape) for block in blocks] == [(b.first, b.X.shape) for b in wanted]
        for block, other in zip(blocks, wanted, strict=True):
            assert block.X.tobytes() == other.X.tobytes()
            assert block.y.tobytes() == other.y.tobytes()
            assert block.X.flags.c_contiguous and block.weights is None


def test_blanks_are_dropped_before_blocks_are_cut(write):
    lines = [f"{number},{number * 2}" for number in range(3000)]
    lines[1] = ",2"
    lines[2000] = "2000,NA"
    stream = open_rows(write("a,y\n" + "\n".join(lines)))
    source = stream.encoded(Schema.learn(stream, "y", drop_missing=True))
    X, y = source.to_arrays()
    kept = [number for number in range(3000) if number not in (1, 2000)]
    np.testing.assert_array_equal(X[:, 0], kept)
    np.testing.assert_array_equal(y, np.array(kept) * 2)
    assert source.n_rows == 2998
    assert sum(len(block.y) for block in source.blocks()) == 2998


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1,234", "text among numbers (first '1,234', line 3)"),
        ("0x10", "text among numbers (first '0x10', line 3)"),
        ("1_000", "text among numbers (first '1_000', line 3)"),
        ("\u0661", "text among numbers"),
        ("true", "true/false among numbers (first 'true', line 3)"),
        ("1e999", "infinity (first '1e999', line 3)"),
        ("-Infinity", "infinity (first '-Infinity', line 3)"),
        ("9007199254740993", "whole numbers beyond 2**53"),
        ("", "blank (line 3)"),
        ("  ", "blank (first '  ', line 3)"),
        *(
            (spelling, f"blank (first '{spelling}', line 3)")
            for spelling in ("NA", "N/A", "NaN", "nan", "null", "None", "?")
        ),
    ],
)
def test_a_bad_cell_of_a_csv_is_named(write, cell, words):
    path = write(f'a,y\n1.5,2\n"{cell}",4\n5,6\n"{cell}",8\n')
    with pytest.raises(CellsError) as error:
        Schema.learn(open_rows(path), "y")
    (problem,) = error.value.problems
    assert problem.what.startswith(words)
    assert (problem.column, problem.row, problem.count) == ("a", 2, 2)
    assert problem.fix == ("--drop-missing" if words.startswith("blank") else "--drop a")


def test_a_column_that_is_mostly_blank_goes_rather_than_the_rows(write):
    path = write("a,b,y\n1,?,1\n?,?,3\n3,4,2\n5,?,4\n")
    with pytest.raises(CellsError) as error:
        Schema.learn(open_rows(path), "y")
    assert [problem.fix for problem in error.value.problems] == ["--drop-missing", "--drop b"]
    assert error.value.problems[1].count == 3


def test_lines_are_counted_through_quoted_newlines_and_empty_lines(write):
    path = write('s,a,y\n"x\ny",1,2\n\nz,oops,4\nx,1,5\nz,2,6\n')
    with pytest.raises(CellsError, match=r"first 'oops', line 5\) \(1 row, first in row 2\)"):
        Schema.learn(open_rows(path), "y", one_hot=["s"])


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "1e300", "9007199254740993.0", "1e-320"])
def test_numbers_at_the_edge_of_what_is_exact_pass(write, number):
    X, _ = numbers_of(write(f"a,y\n{number},1\n2,2\n"))
    assert X[0, 0] == float(number)


def test_the_room_opens_without_loading_what_it_does_not_need():
    code = (
        "import sys, trueline.rows; heavy = {'pyarrow', 'narwhals', 'pandas', 'polars'}; "
        "assert not heavy & set(sys.modules); assert set(trueline.rows.__all__) <= set(dir(trueline.rows)); "
        "[getattr(trueline.rows, name) for name in trueline.rows.__all__]"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("uri", ["http://localhost/flats.csv", "nosuch://flats.csv"])
def test_a_uri_that_cannot_be_opened_is_named(uri):
    with pytest.raises(ReadError, match=uri):
        open_rows(uri)
