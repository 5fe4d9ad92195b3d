"""write_whole and write_new: the old file or the new one, never a part, never a leftover."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from trueline.files import write_new, write_whole

OLD, NEW = b"old", b"new content"
WRITER = """
import sys
from trueline.files import write_whole
print("ready", flush=True)
for turn in range(10**9):
    write_whole(sys.argv[1], bytes([97 + turn % 26]) * 3_000_000)
"""


def mode(path):
    return path.stat().st_mode & 0o777


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def umask():
    """Set the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("content", [b"", NEW, bytes(range(256)) * 10_000])
def test_the_content_is_written_and_nothing_else(tmp_path, content):
    path = tmp_path / "a.bin"
    write_whole(path, content)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_existing_file_is_replaced(target):
    write_whole(str(target), NEW)
    assert target.read_bytes() == NEW


def test_a_reader_of_the_old_file_keeps_it_whole(target):
    with target.open("rb") as reader:
        write_whole(target, NEW)
        assert reader.read() == OLD


def test_a_bare_name_is_written_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole("a.json", NEW)
    assert (tmp_path / "a.json").read_bytes() == NEW


@pytest.mark.parametrize("before", [0o600, 0o640, 0o755])
def test_the_mode_of_the_old_file_is_kept(target, umask, before):
    umask(0o077)
    target.chmod(before)
    write_whole(target, NEW)
    assert mode(target) == before


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_gets_the_mode_the_umask_gives(tmp_path, umask, mask, expected):
    umask(mask)
    write_whole(tmp_path / "a", NEW)
    assert mode(tmp_path / "a") == expected
    assert os.umask(mask) == mask


@pytest.mark.parametrize("step", ["mkstemp", "fchmod", "fsync", "replace"])
def test_a_failing_step_leaves_the_old_file_and_names_it(target, monkeypatch, step):
    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/else")

    monkeypatch.setattr("tempfile.mkstemp" if step == "mkstemp" else f"os.{step}", fail)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_whole(target, NEW)
    monkeypatch.undo()
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(target)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


class FullDisk:
    """A stream that takes half of what it is given."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def fileno(self):
        return self.stream.fileno()

    def write(self, content):
        self.stream.write(content[: len(content) // 2])
        self.stream.flush()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_half_written_file_is_never_seen(target, monkeypatch):
    fdopen = os.fdopen
    monkeypatch.setattr("os.fdopen", lambda *args: FullDisk(fdopen(*args)))
    with pytest.raises(OSError, match="No space") as caught:
        write_whole(target, NEW)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_an_interrupt_leaves_the_old_file_and_is_passed_on(target, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(target, NEW)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_a_missing_folder_is_named_with_the_file(tmp_path):
    path = tmp_path / "missing" / "a.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, NEW)
    assert caught.value.filename == str(path)


def test_content_is_on_the_disk_before_it_gets_its_name(target, monkeypatch):
    calls = []

    def note(name):
        genuine = getattr(os, name)
        return lambda *args: (calls.append(name), genuine(*args))[1]

    for name in ("fsync", "replace"):
        monkeypatch.setattr(f"os.{name}", note(name))
    write_whole(target, NEW)
    assert calls == ["fsync", "replace", "fsync"]  # the last one is the folder's


def test_the_folder_of_the_file_is_synced_and_no_other(target, monkeypatch):
    synced, genuine = [], os.fsync

    def note(handle):
        synced.append(os.fstat(handle).st_ino)
        genuine(handle)

    monkeypatch.setattr("os.fsync", note)
    write_whole(target, NEW)
    assert synced[1] == target.parent.stat().st_ino and synced[0] == target.stat().st_ino


def test_a_folder_that_cannot_be_synced_at_all_is_no_fault(target, monkeypatch):
    genuine = os.fsync

    def refuse_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        genuine(handle)

    monkeypatch.setattr("os.fsync", refuse_folders)
    write_whole(target, NEW)
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("there", ["a file", "a dangling link", "a folder"])
def test_a_new_file_never_replaces_anything(tmp_path, there):
    path = tmp_path / "key"
    if there == "a file":
        path.write_bytes(OLD)
    elif there == "a folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError) as caught:
        write_new(path, NEW, 0o600)
    assert caught.value.filename == str(path) and os.listdir(tmp_path) == ["key"]
    assert there != "a file" or path.read_bytes() == OLD


def test_a_new_file_has_its_permissions_from_the_first_byte(tmp_path, umask, monkeypatch):
    umask(0)
    seen, genuine = [], os.fsync
    monkeypatch.setattr("os.fsync", lambda handle: (seen.append(os.fstat(handle).st_mode & 0o777), genuine(handle))[1])
    write_new(tmp_path / "key", NEW, 0o600)
    assert seen[0] == 0o600 == mode(tmp_path / "key") and (tmp_path / "key").read_bytes() == NEW
    assert os.listdir(tmp_path) == ["key"] and (tmp_path / "key").stat().st_nlink == 1


@pytest.mark.parametrize("after", [0.0, 0.003, 0.011, 0.05, 0.12])
def test_a_kill_in_the_middle_leaves_old_or_new(target, after):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
    content = target.read_bytes()
    assert content == OLD or (len(content) == 3_000_000 and len(set(content)) == 1)
