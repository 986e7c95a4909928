"""Table columns that an adder takes into its own LUTs.

A bit of an adder is a LUT of two inputs before the carry chain (`ir.chains`). The first operand is
read by the chain as well; the second is read by that LUT alone, so that a table column of at most
five address bits, which nothing else reads, fits into it. A column that two bits of an adder read,
as the sign of a short operand, stays a LUT of its own: to have it in both would cost more. Bits
that have no LUT, below the other operand's last one, take none in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from symtick.codegen.ir.bit_liveness import named_bits
from symtick.codegen.ir.bit_views import entry_bits
from symtick.codegen.ir.chains import SUMS, Gate, formed
from symtick.codegen.ir.graph import GNode, GOp

MOST_BITS = 5  # address bits of a column that leaves an input of its LUT free


@lru_cache(maxsize=8192)
def column_bits(contents: tuple[int, ...], width: int) -> tuple[int, ...]:
    """How many address bits each output bit of a table depends on."""
    bits = entry_bits(contents, range(width)).T
    found = np.zeros(width, int)
    for j in range(len(contents).bit_length() - 1):
        pairs = bits.reshape(-1, 2, 1 << j, width)
        found += (pairs[:, 0] != pairs[:, 1]).any(axis=(0, 1))
    return tuple(int(n) for n in found)


def fits(gate: Gate, bits: int) -> bool:
    """Whether a gate's LUT takes in a column that depends on so many address bits."""
    return bits <= MOST_BITS + (len(gate.bits) == 1)


def columns_taken(nodes: Sequence[GNode], adder: int) -> int:
    """Columns of an adder's second operand, a table that it alone reads, which it takes in.

    By the formats and contents of the two operands; what is wires between nodes is not known.
    """
    args = [nodes[a] for a in nodes[adder].args]
    table = args[-1]
    names = dict(zip(named_bits(table, 256 * (len(args) - 1)), _depths(table), strict=True))
    readers = Counter(
        (driver, gate)
        for gate in set(formed(nodes[adder], args))
        if gate is not None
        for driver in gate.bits
        if driver in names
    )
    by_driver = Counter(driver for driver, _ in readers)
    return sum(
        gate.lut and by_driver[driver] == 1 and names[driver] > 1 and fits(gate, names[driver])
        for driver, gate in readers
    )


def _depths(table: GNode) -> tuple[int, ...]:
    return column_bits(table.contents, table.fmt.width)


def absorbable(
    nodes: Sequence[GNode], live: Iterable[int], outputs: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Adders and the tables that are their last operands and read by them alone.

    Args:
        nodes: of the graph or builder.
        live: the nodes that are there.
        outputs: nodes that are read from outside.
    """
    live = list(live)
    readers = Counter(a for k in live for a in nodes[k].args) + Counter(outputs)
    for k in live:
        if nodes[k].op in SUMS:
            last = nodes[k].args[-1]
            if nodes[last].op is GOp.TABLE and readers[last] == 1:
                yield k, last
