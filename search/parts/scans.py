"""Scans of the library: sums of functions, and products of two, that come nearest to the target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.search.parts.language import Floats

Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
_NEW = 1e-4  # of a function's squares that the terms before it must leave
_NOTHING = 1e-13  # of the target's squares: what single precision cannot tell from 0
_EXACT = 1e-12
_TARGETS = 64  # that are compared with all functions at a time, which bounds the memory


@dataclass(frozen=True)
class Terms:
    """Functions whose sum, with factors and a constant, comes near.

    Attributes:
        places: of the functions in the library.
        left: share of the target's weighted squares, around their mean, that is left.
    """

    places: tuple[int, ...]
    left: float


class _Beam(NamedTuple):
    """A sum in the making: its functions, an orthonormal basis of them, what they leave."""

    places: tuple[int, ...]
    basis: Floats  # (functions + 1, rows), the constant first
    residual: Floats  # (rows,)
    free: Floats  # squares of each function of the library outside the basis, see `_freed`


@dataclass(frozen=True)
class SumScan:
    """Forward selection with a beam.

    Attributes:
        terms: functions of a sum that are tried in any case.
        further: more of them, as long as each makes the description shorter.
        width: sums of each size that go on.
        firsts: sums of one function that are listed.
    """

    terms: int = 4
    further: int = 0
    width: int = 8
    firsts: int = 24

    def sums(
        self, values: Singles, prices: Floats, z: Floats, weights: Floats, rows: int
    ) -> list[Terms]:
        """Sums that come near.

        Args:
            values: of the library, shape (N, rows of the scan).
            prices: description length of each function, nats.
            z: what is to be explained, shape (rows of the scan,).
            weights: of the rows.
            rows: of all data, by which the description of errors counts.
        """
        root = np.sqrt(weights / weights.mean())
        one = root / np.linalg.norm(root)
        target = z * root
        centred = target - one * (one @ target)
        whole = float(centred @ centred)
        if not whole > _NOTHING * float(target @ target):
            return []
        functions = values * root.astype(np.float32)
        squares = np.einsum("ij,ij->i", functions, functions).astype(np.float64)
        free = squares - (functions @ one.astype(np.float32)).astype(np.float64) ** 2
        beams, out = [_Beam((), one[None, :], centred, free)], list[Terms]()
        shortest = math.inf
        for size in range(1, self.terms + self.further + 1):
            count = self.firsts if size == 1 else self.width
            choices = self._choices(functions, squares, prices, beams, whole, rows, count)
            beams = _extended(functions, squares, beams, choices, count)
            out += [Terms(b.places, float(b.residual @ b.residual) / whole) for b in beams]
            if not beams or min(t.left for t in out) < _EXACT:
                break
            length = min(self._length(b, prices, whole, rows) for b in beams)
            if size >= self.terms and not length < shortest:
                break
            shortest = min(shortest, length)
            beams = _freed(functions, beams[: self.width])
        return out

    def _length(self, beam: _Beam, prices: Floats, whole: float, rows: int) -> float:
        """Description length of a beam's sum."""
        left = max(float(beam.residual @ beam.residual) / whole, _NOTHING)
        return 0.5 * rows * math.log(left) + float(prices[list(beam.places)].sum())

    def _choices(
        self, functions: Singles, squares: Floats, prices: Floats, beams: list[_Beam],
        whole: float, rows: int, count: int,
    ) -> list[tuple[float, int, int]]:  # fmt: skip
        """Description lengths of a beam with one function more, the shortest of each beam."""
        errors = np.stack([b.residual for b in beams]).astype(np.float32)
        shares = np.square((functions @ errors.T).T, dtype=np.float64, order="C")
        least = _NEW * squares
        choices: list[tuple[float, int, int]] = []
        for k, beam in enumerate(beams):
            new = beam.free > least
            gain = np.divide(shares[k], beam.free, out=np.zeros(len(new)), where=new)
            left = np.maximum(float(beam.residual @ beam.residual) - gain, _NOTHING * whole)
            length = 0.5 * rows * np.log(left / whole) + prices
            base = float(prices[list(beam.places)].sum())
            few = min(count, len(length) - 1)
            for p in np.argpartition(length, few)[:count].tolist():
                choices.append((float(length[p]) + base, k, p))
        return sorted(choices)


