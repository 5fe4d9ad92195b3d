"""Faults 33 and 34 done for real: whatever fails while saving, there is the old file or the new one, and it loads."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from trueline import LeastSquares
from trueline.errors import CellsError, OptionError
from trueline.ship import keygen, load, save

WRITER = """
import sys
import numpy as np
from trueline import LeastSquares
from trueline.ship import save
X = np.random.default_rng(0).normal(size=(500, 40))
models = [LeastSquares().fit(X, X @ np.full(40, slope)) for slope in (1.0, 2.0)]
save(models[0], sys.argv[1], X=X, y=X @ np.ones(40))
print("ready", flush=True)
for turn in range(10**9):
    save(models[turn % 2], sys.argv[1], X=X, y=X @ np.ones(40), keep_moments=turn % 3 == 0)
"""
FAILURES = {
    errno.ENOSPC: "No space left",
    errno.EIO: "Input/output",
    errno.EROFS: "Read-only",
    errno.EMFILE: "Too many",
}


def kill_while_saving(path, after):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            for pause in after:
                time.sleep(pause)
                load(path)  # a reader never meets a part, while it is being written either
        finally:
            writer.send_signal(signal.SIGKILL)
    slopes = load(path).coef_
    assert np.allclose(slopes, slopes[0]) and round(slopes[0]) in (1, 2)


def test_33_kill_in_the_middle_of_saving(tmp_path):
    kill_while_saving(tmp_path / "m.json", [0.03, 0.002, 0.011])


@pytest.mark.faults
@pytest.mark.parametrize("turn", range(40))
def test_33_forty_kills(tmp_path, turn):
    kill_while_saving(tmp_path / "m.json", [random.Random(turn).uniform(0, 0.1)])


@pytest.fixture
def old(tmp_path):
    """An old model, and a new one that is to replace it."""
    X = np.array([[0.0], [1.0], [2.0], [4.0]])
    save(LeastSquares().fit(X, [1.0, 3.0, 5.0, 9.0]), tmp_path / "m.json")
    return tmp_path / "m.json", LeastSquares(reg_lambda=1.0).fit(X, [0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize(
    "step", [("os.open", 1), ("tempfile.mkstemp", 1), ("os.fdopen", 1), ("os.fchmod", 1), ("os.fsync", 1),
             ("os.replace", 1), ("os.fsync", 2)], ids=str,
)  # fmt: skip
def test_34_each_step_failing_in_turn(old, monkeypatch, step, number):
    """The second fsync is that of the folder: the new file has its name by then, and is as whole as the old one."""
    path, model = old
    before, descriptors = path.read_bytes(), len(os.listdir("/proc/self/fd"))
    name, turn = step
    module, function = (os, name[3:]) if name.startswith("os.") else (tempfile, "mkstemp")
    genuine, calls = getattr(module, function), []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == turn:
            raise OSError(number, os.strerror(number), "/somewhere/else")
        return genuine(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(module, function, failing)
        with pytest.raises(OSError, match=FAILURES[number]) as error:
            save(model, path)
    assert error.value.filename == str(path) and error.value.errno == number
    assert os.listdir(path.parent) == ["m.json"] and len(os.listdir("/proc/self/fd")) == descriptors
    if step == ("os.fsync", 2):
        assert load(path).kind == "LeastSquares" and path.read_bytes() != before
    else:
        assert path.read_bytes() == before
    save(model, path)
    assert load(path).line.reg_lambda == 1.0


LIMITED = """
import resource, signal, sys
import numpy as np
from trueline import LeastSquares
from trueline.ship import load, save
path, limit = sys.argv[1:]
X = np.random.default_rng(0).normal(size=(50, 30))
model = LeastSquares().fit(X, X.sum(axis=1))
save(model, path + ".warm")  # all that is imported on the way is there
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(getattr(resource, limit), (100 if limit == "RLIMIT_FSIZE" else 3,) * 2)
try:
    save(model, path, X=X, y=X.sum(axis=1))
except OSError as error:
    print(error.errno, error.filename)
"""


@pytest.mark.parametrize(
    ("limit", "number"), [("RLIMIT_FSIZE", errno.EFBIG), ("RLIMIT_NOFILE", errno.EMFILE)], ids=["size", "files"]
)
def test_34_a_real_limit_of_the_system(old, limit, number):
    """The kernel itself says no in the middle of the write: files may not grow, or none can be opened."""
    path, _ = old
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", LIMITED, path, limit], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [str(number), str(path)], done.stderr[-2000:]
    assert path.read_bytes() == before and sorted(os.listdir(path.parent)) == ["m.json", "m.json.warm"]


def test_34_a_folder_that_is_none(old, tmp_path):
    _, model = old
    for place in (tmp_path / "gone" / "m.json", tmp_path / "m.json" / "m.json"):
        with pytest.raises(OSError, match=r"m\.json") as error:
            save(model, place)
        assert error.value.filename == str(place)


@pytest.mark.parametrize("step", ["tempfile.mkstemp", "os.fsync", "os.link"])
def test_34_a_key_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch, step):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(step, full)
        with pytest.raises(OSError, match=r"k\.key"):
            keygen(tmp_path / "k")
    assert os.listdir(tmp_path) == []


def test_31_a_model_of_numbers_that_are_none_is_not_written(old, tmp_path):
    path, _ = old
    before = path.read_bytes()
    for name in ("coef_", "intercept_"):
        for value in (np.nan, np.inf):
            broken = LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
            setattr(broken, name, np.array([value]) if name == "coef_" else value)
            with pytest.raises(OptionError, match="cannot be written"):
                save(broken, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("where", ["X", "y", "predict"])
def test_13_complex_numbers_in_scikit_learn_s_words(old, tmp_path, where):
    path, model = old
    X, y = np.array([[0.0], [1.0], [2.0], [4.0]]), np.array([1.0, 3.0, 5.0, 9.0])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Complex data not supported"):
        if where == "predict":
            load(path).predict(X + 1j)
        else:
            save(model, path, X=X + 1j if where == "X" else X, y=y + 1j if where == "y" else y)
    assert path.read_bytes() == before


def test_rows_that_cannot_be_read_leave_the_old_file(old):
    path, model = old
    before = path.read_bytes()
    with pytest.raises(CellsError, match="NaN"):
        save(model, path, X=[[np.nan]] * 4, y=[1.0] * 4)
    assert path.read_bytes() == before
