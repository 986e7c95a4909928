"""Tables of functions: the narrow address that they stand on, and their entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.bit_views import dropped_bits
from symtick.codegen.ir.fixed import Fixed, Reals
from symtick.codegen.ir.graph import GraphBuilder
from symtick.codegen.ir.rewrite import stored
from symtick.errors import DomainError

_MAX_ENTRY_BITS = 56


class BoundedValue(NamedTuple):
    """A graph node and how far it may be from the real value that it stands for."""

    node: int
    error: float


@dataclass(frozen=True)
class Address:
    """A narrow signal that a table can stand on.

    Attributes:
        node: the graph node; its bit pattern is the address.
        lo: smallest code; the pattern of code c is c modulo 2**width.
        points: real value that stands for each code from lo on: the middle of all signal values
            that share the code.
        step: real distance between neighbouring points; 0 where no bit of the signal is lost.
        low: bits of the signal that are left away.
    """

    node: int
    lo: int
    points: Reals
    step: float
    low: int


def address(builder: GraphBuilder, number: int, bits: int) -> Address:
    """The top bits of a signal as an address of at most `bits` bits.

    Bits that never change and low bits that do not fit are left away; both are wires only.
    """
    node = builder.nodes[number]
    return piece_address(builder, number, dropped_bits(node.lo, node.hi, bits))


def piece_address(builder: GraphBuilder, number: int, drop: int) -> Address:
    """A signal without its `drop` low bits as an address."""
    node = builder.nodes[number]
    lo, hi = node.lo >> drop, node.hi >> drop
    width = max(1, (hi - lo).bit_length())
    natural = Fixed.for_raw(lo, hi, node.fmt.frac - drop)
    fmt = natural if natural.width == width else Fixed(width, natural.frac, False)
    if drop or width < node.fmt.width:
        number = builder.bits(number, fmt)
    middle = (np.arange(lo, hi + 1, dtype=np.float64) + 0.5) * 2.0**drop - 0.5
    points = np.ldexp(np.clip(middle, node.lo, node.hi), -node.fmt.frac)
    return Address(number, lo, points, natural.step if drop else 0.0, drop)


def tabled(builder: GraphBuilder, at: Address, function: Univariate, frac: int) -> BoundedValue:
    """A table of a function of what an address stands for, rounded to `frac` bits.

    Entries are AP_RND of the function's values; the bound is that of these, 0 where no entry is
    rounded.

    Raises:
        DomainError: a value is not finite or needs more than 56 bits, those after the point
            included.
    """
    values = function.values(at.points)
    with np.errstate(over="ignore"):
        fits = np.abs(np.ldexp(values, frac)) < 2.0**_MAX_ENTRY_BITS
    if not fits.all():
        raise DomainError(
            f"a table entry reaches {np.abs(values).max():g}, with {frac} bits after the point "
            f"over the limit of {_MAX_ENTRY_BITS} bits; guard it, or use a smaller term_frac"
        )
    raw, error = function.entries(at.points, frac)
    return BoundedValue(stored(builder, at.node, at.lo, raw, frac), error)
