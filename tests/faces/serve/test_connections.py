"""Sockets that do not behave: idle, slow, half closed, gone. Health stays fast, and whoever asks is answered."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import socket
import threading
import time

import httpx
import pytest

from trueline.faces.serve import connections

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
BODY = json.dumps({"rows": [GOOD]}).encode()
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def connect(port):
    made = socket.create_connection(("127.0.0.1", port), timeout=30)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def hear(sock):
    """All that comes until the server hangs up."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def error_of(answer):
    """What a refusal says."""
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def health(port, times=20):
    """The slowest of some answers to /v2/health/live, in seconds."""
    slowest = 0.0
    for _ in range(times):
        started = time.perf_counter()
        answer = httpx.get(f"http://127.0.0.1:{port}/v2/health/live", timeout=10)
        assert answer.status_code == 200
        slowest = max(slowest, time.perf_counter() - started)
    return slowest


def test_a_head_must_come_in_time(listening, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    port, _ = listening()
    with connect(port) as silent, connect(port) as slow:
        slow.sendall(HEAD)
        started = time.perf_counter()
        assert hear(silent) == hear(slow) == b""
        assert 0.1 < time.perf_counter() - started < 5
    with connect(port) as twice:  # also the second head of a connection
        twice.sendall(WHOLE)
        assert twice.recv(65536).startswith(b"HTTP/1.1 200")
        twice.sendall(b"GET ")
        assert hear(twice) == b""


def test_a_head_must_stay_small(listening):
    port, _ = listening()
    with connect(port) as sock:
        started = time.perf_counter()
        sock.sendall(HEAD)
        with contextlib.suppress(ConnectionError):
            for i in range(200):
                sock.sendall(b"X-%d: %s\r\n" % (i, b"x" * 1000))
        assert hear(sock)[:12] in (b"", b"HTTP/1.1 431")  # who never stops to listen may miss the answer
        assert time.perf_counter() - started < connections.HEAD_SECONDS / 2
    assert health(port, 1) < 5
    with connect(port) as sock:  # a large body is no head
        body = json.dumps({"rows": [GOOD] * 2000}).encode()
        assert len(body) > connections.LARGEST_HEAD
        sock.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert hear(sock).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"X: %s\r\n\r\n" % (b"x" * connections.LARGEST_HEAD)],
        [HEAD + b"X: y\r\n" * 11_000 + b"\r\n"],
        [HEAD + b"X: ", b"x" * connections.LARGEST_HEAD],
    ],
    ids=["one header", "many headers", "two pieces"],
)
def test_who_sends_too_large_a_head_is_told(listening, pieces):
    port, served = listening()
    with connect(port) as sock:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(0.1)
        answer = hear(sock)
    assert answer.startswith(b"HTTP/1.1 431 ") and error_of(answer)["reason"] == "large_head"
    assert "65536 bytes" in error_of(answer)["message"]
    assert served.service.metrics.registry.get_sample_value("trueline_refusals_total", {"reason": "large_head"}) == 1


def test_a_body_must_come_in_time(listening):
    port, _ = listening(timeout=0.5)
    with connect(port) as sock:
        sock.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        answer = hear(sock)
    assert answer.startswith(b"HTTP/1.1 408") and b'"too_slow"' in answer and b"connection: close" in answer.lower()


def test_chunked_bodies_have_the_same_limit(listening):
    port, _ = listening(max_body=1000)
    with connect(port) as sock:
        sock.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                sock.sendall(b"64\r\n" + b"x" * 100 + b"\r\n")
            sock.sendall(b"0\r\n\r\n")
        assert hear(sock).startswith(b"HTTP/1.1 413")
    with connect(port) as sock:
        sock.sendall(HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        sock.sendall(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n")
        assert hear(sock).startswith(b"HTTP/1.1 200")


def test_an_announced_giant_hears_413(listening):
    port, _ = listening(max_body=1000, timeout=0.5)
    with connect(port) as sock:
        sock.sendall(HEAD + b"Content-Length: 9999999999\r\n\r\n" + b"x" * 100)
        assert hear(sock).startswith(b"HTTP/1.1 413")
    with connect(port) as sock:
        sock.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 9999\r\n\r\n")
        assert hear(sock).startswith(b"HTTP/1.1 413")


def test_half_closed_callers_are_answered(listening):
    port, _ = listening()
    slow = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"  # a thread answers: the goodbye is heard before
    for request, words in [(WHOLE, b"predictions"), (slow, b"trueline_ready")] * 5:
        with connect(port) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            answer = hear(sock)
            assert answer.startswith(b"HTTP/1.1 200") and words in answer
    with connect(port) as sock:
        sock.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        sock.shutdown(socket.SHUT_WR)
        assert hear(sock) == b""
    assert health(port, 1) < 5


NONSENSE = {
    b"hello\r\n\r\n": "Invalid method",
    b"BREW / HTTP/1.1\r\n\r\n": "Invalid method",
    b"\x16\x03\x01\x02\x00\x01": "Invalid method",
    b"GET / HTTP/9.9\r\n\r\n": "Invalid HTTP version",
    b"GET /\xff HTTP/1.1\r\n\r\n": "Invalid char in url",
    b"GET http://[::x/ HTTP/1.1\r\n\r\n": "address",
    HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n": "Content-Length",
    HEAD + b"Content-Length: -5\r\n\r\n": "Content-Length",
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n": "Transfer-Encoding can't be present",
    HEAD + b"Transfer-Encoding: xchunked\r\n\r\n": "Transfer-Encoding",
    WHOLE.replace(b"\r\n", b"\n"): "CR",
}


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda each: each[:20].decode("latin-1"))
def test_what_is_no_http_gets_the_one_shape(listening, nonsense):
    log = io.StringIO()
    port, served = listening(log=log)
    with connect(port) as sock:
        sock.sendall(nonsense)
        answer = hear(sock)
    error = error_of(answer)
    assert (
        answer.startswith(b"HTTP/1.1 400 ")
        and error["reason"] == "malformed"
        and NONSENSE[nonsense] in error["message"]
    )
    served.service.log._write_waiting()
    lines = map(json.loads, log.getvalue().splitlines())
    [line] = [line for line in lines if line["status"] != 499]  # a head that was good has a line of its own
    assert (line["method"], line["path"], line["status"], line["reason"]) == ("-", "-", 400, "malformed")
    assert f"x-request-id: {line['id']}".encode() in answer and line["client"] == "127.0.0.1"
    count = served.service.metrics.registry.get_sample_value
    assert count("trueline_requests_total", {"route": "other", "status": "400"}) == 1
    assert count("trueline_refusals_total", {"reason": "malformed"}) == 1
    assert health(port, 1) < 5


def test_nonsense_behind_a_request_does_not_cost_its_answer(listening):
    port, _ = listening()
    with connect(port) as sock:
        sock.sendall(WHOLE + b"nonsense\r\n\r\n")
        answer = hear(sock)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"connection: close" in answer.lower() and answer.count(b"HTTP") == 1
    with connect(port) as sock:  # characters were counted where bytes should have been
        sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (len(BODY) - 1) + BODY)
        answer = hear(sock)
    assert answer.startswith(b"HTTP/1.1 400 ") and "EOF while parsing" in error_of(answer)["message"]


