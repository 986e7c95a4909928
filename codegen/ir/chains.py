"""The LUTs before the carry chain of a sum, bit by bit.

Each bit of an adder takes the exclusive or of its operands' bits. Bits of equal operands, as where
both are extended by their signs, share a LUT. Where one operand's bit is 0 or 1 there is none: the
other's goes to the chain as it is, or inverted, for which synthesis takes a LUT of one input unless
the LUT that makes the bit can do it. Besides, the chain reads the first operand itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from symtick.codegen.ir.bit_liveness import ONE, ZERO, moved, named_bits, uncarried
from symtick.codegen.ir.graph import GNode, GOp, Graph

SUMS = (GOp.ADD, GOp.SUB, GOp.NEG)


class Gate(NamedTuple):
    """What a bit of a chain reads.

    Attributes:
        bits: the one or two drivers.
        lut: whether it takes a LUT: of two bits always, of one where it is inverted.
        minus: whether it belongs to a difference.
    """

    bits: tuple[int, ...]
    lut: bool
    minus: bool


def gates(first: Sequence[int], second: Sequence[int], minus: bool) -> list[Gate | None]:
    """The gate of each bit of a sum or difference; None where both operands are constant.

    Args:
        first: drivers of the first operand's bits, at the places of the sum.
        second: likewise.
        minus: whether the second one is subtracted.
    """
    found: list[Gate | None] = []
    for a, b in zip(first, second, strict=True):
        moving = tuple(sorted({d for d in (a, b) if d >= 0}))
        if not moving:
            found.append(None)
        elif a >= 0 and b >= 0:
            found.append(Gate(moving, True, minus))
        else:
            constant = a if b >= 0 else b
            found.append(Gate(moving, (constant == ONE) != minus, minus))
    return found


def luts(chain: Iterable[Gate | None]) -> tuple[int, int]:
    """LUTs of two bits, and of one that they invert, each counted once."""
    different = {gate for gate in chain if gate is not None and gate.lut}
    pairs = sum(len(gate.bits) > 1 for gate in different)
    return pairs, len(different) - pairs


def formed(node: GNode, args: Sequence[GNode]) -> list[Gate | None]:
    """The gates of a sum as its operands alone tell, without those below its first carry.

    Bits are numbered within each operand; those of tables and constants by what they hold.
    """
    names = [named_bits(arg, 256 * place) for place, arg in enumerate(args)]
    sides = _aligned(node, args, names)
    low = len(uncarried(GOp.SUB if node.op is GOp.NEG else node.op, *sides))
    return gates(*sides, node.op is not GOp.ADD)[low:]


def sum_gates(
    graph: Graph, number: int, bits: Sequence[Sequence[int]]
) -> tuple[list[int], list[Gate | None]]:
    """The drivers of the first operand of a sum in a graph, and the gate of each of its bits.

    Args:
        graph: with the sum.
        number: its node.
        bits: drivers of all nodes' bits.
    """
    node = graph.nodes[number]
    args = [graph.nodes[a] for a in node.args]
    sides = _aligned(node, args, [bits[a] for a in node.args])
    return sides[0], gates(*sides, node.op is not GOp.ADD)


def _aligned(
    node: GNode, args: Sequence[GNode], names: Sequence[Sequence[int]]
) -> tuple[list[int], list[int]]:
    """Both operands at the places of the sum; a NEG is a difference to 0."""
    frac = max(arg.fmt.frac for arg in args)
    sides = [
        moved(bits, frac - arg.fmt.frac, node.fmt.width, arg.fmt.signed)
        for bits, arg in zip(names, args, strict=True)
    ]
    return (sides[0], sides[1]) if len(sides) > 1 else ([ZERO] * node.fmt.width, sides[0])
