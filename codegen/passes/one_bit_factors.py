"""Products with a factor of one bit: a choice between the other factor and 0, or its negative.

Synthesis would read `*` as a product of any width, and may spend a DSP block on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import BIT, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import rebuilt, rewrite


def is_bit(node: GNode) -> bool:
    """Whether one bit holds every value that a node can take."""
    return Fixed.for_raw(node.lo, node.hi, 0).width == 1


def product(builder: GraphBuilder, a: int, b: int) -> int:
    """a * b, a MUL only where neither factor `is_bit`."""
    bit, other = (a, b) if is_bit(builder.nodes[a]) else (b, a)
    chooser, factor = builder.nodes[bit], builder.nodes[other]
    whole = builder.op(GOp.MUL, a, b)
    if not is_bit(chooser):
        return whole
    # as integers: with points of their own the 0 could be the finer of the two
    digit, x = builder.scale(bit, chooser.fmt.frac), builder.scale(other, factor.fmt.frac)
    digit, zero = builder.bits(digit, Fixed(1, 0, chooser.lo < 0)), builder.const(0, 0)
    if bit == other:  # 1 * 1, or -1 * -1
        made = builder.bits(digit, BIT)
    elif chooser.lo < 0:
        made = builder.op(GOp.DIGIT_ROW, zero, digit, x, x)
    else:
        made = builder.op(GOp.SELECT, digit, x, zero)
    made = builder.scale(made, -chooser.fmt.frac - factor.fmt.frac)
    # of a bit that is always 1 the choice does not know that 0 cannot come
    return builder.bits(made, builder.nodes[whole].fmt)


def without_one_bit_factors(graph: Graph) -> Graph:
    """The graph without products that have a factor of one bit."""
    builder = GraphBuilder(graph.input_names)

    def rule(number: int, places: Sequence[int]) -> int:
        made = rebuilt(builder, graph, number, places)
        node = builder.nodes[made]
        return product(builder, *node.args) if node.op is GOp.MUL else made

    return rewrite(graph, builder, rule)
