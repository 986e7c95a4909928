"""Bit views: signals in other formats, in parts or bit by bit, without hardware."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GraphBuilder

_LIMB = 62  # bits of an entry that int64 holds


def dropped_bits(lo: int, hi: int, bits: int) -> int:
    """Fewest low bits to drop so that the codes from lo to hi differ in at most `bits` bits."""
    drop = max(0, (hi - lo).bit_length() - bits)
    while ((hi >> drop) - (lo >> drop)).bit_length() > bits:
        drop += 1
    return drop


def halves(builder: GraphBuilder, number: int, bits: int) -> tuple[int, int]:
    """A signal as the sum of its upper bits and its `bits` lower ones."""
    node = builder.nodes[number]
    upper = Fixed.for_raw(node.lo >> bits, node.hi >> bits, node.fmt.frac - bits)
    high = builder.bits(number, upper)
    return high, builder.bits(number, Fixed(bits, node.fmt.frac, False))


def digits(builder: GraphBuilder, number: int, bits: int) -> list[tuple[int, int]]:
    """Digits of `bits` bits, the lowest first, and the power of two that each counts.

    All are unsigned integers but the highest of a signed signal, which has its sign and may be
    shorter.
    """
    node = builder.nodes[number]
    parts = []
    for low in range(0, node.fmt.width, bits):
        width = min(bits, node.fmt.width - low)
        signed = node.fmt.signed and low + width == node.fmt.width
        exponent = low - node.fmt.frac
        part = builder.bits(number, Fixed(width, -exponent, signed))
        parts.append((builder.scale(part, -exponent), exponent))
    return parts


def entry_bits(contents: Sequence[int], places: Sequence[int]) -> npt.NDArray[np.int64]:
    """Some output bits of a table.

    Args:
        contents: raw values in order of the address.
        places: which bits, the lowest is 0; those of negative values are of two's complement.

    Returns:
        0 and 1, shape (places, entries).
    """
    mask = (1 << _LIMB) - 1
    limbs = {
        k: np.array([v >> _LIMB * k & mask for v in contents], np.int64)
        for k in {place // _LIMB for place in places}
    }
    rows = [limbs[place // _LIMB] >> place % _LIMB & 1 for place in places]
    return np.array(rows, np.int64).reshape(len(places), len(contents))
