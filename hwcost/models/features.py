"""Features of graph nodes: the device rows that price a node, and the figures that they ask for.

Features (all in bits unless said):

    width    of the result
    bits     of the result that need logic: sums copy the low bits of the operand that reaches lower
    longer, shorter   widths of the two factors of a product
    partial  bits of the partial products that must be added
    longer_signed, shorter_signed   the same as two's complement: a bit more where unsigned
    adders   additions of shifted copies in a product with a constant
    address  address bits that a table's contents really depend on
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from symtick.codegen.ir.chains import SUMS, formed, luts
from symtick.codegen.ir.fixed import Fixed, Quant
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph
from symtick.codegen.ir.limits import limits
from symtick.hwcost.models.table_columns import LUT_INPUTS, TableShape, table_shape

_PLAIN = {GOp.ADD: "add", GOp.SUB: "sub", GOp.NEG: "neg", GOp.ABS: "abs", GOp.MIN: "min",
          GOp.MAX: "max", GOp.GE: "compare", GOp.SELECT: "select",
          GOp.DIGIT_ROW: "digit_row"}  # fmt: skip


@dataclass(frozen=True)
class PricedPart:
    """One row of a device table, applied to one node.

    Attributes:
        row: the row's name.
        features: its features.
        area_bits: what stands for the feature `bits` in its area, where the LUTs are counted from
            what the operands hold; None where the bits say it.
    """

    row: str
    features: Mapping[str, float]
    area_bits: float | None = None


def shape(node: GNode) -> TableShape:
    """The analysed contents of a TABLE node."""
    return table_shape(node.contents, node.fmt.width)


def parts(graph: Graph, number: int, counted: bool = True) -> tuple[PricedPart, ...]:
    """The rows that price a node, one after the other; none for wires.

    Args:
        graph: with the node.
        number: of the node.
        counted: whether `area_bits` of sums are wanted; delays do not read them.
    """
    node = graph.nodes[number]
    if node.op in WIRES:
        return ()
    if node.op is GOp.CAST:
        return _cast(node, graph.nodes[node.args[0]])
    args = [graph.nodes[a] for a in node.args]
    if node.op is GOp.MUL:
        return _product(node, args)
    if node.op is GOp.TABLE:
        address = shape(node).address
        return (PricedPart("table", {"address": address}),) if address else ()
    row = _PLAIN[node.op]
    if node.op in (GOp.MIN, GOp.MAX, GOp.GE) and _is_zero(args[1]):
        # the sign says it: a wire, or one gate a bit
        return () if node.op is GOp.GE else (PricedPart("select", _bits(node.fmt.width)),)
    if node.op is GOp.GE:
        bits = _compared_bits(args)
        return (PricedPart(row, _bits(bits), _as_compared(_compared_luts(bits, args))),)
    if node.op in (GOp.MIN, GOp.MAX):
        return (_chosen(row, node, args),)
    if node.op is GOp.DIGIT_ROW:
        bits = node.fmt.width - max(0, node.fmt.frac - args[2].fmt.frac)
        # the fit's topmost bit is the carry's; a first row, which adds to nothing, has none
        first = _is_zero(args[0])
        return (PricedPart(row, {"width": node.fmt.width, "bits": max(1, bits + first)}),)
    features = {"width": node.fmt.width, "bits": _logic_bits(node, args)}
    if row in ("add", "sub") and any(a.op is GOp.CONST for a in args):
        row = "offset"
    bits_of = None
    if counted and node.op in SUMS:
        bits_of = summed_bits(row, *luts(formed(node, args)))
    return (PricedPart(row, features, bits_of),)


def summed_bits(row: str, pairs: int, inverted: int) -> float:
    """The bits of a sum as it was measured that has as many LUTs.

    Measured were sums of two signals of one width, whose topmost bit shares its LUT with the one
    below, and sums with constants, which invert every second bit.

    Args:
        row: of the device.
        pairs: LUTs that read two bits.
        inverted: LUTs that invert one.
    """
    return 2.0 * inverted if row == "offset" else pairs + inverted + 1.0


def _is_zero(node: GNode) -> bool:
    return node.op is GOp.CONST and node.number == 0


def _bits(width: int) -> dict[str, int]:
    return {"width": width, "bits": width}


def _logic_bits(node: GNode, args: list[GNode]) -> int:
    if node.op is GOp.ADD:
        high = max(min(-a.fmt.frac for a in args), max(-a.fmt.frac for a in args))
        return max(1, node.fmt.width - (node.fmt.frac + high))
    if node.op is GOp.SUB:
        return max(1, node.fmt.width - max(0, args[0].fmt.frac - args[1].fmt.frac))
    return node.fmt.width


# LUTs of a comparison of short signals: a LUT reads three bits of each
_COMPARED = {1: 1.0, 2: 1.0, 3: 1.0, 4: 2.0, 5: 3.0, 6: 3.0}


def _compared_luts(bits: int, args: list[GNode]) -> float:
    """LUTs of a comparison.

    Two LUTs, whether they are equal and which is larger, read three bits of both operands, or six
    where one is constant. A carry chain joins more than two such groups, logic two; a single group
    needs one LUT.
    """
    if any(a.op is GOp.CONST for a in args):
        return 1.0 if bits <= LUT_INPUTS else bits / 3.0
    return _COMPARED.get(bits, 2.0 * ceil(bits / 3))


def _as_compared(count: float) -> float:
    """The bits of a comparison of two long signals that has as many LUTs."""
    return max(0.0, 1.5 * count - 0.7)


def _chosen(row: str, node: GNode, args: list[GNode]) -> PricedPart:
    """The larger or the smaller of two: a comparison, and a choice of each bit."""
    features = {"width": node.fmt.width, "bits": _logic_bits(node, args)}
    count = _compared_luts(_compared_bits(args), args)
    return PricedPart(row, features, 0.6 * (count + node.fmt.width))


def _compared_bits(args: list[GNode]) -> int:
    """Width at which two signals can be compared: the lowest bits of the finer one are left away.

    Where one side has zeros there, a >= b does not depend on them.
    """
    frac = max(a.fmt.frac for a in args)
    ends = [v << frac - a.fmt.frac for a in args for v in (a.lo, a.hi)]
    return Fixed.for_raw(min(ends), max(ends), frac).width


def _product(node: GNode, args: list[GNode]) -> tuple[PricedPart, ...]:
    for constant, other in (args, args[::-1]):
        if constant.op is GOp.CONST:
            return _by_constant(constant, other, node)
    widths = sorted(a.fmt.width for a in args)
    if widths[0] == 1:
        if any(a.fmt.width == 1 and a.fmt.signed for a in args):
            # 0 or the negative, as in a first DIGIT_ROW
            return (PricedPart("digit_row", {**_bits(node.fmt.width), "bits": node.fmt.width + 1}),)
        # one gate a bit
        return (PricedPart("select", _bits(node.fmt.width)),)
    features = {
        "width": node.fmt.width, **_factors(args), "partial": widths[1] * (widths[0] - 1)
    }  # fmt: skip
    return (PricedPart("square" if node.args[0] == node.args[1] else "mul", features),)


def _factors(args: list[GNode]) -> dict[str, int]:
    """Widths of the two factors, as they are and as two's complement."""
    widths = sorted(a.fmt.width for a in args)
    signed = sorted(a.fmt.width + (not a.fmt.signed) for a in args)
    return {"shorter": widths[0], "longer": widths[1],
            "shorter_signed": signed[0], "longer_signed": signed[1]}  # fmt: skip


