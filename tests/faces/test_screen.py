"""Whatever is wrong, a person gets one message, a machine one object, and CI the right exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
import typer

import trueline
from trueline.errors import DivergenceError, OptionError
from trueline.faces import screen

BROKEN = {
    "empty": b"",
    "blank lines": b"\n\n",
    "header only": b"a,y\n",
    "one row": b"a,y\n1,2\n",
    "ragged": b"a,y\n1,2\n1,2,3\n",
    "open quote": b'a,y\n1,2\n"1,2\n3,4\n',
    "latin-1": "stra\xdfe,y\n1,2\n".encode("latin-1"),
    "utf-16": "a,y\n1,2\n".encode("utf-16"),
    "nul": b"a,y\n1,\0\n",
    "gzip": b"\x1f\x8b\x08\x00abc",
    "parquet": b"PAR1garbage",
    "repeated header": b"a,a,y\n1,2,3\n2,3,4\n",
    "index of pandas": b",a,y\n0,1,2\n1,2,3\n2,4,1\n",
    "text target": b"a,y\n1,b\n2,c\n3,b\n",
    "no features": b"y\n1\n2\n3\n",
    "no target": b"a,b\n1,2\n2,3\n",
    "text": b"a,y\nx,1\nz,2\nx,3\n",
    "text among numbers": b"a,y\n1,2\nx,3\n4,5\n6,7\n",
    "thousands": b'a,y\n"1,234",2\n"2,345",3\n',
    "decimal commas": b"a;y\n1,5;2\n2,5;3\n",
    "overflowing": b"a,y\n1,2\n1e999,3\n4,4\n",
    "too large to square": b"a,y\n1e200,1\n2e200,2\n4e200,3\n",
    "too small to square": b"a,y\n1e-200,1\n2e-200,2\n4e-200,3\n",
    "all blank": b"a,y\n,1\n,2\n",
}


@pytest.mark.parametrize("flags", [(), ("--gd",), ("--drop-missing",)], ids=str)
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_no_broken_file_shows_a_traceback(run, tmp_path, content, flags):
    (tmp_path / "rows.csv").write_bytes(content)
    result = run("fit", "rows.csv", "--target", "y", *flags, "--json")
    assert result.code == 2
    assert result.err.startswith("trueline: ") and "Traceback" not in result.err and "unexpected" not in result.err
    said = result.json
    assert said["exit_code"] == 2 and said["error"] and isinstance(said["problems"], list)


def test_numbers_for_names_are_a_missing_header(run, tmp_path):
    (tmp_path / "rows.csv").write_text("8,?,0.19,0.33,0.33\n9,?,0.1,0.2,0.4\n")
    assert "first line is probably data" in run("fit", "rows.csv", "--target", "y").err
    (tmp_path / "rows.csv").write_text("1.5,2.5\n2.5,3.5\n")
    assert "first line is probably data" in run("fit", "rows.csv", "--target", "y").err
    (tmp_path / "rows.csv").write_text("2019,country,area,area\n1,2,3,4\n")
    assert "2 columns have this name" in run("fit", "rows.csv", "--target", "y").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fit",), "DATA"), (("fit", "x.csv"), "--target"), (("fot",), "fot"), (("fit", "x.csv", "--wrong"), "--wrong"),
        (("fit", "x.csv", "--target", "y", "--epochs", "0"), "--epochs"),
        (("fit", "gone.csv", "--target", "y"), "gone.csv"),
        (("predict", "gone.json", "gone.csv"), "gone.json"), (("verify", ".", "--target", "y"), "directory"),
        (("verify", "x.csv", "--target", "y", "--fail-on", "bad"), "info, low, medium, high, critical"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_use_is_2_in_words_and_in_json(run, words, said):
    spoken = run(*words)
    assert (spoken.code, spoken.out) == (2, "")
    assert said in spoken.err
    machine = run(*words, "--json")
    assert machine.code == machine.json["exit_code"] == 2
    assert said in machine.json["error"]


def ended(capsys, error, **options):
    """Exit code and both outputs of a command that raises `error`."""

    @screen.guarded
    def command(as_json: bool = False) -> None:
        raise error

    with pytest.raises(typer.Exit) as leaving:
        command(**options)
    return leaving.value.exit_code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DivergenceError("ran away", advice="Use lr='auto'"), 3, "ran away. Use --lr auto"),
        (screen.IncompleteError("not done"), 3, "not done"),
        (MemoryError(), 3, "out of memory"),
        (OptionError("no"), 2, "no"),
        (PermissionError(13, "Permission denied", "m.json"), 2, "m.json: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("oops"), 3, "unexpected ZeroDivisionError: oops. TRUELINE_TRACEBACK=1"),
    ],
    ids=repr,
)
def test_every_error_has_its_exit_code(capsys, monkeypatch, error, code, said):
    monkeypatch.delenv("TRUELINE_TRACEBACK", raising=False)
    got, out, err = ended(capsys, error)
    assert (got, out) == (code, "")
    assert err.startswith(f"trueline: {said}") and err.count("\n") == 1
    got, out, _ = ended(capsys, error, as_json=True)
    assert json.loads(out)["exit_code"] == got == code


def test_the_traceback_of_a_bug_can_be_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("TRUELINE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        ended(capsys, ZeroDivisionError("oops"))


def test_a_reader_that_has_seen_enough_is_no_error():
    script = (
        "import sys, typer\n"
        "from trueline.faces.screen import guarded\n"
        "try: guarded(lambda: print('the demo prints so little that it is written at the end'))()\n"
        "except typer.Exit as leaving: sys.exit(leaving.exit_code)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["PYTHONPATH"] = str(Path(trueline.__file__).parents[1])
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=PIPE, stderr=PIPE, env=environment)
    assert writer.stdout is not None and writer.stderr is not None
    writer.stdout.close()
    assert (writer.stderr.read(), writer.wait()) == (b"", 0)
    writer.stderr.close()


def test_columns_stand_below_each_other_on_the_terminal(capsys):
    """Where a sign is drawn two wide, or not at all because it is an accent."""
    screen.table([("北京市", "12"), ("cafe\u0301", "-3")], ("place", "数"))
    assert capsys.readouterr().out.splitlines() == ["  place   数", "  北京市  12", "  cafe\u0301    -3"]


def test_json_has_no_infinity_and_fits_any_terminal(capsys):
    screen.print_json({"é": [float("inf"), float("nan"), 1.5], "deep": {"x": (float("-inf"),)}})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"é": [None, None, 1.5], "deep": {"x": [None]}}


def test_progress_is_silent_without_a_terminal(capsys):
    with screen.progress("reading") as on_progress:
        on_progress(10, 20)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_rows_and_speed_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with screen.progress("reading [a].csv") as on_progress:
        on_progress(1_234_567, None)
    drawn = terminal.getvalue()
    assert "reading [a].csv" in drawn and "1,234,567 rows, " in drawn and " rows/s" in drawn
