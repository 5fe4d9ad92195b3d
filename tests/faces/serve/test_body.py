"""Bodies: no more bytes than allowed, chunked ones included, and no longer than allowed."""

from __future__ import annotations

import asyncio
import json

import pytest

from trueline.faces.serve.body import LINGER, ClientGoneError, read_body
from trueline.faces.serve.refusals import RefusedError
from trueline.faces.serve.settings import Settings

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}


def given(*parts, gone=False, pause=0.0):
    """A `receive` that gives these parts, and says how many bytes were taken."""
    left, taken = list(parts), []

    async def receive():
        await asyncio.sleep(pause)
        if not left:
            return {"type": "http.disconnect"}
        taken.append(left.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": bool(left) or gone}

    return receive, taken


def read(receive, headers=None, **settings):
    return asyncio.run(read_body(receive, headers or {}, Settings(**settings)))


def test_parts_are_put_together():
    assert read(given(b"ab", b"", b"c")[0]) == b"abc"
    assert read(given(b"")[0]) == b""


@pytest.mark.parametrize("headers", [{}, {"content-length": "3"}, {"content-length": "999999999999"}], ids=str)
def test_too_many_bytes_are_refused_and_never_kept(headers):
    receive, taken = given(*[b"x" * 100] * 1000)
    with pytest.raises(RefusedError, match="1000 bytes") as caught:
        read(receive, headers, max_body=1000)
    assert caught.value.status == 413 and caught.value.headers == {"Connection": "close"}
    assert sum(map(len, taken)) <= LINGER * 1000 + 100  # it hears why, if it stops soon


def test_one_byte_too_many():
    assert len(read(given(b"x" * 1000)[0], max_body=1000)) == 1000
    with pytest.raises(RefusedError):
        read(given(b"x" * 1001)[0], max_body=1000)


def test_a_caller_who_waits_for_a_word_is_told_before_it_sends():
    receive, taken = given(b"x")
    with pytest.raises(RefusedError):
        read(receive, {"content-length": "1001", "expect": "100-continue"}, max_body=1000)
    assert taken == []


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 400, "", "1,1"])
def test_a_length_that_is_none(length):
    with pytest.raises(RefusedError):
        read(given(b"x")[0], {"content-length": length})


def test_slow_and_gone():
    with pytest.raises(RefusedError) as caught:
        read(given(*[b"x"] * 100, pause=0.02)[0], timeout=0.1)
    assert (caught.value.status, caught.value.headers) == (408, {"Connection": "close"})
    with pytest.raises(ClientGoneError):
        read(given(b"x", gone=True)[0])


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ('application/json;charset="utf-8"', 200),
        ("text/plain", 415),
        ("", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-16", 415),
        ("application/jsonp", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json, text/plain", 415),
    ],
)
def test_content_types(served, kind, status):
    assert served.ask({"rows": [GOOD]}, content_type=kind).status_code == status


def test_compressed_bodies_are_refused(served):
    assert served.error({"rows": [GOOD]}, content_encoding="gzip")[0] == 415


def test_an_oversized_request(serve):
    served = serve(max_body=1000)
    status, error = served.error(json.dumps({"rows": [GOOD] * 100}).encode())
    assert (status, error["reason"]) == (413, "too_large") and "1000 bytes" in error["message"]
