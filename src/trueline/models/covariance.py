"""Covariances of the coefficients that need the rows: heteroscedastic (HC0–HC3) and clustered, in one read.

Everything is summed in the orthonormal coordinates q of `Basis`, where (XᵀΩX)⁻¹ is I, so the sandwich is its filling.
With residual e, weight ω and leverage h = ω‖q‖² of a row:

=========  =====================================================  ===============================
kind       filling                                                source
=========  =====================================================  ===============================
HC0        Σ ω²e²qqᵀ                                              White (1980), theorem 1
HC1        HC0 · n/(n-p)                                          Hinkley (1977)
HC2        Σ ω²e²/(1-h)·qqᵀ                                       MacKinnon and White (1985)
HC3        Σ ω²e²/(1-h)²·qqᵀ                                      the same, without its -(1/n)
cluster    Σ_g s_g s_gᵀ · G/(G-1)·(n-1)/(n-p), s_g = Σ_g ω·e·q    Liang and Zeger (1986), CR1
=========  =====================================================  ===============================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..rows.executor import map_merge
from ..rows.source import Block, Source
from .basis import Array, Basis

__all__ = ["ALONE", "KINDS", "RowSums", "row_sums"]

KINDS = ("classical", "HC0", "HC1", "HC2", "HC3", "cluster")
POWER = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}  # of 1/(1-h)
ALONE = 1e-10  # 1-h below this has fewer than six digits: the row's own residual cannot be told from zero


@dataclass(frozen=True, eq=False)
class RowSums:
    """What one read of the rows adds up, in orthonormal coordinates; two of them add.

    Parameters
    ----------
    rows, weight : int, float
        Rows read, and Σω.
    squares : float
        Σωe², in squared units of y.
    gradient : ndarray (p,)
        Σωe·q: zero for the rows of the fit.
    filling : ndarray (p, p)
        Of the sandwich, without factors of n; zero for "classical" and "cluster".
    codes, scores : ndarray (groups,) and (groups, p)
        Clusters met in rows that count, and s_g of each; empty where none are asked for.
    alone : int
        First row (from 0) whose leverage is 1, or -1.
    """

    rows: int
    weight: float
    squares: float
    gradient: Array
    filling: Array
    codes: NDArray[np.intp]
    scores: Array
    alone: int

    def merge(self, other: RowSums) -> RowSums:
        """The sums over both."""
        codes, place = np.unique(np.concatenate([self.codes, other.codes]), return_inverse=True)
        scores = np.zeros((len(codes), len(self.gradient)))
        np.add.at(scores, place, np.concatenate([self.scores, other.scores]))
        return RowSums(
            self.rows + other.rows, self.weight + other.weight, self.squares + other.squares,
            self.gradient + other.gradient, self.filling + other.filling, codes, scores,
            self.alone if self.alone >= 0 else other.alone,
        )  # fmt: skip

    def covariance(self, cov: str, n: int) -> Array:
        """Of the coefficients in orthonormal coordinates, (p, p), for n rows that count."""
        p = len(self.gradient)
        if cov == "cluster":
            groups = len(self.codes)
            return (self.scores.T @ self.scores) * (groups / (groups - 1) * (n - 1) / (n - p))
        return self.filling * (n / (n - p)) if cov == "HC1" else self.filling


def row_sums(source: Source, basis: Basis, coef: Array, cov: str, groups: NDArray[np.intp] | None) -> RowSums:
    """Read the rows once and add up what `cov` needs.

    Parameters
    ----------
    source : Source
        The rows of the fit.
    basis : Basis
    coef : ndarray (n_features,)
        In the units of the data.
    cov : str
        One of `KINDS`.
    groups : ndarray (n_samples,) of int, optional
        The cluster of each row, by number.
    """
    return map_merge(
        partial(_block_sums, basis=basis, coef=coef, cov=cov, groups=groups), source.blocks(), RowSums.merge
    )


def _block_sums(block: Block, basis: Basis, coef: Array, cov: str, groups: NDArray[np.intp] | None) -> RowSums:
    q, e = basis.coordinates(block.X), basis.residuals(block.X, block.y, coef)
    omega = np.ones(len(e)) if block.weights is None else block.weights
    scores = q * (omega * e)[:, None]
    filling, alone = np.zeros((basis.size, basis.size)), -1
    codes, sums = np.empty(0, dtype=np.intp), np.empty((0, basis.size))
    if cov in POWER:
        left = 1.0 - omega * np.einsum("ij,ij->i", q, q)
        if POWER[cov] and (left < ALONE).any():
            alone = block.first + int(np.argmax(left < ALONE))
        push = scores / np.maximum(left, ALONE)[:, None] ** (POWER[cov] / 2)
        filling = push.T @ push
    elif groups is not None:
        own = groups[block.first : block.first + len(e)][omega > 0]
        codes, place = np.unique(own, return_inverse=True)
        sums = np.zeros((len(codes), basis.size))
        np.add.at(sums, place, scores[omega > 0])
    return RowSums(
        len(e), float(omega.sum()), float(omega @ np.square(e)), scores.sum(axis=0), filling, codes, sums, alone
    )
