"""Faults 27 to 32 done for real: a damaged, foreign or hostile file is refused, and nothing in it runs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueline import LeastSquares, Schema
from trueline.errors import ArtifactError, TruelineError
from trueline.ship import keygen, load, loads, save
from trueline.ship.sealing import LARGEST_FILE, canonical, seal
from trueline.ship.writing import dumps

FUZZ = 25_000  # times four tests: 100,000 files


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A file that has everything: schema, snapshot, reference, moments, record and signature."""
    folder = tmp_path_factory.mktemp("full")
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=12), "r": ["n", "s", "w"] * 4, "y": rng.normal(size=12)})
    schema = Schema.learn(table, "y", one_hot=["r"])
    key = keygen(folder / "key")
    save(LeastSquares().fit(*schema.source(table).to_arrays()), folder / "m.json", X=table, y="y", schema=schema,
         training={"metrics": {"rows": 3, "rmse": 1.5}}, keep_moments=True, sign_with=key.private)  # fmt: skip
    assert load(folder / "m.json", require_signed=key.public).reference is not None
    return (folder / "m.json").read_bytes()


def refused(content):
    with pytest.raises(ArtifactError, match=r"^m\.json: ") as error:
        loads(content, "m.json")
    assert "\n" not in str(error.value)


def flipped(content, at, bit):
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


def test_28_flipped_bits_all_over_a_full_file(full):
    for at in range(0, len(full), 5):
        refused(flipped(full, at, at % 8))


@pytest.mark.faults
@pytest.mark.parametrize("bit", range(8))
def test_28_every_flipped_bit_of_a_full_file(full, bit):
    for at in range(len(full)):
        refused(flipped(full, at, bit))


def test_27_a_full_file_cut_off_here_and_there(full):
    for size in range(0, len(full), 7):
        refused(full[:size])


@pytest.mark.faults
def test_27_a_full_file_truncated_at_every_byte(full):
    for size in range(len(full)):
        refused(full[:size])


@pytest.mark.faults
def test_28_every_byte_lost_doubled_or_swapped_with_the_next(full):
    for at in range(len(full)):
        refused(full[:at] + full[at + 1 :])
        refused(full[:at] + full[at : at + 1] + full[at:])
        swapped = full[:at] + full[at + 1 : at + 2] + full[at : at + 1] + full[at + 2 :]
        if swapped != full:
            refused(swapped)


@pytest.mark.parametrize("of", [b"[],", b"{},", b"0,", b"[", b'"",', b"1e1,"], ids=repr)
def test_30_text_that_unpacks_to_gigabytes_is_refused_before_it_is_parsed(of):
    content = b'{"format": 1, "w": [' + of * ((LARGEST_FILE - 100) // len(of)) + b"0]}"
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError, match=r"more values than a model has|not a model file"):
            loads(content, "m.json")
        assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    finally:
        tracemalloc.stop()


def test_30_a_shape_is_not_believed(full):
    """Sizes that a file claims are held against what is there before anything of that size is made."""
    values = json.loads(full)
    for change in ({"mu": [0.0] * 10**5}, {"w": [0.0] * 10**5}, {"feature_names": ["a"] * 10**5}):
        refused(canonical(seal(values | change)))
    moments = values["moments"] | {"rows": 2**62, "pivot": [0.0] * 2000}
    refused(canonical(seal(values | {"moments": moments})))


def test_31_numbers_that_are_none_anywhere_in_a_full_file(full):
    """Every number of the file, one after the other, as NaN and as infinity, under a checksum made right again."""
    for number in ("NaN", "Infinity", "-Infinity"):
        for path in paths(json.loads(full)):
            values = json.loads(full)
            change(values, path, float(number))
            refused(json.dumps({**values, "sha256": "0" * 64}, indent=1).encode())


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def hostile(folder):
    """Files that do harm where they are opened as what they are."""
    sign = folder / "ran"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"pickle{protocol}", pickle.dumps(Bomb(sign), protocol)
    text = io.BytesIO()
    np.save(text, np.array([Bomb(sign)], dtype=object), allow_pickle=True)
    yield "npy", text.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../ran", "x")
        archive.writestr(str(sign), "x")
    yield "zip", packed.getvalue()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("../ran")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    yield "tar", packed.getvalue()
    yield "yaml", f"!!python/object/apply:os.system ['touch {sign}']".encode()
    yield "python", f"__import__('os').system('touch {sign}')".encode()
    yield "template", b'{"format": 1, "kind": "{{ cycler.__init__.__globals__.os.system(1) }}"}'


