"""Analysis of an expression: the range of every value, and the precision that it needs.

Sub-expressions of one input are evaluated on every code that the input can take, so their ranges
are true ranges; ranges of the others follow by interval arithmetic from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.functions.columns import Columns
from symtick.codegen.functions.univariate import rounding_of_constant
from symtick.codegen.ir.fixed import MAX_PORT_WIDTH, Fixed, Reals
from symtick.errors import DomainError, InputError, WidthError
from symtick.expr import OPS, STEPS, Builder, Expression, Interval, Node, Op, node_text, reachable
from symtick.expr.ops import TWO_OVER_ROOT_PI
from symtick.expr.parsing import MAX_EXPONENT

MAX_CODES = 1 << 16
# most bits taken from term_frac for one signal, and added to it: by default, and where strict
_FEWER_BITS = 12
_MORE_BITS = 24
_ANY_BITS = 400
# the most bits after the point that an exact argument may need: of a step, of a root or quotient
# that is computed digit by digit
_EXACT_BITS = 48
_EXACT_OPERAND_BITS = 64
FLOAT64_BITS = 53


def input_bounds(
    formats: Sequence[Fixed], ranges: Sequence[Interval] | None, inputs: Sequence[str]
) -> list[tuple[int, int]]:
    """Smallest and largest raw code of each input: its format's, cut down to its real range.

    Raises:
        InputError: there is not one format, or not one range, for each input.
        WidthError: a format is wider than a port may be.
    """
    if len(formats) != len(inputs):
        raise InputError(f"{len(inputs)} inputs need as many formats, not {len(formats)}")
    if ranges is not None and len(ranges) != len(inputs):
        raise InputError(f"{len(inputs)} inputs need as many ranges, not {len(ranges)}")
    for fmt, name in zip(formats, inputs, strict=True):
        if fmt.width > MAX_PORT_WIDTH:
            raise WidthError(
                f"input {name}: {fmt} is over the limit of {MAX_PORT_WIDTH} bits for a port"
            )
    if ranges is None:
        return [(fmt.raw_min, fmt.raw_max) for fmt in formats]
    bounds = []
    for fmt, span in zip(formats, ranges, strict=True):
        ends = [min(max(v, fmt.lo), fmt.hi) for v in (span.lo, span.hi)]
        lo, hi = fmt.to_raw(ends).tolist()
        bounds.append((lo, hi))
    return bounds


@dataclass
class Analysis:
    """Ranges and needed precision of every node of an expression.

    Attributes:
        expression: the expression.
        formats: input formats.
        bounds: smallest and largest raw code of each input.
        whole: nodes that are computed as they stand, not as a part of a product or a function.
        exact: those of them that are to be right to the last bit.
    """

    expression: Expression
    formats: Sequence[Fixed]
    bounds: Sequence[tuple[int, int]]
    whole: frozenset[int] = frozenset()
    exact: frozenset[int] = frozenset()
    support: list[frozenset[int]] = field(init=False)
    uses: list[int] = field(init=False)
    _columns: dict[int, Columns] = field(default_factory=dict)
    _spans: dict[int, Interval] = field(default_factory=dict)
    _exact: dict[int, int | None] = field(default_factory=dict)
    _rounding: dict[int, float] = field(default_factory=dict)
    _weights: dict[int, tuple[int, float] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.support = self.expression.support()
        self.uses = [0] * len(self.expression)
        for node in self.expression.nodes:
            for a in node.args:
                self.uses[a] += 1
        for k in self.expression.outputs:
            self.uses[k] += 1

    def codes(self, index: int) -> int:
        """How many codes an input can take."""
        return self.bounds[index][1] - self.bounds[index][0] + 1

    def points(self, index: int) -> Reals:
        """The real values of all codes of an input, ascending."""
        lo, hi = self.bounds[index]
        return self.formats[index].to_real(np.arange(lo, hi + 1))

    def columns(self, index: int) -> Columns:
        """Values on all codes of an input with at most 2**16 of them; index -1: constants."""
        if index not in self._columns:
            points = np.zeros(1) if index < 0 else self.points(index)
            name = "" if index < 0 else self.expression.inputs[index]
            self._columns[index] = Columns(self.expression, points, name)
        return self._columns[index]

    def constant(self, number: int) -> float | None:
        """The value of a node that no input reaches, else None."""
        return None if self.support[number] else float(self.columns(-1).of(number)[0])

    def rounding(self, number: int) -> float:
        """How far float64 is off the exact value of a node that no input reaches."""
        value, known = self.constant(number), self._rounding
        assert value is not None
        if self.expression.nodes[number].op is Op.CONST:
            return 0.0
        if number not in known:
            builder = Builder(())
            alone = builder.build([builder.graft(self.expression, number)])
            known[number] = rounding_of_constant(alone, value)
        return known[number]

    def countable(self, number: int) -> int | None:
        """The only input of a node, if all its codes can be looked at, else None."""
        if len(self.support[number]) != 1:
            return None
        (index,) = self.support[number]
        return index if self.codes(index) <= MAX_CODES else None

    def span(self, number: int) -> Interval:
        """The values that a node can take.

        Raises:
            DomainError: an operator is undefined, or overflows, somewhere; the message names the
                sub-expression.
        """
        spans = self._spans
        if number not in spans:
            # from below, for a long sum is deeper than Python's stack
            for k in sorted(reachable(self.expression.nodes, [number], self._by_arguments)):
                if k not in spans:
                    spans[k] = self._span(k)
        return spans[number]

    def _by_arguments(self, number: int) -> bool:
        """Whether a span follows from those of the arguments, and is not known."""
        known = number in self._spans or not self.support[number]
        return not known and self.countable(number) is None

    def _span(self, number: int) -> Interval:
        node = self.expression.nodes[number]
        index = self.countable(number)
        if index is not None or not self.support[number]:
            return self.columns(-1 if index is None else index).hull(number)
        if node.op is Op.INPUT:
            lo, hi = (float(self.formats[node.index].to_real(v)) for v in self.bounds[node.index])
            return Interval(lo, hi)
        return self.image(number, self.span)

    def image(self, number: int, span: Callable[[int], Interval]) -> Interval:
        """The values that a node can take where its arguments take those of their spans.

        Raises:
            DomainError: its operator is undefined, or overflows, somewhere there.
        """
        node = self.expression.nodes[number]
        # a product of equal factors is never negative, which interval arithmetic does not see
        square = node.op is Op.MUL and node.args[0] == node.args[1]
        op, args = (Op.SQUARE, node.args[:1]) if square else (node.op, node.args)
        try:
            values = OPS[op].interval(*(span(a) for a in args))
        except DomainError as error:
            raise DomainError(f"in {self._text(node)}: {error}") from None
        if not (math.isfinite(values.lo) and math.isfinite(values.hi)):
            raise DomainError(
                f"{self._text(node)} overflows: its values lie in {values}; guard it with min"
            )
        return values

    def _text(self, node: Node) -> str:
        return node_text(self.expression.nodes, node, self.expression.inputs, 6)

    def fractions(self, places: Sequence[int], tabled: Sequence[bool], strict: bool) -> list[int]:
        """Bits after the point that each node needs.

        An error of 2**-bits in a node moves no output by more than about 2**-places, by the largest
        partial derivatives over the ranges (to first order). Nodes below one that is `tabled` keep
        those of the finest output: they are never computed.

        Args:
            places: of each output.
            tabled: of each node, whether it is a table.
            strict: whether that holds next to infinite slopes too.
        """
        finest, most = max(places), most_bits(strict)
        weight = np.zeros((len(self.expression), len(places)))
        for place, k in enumerate(self.expression.outputs):
            weight[k, place] += math.ldexp(1.0, places[place] - finest)
        for k in range(len(self.expression) - 1, -1, -1):
            node = self.expression.nodes[k]
            if tabled[k] or not node.args or not weight[k].any():
                continue
            error = math.ldexp(1.0, -finest) / float(weight[k].max()) if strict else None
            slopes = _slopes(node.op, [self.span(a) for a in node.args], error)
            for a, slope in zip(node.args, slopes, strict=True):
                weight[a] += np.minimum(weight[k] * min(slope, 2.0**most), 2.0**_ANY_BITS)
        largest = weight.max(axis=1)
        bits = [finest + extra_bits(float(w), most) if w > 0 else finest for w in largest]
        nodes = self.expression.nodes
        steps = [k for k, node in enumerate(nodes) if node.op in STEPS]
        for roots, limit in ((steps, _EXACT_BITS), (self.exact, _EXACT_OPERAND_BITS)):
            # no error there is small
            args = [a for k in roots for a in nodes[k].args]
            for k in reachable(nodes, args, lambda k: not tabled[k]):
                needed = self.exact_frac(k, limit)
                bits[k] = bits[k] if needed is None else max(bits[k], needed)
        return bits

    def weights_exact(self, number: int) -> bool:
        """Whether float64 rounds nothing where a node's constants are multiplied and added."""
        known, nodes = self._weights, self.expression.nodes
        for k in sorted(reachable(nodes, [number], lambda k: k not in known)):
            if k not in known:
                known[k] = self._weight_grid(k)
        grid = known[number]
        if grid is None:
            return False
        places, size = grid
        return not size or (size < math.inf and places + math.log2(size) <= FLOAT64_BITS)

    def _weight_grid(self, number: int) -> tuple[int, float] | None:
        """Bits after the point, and the sum of magnitudes, of a polynomial's coefficients.

        The polynomial is one in the inputs; None where a node is none.
        """
        node = self.expression.nodes[number]
        if node.op is Op.INPUT:
            return 0, 1.0
        if node.op is Op.CONST:
            return max(_places(node.value), 0), abs(node.value)
        grids = [self._weights[a] for a in node.args]
        if node.op is Op.DIV:
            divisor = self._power_of_two(node.args[1])
            if divisor is None:
                return None
            inverse = 1.0 / divisor
            grids[1] = max(_places(inverse), 0), abs(inverse)
        if any(grid is None for grid in grids):
            return None
        places, sizes = zip(*(grid for grid in grids if grid is not None), strict=True)
        power = {Op.SQUARE: 2, Op.CUBE: 3}.get(node.op)
        if power is not None:
            return power * places[0], math.prod(sizes * power)
        if node.op in (Op.MUL, Op.DIV):
            return sum(places), math.prod(sizes)
        if node.op in (Op.ADD, Op.SUB, Op.NEG):
            return max(places), sum(sizes)
        return None

    def _power_of_two(self, number: int) -> float | None:
        """A node that is exactly a power of two, or its negative, for all inputs; else None."""
        value = self.constant(number)
        if value is None or not is_power_of_two(value):
            return None
        return value if self.weights_exact(number) else None

    def exact_frac(self, number: int, limit: int = _EXACT_BITS) -> int | None:
        """Bits after the point that hold every value of a node; None where more than a limit."""
        known = self._exact
        if number not in known:
            for k in sorted(reachable(self.expression.nodes, [number], lambda k: k not in known)):
                if k not in known:
                    known[k] = self._exact_frac(k)
        places = known[number]
        return places if places is not None and places <= limit else None

    def exact_bits(self, number: int) -> int | None:
        """Bits that hold every value of a node, without a sign; None where `exact_frac` is."""
        places = self.exact_frac(number)
        if places is None:
            return None
        return max(math.frexp(magnitude(self.span(number)))[1] + places, 0)

    def _exact_frac(self, number: int) -> int | None:
        node = self.expression.nodes[number]
        if node.op is Op.INPUT:
            return self.formats[node.index].frac
        if node.op is Op.CONST:
            return _places(node.value)
        if node.op in STEPS:
            return 0
        args = [self._exact[a] for a in (node.args[1:] if node.op is Op.WHERE else node.args)]
        if node.op is Op.DIV:
            divisor = self._power_of_two(node.args[1])
            args[1] = None if divisor is None else math.frexp(abs(divisor))[1] - 1
        if any(a is None for a in args):
            return None
        known = [a for a in args if a is not None]
        if node.op in (Op.ADD, Op.SUB, Op.NEG, Op.ABS, Op.MIN, Op.MAX, Op.WHERE):
            places = max(known)
        elif node.op in (Op.MUL, Op.DIV):
            places = sum(known)
        elif (power := self._whole_power(node)) is not None:
            places = known[0] * power
        else:
            return None
        return places

    def _whole_power(self, node: Node) -> int | None:
        """The exponent by which a node raises its argument, where it is a whole number above 0."""
        if node.op in (Op.SQUARE, Op.CUBE):
            return 2 if node.op is Op.SQUARE else 3
        exponent = self.expression.nodes[node.args[1]].value if node.op is Op.POW else 0.0
        return int(exponent) if exponent in range(1, MAX_EXPONENT + 1) else None


