"""A graph in XLS's intermediate form: a second implementation of every operation.

Values are 64-bit two's complement; formats only say how operands are aligned. Rounding and overflow
are written from AMD's descriptions (UG1399), not from our reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xls

from symtick.codegen import GNode, GOp, Graph, Overflow, Quant

WIDTH = 64
_COMPARED = {GOp.MIN: "add_sle", GOp.MAX: "add_sge"}


class XlsGraph:
    """A graph as a compiled XLS function."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.package = xls.Package.create("package")
        self.word = self.package.get_bits_type(WIDTH)
        function = xls.FunctionBuilder.create("design", self.package, True)
        self.b = function.as_builder_base()
        ports = [function.add_parameter(f"p{k}", self.word) for k in range(len(graph.input_names))]
        values: list[Any] = []
        for node in graph.nodes:
            values.append(self._value(node, values, ports))
        whole = self.b.add_tuple([values[k] for k in graph.outputs])
        self.function = function.build_with_return_value(whole)
        self.jit = self.function.to_jit()

    def run(self, row: Sequence[int]) -> list[int]:
        """Raw outputs by the compiled function."""
        found = self.jit.run([xls.Value.make_sbits(WIDTH, int(v)) for v in row])
        return self._numbers(found)

    def interpret(self, row: Sequence[int]) -> list[int]:
        """Raw outputs by the interpreter."""
        found = self.function.interpret([xls.Value.make_sbits(WIDTH, int(v)) for v in row])
        return self._numbers(found)

    def _numbers(self, found: Any) -> list[int]:
        return [found.get_element(k).get_bits().to_int64() for k in range(len(self.graph.outputs))]

    def _const(self, value: int, width: int = WIDTH) -> Any:
        return self.b.add_literal(xls.Value.make_sbits(width, value))

    def _up(self, value: Any, places: int) -> Any:
        return self.b.add_shll(value, self._const(places)) if places else value

    def _choice(self, test: Any, yes: Any, no: Any) -> Any:
        return self.b.add_select(test, [no, yes])

    def _bit(self, value: Any, place: int) -> Any:
        return self.b.add_bit_slice(value, place, 1)

    def _value(self, node: GNode, values: list[Any], ports: Sequence[Any]) -> Any:
        b = self.b
        args = [values[a] for a in node.args]
        if node.op is GOp.INPUT:
            return ports[node.number]
        if node.op is GOp.CONST:
            return self._const(node.number)
        if node.op is GOp.SCALE:
            return args[0]
        if node.op is GOp.NEG:
            return b.add_negate(args[0])
        if node.op is GOp.ABS:
            return self._choice(self._bit(args[0], WIDTH - 1), b.add_negate(args[0]), args[0])
        if node.op is GOp.MUL:
            return b.add_smul(*args)
        formats = [self.graph.nodes[a].fmt for a in node.args]
        if node.op is GOp.TABLE:
            contents = b.add_array(self.word, [self._const(v) for v in node.contents])
            return b.add_array_index(contents, [b.add_bit_slice(args[0], 0, formats[0].width)])
        if node.op is GOp.CAST:
            return self._cast(node, args[0], formats[0].frac - node.fmt.frac)
        if node.op is GOp.CONCAT:
            low = b.add_bit_slice(args[1], 0, formats[1].width)
            high = b.add_bit_slice(args[0], 0, formats[0].width)
            return b.add_zero_extend(b.add_concat([high, low]), WIDTH)
        if node.op is GOp.DIGIT_ROW:
            first, x = (self._up(args[k], node.fmt.frac - formats[k].frac) for k in (0, 2))
            return b.add_add(first, b.add_smul(args[1], x))
        test, *pair = (None, *args) if len(args) == 2 else args
        ends = formats[-2:]
        frac = max(fmt.frac for fmt in ends)
        first, second = (self._up(v, frac - f.frac) for v, f in zip(pair, ends, strict=True))
        if node.op is GOp.ADD:
            return b.add_add(first, second)
        if node.op is GOp.SUB:
            return b.add_sub(first, second)
        if node.op is GOp.GE:
            return b.add_zero_extend(b.add_sge(first, second), WIDTH)
        if node.op is GOp.SELECT:
            return self._choice(self._bit(test, 0), first, second)
        compared = getattr(b, _COMPARED[node.op])
        return self._choice(compared(first, second), first, second)

    def _cast(self, node: GNode, value: Any, drop: int) -> Any:
        return self._limited(node, self._rounded(node.quant, value, drop))

    def _rounded(self, quant: Quant, value: Any, drop: int) -> Any:
        if drop <= 0:
            return self._up(value, -drop)
        b = self.b
        places = min(drop, WIDTH - 1)
        floor = b.add_shra(value, self._const(places))
        rest = b.add_sub(value, self._up(floor, places))
        half = self._const(1 << (places - 1))
        negative = self._bit(value, WIDTH - 1)
        above, tie = b.add_ugt(rest, half), b.add_eq(rest, half)
        more = {
            Quant.TRN: lambda: self._const(0, 1),
            Quant.TRN_ZERO: lambda: b.add_and(negative, b.add_ne(rest, self._const(0))),
            Quant.RND: lambda: b.add_or(above, tie),
            Quant.RND_ZERO: lambda: b.add_or(above, b.add_and(tie, negative)),
            Quant.RND_MIN_INF: lambda: above,
            Quant.RND_INF: lambda: b.add_or(above, b.add_and(tie, b.add_not(negative))),
            Quant.RND_CONV: lambda: b.add_or(above, b.add_and(tie, self._bit(floor, 0))),
        }[quant]()
        return b.add_add(floor, b.add_zero_extend(more, WIDTH))

    def _limited(self, node: GNode, value: Any) -> Any:
        b, fmt = self.b, node.fmt
        if node.overflow is Overflow.WRAP:
            low = b.add_bit_slice(value, 0, fmt.width)
            extend = b.add_sign_extend if fmt.signed else b.add_zero_extend
            return extend(low, WIDTH)
        symmetric = node.overflow is Overflow.SAT_SYM and fmt.signed
        least = self._const(-fmt.raw_max if symmetric else fmt.raw_min)
        most = self._const(fmt.raw_max)
        under, over = b.add_slt(value, least), b.add_sgt(value, most)
        if node.overflow is Overflow.SAT_ZERO:
            zero = node.fmt.raw_min
            ends = b.add_or(b.add_slt(value, self._const(zero)), over)
            return self._choice(ends, self._const(0), value)
        return self._choice(under, least, self._choice(over, most, value))
