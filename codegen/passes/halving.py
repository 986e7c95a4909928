"""Products cut at the middle bit of a factor until their parts fit in a stage."""

from __future__ import annotations

from collections.abc import Callable

from symtick.codegen.ir.bit_views import halves
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.codegen.passes.one_bit_factors import product


def halved(
    builder: GraphBuilder, fits: Callable[[int], bool], number: int, longer: bool = False
) -> int:
    """A node itself if it fits, else a product of parts that do, where that is possible.

    The shorter factor is cut (`longer`: the longer one, until a DSP block holds the parts), or the
    one that is no constant; a square becomes two squares and a product.
    """
    node = builder.nodes[number]
    if node.op is not GOp.MUL or fits(number):
        return number
    widths = [builder.nodes[a].fmt.width for a in node.args]
    cut = int((widths[0] > widths[1]) != longer)
    if builder.nodes[node.args[cut]].op is GOp.CONST:
        cut = 1 - cut
    if widths[cut] < 2:
        return number

    def part(a: int, b: int) -> int:
        return halved(builder, fits, product(builder, a, b), longer)

    high, low = halves(builder, node.args[cut], widths[cut] // 2)
    if node.args[0] == node.args[1]:
        middle = builder.scale(part(high, low), 1)
        ends = builder.op(GOp.ADD, part(high, high), middle)
        whole = builder.op(GOp.ADD, ends, part(low, low))
    else:
        other = node.args[1 - cut]
        whole = builder.op(GOp.ADD, part(other, high), part(other, low))
    return builder.bits(whole, node.fmt)
