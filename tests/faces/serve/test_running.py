"""A server as a process of its own: told to stop under load, it loses no answer."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import trueline
from trueline import Schema
from trueline.errors import ColumnsError
from trueline.faces.serve.running import _warm_up
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
BODY = json.dumps({"rows": [GOOD] * 20}).encode()
HEAD = (
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}


@pytest.fixture
def process(model_file, tmp_path):
    """``process("--drain", "1")`` gives the server and its port."""
    made = []

    def start(*flags):
        words = [sys.executable, "-m", "trueline.faces.cli", "serve", str(model_file), "--port", "0", *flags]
        with (tmp_path / "log.jsonl").open("w") as log:
            server = subprocess.Popen(words, stdout=log, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        made.append(server)
        said = ""
        for line in server.stderr:
            said += line
            if found := re.search(r":(\d+) \(Ctrl", line):
                return server, int(found[1]), said
        raise AssertionError(said)

    yield start
    for server in made:
        server.kill()
        server.wait()
        server.stderr.close()


def one(sock, request=HEAD + BODY):
    """One answer: its status and whether the connection stays; raises where none comes."""
    sock.sendall(request)
    return answered(sock)


def answered(sock):
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        part = sock.recv(65536)
        if not part:
            raise ConnectionError("no answer")
        buffer += part
    head, _, body = buffer.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head)[1])
    while len(body) < length:
        part = sock.recv(65536)
        if not part:
            raise ConnectionError("half an answer")
        body += part
    return int(head[9:12]), b"connection: close" not in head.lower()


class Callers:
    """Threads that ask without a pause until the door is closed.

    `away` counts new connections that the system reset as the door closed, before the server could read anything of
    them: no server can prevent that, and nothing was answered that the caller did not get.
    """

    def __init__(self, port, number):
        self.port, self.good, self.away, self.lost = port, 0, 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._ask) for _ in range(number)]
        for thread in self.threads:
            thread.start()

    def _ask(self):
        while True:
            try:
                sock = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            except OSError:
                return  # nobody there: nothing was asked
            with sock:
                stays, fresh = True, True
                while stays:
                    try:
                        status, stays = one(sock)
                    except OSError as error:
                        with self.lock:
                            if fresh and isinstance(error, ConnectionResetError | BrokenPipeError):
                                self.away += 1
                            else:
                                self.lost.append(repr(error))
                        break
                    fresh = False
                    with self.lock:
                        self.good += 1
                        if status != 200:
                            self.lost.append(status)

    def join(self):
        for thread in self.threads:
            thread.join(30)


@pytest.mark.faults
@pytest.mark.parametrize("turn", range(5))
def test_told_to_stop_under_load_it_loses_no_answer(process, tmp_path, turn):
    server, port, _ = process("--drain", "0.5", "--timeout", "5")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(HEAD + BODY[:100])
        callers = Callers(port, 8)
        time.sleep(1.0)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as asked:
            status, stays = one(asked, b"GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (status, stays) == (503, False)  # not ready, and still there
        time.sleep(0.8)
        slow.sendall(BODY[100:])  # the rest of what was begun
        assert answered(slow)[0] == 200
        callers.join()
    assert server.wait(20) == 0
    assert callers.lost == [] and callers.good > 100 and callers.away <= 2
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sum(line["path"] == "/predict" and line["status"] == 200 for line in lines) == callers.good + 1
    said = server.stderr.read()
    assert "has been answered" in said and "Cancel" not in said


def test_what_it_says_and_how_it_ends(process, model_file):
    server, port, said = process("--drain", "0")
    for words in ("flats@1: LeastSquares, 4 columns, predicts price", "checked at load: checksum (SHA-256 ",
                  "API keys: none", "10000 rows, 1048576 bytes", f"127.0.0.1:{port}", "one process"):  # fmt: skip
        assert words in said, words
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        assert one(sock) == (200, True)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert sock.recv(10) == b""


def test_names_that_no_table_may_have_are_found_before_anybody_asks(model):
    columns = (replace(model.schema.columns[0], name="a\u202eb"),)  # of levels alone: the short way knows no better
    schema = Schema(columns)
    service = Service(Named(replace(model, schema=schema, reference=None), schema, "strange"), Settings())
    with pytest.raises(ColumnsError, match="invisible"):
        _warm_up(service)


@pytest.mark.faults
def test_a_second_ctrl_c_does_not_wait(process):
    server, port, _ = process("--drain", "60")
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as sock:
        sock.sendall(HEAD)
        time.sleep(0.3)
        server.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert server.poll() is None
        server.send_signal(signal.SIGINT)
        server.wait(10)
