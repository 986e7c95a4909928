"""Tables that an adder takes into its own LUTs.

A bit of an adder is a LUT of two inputs before the carry chain. The first operand is read by the
chain as well; the second is read by that LUT alone, so that a table column of at most five address
bits, which nothing else reads, fits into it. Bits that have no LUT, below the other operand's last
one, take none in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from symtick.codegen.ir.graph import GNode, GOp

MOST_BITS = 5  # address bits of a column that leaves an input of its LUT free


def absorbable(
    nodes: Sequence[GNode], live: Iterable[int], outputs: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Adders and the tables that are their second operands and read by them alone.

    Args:
        nodes: of the graph or builder.
        live: the nodes that are there.
        outputs: nodes that are read from outside.
    """
    live = list(live)
    readers = Counter(a for k in live for a in nodes[k].args) + Counter(outputs)
    for k in live:
        if nodes[k].op not in (GOp.ADD, GOp.SUB):
            continue
        first, second = nodes[k].args
        table = nodes[second].op is GOp.TABLE
        if table and readers[second] == 1 and nodes[first].op is not GOp.CONST:
            yield k, second
