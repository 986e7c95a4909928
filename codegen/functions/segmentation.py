"""Segmentations of a signal: on each piece a function is one polynomial.

Some bits of the signal choose a piece and its coefficients, the others are the variable t of the
piece, from 0. Equal pieces take the top bits as they are. Octaves suit a function that bends the
more the nearer the signal comes to one end of its range (a pole, a logarithm, a root): the distance
from that end is shifted left until its top bit is set, as in a floating-point number; the count of
shifts and the next bits choose the piece, whose length is a fixed share of the distance. Where the
count has reached its limit, the pieces are equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.codegen.functions.normalise import normalised
from symtick.codegen.functions.tables import piece_address
from symtick.codegen.ir.fixed import Fixed, Reals
from symtick.codegen.ir.graph import GNode, GOp, GraphBuilder
from symtick.expr import Interval

_FAR = 256.0


class SegmentParts(NamedTuple):
    """The two parts of a signal: which piece, and where in it.

    Attributes:
        address: graph node; its codes count from `lo`.
        lo: smallest code of the address.
        local: graph node of the variable, unsigned.
    """

    address: int
    lo: int
    local: int


@dataclass(frozen=True)
class Segmentation:
    """Pieces of the codes of a signal.

    Attributes:
        left: value of the signal at t = 0, for each piece.
        start, end: least and largest value of the signal in each piece that matters.
        scale: change of the signal for each unit of t.
        reach: largest value of t in each piece.
        low, frac: bits of t, and its bits after the point.
        order: piece of each entry of a table, from the address's smallest code on.
        parts: makes the parts of the signal.
        name: for the report.
    """

    left: Reals
    start: Reals
    end: Reals
    scale: Reals
    reach: Reals
    low: int
    frac: int
    order: npt.NDArray[np.int64]
    parts: Callable[[GraphBuilder, int], SegmentParts]
    name: str

    def on(self, domain: Interval) -> Segmentation:
        """The same pieces where only values in a domain matter; others are next to one of its ends.

        A signal's bounds can reach beyond its real range. A function is not fitted there: it would
        bend where its argument is held, and no derivative would tell.
        """
        return replace(
            self,
            start=np.clip(self.start, domain.lo, domain.hi),
            end=np.clip(self.end, domain.lo, domain.hi),
        )

    @property
    def span(self) -> Reals:
        """Length of each piece, from the first value that matters to the last."""
        return self.end - self.start

    @property
    def inner_reach(self) -> Reals:
        """Largest value of t that matters in each piece."""
        last = np.where(self.scale > 0.0, self.end, self.start)
        return (last - self.left) / self.scale

    @property
    def is_cut(self) -> npt.NDArray[np.bool_]:
        """Which pieces hold values that matter and others."""
        first = np.where(self.scale > 0.0, self.start, self.end)
        inside = (first == self.left) & (self.inner_reach == self.reach)
        return np.asarray(~inside & (self.span > 0.0))

    def is_plain(self, degree: int) -> npt.NDArray[np.bool_]:
        """On which pieces t starts at 0 and goes far enough to fit a degree in float64.

        On others the rounding of float64 makes coefficients that are far too large.
        """
        longest = math.ldexp((1 << self.low) - 1, -self.frac)
        first = np.where(self.scale > 0.0, self.start, self.end)
        near = longest**degree <= _FAR * self.inner_reach**degree
        return np.asarray((first == self.left) & near)


def equal_pieces(node: GNode, low: int) -> Segmentation:
    """Pieces of 2**low codes of a signal."""
    frac = node.fmt.frac
    first, last = node.lo >> low, node.hi >> low
    left = np.ldexp(np.arange(first, last + 1, dtype=np.float64), low - frac)
    longest = math.ldexp((1 << low) - 1, -frac)

    def parts(builder: GraphBuilder, number: int) -> SegmentParts:
        at = piece_address(builder, number, low)
        return SegmentParts(at.node, at.lo, _low_bits(builder, number, low))

    end = np.minimum(left + longest, math.ldexp(node.hi, -frac))
    return Segmentation(
        left=left,
        start=np.maximum(left, math.ldexp(node.lo, -frac)),
        end=end,
        scale=np.ones(len(left)),
        reach=end - left,
        low=low,
        frac=frac,
        order=np.arange(len(left)),
        parts=parts,
        name=f"{len(left)} pieces",
    )


def octaves(node: GNode, mirrored: bool, stages: int, bits: int) -> Segmentation | None:
    """Octaves of the distance from the lower end of a signal's range, or from its upper end.

    A range that does not cross 0 is measured from 0.

    Args:
        node: the signal.
        mirrored: whether the distance is from the upper end.
        stages: stages of the normalisation; at most 2**stages - 1 shifts.
        bits: bits of the normalised distance below its top one that choose the piece.

    Returns:
        The pieces, or None where the signal has too few bits for that.
    """
    least, most = (-node.hi, -node.lo) if mirrored else (node.lo, node.hi)
    origin = 0 if least >= 0 else least
    nearest, farthest = least - origin, most - origin
    width, shifts = farthest.bit_length(), (1 << stages) - 1
    low = width - 1 - bits
    if low < 1 or width <= 1 << (stages - 1):
        return None
    counts = np.repeat(np.arange(shifts + 1), 2 << bits)
    tops = np.tile(np.arange(2 << bits), shifts + 1)
    scale = np.ldexp(1.0, -counts)
    first = np.maximum(np.ceil(np.ldexp(tops, low) * scale), nearest)
    last = np.minimum(np.ceil(np.ldexp(tops + 1, low) * scale) - 1.0, farthest)
    real = (first <= last) & ((tops >= 1 << bits) | (counts == shifts))
    chosen = np.flatnonzero(real)
    order = np.searchsorted(chosen, np.arange(len(real))).clip(0, len(chosen) - 1)
    sign, frac = (-1.0 if mirrored else 1.0), node.fmt.frac

    def signal(distance: Reals) -> Reals:
        return np.ldexp(sign * (distance + origin), -frac)

    ends = signal(first[real]), signal(last[real])
    left, scale = signal(np.ldexp(tops[real], low) * scale[real]), sign * scale[real]

    def parts(builder: GraphBuilder, number: int) -> SegmentParts:
        distance = _distance(builder, number, origin, mirrored)
        count, mantissa = normalised(builder, distance, stages)
        fmt = builder.nodes[mantissa].fmt
        top = Fixed(fmt.width - low, fmt.frac - low, False)
        choice = builder.bits(mantissa, top)
        address = builder.op(GOp.CONCAT, count, choice)
        return SegmentParts(address, 0, _low_bits(builder, mantissa, low))

    return Segmentation(
        left=left,
        start=np.minimum(*ends),
        end=np.maximum(*ends),
        scale=scale,
        reach=(ends[1] - left) / scale,
        low=low,
        frac=frac,
        order=order,
        parts=parts,
        name=f"{len(chosen)} pieces in octaves",
    )


def _distance(builder: GraphBuilder, number: int, origin: int, mirrored: bool) -> int:
    """The unsigned distance of a signal from the end of its range, in its own units."""
    node = builder.nodes[number]
    edge = builder.const(origin, node.fmt.frac)
    if mirrored:
        edge = builder.const(-origin, node.fmt.frac)
        number = builder.op(GOp.SUB, edge, number) if origin else builder.op(GOp.NEG, number)
    elif origin:
        number = builder.op(GOp.SUB, number, edge)
    node = builder.nodes[number]
    fmt = Fixed.for_raw(node.lo, node.hi, node.fmt.frac)
    return builder.bits(number, fmt)


def _low_bits(builder: GraphBuilder, number: int, low: int) -> int:
    fmt = Fixed(low, builder.nodes[number].fmt.frac, False)
    return builder.bits(number, fmt)