def test_32_nothing_in_a_file_runs_and_nothing_is_written(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for name, content in hostile(folder):
        for ending in ("json", "pkl", "zip"):
            path = folder / f"{name}.{ending}"
            path.write_bytes(content)
            with pytest.raises(ArtifactError, match=name):
                load(path)
            path.unlink()
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", folder]
    pickle.loads(pickle.dumps(Bomb(folder / "ran")))  # it is a bomb
    assert (folder / "ran").exists()


def test_32_links_pipes_and_devices(full, tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_bytes(full)
    link.symlink_to(real)
    model = load(link)  # reading through a link harms nobody
    save(model, link)  # writing replaces the link, never what it points to
    assert not link.is_symlink() and real.read_bytes() == full
    (tmp_path / "secret").write_text("root:x:0:0")
    (tmp_path / "steal.json").symlink_to(tmp_path / "secret")
    with pytest.raises(ArtifactError, match=r"steal\.json: not a model file") as error:
        load(tmp_path / "steal.json")
    assert "x:0:0" not in str(error.value)
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    with pytest.raises(OSError, match=r"loop\.json"):
        load(tmp_path / "loop.json")
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", "/dev/zero", "/dev/null"):
        with pytest.raises(ArtifactError, match="not a plain file"):
            load(path)


def test_29_of_a_later_format_nothing_else_is_believed(full):
    for later in (2, 7, 10**30):
        content = json.dumps({"format": later, "w": "whatever", "bomb": [[[[]]]]}).encode()
        with pytest.raises(ArtifactError, match=f"m.json: made by format {str(later)[:20]}, this reads up to 1"):
            loads(content, "m.json")


def test_30_little_memory_is_enough_to_refuse(tmp_path):
    """In a process that may not have more than the interpreter and a little."""
    (tmp_path / "m.json").write_bytes(b'{"format": 1, "w": [' + b"[]," * (LARGEST_FILE // 3 - 100) + b"0]}")
    script = (
        "import resource, sys\n"
        "from trueline.errors import ArtifactError\n"
        "from trueline.ship import load\n"
        "have = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (have + 200 * 2**20,) * 2)\n"
        "try: load(sys.argv[1])\n"
        "except ArtifactError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "m.json"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "more values than a model has" in done.stdout, done.stderr[-2000:]


def paths(value, path=()):
    """The way to every value inside, containers included."""
    yield path
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from paths(entry, (*path, key))
    elif isinstance(value, list):
        for at, entry in enumerate(value):
            yield from paths(entry, (*path, at))


def change(values, path, value):
    *way, last = path or ("b",)
    for step in way:
        values = values[step]
    values[last] = value


def judge(content):
    """Refused in one line, or a model that can be used, saved, and read again as the same."""
    try:
        model = loads(content, "m.json")
    except ArtifactError as error:
        assert str(error).startswith("m.json: ") and "\n" not in str(error), error
        return
    with suppress(TruelineError):
        assert np.isfinite(model.predict(np.zeros((1, len(model.coef_))))).all()
    again = dumps(model)  # 2 has become 2.0, -0.0 perhaps 0.0
    assert dumps(loads(again, "again")) == again


many = settings(max_examples=FUZZ, deadline=None, database=None, suppress_health_check=list(HealthCheck))
scalar = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 3), st.floats(), st.text(max_size=6),
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 2**63, 10**400, "", "0" * 64, "squared", "numeric", "clip"]),
)  # fmt: skip
anything = st.recursive(
    scalar,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
)


def way_into(values, at):
    """Some value inside, chosen by a number."""
    path = []
    while isinstance(values, dict | list) and values and (not path or at % 4):
        keys = list(values) if isinstance(values, dict) else range(len(values))
        path.append(keys[at % len(keys)])
        at, values = at // len(keys), values[path[-1]]
    return path


def resealed(values):
    try:
        body = canonical({name: value for name, value in values.items() if name != "sha256"} | {"signature": None})
    except (ValueError, TypeError):  # NaN, half a surrogate pair
        return None
    return body[:-3] + f',\n "sha256": "{hashlib.sha256(body).hexdigest()}"\n}}\n'.encode()


def fuzz_bytes(full, edits):
    content = bytearray(full)
    for at, byte, kind in edits:
        at %= len(content) + 1
        content[at : at + kind % 3] = bytes([byte]) * (kind // 3)
    judge(bytes(content))


def fuzz_values(full, edits):
    values = json.loads(full)
    for at, value, kind in edits:
        way = way_into(values, at)
        if kind == 0:
            change(values, way, value)
        else:
            *above, last = way
            group = values
            for step in above:
                group = group[step]
            if kind == 1:
                del group[last]
            elif isinstance(group, list):
                group.insert(last, value)
            else:
                group[f"{last}'"] = value
    if (content := resealed(values)) is not None:
        judge(content)


byte_edits = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255), st.integers(0, 8)), min_size=1, max_size=4)
value_edits = st.lists(st.tuples(st.integers(0, 10**9), anything, st.integers(0, 2)), min_size=1, max_size=3)


@settings(max_examples=200)
@given(byte_edits, value_edits, st.binary(max_size=200))
def test_a_few_strange_files_never_crash_the_loader(full, edits, values, content):
    fuzz_bytes(full, edits)
    fuzz_values(full, values)
    judge(content)


@pytest.mark.faults
@many
@given(byte_edits)
def test_fuzz_changed_bytes(full, edits):
    fuzz_bytes(full, edits)


@pytest.mark.faults
@many
@given(value_edits)
def test_fuzz_changed_values_under_a_right_checksum(full, edits):
    fuzz_values(full, edits)


@pytest.mark.faults
@many
@given(st.tuples(st.integers(0, 10**9), scalar, st.just(0)))
def test_fuzz_one_value_under_a_right_checksum(full, edit):
    fuzz_values(full, [edit])


@pytest.mark.faults
@many
@given(st.one_of(st.binary(max_size=300), anything.map(lambda value: json.dumps({"format": 1, "w": value}).encode())))
def test_fuzz_bytes_and_json_of_any_kind(content):
    judge(content)
