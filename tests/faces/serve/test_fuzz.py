"""The parser and the reader under 100,000 bodies that nobody would send: an answer or a refusal, never a crash."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from trueline.faces.serve.open_inference import tensor_columns
from trueline.faces.serve.refusals import REASONS, RefusedError
from trueline.faces.serve.strict_json import parse

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
TENSORS = {"inputs": [{"name": name, "shape": [1], "datatype": kind, "data": [GOOD[name]]} for name, kind in
                      [("region", "BYTES"), ("rooms", "INT64"), ("age", "FP64"), ("balcony", "BOOL")]]}  # fmt: skip
SEEDS = [json.dumps(body).encode() for body in (
    {"rows": [GOOD]}, {"rows": [GOOD, GOOD]}, {"columns": {name: [cell] for name, cell in GOOD.items()}}, TENSORS,
)]  # fmt: skip
TOKENS = [
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"9" * 400,
    b"9" * 5000,
    b"null",
    b"true",
    b'"rows"',
    b'"columns"',
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b'"',
    b"\\",
    b"\\ud800",
    b"\xff",
    b"\0",
    b"[" * 300,
    b'{"a":' * 300,
    b"1.5",
    b'"south"',
    b'"east"',
    b"1e-400",
    b"0x10",
    b"1_000",
    b"\xef\xbb\xbf",
    b" ",
    b"\n",
    b"//",
    b'"age": 1,',
    b'"inputs"',
    b'"shape": [1]',
    b"-1",
    b'"\\u0000"',
    b"9007199254740993",
    b"1e308",
]


def answer(served, body):
    """What a request comes to; any other exception is a crash."""
    outcomes = []
    for read in (served.service.reader.read, tensors_of(served)):
        try:
            values = served.service.predict(read(parse(body)))
            assert all(abs(value) < float("inf") for value in values)
            outcomes.append("good")
        except RefusedError as error:
            assert error.reason in REASONS and len(error.body()) < 100_000
            json.loads(error.body())
            outcomes.append(error.reason)
    return outcomes


def tensors_of(served):
    reader = served.service.reader
    return lambda body: reader.read_columns(tensor_columns(body, reader.schema.columns)[0])


def mutated(rng):
    """A good body with some of it cut, doubled, moved or replaced."""
    body = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randint(1, 4)):
        at, to = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
        kind = rng.randrange(5)
        if kind == 0:
            body[at : min(to, at + 8)] = b""
        elif kind == 1:
            body[at:at] = body[at : min(to, at + 40)]
        elif kind == 2:
            body[at : at + rng.randrange(6)] = rng.choice(TOKENS)
        elif kind == 3:
            body[at:at] = rng.choice(TOKENS)
        elif body and at < len(body):
            body[at] ^= 1 << rng.randrange(8)
    return bytes(body)


def fuzz(served, inputs):
    rng, seen = random.Random(20_240_229), {}
    for _ in range(inputs):
        body = mutated(rng)
        for outcome in answer(served, body):
            seen[outcome] = seen.get(outcome, 0) + 1
    return seen


def test_two_thousand_mutants(serve):
    seen = fuzz(serve(policies={"extra": "warn"}, drift_window=0), 2000)
    assert {"good", "malformed", "wrong_shape", "wrong_columns", "wrong_cells"} <= set(seen)


@pytest.mark.faults
def test_a_hundred_thousand_mutants(serve):
    assert sum(fuzz(serve(drift_window=0), 100_000).values()) == 200_000


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*GOOD, "rows", "south", "inputs"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from([*GOOD, "rows", "inputs", "columns", "name", "shape", "data", "datatype"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()) | st.fixed_dictionaries(
    {"rows": st.lists(st.fixed_dictionaries(dict.fromkeys(GOOD, VALUES)), max_size=2)}
).map(lambda value: json.dumps(value).encode())  # fmt: skip


@pytest.mark.faults
def test_what_hypothesis_thinks_of(serve):
    served = serve(drift_window=0)

    @seed(11)
    @settings(max_examples=1500, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(BODIES)
    def check(body):
        answer(served, body)

    check()