def is_power_of_two(value: float) -> bool:
    """Whether a number is a power of two in magnitude."""
    return math.frexp(abs(value))[0] == 0.5


def _places(value: float) -> int:
    """Bits after the point of a constant."""
    numerator, denominator = abs(value).as_integer_ratio()
    places = denominator.bit_length() - 1
    if places == 0 and numerator:
        places = 1 - (numerator & -numerator).bit_length()
    return places


def most_bits(strict: bool) -> int:
    """Most bits after the point that a signal gets beyond the outputs'."""
    return _ANY_BITS if strict else _MORE_BITS


def extra_bits(factor: float, most: int) -> int:
    """Bits to add after the point of a value that is to be multiplied by `factor`, rounded up."""
    if factor <= 0.0:
        return -_FEWER_BITS
    return max(-_FEWER_BITS, min(most, math.ceil(math.log2(min(factor, 2.0**_ANY_BITS)) - 1e-9)))


def magnitude(span: Interval) -> float:
    """Largest absolute value in an interval."""
    return max(abs(span.lo), abs(span.hi))


def _slopes(op: Op, spans: Sequence[Interval], error: float | None) -> tuple[float, ...]:
    """Largest absolute partial derivative for each argument.

    Where it is infinite, a bounded one; with an error that the result may have, the steepest line
    from the edge of the range to where the result has changed by so much.
    """
    first = spans[0]
    size = magnitude(first)
    if op is Op.MUL:
        return magnitude(spans[1]), size
    if op is Op.DIV:
        divisor = abs(spans[1]).lo
        return 1.0 / divisor, size / divisor / divisor
    if op in (Op.ATAN2, Op.POW):
        return _binary_slopes(op, spans, error)
    if op in _STEEP:
        return (_STEEP[op](first, error),)
    rule = _SLOPES.get(op)
    return (1.0,) * len(spans) if rule is None else (rule(first),)