def test_a_body_behind_an_offer_to_change_the_protocol(listening):
    """As some clients send it with every first request; the parser would take the body for the other protocol."""
    port, _ = listening()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    with connect(port) as sock:
        sock.sendall(WHOLE.replace(b"Content-Length", offer + b"Content-Length"))
        answer = hear(sock)
    assert answer.startswith(b"HTTP/1.1 400 ") and "send without Upgrade: h2c" in error_of(answer)["message"]
    with connect(port) as sock:
        sock.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n" + offer + b"\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_an_unread_answer_does_not_keep_a_connection(listening, monkeypatch):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.3)
    port, served = listening(max_body=2**24)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    body = json.dumps({"rows": [{**GOOD, "age": 20 + i / 7} for i in range(10_000)]}).encode()
    with sock:
        sock.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(100):  # answers pile up until the system takes no more of them
                sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        limit = time.perf_counter() + 10
        while served.service.answering and time.perf_counter() < limit:
            time.sleep(0.05)
        assert served.service.answering == 0  # not a byte was read, and nobody waits for that any more
    assert health(port, 1) < 5


@pytest.mark.faults
def test_a_thousand_idle_and_a_hundred_slow(listening, monkeypatch):
    """1000 that say nothing, 100 of one byte a second, 100 half closed: health stays fast, predictions come."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    port, served = listening(timeout=5.0)
    stop = threading.Event()
    with contextlib.ExitStack() as open_:
        idle = [open_.enter_context(connect(port)) for _ in range(1000)]
        slow = [open_.enter_context(connect(port)) for _ in range(100)]
        half = [open_.enter_context(connect(port)) for _ in range(100)]
        for sock in slow:
            sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY))
        for sock in half:
            sock.sendall(HEAD)
            sock.shutdown(socket.SHUT_WR)

        def drip():
            for byte in BODY:
                for sock in slow:
                    with contextlib.suppress(OSError):
                        sock.sendall(bytes([byte]))
                if stop.wait(1.0):
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert health(port, 50) < 1.0
            for _ in range(20):
                assert httpx.post(f"http://127.0.0.1:{port}/predict", content=BODY,
                                  headers={"content-type": "application/json"}).status_code == 200  # fmt: skip
            assert all(hear(sock).startswith(b"HTTP/1.1 408") for sock in slow[:5])
            assert hear(idle[0]) == b""  # ten seconds are over
            assert health(port, 20) < 1.0
        finally:
            stop.set()
            dripping.join()
    assert served.service.reading == 0


@pytest.mark.faults
def test_more_connections_than_there_is_room_for(listening, monkeypatch):
    """The longest idle make room, so that nobody can lock the others out."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 50)
    port, _ = listening()
    with contextlib.ExitStack() as open_:
        idle = [open_.enter_context(connect(port)) for _ in range(200)]
        started = time.perf_counter()
        assert health(port, 20) < 1.0
        assert hear(idle[0]) == b"" and time.perf_counter() - started < connections.HEAD_SECONDS / 2


@pytest.mark.faults
def test_callers_who_leave(listening):
    """Gone before the body, in the middle, and before the answer."""
    port, served = listening()
    for cut in (10, len(HEAD), len(WHOLE) - 5, len(WHOLE)):
        for _ in range(100):
            sock = connect(port)
            sock.sendall(WHOLE[:cut])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset, not a goodbye
            sock.close()
    assert health(port, 20) < 1.0
    time.sleep(0.5)
    assert served.service.answering == served.service.reading == 0
