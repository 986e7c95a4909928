"""Functions of a signal: one table, or two tables and a short product.

Room: `codegen`. Where a signal has more bits than a table may have address bits, the top bits
choose a chord of the function: base[top] + slope[top] * low. Its largest error is about
step**2 / 16 * |f''|, for the chord is moved to the middle between the largest errors above and
below it. These are looked for at many places of each piece.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symtick.codegen.fixed import Fixed, Overflow, Quant
from symtick.codegen.graph import GOp, GraphBuilder
from symtick.codegen.tables import Address, Reals, address, tabled

Function = Callable[[Reals], Reals]

_FEWEST_BITS = 4
# places at which a function is compared with its chords: in all, and in each piece at least
_PLACES = 4096
_FEWEST_PLACES = 16


@dataclass(frozen=True)
class Chords:
    """Straight pieces of a function over the codes of an address.

    Attributes:
        base: value at the lower edge of each piece.
        slope: rise for each unit of the signal.
        miss: largest error of a piece at the places looked at.
    """

    base: Reals
    slope: Reals
    miss: float


def is_fine(at: Address, values: Reals, frac: int) -> bool:
    """Whether a table without the bits that the address lacks is right within 2**-frac."""
    return at.step == 0.0 or float(np.abs(np.diff(values)).max(initial=0.0)) <= 2 * 2.0**-frac


def follows(builder: GraphBuilder, number: int, bits: int, function: Function, frac: int) -> bool:
    """Whether `curve` can keep the function of a node within 2**-frac of its value."""
    at = address(builder, number, bits)
    if is_fine(at, function(at.points), frac):
        return True
    return _chords(builder, number, at, function).miss <= 2.0**-frac


def curve(
    builder: GraphBuilder,
    number: int,
    bits: int,
    function: Function,
    frac: int,
    chords_allowed: bool = True,
) -> int:
    """A function of a graph node, right within about 2**-frac if `bits` address bits allow it.

    Where they do not, it is the chords on `bits` bits, and nothing tells how far they are off.

    Args:
        builder: where the node is.
        number: the node.
        bits: most address bits of a table.
        function: real values for real values of the node; asked only within its bounds.
        frac: bits after the point that matter.
        chords_allowed: whether there may be two tables and a product.
    """
    at = address(builder, number, bits)
    values = function(at.points)
    if not chords_allowed or is_fine(at, values, frac):
        return tabled(builder, at, values, frac)
    for few in range(min(_FEWEST_BITS, bits), bits + 1):
        at = address(builder, number, few)
        chords = _chords(builder, number, at, function)
        if chords.miss <= 2.0 ** -(frac + 1):
            break
    return _interpolated(builder, number, at, chords, frac)


def _chords(builder: GraphBuilder, number: int, at: Address, function: Function) -> Chords:
    node = builder.nodes[number]
    unit = node.fmt.step
    edges = (at.lo + np.arange(len(at.points))) * at.step
    left = np.clip(edges, node.lo * unit, node.hi * unit)
    right = np.clip(edges + at.step - unit, node.lo * unit, node.hi * unit)
    share = _shares(len(edges))
    # only values that the signal can take: the function may not be defined between others
    places = left + np.rint(share * ((right - left) / unit)) * unit
    values = function(places.ravel()).reshape(places.shape)
    low, high = values[0], values[1]
    slope = (high - low) / np.maximum(right - left, unit)
    gap = values - (low + slope * (places - left))
    least, most = gap.min(axis=0), gap.max(axis=0)
    base = low - slope * (left - edges) + (least + most) / 2.0
    return Chords(base, slope, float((most - least).max()) / 2.0)


def _shares(pieces: int) -> Reals:
    """Places inside a piece, as shares of its length, shape (places, 1): both ends come first.

    Multiples of the golden section modulo 1 are spread evenly but on no grid, so that what is
    periodic or symmetric cannot be zero on all of them.
    """
    count = max(_FEWEST_PLACES, _PLACES // pieces)
    inner = np.arange(1, count + 1) * ((math.sqrt(5.0) - 1.0) / 2.0) % 1.0
    return np.concatenate([[0.0, 1.0], inner])[:, None]


def _interpolated(
    builder: GraphBuilder, number: int, at: Address, chords: Chords, frac: int
) -> int:
    node = builder.nodes[number]
    lower = node.fmt.frac - round(-math.log2(at.step))
    low = builder.cast(number, Fixed(lower, node.fmt.frac, False), Quant.TRN, Overflow.WRAP)
    steepest = float(np.abs(chords.slope).max())
    needed = frac + 2 + math.ceil(math.log2(max(steepest, 2.0**-40)))
    if needed <= node.fmt.frac - lower:
        return tabled(builder, at, chords.base + chords.slope * at.step / 2.0, frac)
    if needed < node.fmt.frac:
        kept = Fixed(lower - (node.fmt.frac - needed), needed, False)
        low = builder.cast(low, kept, Quant.TRN, Overflow.WRAP)
    base = tabled(builder, at, chords.base, frac + 1)
    slope = tabled(builder, at, chords.slope, frac + 2 + round(math.log2(at.step)))
    rise = builder.op(GOp.MUL, slope, low)
    held = builder.nodes[rise]
    drop = held.fmt.frac - (frac + 2)
    if drop > 0:
        fmt = Fixed.for_raw(held.lo >> drop, held.hi >> drop, frac + 2)
        rise = builder.cast(rise, fmt, Quant.TRN, Overflow.WRAP)
    return builder.op(GOp.ADD, base, rise)
