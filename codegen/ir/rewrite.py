"""Graph rewriting, node by node, and tables re-addressed for arguments of other formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Fixed, RawArray
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder

# arguments of which an operation reads single bits, besides a TABLE's
BY_BITS = {GOp.CONCAT: (0, 1), GOp.SELECT: (0,), GOp.DIGIT_ROW: (1,)}

Places = Sequence[int] | Mapping[int, int]  # node of a builder by node of a graph


def rewrite(
    graph: Graph, builder: GraphBuilder, rule: Callable[[int, Sequence[int]], int]
) -> Graph:
    """The graph whose nodes a rule makes one by one.

    Args:
        graph: the graph.
        builder: where the new one grows.
        rule: makes node `number` in the builder from the places of all earlier nodes there, and
            returns its place.
    """
    places: list[int] = []
    for number in range(len(graph.nodes)):
        places.append(rule(number, places))
    return builder.build([places[k] for k in graph.outputs], graph.output_names)


def rebuilt(builder: GraphBuilder, graph: Graph, number: int, places: Places) -> int:
    """A node of a graph once more on arguments of equal value, whose formats may be narrower.

    Tables have to be written again for that, for their address is a bit pattern; conditions, digits
    and the arguments of CONCAT get their old formats back.
    """
    node = graph.nodes[number]
    args = [places[a] for a in node.args]
    # what reads bits, not values, must find them where they were
    for k in BY_BITS.get(node.op, ()):
        args[k] = builder.bits(args[k], graph.nodes[node.args[k]].fmt)
    if node.op is not GOp.TABLE:
        return builder.again(node, args)
    before = graph.nodes[node.args[0]]
    source = builder.nodes[args[0]]
    if before.fmt == source.fmt and before.lo <= source.lo and source.hi <= before.hi:
        return builder.again(node, args)
    return entry_table(builder, args[0], source.lo, read_again(node, before, source), node.fmt)


def all_codes(node: GNode) -> RawArray:
    """The raw values within a node's bounds, ascending, Python integers."""
    return np.arange(node.lo, node.hi + 1).astype(object)


def table_entries(table: GNode, raw: RawArray) -> RawArray:
    """Entries of a TABLE for raw values of its argument."""
    patterns = (raw & len(table.contents) - 1).astype(np.int64)
    return np.asarray(np.array(table.contents, object)[patterns])


def read_again(table: GNode, before: GNode, source: GNode) -> RawArray:
    """Entries of a table on the signal `before`, for each code of `source`, which stands for it.

    A code beyond the bounds of `before` reads the nearest entry within them.
    """
    shift = before.fmt.frac - source.fmt.frac
    moved = all_codes(source) << shift if shift >= 0 else all_codes(source) >> -shift
    return table_entries(table, np.clip(moved, before.lo, before.hi))


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
    fmt = Fixed.for_raw(int(raw.min()), int(raw.max()), frac - zeros)
    return entry_table(builder, address, lo, raw, fmt)


def entry_table(builder: GraphBuilder, address: int, lo: int, raw: RawArray, fmt: Fixed) -> int:
    """A table of this format on a node, with an entry for each of its codes from `lo` on."""
    contents = spread(raw, lo, builder.nodes[address].fmt.width).tolist()
    return builder.table(address, contents, fmt)


def spread(raw: RawArray, lo: int, width: int) -> RawArray:
    """Entries in order of bit pattern; patterns that no code has take the nearest code's entry."""
    return np.asarray(raw[nearest_codes(len(raw), lo, width)])


def nearest_codes(count: int, lo: int, width: int) -> npt.NDArray[np.int64]:
    """For each bit pattern its code, counted from lo on, or the nearest of the `count` codes."""
    size = 1 << width
    offset = (np.arange(size) - lo) % size
    beyond = offset - (count - 1)
    return np.where(beyond <= 0, offset, np.where(beyond <= size - offset, count - 1, 0))
