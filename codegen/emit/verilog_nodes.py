"""The Verilog expression of a graph node, of exact width, on the signals of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symtick.codegen.emit.names import Namer
from symtick.codegen.emit.verilog_bits import Bits, Signal, cast_logic, literal
from symtick.codegen.ir.bit_liveness import row_place
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GNode, GOp, Graph


@dataclass(frozen=True)
class NodeLogic:
    """Writes the logic of single nodes; tables apart.

    Attributes:
        graph: the design's graph.
        bits: what every read of a signal goes through.
        namer: names of helper wires.
    """

    graph: Graph
    bits: Bits
    namer: Namer

    def of(self, node: GNode, name: str, args: Sequence[Signal]) -> tuple[list[str], str]:
        """Helper declarations and the expression of a node."""
        width = node.fmt.width
        fracs = [self.graph.nodes[a].fmt.frac for a in node.args]
        if node.op is GOp.CAST:
            source = self.graph.nodes[node.args[0]]
            return cast_logic(self.bits, self.namer, name, node, source, args[0])
        if node.op is GOp.MUL:
            return [], self.bits.product(args[0], args[1], width)
        if node.op is GOp.DIGIT_ROW:
            return self._row(name, node, args, fracs)
        if node.op is GOp.CONCAT:
            return [], f"{{{self.bits.all(args[0])}, {self.bits.all(args[1])}}}"
        if node.op in (GOp.MIN, GOp.MAX):
            return self._smaller(name, node, args, fracs)
        if node.op is GOp.GE:
            decided = node.lo == node.hi  # Verilator warns of comparisons that are constant
            return [], literal(node.lo, 1) if decided else self._compared(args, fracs, ">=")
        if node.op is GOp.SELECT:
            chosen = [
                self.bits.extended(a, node.fmt.frac - f, width)
                for a, f in zip(args[1:], fracs[1:], strict=True)
            ]
            return [], f"{self.bits.all(args[0])} ? {chosen[0]} : {chosen[1]}"
        shifted = [
            self.bits.extended(a, max(fracs) - f, width) for a, f in zip(args, fracs, strict=True)
        ]
        if node.op is GOp.ADD:
            return [], f"{shifted[0]} + {shifted[1]}"
        if node.op is GOp.SUB:
            return [], f"{shifted[0]} - {shifted[1]}"
        if node.op is GOp.NEG:
            return [], f"-{shifted[0]}"
        if not args[0].fmt.signed:
            return [], shifted[0]
        sign = self.bits.sign(args[0])
        negated = f"({shifted[0]} ^ {{{width}{{{sign}}}}})"
        return [], f"{negated} + {sign if width == 1 else f'{{{literal(0, width - 1)}, {sign}}}'}"

    def _row(
        self, name: str, node: GNode, args: Sequence[Signal], fracs: Sequence[int]
    ) -> tuple[list[str], str]:
        """A multiple that the digit chooses, one LUT a bit with the carry chain that adds it.

        The multiple of a negative digit is a complement and one more, which enters the chain as a
        carry from a bit below. Bits below the row are the first argument's.
        """
        place = row_place(self.graph, node)
        width, shift = node.fmt.width - place, node.fmt.frac - fracs[0]
        if width <= 0:  # a row of zeros
            return [], self.bits.extended(args[0], shift, node.fmt.width)
        digit = args[1]
        high = self.bits.bit(digit, digit.fmt.width - 1)
        row, total = (self.namer.new(f"{name}_{part}") for part in ("row", "sum"))
        lines = [f"wire [{width - 1}:0] {row} = {self._multiple(node, args, fracs, width)};"]
        first = self.graph.nodes[node.args[0]]
        nothing = first.op is GOp.CONST and first.number == 0
        if nothing and not place and not digit.fmt.signed:
            return lines, row
        base = self.bits.extended(args[0], shift - place, width)
        if digit.fmt.signed:
            sum_ = self.bits.known(Signal(total, Fixed(width + 1, 0, False)))
            lines.append(f"wire [{width}:0] {total} = {{{base}, 1'b1}} + {{{row}, {high}}};")
            whole = self.bits.field(sum_, width, 1)
        else:
            lines.append(f"wire [{width - 1}:0] {total} = {base} + {row};")
            whole = total
        if place:
            whole = f"{{{whole}, {self.bits.extended(args[0], shift, place)}}}"
        return lines, whole

    def _multiple(
        self, node: GNode, args: Sequence[Signal], fracs: Sequence[int], width: int
    ) -> str:
        """0, x, 2x or 3x by the digit; for a signed digit 0, x, and the complements of 2x and x."""
        _, digit, x, triple = args
        # the row begins at the lower of x's and 3x's last places
        places = [max(fracs[2:]) - f for f in fracs[2:]]
        most = self.graph.nodes[node.args[1]].hi
        once = self.bits.extended(x, places[0], width)
        not_ = "~" if digit.fmt.signed else ""
        if digit.fmt.width == 1:
            return f"{self.bits.all(digit)} ? {not_}{once} : {literal(0, width)}"
        high, low = self.bits.bit(digit, 1), self.bits.bit(digit, 0)
        twice = self.bits.extended(x, places[0] + 1, width)
        third = self.bits.extended(triple, places[1], width) if most == 3 else once
        zero = literal(0, width)
        chosen = f"{high} ? {not_}({low} ? {third} : {twice})"
        return f"{chosen} : ({low} ? {once} : {zero})"

    def _smaller(
        self, name: str, node: GNode, args: Sequence[Signal], fracs: Sequence[int]
    ) -> tuple[list[str], str]:
        """MIN and MAX: compare at the width that holds both, then choose."""
        shifts = [max(fracs) - f for f in fracs]
        pairs = list(zip(args, shifts, strict=True))
        ends = [
            (self.graph.nodes[a].lo << s, self.graph.nodes[a].hi << s)
            for a, s in zip(node.args, shifts, strict=True)
        ]
        order = 0 if node.op is GOp.MIN else 1
        for k in (0, 1):
            # the bounds decide, as for the larger of an unsigned value and 0
            if ends[k][1] <= ends[1 - k][0]:
                return [], self.bits.extended(*pairs[k ^ order], node.fmt.width)
        chosen = [self.bits.extended(*pairs[k ^ order], node.fmt.width) for k in (0, 1)]
        less = self.namer.new(f"{name}_less")
        test = self._compared(args, fracs, "<")
        return [f"wire {less} = {test};"], f"{less} ? {chosen[0]} : {chosen[1]}"

    def _compared(self, args: Sequence[Signal], fracs: Sequence[int], symbol: str) -> str:
        """A comparison of two signals at the width that holds both."""
        pairs = [(a, max(fracs) - f) for a, f in zip(args, fracs, strict=True)]
        signed = any(a.fmt.signed for a in args)
        common = max(a.fmt.width + s + (signed and not a.fmt.signed) for a, s in pairs)
        wide = [self.bits.extended(a, s, common) for a, s in pairs]
        if signed:
            wide = [f"$signed({text})" for text in wide]
        return f"{wide[0]} {symbol} {wide[1]}"