def _binary_slopes(op: Op, spans: Sequence[Interval], error: float | None) -> tuple[float, float]:
    first, last = spans
    size = magnitude(first)
    if op is Op.ATAN2:
        # bounded at the origin, where the angle is none
        size = max(size, magnitude(last))
        radius = math.hypot(abs(first).lo, abs(last).lo)
        slope = 1.0 / max(radius, size / 64.0, 1e-12)
        return slope, slope
    power, least = last.lo, abs(first).lo  # the exponent is one number
    if power >= 1.0:
        return power * size ** (power - 1.0), 0.0
    if error is not None and power > 0.0:
        # the chord from `least` on to where the power has grown by the error
        return error / max((least**power + error) ** (1.0 / power) - least, 1e-300), 0.0
    return abs(power) * max(least, size / 64.0, 1e-12) ** (power - 1.0), 0.0


def _root_slope(span: Interval, error: float | None) -> float:
    least = _least(span)
    if error is None:
        return 0.5 / math.sqrt(max(least, magnitude(span) / 64.0, 1e-12))
    return 1.0 / (error + 2.0 * math.sqrt(least))


def _arc_slope(span: Interval, error: float | None) -> float:
    rest = max(1.0 - magnitude(span), 0.0)
    if error is None:
        return 1.0 / math.sqrt(max(1.0 - magnitude(span) ** 2, 1.0 / 64.0))
    return 1.0 / (error / 2.0 + math.sqrt(2.0 * rest))


