"""What the tests of the registry share: model files, audits, and a process that registers in a loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import trueline
from trueline import LeastSquares
from trueline.ship import load, save

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trueline.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}

# Registers again and again, and says which version it got.
LOOP = """
import sys
from trueline.errors import RegistryConflictError
from trueline.ship import Registry
uri, path, name, times = sys.argv[1:5]
for _ in range(int(times)):
    expected = int(sys.argv[5]) if len(sys.argv) > 5 else None
    try:
        print(Registry(uri).register(path, name, expect_version=expected).version, flush=True)
    except RegistryConflictError as error:
        print("conflict", error.winner, flush=True)
"""

# Forks children that register again and again, and kills each some time after its start, or after its first version.
KILLS = """
import os, random, signal, sys, time
from trueline.ship import Registry
from trueline.ship.registry.calls import connect
uri, path, name, rounds, since, longest = sys.argv[1:7]
connect(uri)  # MLflow is imported once
random.seed(7)
for _ in range(int(rounds)):
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        while True:
            os.write(theirs, b"%d\\n" % Registry(uri).register(path, name).version)
    os.close(theirs)
    told = os.read(ours, 1000) if since == "version" else b""
    time.sleep(random.uniform(0, float(longest)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(ours, 1000):
        told += more
    os.close(ours)
    print(told.decode(), end="", flush=True)
"""


def write_model(path: Path, slope: float = 2.0, training: dict[str, Any] | None = None, **options: Any) -> Path:
    """A line of this slope through 20 rows, as a file."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(20, 1))
    save(LeastSquares().fit(X, slope * X[:, 0] + rng.normal(size=20)), path, X=X, y=X[:, 0], training=training,
         **options)  # fmt: skip
    return path


def write_audit(path: Path, of_model: Path, severities: dict[str, str], **changes: Any) -> Path:
    """An audit's JSON, as far as a registry reads it: of this model, with a finding of each rule."""
    of = load(of_model)
    values = {
        "findings": [{"rule_id": rule, "severity": severity, "title": f"{rule} was found", "where": ["x"],
                      "fingerprint": "-"} for rule, severity in severities.items()],
        "incomplete": [],
        "model": {"intercept": of.intercept_,
                  "coefficients": [{"feature": "x", "value": value} for value in of.coef_.tolist()]},
    }  # fmt: skip
    path.write_text(json.dumps(values | changes))
    return path


def kills(uri: str, path: Path, name: str, rounds: int, since: str, longest: float) -> list[int]:
    """The versions that killed processes were told they got."""
    words = [sys.executable, "-c", KILLS, uri, str(path), name, str(rounds), since, str(longest)]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    return [int(line) for line in done.stdout.split()]


def loop(uri: str, path: Path, name: str, times: int, *expected: int) -> subprocess.Popen[str]:
    """Another process that registers `times` times."""
    words = [sys.executable, "-c", LOOP, uri, str(path), name, str(times), *map(str, expected)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
