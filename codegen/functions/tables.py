"""Tables: their address bits, their contents, and what stands where no code leads.

Room: `codegen`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.functions.univariate import Number, rounded
from symtick.codegen.ir.bit_views import in_format
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, RawArray
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.errors import DomainError

Reals = npt.NDArray[np.float64]

_MAX_ENTRY_BITS = 56
# arguments of which an operation reads single bits, besides a TABLE's
BY_BITS = {GOp.CONCAT: (0, 1), GOp.SELECT: (0,), GOp.DIGIT_ROW: (1,)}


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


def dropped_bits(lo: int, hi: int, bits: int) -> int:
    """Fewest low bits to drop so that the codes from lo to hi differ in at most `bits` bits."""
    drop = max(0, (hi - lo).bit_length() - bits)
    while ((hi >> drop) - (lo >> drop)).bit_length() > bits:
        drop += 1
    return drop


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
        number = builder.cast(number, fmt, Quant.TRN, Overflow.WRAP)
    middle = (np.arange(lo, hi + 1, dtype=np.float64) + 0.5) * 2.0**drop - 0.5
    points = np.ldexp(np.clip(middle, node.lo, node.hi), -node.fmt.frac)
    return Address(number, lo, points, natural.step if drop else 0.0, drop)


def tabled(
    builder: GraphBuilder,
    at: Address,
    values: Reals,
    frac: int,
    exactly: Callable[[npt.NDArray[Any]], Sequence[Number]],
) -> int:
    """A table with `values` (one for each of the address's codes) rounded to `frac` bits.

    Entries are AP_RND of the function's values: those that float64 leaves in doubt are asked for
    by their positions, see `univariate.rounded`.

    Raises:
        DomainError: a value is not finite or needs more than 56 bits, those after the point
            included.
    """
    scaled = np.ldexp(values, frac)
    if not (np.abs(scaled) < 2.0**_MAX_ENTRY_BITS).all():
        raise DomainError(
            f"a table entry reaches {np.abs(values).max():g}, with {frac} bits after the point "
            f"over the limit of {_MAX_ENTRY_BITS} bits; guard it, or use a smaller term_frac"
        )
    return stored(builder, at.node, at.lo, rounded(values, frac, exactly), frac)


def stored(builder: GraphBuilder, address: int, lo: int, raw: RawArray, frac: int) -> int:
    """A table on a node with these raw entries, one for each of its codes from `lo` on.

    Trailing zero bits that all entries share are not stored; a table whose reachable entries are
    all equal is a constant.
    """
    bits = int(np.bitwise_or.reduce(raw))
    if raw.min() == raw.max():
        return builder.const(int(raw[0]), frac)
    zeros = (bits & -bits).bit_length() - 1
    raw = raw >> zeros
    width = builder.nodes[address].fmt.width
    fmt = Fixed.for_raw(int(raw.min()), int(raw.max()), frac - zeros)
    return builder.table(address, spread(raw, lo, width).tolist(), fmt)


def spread(raw: RawArray, lo: int, width: int) -> RawArray:
    """Entries in order of bit pattern; patterns that no code has take the nearest code's entry."""
    return np.asarray(raw[nearest_codes(len(raw), lo, width)])


def nearest_codes(count: int, lo: int, width: int) -> npt.NDArray[np.int64]:
    """For each bit pattern its code, counted from lo on, or the nearest of the `count` codes."""
    size = 1 << width
    offset = (np.arange(size) - lo) % size
    beyond = offset - (count - 1)
    return np.where(beyond <= 0, offset, np.where(beyond <= size - offset, count - 1, 0))


def rebuilt(builder: GraphBuilder, graph: Graph, number: int, args: Sequence[int]) -> int:
    """A node of a graph once more on arguments of equal value, whose formats may be narrower.

    Tables have to be written again for that, for their address is a bit pattern; conditions, digits
    and the arguments of CONCAT get their old formats back.
    """
    node = graph.nodes[number]
    # what reads bits, not values, must find them where they were
    for place in BY_BITS.get(node.op, ()):
        fmt = graph.nodes[node.args[place]].fmt
        args = [*args[:place], in_format(builder, args[place], fmt), *args[place + 1 :]]
    if node.op is not GOp.TABLE:
        return builder.again(node, args)
    before = graph.nodes[node.args[0]]
    source = builder.nodes[args[0]]
    if before.fmt == source.fmt and before.lo <= source.lo and source.hi <= before.hi:
        return builder.again(node, args)
    held = read_again(node, before, source)
    return builder.table(args[0], spread(held, source.lo, source.fmt.width).tolist(), node.fmt)


def read_again(table: GNode, before: GNode, source: GNode) -> RawArray:
    """Entries of a table on the signal `before`, for each code of `source`, which stands for it.

    A code beyond the bounds of `before` reads the nearest entry within them.
    """
    codes = np.arange(source.lo, source.hi + 1).astype(object)
    shift = before.fmt.frac - source.fmt.frac
    codes = codes << shift if shift >= 0 else codes >> -shift
    codes = np.clip(codes, before.lo, before.hi)
    mask = len(table.contents) - 1
    return np.asarray(np.array(table.contents, object)[(codes & mask).astype(np.int64)])