def _extended(
    functions: Singles, squares: Floats, beams: list[_Beam],
    choices: list[tuple[float, int, int]], count: int,
) -> list[_Beam]:  # fmt: skip
    """The first `count` different sums of the choices, what is free still that of their beams."""
    out: list[_Beam] = []
    seen: set[tuple[int, ...]] = set()
    for _, k, p in choices:
        beam = beams[k]
        key = tuple(sorted((*beam.places, p)))
        if key in seen:
            continue
        seen.add(key)
        direction = functions[p].astype(np.float64)
        for _ in range(2):
            direction = direction - beam.basis.T @ (beam.basis @ direction)
        norm = float(np.linalg.norm(direction))
        if not norm > 1e-6 * math.sqrt(squares[p]):
            continue
        direction /= norm
        residual = beam.residual - direction * float(direction @ beam.residual)
        basis = np.vstack([beam.basis, direction])
        out.append(_Beam((*beam.places, p), basis, residual, beam.free))
        if len(out) == count:
            break
    return out


def _freed(functions: Singles, beams: list[_Beam]) -> list[_Beam]:
    """Beams with what the last function of their basis takes of the others' squares taken off."""
    last = np.stack([b.basis[-1] for b in beams], axis=1).astype(np.float32)
    shadows = np.square((functions @ last).T, dtype=np.float64, order="C")
    return [b._replace(free=b.free - shadow) for b, shadow in zip(beams, shadows, strict=True)]


def products(
    one: Singles, other: Singles, z: Floats, weights: Floats, best: int
) -> list[tuple[int, int]]:
    """The products of a function of either list with which c*f*g + b comes nearest to z.

    Args:
        one: values of some functions, shape (n, rows).
        other: of others, shape (m, rows).
        z: shape (rows,).
        weights: of the rows.
        best: products that are listed.
    """
    w = (weights / weights.mean()).astype(np.float32)
    total = float(w.sum(dtype=np.float64))
    t = (z - float(w @ z) / total).astype(np.float32)
    means, squares = (one * w) @ other.T, (one * one * w) @ (other * other).T
    shares = (one * (w * t)) @ other.T
    variance = squares - means**2 / np.float32(total)
    new = variance > _NEW * squares
    gain = np.square(shares, dtype=np.float64)
    np.divide(gain, variance, out=gain, where=new)
    gain[~new | ~np.isfinite(gain)] = 0.0
    gain = gain.ravel()
    count = min(best, len(gain) - 1)
    if count < 1:
        return []
    places = np.argpartition(gain, len(gain) - count)[len(gain) - count :]
    return [(int(p) // len(other), int(p) % len(other)) for p in places]


def nearest(values: Singles, z: Floats, weights: Floats, best: int) -> tuple[Ints, Floats]:
    """For each of several targets the functions g with which a*g + b comes nearest.

    Args:
        values: of the library, shape (N, rows of the scan).
        z: shape (targets, rows of the scan).
        weights: of the same shape.
        best: functions of each target.

    Returns:
        Places of the functions, shape (targets, best), and the weighted squares that are left.
    """
    squares = values * values
    parts = [
        _nearest(values, squares, z[k : k + _TARGETS], weights[k : k + _TARGETS], best)
        for k in range(0, len(z), _TARGETS)
    ]
    return np.concatenate([p for p, _ in parts]), np.concatenate([left for _, left in parts])


def _nearest(
    values: Singles, squared: Singles, z: Floats, weights: Floats, best: int
) -> tuple[Ints, Floats]:
    """`nearest` for some of the targets, given the squares of the values."""
    scale = weights.mean(axis=1, keepdims=True)
    w = (weights / scale).astype(np.float32)
    total = w.sum(axis=1, dtype=np.float64)[:, None]
    t = (z - (w * z).sum(axis=1, keepdims=True) / total).astype(np.float32)
    wt = w * t
    means, products, squares = w @ values.T, wt @ values.T, w @ squared.T
    variance = squares - means**2 / total.astype(np.float32)
    new = variance > _NEW * squares
    gain = np.where(new, products**2 / np.where(new, variance, 1.0), 0.0)
    whole = (wt.astype(np.float64) * t).sum(axis=1, keepdims=True)
    left = np.maximum(whole - gain, 0.0)
    count = min(best, left.shape[1] - 1)
    places = np.argpartition(left, count, axis=1)[:, :count].astype(np.int64)
    return places, np.take_along_axis(left, places, axis=1) * scale
