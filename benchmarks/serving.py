"""Requests a second and their 99th percentile: trueline's server against a bare FastAPI endpoint that echoes the body.

``python -m benchmarks.serving``. Both run as processes of their own under uvicorn, one worker each; one client asks
them in turns, over connections that stay open. What counts is the ratio in one run: it says what strict parsing, the
schema, keys, metrics and the log cost on top of the framework.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

COLUMNS = 8
PEER = """
import asyncio, sys
import uvicorn
from typing import Any
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()

@app.post("/{path:path}")
async def echo(request: Request) -> JSONResponse:
    return JSONResponse(await request.json())

uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning", http="httptools")
"""


@dataclass
class Contestant:
    """A server, and how long its answers took, in seconds."""

    name: str
    process: int
    port: int
    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    spent: float = 0.0

    @property
    def p99(self) -> float:
        return float(np.quantile(self.seconds, 0.99))

    @property
    def work(self) -> float:
        """Processor time of one request: hardly moved by what else the machine does."""
        return self.spent / len(self.seconds)

    def clock(self) -> float:
        """Processor time that the server has used so far, where the system tells."""
        try:
            fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget(self) -> None:
        """Begin anew, warm."""
        self.rates, self.seconds, self.spent = [], [], 0.0


class Caller(asyncio.Protocol):
    """One connection: the same request again as soon as its answer is there."""

    def __init__(self, request: bytes, until: float, seconds: list[float]) -> None:
        self.request, self.until, self.seconds = request, until, seconds
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.started = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self.buffer[:500].decode()))
            return
        now = time.perf_counter()
        self.seconds.append(now - self.started)
        self.buffer = b""
        if now < self.until:
            self.ask()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError("the server hung up"))


async def turn(contestant: Contestant, body: bytes, seconds: float, callers: int, headers: str = "") -> None:
    """Ask one server for so long, over so many connections."""
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    loop, taken = asyncio.get_running_loop(), list[float]()
    started, before = time.perf_counter(), contestant.clock()
    made = [await loop.create_connection(lambda: Caller(request, started + seconds, taken), "127.0.0.1",
                                         contestant.port) for _ in range(callers)]  # fmt: skip
    await asyncio.gather(*(protocol.done for _, protocol in made))
    contestant.rates.append(len(taken) / (time.perf_counter() - started))
    contestant.seconds += taken
    contestant.spent += contestant.clock() - before


def body_of(rows: int) -> bytes:
    """A request of so many rows."""
    values = np.random.default_rng(0).uniform(-1, 1, (rows, COLUMNS))
    return json.dumps({"rows": [{f"column_{j}": float(v) for j, v in enumerate(row)} for row in values]}).encode()


@contextlib.contextmanager
def servers(guarded: bool) -> Iterator[tuple[Contestant, Contestant, str]]:
    """Both, listening; and the headers that ours wants."""
    with tempfile.TemporaryDirectory() as folder:
        headers, flags = _model(Path(folder), guarded)
        ours = subprocess.Popen(
            [sys.executable, "-m", "trueline.faces.cli", "serve", "model.json", "--port", "0", *flags],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=_environment(),
        )  # fmt: skip
        port = _free_port()
        peer = subprocess.Popen([sys.executable, "-c", PEER, str(port)], env=_environment())
        try:
            yield (Contestant("trueline", ours.pid, _announced(ours)), Contestant("FastAPI echo", peer.pid, port),
                   headers)  # fmt: skip
        finally:
            for process in (ours, peer):
                process.terminate()
                process.wait(20)


def _model(folder: Path, guarded: bool) -> tuple[str, list[str]]:
    from trueline import LeastSquares, Schema
    from trueline.ship import save

    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (5000, COLUMNS)) * 1.01
    names = [f"column_{j}" for j in range(COLUMNS)]
    import pyarrow as pa

    y = X @ np.arange(1.0, COLUMNS + 1) + rng.standard_normal(len(X))
    table = pa.table({**{name: X[:, j] for j, name in enumerate(names)}, "y": y})
    save(LeastSquares().fit(X, y), folder / "model.json", schema=Schema.learn(table, "y"), X=X, y=y)
    if not guarded:
        return "", []
    words = [sys.executable, "-m", "trueline.faces.cli", "apikey", "new", "--file", "keys.json", "--json"]
    made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, env=_environment())
    return f"X-API-Key: {json.loads(made.stdout)['key']}\r\n", ["--keys", "keys.json", "--rate", "1000000/second"]


def _environment() -> dict[str, str]:
    import trueline

    return {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1])}


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _announced(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r":(\d+) \(Ctrl", line):
            return int(found[1])
    raise RuntimeError("trueline serve did not start")


def _wait(port: int) -> None:
    import socket

    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)


def compare(rows: int, rounds: int, seconds: float, callers: int, guarded: bool) -> dict[str, float]:
    """Both in turns; the medians of their rounds, and the ratios."""
    body = body_of(rows)
    with servers(guarded) as (ours, peer, headers):
        for contestant in (ours, peer):
            _wait(contestant.port)
            _run(turn(contestant, body, 0.5, callers, headers))
            contestant.forget()
        for _ in range(rounds):
            for contestant in (ours, peer):
                _run(turn(contestant, body, seconds, callers, headers))
    rate, of = statistics.median(ours.rates), statistics.median(peer.rates)
    pairs = statistics.median(a / b for a, b in zip(ours.rates, peer.rates, strict=True))
    return {"rows": rows, "rate": rate, "peer_rate": of, "rate_ratio": pairs,
            "p99_ms": 1000 * ours.p99, "peer_p99_ms": 1000 * peer.p99, "p99_ratio": ours.p99 / peer.p99,
            "cpu_us": 1e6 * ours.work, "peer_cpu_us": 1e6 * peer.work, "cpu_ratio": ours.work / peer.work}  # fmt: skip


def _run(work: object) -> None:
    import uvloop

    uvloop.run(work)  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for every size of body."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="of one round")
    parser.add_argument("--callers", type=int, default=8, help="connections at once")
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--guarded", action="store_true", help="with API keys and a rate limit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    for rows in options.rows:
        found = compare(rows, options.rounds, options.seconds, options.callers, options.guarded)
        if options.json:
            print(json.dumps(found), flush=True)
            continue
        print(f"{rows:4d} rows: {found['rate']:6.0f}/s against {found['peer_rate']:6.0f}/s, ratio "
              f"{found['rate_ratio']:.2f}; p99 {found['p99_ms']:.2f} ms against {found['peer_p99_ms']:.2f} ms, ratio "
              f"{found['p99_ratio']:.2f}; processor {found['cpu_us']:.0f} us against {found['peer_cpu_us']:.0f} us a "
              f"request", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
