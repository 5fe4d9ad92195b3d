"""The cheapest positions of levers that together win a gain: branch and bound, or bisection for L-infinity."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .levers import Lever, Piece
from .relaxation import fill

__all__ = ["Found", "cheapest", "farthest"]

WORK = 300_000  # levers looked at before the search gives up proving: some seconds
TIE = 1e-10  # relative differences of cost below this are not searched for

Ends = tuple[float, ...]


@dataclass(frozen=True)
class Found:
    """Positions of the levers, what they cost, and a cost below which nothing can be found."""

    positions: Ends
    cost: float
    bound: float


def farthest(levers: Sequence[Lever]) -> Ends:
    """Every lever at its top."""
    return tuple(lever.top for lever in levers)


def cheapest(levers: Sequence[Lever], need: float, norm: float, slack: float, nodes: int | None = None) -> Found:
    """Least cost over positions whose gains sum to at least `need`.

    Parameters
    ----------
    levers : sequence of Lever
        All of them at their tops win at least `need`.
    need : float
        In the units of the output.
    norm : float
        1, 2 or inf. Costs are returned as norms, not as their squares.
    slack : float
        A shortfall that is rounding.
    nodes : int, optional
        Relaxations solved at most; after that the answer stands, and `bound` says how far it may be from the best.
    """
    if norm == np.inf:
        return _least_budget(levers, need, slack)
    found = _Search(levers, need, norm, slack).run(max(WORK // max(len(levers), 1), 100) if nodes is None else nodes)
    return found if norm == 1 else Found(found.positions, float(np.sqrt(found.cost)), float(np.sqrt(found.bound)))


def _least_budget(levers: Sequence[Lever], need: float, slack: float) -> Found:
    """Gains rise with the budget alone, so bisection down to neighbouring floats finds the least one."""

    def won(budget: float) -> float:
        return sum(lever.gain(lever.within(budget, np.inf)) for lever in levers)

    low, high = 0.0, 1.0
    while won(high) < need - slack and high < 1e300:
        low, high = high, high * 2
    while won(high / 2) >= need - slack and high > 1e-300:
        high /= 2
        low = min(low, high / 2)
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (low, middle) if won(middle) >= need - slack else (middle, high)
    positions = tuple(lever.within(high, np.inf) for lever in levers)
    return Found(positions, high, high)


class _Search:
    """Best first: the node whose relaxation is cheapest is cut next, so the smallest bound left proves the answer."""

    def __init__(self, levers: Sequence[Lever], need: float, norm: float, slack: float) -> None:
        self.levers, self.need, self.norm, self.slack = levers, need, norm, slack
        top = farthest(levers)
        finite = all(np.isfinite(top))
        self.best: tuple[float, Ends] = (self._cost(top), top) if finite else (np.inf, top)

    def run(self, nodes: int) -> Found:
        heap: list[tuple[float, int, Ends, Ends, Ends]] = []
        self._open(heap, tuple(0.0 for _ in self.levers), farthest(self.levers), 0)
        count = 1
        while heap and heap[0][0] < self.best[0] * (1 - TIE) and count < nodes:
            _, _, lows, highs, positions = heapq.heappop(heap)
            cut = self._cut(lows, highs, positions)
            if cut is None:
                continue  # its relaxation keeps every promise, and `_try` has it
            at, below, above = cut
            self._open(heap, lows, (*highs[:at], below, *highs[at + 1 :]), count)
            self._open(heap, (*lows[:at], above, *lows[at + 1 :]), highs, count + 1)
            count += 2
        cost, positions = self.best
        bound = min(heap[0][0], cost) if heap else cost
        return Found(positions, cost, cost if bound >= cost * (1 - TIE) else bound)

    def _open(self, heap: list[tuple[float, int, Ends, Ends, Ends]], lows: Ends, highs: Ends, number: int) -> None:
        """Solve a node's relaxation, round it up to an answer, and keep the node if it may hold a better one."""
        relaxed = self._relax(lows, highs)
        if relaxed is None or relaxed[0] >= self.best[0] * (1 - TIE):
            return
        node = zip(self.levers, lows, highs, relaxed[1], strict=True)
        settled = [lever.settle(low, high, position) for lever, low, high, position in node]
        answer = self._relax(tuple(low for low, _ in settled), tuple(high for _, high in settled))
        if answer is not None and answer[0] < self.best[0]:
            self.best = answer
        heapq.heappush(heap, (relaxed[0], number, lows, highs, relaxed[1]))

    def _relax(self, lows: Ends, highs: Ends) -> tuple[float, Ends] | None:
        """Cost and positions with every lever taken as divisible between its ends; None where too little is won."""
        held = sum(lever.gain(low) for lever, low in zip(self.levers, lows, strict=True))
        stretches = [lever.pieces(low, high, self.norm)
                     for lever, low, high in zip(self.levers, lows, highs, strict=True)]  # fmt: skip
        pieces: list[Piece] = [piece for stretch in stretches for piece in stretch]
        won = fill(pieces, self.need - held, self.slack)
        if won is None:
            return None
        cost = sum(lever.cost(low, self.norm) for lever, low in zip(self.levers, lows, strict=True))
        cost += sum(piece.start * u + piece.bend * u * u for piece, u in zip(pieces, won, strict=True))
        rest, positions = iter(won.tolist()), []
        for lever, low, stretch in zip(self.levers, lows, stretches, strict=True):
            positions.append(lever.relaxed(low, [next(rest) for _ in stretch], stretch))
        return float(cost), tuple(positions)

    def _cut(self, lows: Ends, highs: Ends, positions: Ends) -> tuple[int, float, float] | None:
        """The lever to cut: of those that break a promise the one with most to win."""
        cuts = [(lever.gain(high) - lever.gain(low), i, cut)
                for i, (lever, low, high, position) in enumerate(zip(self.levers, lows, highs, positions, strict=True))
                if (cut := lever.split(low, high, position)) is not None]  # fmt: skip
        if not cuts:
            return None
        _, at, (below, above) = max(cuts)
        return at, below, above

    def _cost(self, positions: Ends) -> float:
        return sum(lever.cost(position, self.norm) for lever, position in zip(self.levers, positions, strict=True))