def _arc_cosine_slope(span: Interval, error: float | None) -> float:
    least = max(span.lo - 1.0, 0.0)
    if error is None:
        return 1.0 / math.sqrt(max(2.0 * least, magnitude(span) / 64.0))
    return 1.0 / (error / 2.0 + math.sqrt(2.0 * least))


_STEEP: Mapping[Op, Callable[[Interval, float | None], float]] = {
    Op.SQRT: _root_slope,
    Op.ASIN: _arc_slope,
    Op.ACOS: _arc_slope,
    Op.ACOSH: _arc_cosine_slope,
}


def _least(span: Interval) -> float:
    """The smallest magnitude in an interval."""
    return abs(span).lo


_SLOPES: Mapping[Op, Callable[[Interval], float]] = {
    Op.SQUARE: lambda s: 2.0 * magnitude(s),
    Op.CUBE: lambda s: 3.0 * magnitude(s) ** 2,
    Op.LOG: lambda s: 1.0 / max(_least(s), 1e-12),
    Op.LOG2: lambda s: 1.0 / (max(_least(s), 1e-12) * math.log(2.0)),
    Op.ASINH: lambda s: 1.0 / math.sqrt(1.0 + _least(s) ** 2),
    Op.ATANH: lambda s: 1.0 / max(1.0 - magnitude(s) ** 2, 1e-12),
    Op.LOG1P: lambda s: 1.0 / max(1.0 + s.lo, 1e-12),
    Op.EXP: lambda s: math.exp(s.hi),
    Op.EXPM1: lambda s: math.exp(s.hi),
    Op.TANH: lambda s: 1.0 - math.tanh(_least(s)) ** 2,
    Op.SIGMOID: lambda s: 0.25 * (1.0 - math.tanh(_least(s) / 2.0) ** 2),
    Op.SINH: lambda s: math.cosh(magnitude(s)),
    Op.COSH: lambda s: math.sinh(magnitude(s)),
    Op.TAN: lambda s: 1.0 + math.tan(magnitude(s)) ** 2,
    Op.ATAN: lambda s: 1.0 / (1.0 + _least(s) ** 2),
    Op.ERF: lambda s: TWO_OVER_ROOT_PI * math.exp(-(_least(s) ** 2)),
}