def _by_constant(constant: GNode, other: GNode, node: GNode) -> tuple[PricedPart, ...]:
    """A product with a constant that is left to synthesis: one shifted copy for each set bit.

    Synthesis does not recode; the compiler's own shift-and-add forms are ADD and SUB nodes.
    """
    value = constant.number
    adders = min(value.bit_count(), other.fmt.width) - 1
    if value in (0, 1):
        return ()
    if value < 0:
        # a negative constant has its sign's copies too; -1 is a plain negation
        adders = min((value & ((1 << value.bit_length() + 1) - 1)).bit_count(), other.fmt.width)
    if adders <= 0:
        return ()
    features = {"width": node.fmt.width, **_factors([constant, other]), "adders": adders,
                "partial": adders * (other.fmt.width + 1)}  # fmt: skip
    return (PricedPart("constant", features),)


def _cast(node: GNode, source: GNode) -> tuple[PricedPart, ...]:
    features = _bits(node.fmt.width)
    rows: list[PricedPart] = []
    if node.fmt.frac < source.fmt.frac and node.quant is not Quant.TRN:
        rows.append(PricedPart("round" if node.quant is Quant.RND else "round_tie", features))
    if limits(node, source).any:
        rows.append(PricedPart("saturate", features))
    return tuple(rows)
