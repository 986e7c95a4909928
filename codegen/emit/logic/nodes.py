"""The logic of a graph node, of exact width, on the signals of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symtick.codegen.emit.logic.casts import Names, cast_logic
from symtick.codegen.emit.logic.expressions import (
    Assignment,
    Bit,
    Choice,
    Compared,
    Complement,
    Difference,
    Expression,
    Extended,
    Field,
    Joined,
    Literal,
    Magnitude,
    Negative,
    Product,
    Signal,
    Sum,
    bit,
    whole,
)
from symtick.codegen.ir.bit_liveness import row_place
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.codegen.ir.nodes import BIT


@dataclass(frozen=True)
class NodeLogic:
    """Writes the logic of single nodes; tables apart.

    Attributes:
        graph: the design's graph.
        new: names of helper signals.
    """

    graph: Graph
    new: Names

    def of(
        self, node: GNode, name: str, args: Sequence[Signal]
    ) -> tuple[list[Assignment], Expression]:
        """Helper signals and the expression of a node."""
        width = node.fmt.width
        fracs = [self.graph.nodes[a].fmt.frac for a in node.args]
        if node.op is GOp.CAST:
            source = self.graph.nodes[node.args[0]]
            return cast_logic(self.new, name, node, source, args[0])
        if node.op is GOp.MUL:
            return [], Product(args[0], args[1], width)
        if node.op is GOp.DIGIT_ROW:
            return self._row(name, node, args, fracs)
        if node.op is GOp.CONCAT:
            return [], Joined(whole(args[0]), whole(args[1]))
        if node.op in (GOp.MIN, GOp.MAX):
            return self._smaller(name, node, args, fracs)
        if node.op is GOp.GE:
            decided = node.lo == node.hi  # Verilator warns of comparisons that are constant
            return [], Literal(node.lo, 1) if decided else _compared(args, fracs, ">=")
        if node.op is GOp.SELECT:
            then, other = (
                Extended(a, node.fmt.frac - f, width)
                for a, f in zip(args[1:], fracs[1:], strict=True)
            )
            return [], Choice(whole(args[0]), then, other)
        shifted = [Extended(a, max(fracs) - f, width) for a, f in zip(args, fracs, strict=True)]
        if node.op is GOp.ADD:
            return [], Sum(*shifted)
        if node.op is GOp.SUB:
            return [], Difference(*shifted)
        if node.op is GOp.NEG:
            return [], Negative(shifted[0])
        return [], Magnitude(shifted[0]) if args[0].fmt.signed else shifted[0]

    def _row(
        self, name: str, node: GNode, args: Sequence[Signal], fracs: Sequence[int]
    ) -> tuple[list[Assignment], Expression]:
        """A multiple that the digit chooses, one LUT a bit with the carry chain that adds it.

        The multiple of a negative digit is a complement and one more, which enters the chain as a
        carry from a bit below. Bits below the row are the first argument's.
        """
        place = row_place(self.graph, node)
        width, shift = node.fmt.width - place, node.fmt.frac - fracs[0]
        if width <= 0:  # a row of zeros
            return [], Extended(args[0], shift, node.fmt.width)
        digit = args[1]
        row = Signal(self.new(f"{name}_row"), Fixed(width, 0, False))
        total = self.new(f"{name}_sum")
        helpers = [Assignment(row, self._multiple(node, args, fracs, width))]
        first = self.graph.nodes[node.args[0]]
        nothing = first.op is GOp.CONST and first.number == 0
        if nothing and not place and not digit.fmt.signed:
            return helpers, whole(row)
        base: Expression = Extended(args[0], shift - place, width)
        if digit.fmt.signed:
            sum_ = Signal(total, Fixed(width + 1, 0, False))
            high = bit(digit, digit.fmt.width - 1)
            value = Sum(Joined(base, Bit(1)), Joined(whole(row), high))
            upper = Field(sum_, width, 1)
        else:
            sum_ = Signal(total, Fixed(width, 0, False))
            value, upper = Sum(base, whole(row)), whole(sum_)
        helpers.append(Assignment(sum_, value))
        return helpers, Joined(upper, Extended(args[0], shift, place)) if place else upper

    def _multiple(
        self, node: GNode, args: Sequence[Signal], fracs: Sequence[int], width: int
    ) -> Expression:
        """0, x, 2x or 3x by the digit; for a signed digit 0, x, and the complements of 2x and x."""
        _, digit, x, triple = args
        # the row begins at the lower of x's and 3x's last places
        places = [max(fracs[2:]) - f for f in fracs[2:]]
        most = self.graph.nodes[node.args[1]].hi
        once, zero = Extended(x, places[0], width), Literal(0, width)
        if digit.fmt.width == 1:
            return Choice(whole(digit), Complement(once) if digit.fmt.signed else once, zero)
        high, low = bit(digit, 1), bit(digit, 0)
        twice = Extended(x, places[0] + 1, width)
        third = Extended(triple, places[1], width) if most == 3 else once
        upper = Choice(low, third, twice)
        chosen = Complement(upper) if digit.fmt.signed else upper
        return Choice(high, chosen, Choice(low, once, zero))

    def _smaller(
        self, name: str, node: GNode, args: Sequence[Signal], fracs: Sequence[int]
    ) -> tuple[list[Assignment], Expression]:
        """MIN and MAX: compare at the width that holds both, then choose."""
        shifts = [max(fracs) - f for f in fracs]
        values = [Extended(a, shift, node.fmt.width) for a, shift in zip(args, shifts, strict=True)]
        ends = [
            (self.graph.nodes[a].lo << s, self.graph.nodes[a].hi << s)
            for a, s in zip(node.args, shifts, strict=True)
        ]
        order = 0 if node.op is GOp.MIN else 1
        for k in (0, 1):
            # the bounds decide, as for the larger of an unsigned value and 0
            if ends[k][1] <= ends[1 - k][0]:
                return [], values[k ^ order]
        less = Signal(self.new(f"{name}_less"), BIT)
        test = _compared(args, fracs, "<")
        return [Assignment(less, test)], Choice(whole(less), values[order], values[1 - order])


def _compared(args: Sequence[Signal], fracs: Sequence[int], symbol: str) -> Compared:
    """A comparison of two signals at the width that holds both."""
    pairs = [(a, max(fracs) - f) for a, f in zip(args, fracs, strict=True)]
    signed = any(a.fmt.signed for a in args)
    common = max(a.fmt.width + s + (signed and not a.fmt.signed) for a, s in pairs)
    a, b = (Extended(a, s, common) for a, s in pairs)
    return Compared(a, symbol, b)
