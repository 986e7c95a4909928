"""A reference: an expression compiled as hls4ml's symbolic back end does it, by our own flow.

hls4ml 1.3 (`SymbolicExpression`, `nnet::lookup_table`) prints a SymPy expression as one C++ line
over a single type. The reference has these properties of it:

* every input, constant and result has that one type, ap_fixed<16,6> by default, AP_TRN, AP_WRAP;
* ap_fixed arithmetic itself grows; bits are lost where the C++ converts: at the arguments of
  functions and at the outputs (`CutPoint.CONVERSIONS`, equal to hls4ml bit for bit).
  `CutPoint.RESULTS` cuts every product and sum, which needs fewer LUTs: what a firmware engineer
  would write by hand;
* functions are tables of `table_size` samples from `range_start` to `range_end`, addressed by the
  floor of the scaled argument; arguments beyond the range take the first or last sample;
* a number times a signal is a multiplier with a constant operand, left to synthesis; no table is
  made of a sub-expression, no constant is shared, no range is analysed. Products of signals are
  built as in our own designs, which is smaller than what synthesis makes of them.

hls4ml's C++ does not compile without a vendor's headers in some places; there, the cheapest choice
is made:
a sample is the function's nearest value in the type (AP_RND, AP_SAT), Min and Max compare in the
type, Abs wraps in it. Sums are added in a balanced tree, earliest terms first, and equal nodes are
one, as an HLS compiler would have it. Division by a signal and other powers than whole positive
ones are refused.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import sympy

from symtick.codegen import (
    PASSES,
    CostModel,
    Design,
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Overflow,
    Quant,
    run_passes,
    schedule,
)
from symtick.codegen.ir.arrival import Arrivals
from symtick.errors import InputError
from symtick.expr import Expression, to_sympy

TYPE = Fixed(16, 10)
_PARTS = ("products", "split")
SignedNode = tuple[int, bool]  # graph node, whether it is subtracted


class CutPoint(Enum):
    """Where a value is cut to the one type."""

    CONVERSIONS = "conversions"
    RESULTS = "results"


@dataclass(frozen=True, slots=True)
class LutFunction:
    """A function as hls4ml tabulates it.

    Attributes:
        function: real values of real values.
        range_start, range_end: first argument of the table, and the one behind its last.
        table_size: number of samples, a power of two.
    """

    function: Callable[[float], float]
    range_start: float
    range_end: float
    table_size: int = 1024

    @property
    def places(self) -> int:
        """Bits after the point of an argument that tell two samples apart.

        Raises:
            InputError: the step between samples is not a power of two.
        """
        mantissa, exponent = math.frexp((self.range_end - self.range_start) / self.table_size)
        if mantissa != 0.5 or self.table_size.bit_count() != 1:
            raise InputError(
                f"{self.table_size} samples from {self.range_start:g} to {self.range_end:g} are "
                "not a power of two apart: choose both as powers of two"
            )
        return 1 - exponent


# the size is hls4ml's default; the ranges hold the arguments at which these functions bend
FUNCTIONS: Mapping[str, LutFunction] = {
    "tanh": LutFunction(math.tanh, -4.0, 4.0),
    "exp": LutFunction(math.exp, -8.0, 8.0),
    "log": LutFunction(lambda v: math.log(v) if v > 0.0 else -32.0, 0.0, 8.0),
    "sin": LutFunction(math.sin, -4.0, 4.0),
    "cos": LutFunction(math.cos, -4.0, 4.0),
}


def compile_symbolic(
    expression: Expression,
    model: CostModel,
    *,
    name: str,
    output_names: Sequence[str],
    cut: CutPoint = CutPoint.CONVERSIONS,
    fmt: Fixed = TYPE,
    functions: Mapping[str, LutFunction] = FUNCTIONS,
) -> Design:
    """The reference design of an expression; inputs and outputs have the one type.

    Args:
        expression: what to compute.
        model: costs, for the schedule: the same scheduler and clock as for every design.
        name: top-level name.
        output_names: one port name for each output.
        cut: where bits are lost.
        fmt: the one type.
        functions: tables by SymPy's name of the function.

    Raises:
        InputError: the expression has what hls4ml would not compile this way.
        WidthError: exact arithmetic grows over the widest format.
        ResourceError: the clock cannot be met.
    """
    work = _Symbolic(expression.inputs, model, cut, fmt, functions)
    outputs = [work.output(to_sympy(expression, k)) for k in range(len(expression.outputs))]
    graph = work.builder.build(outputs, output_names)
    # a stage is too short for a product of 16 bits: these cut products and tables into exact parts
    steps = [step for step in PASSES if step.name in _PARTS]
    graph = run_passes(graph, model, steps)
    return Design(name, expression, graph, schedule(graph, model), model.name)


class _Symbolic:
    def __init__(
        self,
        inputs: Sequence[str],
        model: CostModel,
        cut: CutPoint,
        fmt: Fixed,
        functions: Mapping[str, LutFunction],
    ) -> None:
        self.builder = GraphBuilder(tuple(inputs))
        self._watch = Arrivals(self.builder.view(), model)
        self._cut = cut
        self._fmt = fmt
        self._functions = functions

    def output(self, item: sympy.Expr) -> int:
        """An output: converted to the type."""
        return self._typed(self._signal(item))

    def _typed(self, number: int) -> int:
        return self.builder.cast(number, self._fmt, Quant.TRN, Overflow.WRAP)

    def _result(self, number: int) -> int:
        return self._typed(number) if self._cut is CutPoint.RESULTS else number

    def _signal(self, item: sympy.Basic) -> int:
        if isinstance(item, sympy.Symbol):
            return self.builder.input(self.builder.input_names.index(item.name), self._fmt)
        if item.is_number:
            return self._constant(float(item))
        if isinstance(item, sympy.Add):
            return self._sum([self._term(a) for a in item.args])
        if isinstance(item, sympy.Mul):
            return self._sum([self._term(item)])
        if isinstance(item, sympy.Pow) and item.args[0] != sympy.E:
            return self._power(*item.args)
        if isinstance(item, sympy.Min | sympy.Max):
            op = GOp.MIN if isinstance(item, sympy.Min) else GOp.MAX
            return self._tree(op, [self._typed(self._signal(a)) for a in item.args])
        if isinstance(item, sympy.Abs):
            argument = self._typed(self._signal(item.args[0]))
            return self._typed(self.builder.op(GOp.ABS, argument))
        return self._function(item)

    def _constant(self, value: float) -> int:
        raw = int(self._fmt.to_raw(value, Quant.TRN, Overflow.WRAP))
        return self.builder.const(raw, self._fmt.frac)

    def _term(self, item: sympy.Basic) -> SignedNode:
        """A part of a sum; the sign of a coefficient stands before it, as it is printed."""
        if not isinstance(item, sympy.Mul):
            return self._signal(item), False
        factor, rest = item.as_coeff_Mul()
        factors = [self._signal(a) for a in sympy.Mul.make_args(rest)]
        if abs(factor) != 1:
            factors.append(self._constant(float(abs(factor))))
        return self._tree(GOp.MUL, factors), bool(factor < 0)

    def _power(self, base: sympy.Basic, exponent: sympy.Basic) -> int:
        if not (isinstance(exponent, sympy.Integer) and exponent > 1):
            raise InputError(f"the power {exponent} of {base} has no form without a vendor's tool")
        return self._tree(GOp.MUL, [self._signal(base)] * int(exponent))

    def _function(self, item: sympy.Basic) -> int:
        name = "exp" if isinstance(item, sympy.Pow) else item.func.__name__
        if name not in self._functions:
            raise InputError(f"there is no table for {name}: there are {', '.join(FUNCTIONS)}")
        argument = item.args[1] if isinstance(item, sympy.Pow) else item.args[0]
        return self._table(self._functions[name], self._typed(self._signal(argument)))

    def _table(self, lut: LutFunction, argument: int) -> int:
        """samples[(argument - range_start) * table_size / range], the index held inside."""
        bits = lut.table_size.bit_length() - 1
        index = Fixed(bits, lut.places, False)
        above = self.builder.op(GOp.SUB, argument, self._constant(lut.range_start))
        address = self.builder.cast(above, index, Quant.TRN, Overflow.SAT)
        step = (lut.range_end - lut.range_start) / lut.table_size
        values = [lut.function(lut.range_start + k * step) for k in range(lut.table_size)]
        return self.builder.table(address, self._fmt.to_raw(np.array(values)).tolist(), self._fmt)

    def _sum(self, terms: Sequence[SignedNode]) -> int:
        queue = [(self._watch.ready(k), k, negative) for k, negative in terms]
        heapq.heapify(queue)
        while len(queue) > 1:
            (_, a, minus_a), (_, b, minus_b) = heapq.heappop(queue), heapq.heappop(queue)
            if minus_a == minus_b:
                both, negative = self.builder.op(GOp.ADD, a, b), minus_a
            else:
                plus, minus = (b, a) if minus_a else (a, b)
                both, negative = self.builder.op(GOp.SUB, plus, minus), False
            both = self._result(both)
            heapq.heappush(queue, (self._watch.ready(both), both, negative))
        _, last, negative = queue[0]
        return self._result(self.builder.op(GOp.NEG, last)) if negative else last

    def _tree(self, op: GOp, numbers: Sequence[int]) -> int:
        queue = [(self._watch.ready(k), k) for k in numbers]
        heapq.heapify(queue)
        while len(queue) > 1:
            (_, a), (_, b) = heapq.heappop(queue), heapq.heappop(queue)
            both = self._result(self.builder.op(op, a, b))
            heapq.heappush(queue, (self._watch.ready(both), both))
        return queue[0][1]


def raw_inputs(
    values: np.typing.NDArray[np.float64], graph: Graph, fmt: Fixed = TYPE
) -> np.typing.NDArray[np.int64]:
    """Real inputs (rows, inputs) as words of the type, as hls4ml's bridge converts them."""
    if values.ndim != 2 or values.shape[1] != len(graph.input_names):
        raise InputError(f"inputs must have shape (rows, {len(graph.input_names)})")
    return fmt.to_raw(values, Quant.TRN, Overflow.WRAP)
