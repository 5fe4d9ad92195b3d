"""Run the comparison: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import accuracy, descent, drift, plots, poisoning, robust, speed
from .peers import PEERS, Peer, missing
from .report import Results, render

HERE = Path(__file__).parent
SHAPES = {"n": [(n, 20) for n in (1000, 10_000, 100_000, 1_000_000, 4_000_000)],
          "d": [(200_000, d) for d in (2, 5, 10, 20, 50, 100, 200)]}  # fmt: skip
QUICK_SHAPES = {"n": [(n, 20) for n in (1000, 10_000, 100_000, 300_000)],
                "d": [(20_000, d) for d in (2, 5, 20, 100, 200)]}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, then write the page and the pictures."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    skipped = {peer.name: reason for peer in PEERS if (reason := missing(peer))}
    for name, reason in skipped.items():
        print(f"skipped: {name} ({reason})")
    peers = [peer for peer in PEERS if peer.name not in skipped]
    results = measure(peers, skipped, options.quick)
    (options.out / "results.md").write_text(render(results), encoding="utf-8")
    for axis, shapes in (QUICK_SHAPES if options.quick else SHAPES).items():
        say(f"picture: time against {axis}")
        plots.draw(speed.curve(peers, axis, shapes, 0.7 if options.quick else 8.0), options.out / f"time-vs-{axis}.png")
    say(f"written: {options.out / 'results.md'} and two pictures")
    return 0


def measure(peers: Sequence[Peer], skipped: dict[str, str], quick: bool) -> Results:
    """All tables."""
    part, repeats, budget = (8, 7, 0.7) if quick else (1, 9, 12.0)
    say("table 1: right at the defaults")
    cases, left_out = accuracy.hard_cases()
    right = accuracy.table(peers, cases)
    polynomials = accuracy.table(peers, accuracy.wampler_cases())
    say("table 2: fits of tall data")
    races = speed.fits(peers, [(rows // part, columns) for rows, columns in speed.SHAPES], repeats, budget)
    say("table 3: gradients, epochs, Huber")
    rows, columns = 4_000_000 // part, 20
    gradients = [descent.gradients(rows, columns, dtype, 2 * repeats, budget) for dtype in ("float64", "float32")]
    epochs = descent.epochs(rows, columns, repeats, budget)
    huber = descent.huber(100_000 // (4 if quick else 1), columns, repeats, budget)
    say("table 3: robust fits")
    robust_races = robust.robust_fits(rows, columns, 3, budget)
    say("table 4: poison")
    poisoned, not_poisoned = poisoning.protocols()
    for reason in not_poisoned:
        print(f"skipped: {reason}")
    say("table 5: drift")
    drifted = drift.measure_drift(quick)
    load = os.getloadavg()[0]
    return Results(quick, load, skipped, cases, left_out, right, polynomials, races, gradients, epochs, huber,
                   robust_races, poisoned, not_poisoned, drifted)  # fmt: skip


def say(text: str) -> None:
    print(f"[{time.process_time():6.0f} s of processor] {text}", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="an eighth of the rows, under two minutes")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for results.md and the pictures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
