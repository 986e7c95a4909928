"""Normal forms: chains of sums and of products, flattened.

A chain is followed through nodes that nothing else uses; parts that depend on one input are
collected by input, because together they become one table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from symtick.codegen.lowering.analysis import Analysis, is_power_of_two, magnitude
from symtick.codegen.lowering.error_bounds import of_power
from symtick.expr import FUNCTIONS, Interval, Op

# functions of one signal; a power's exponent is a constant (`prepared`)
SIGNAL_FUNCTIONS = (*FUNCTIONS, Op.POW)
LINEAR = (Op.ADD, Op.SUB, Op.NEG, Op.MUL, Op.DIV)
PRODUCT = (Op.MUL, Op.DIV, Op.SQUARE, Op.CUBE)


@dataclass
class SumForm:
    """offset + sum of coefficient * node.

    Attributes:
        offset: the constant.
        groups: by input, the (node, coefficient) that can become part of a table on it.
        inputs: coefficient of each input that stands alone.
        units: coefficient of each other node.
        rounded: whether constants met each other in float64, which may have rounded.
        met: magnitude of all that was added up, terms that cancel each other included.
        off: what the constants themselves are off, in the value of the sum.
    """

    offset: float = 0.0
    groups: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    inputs: dict[int, float] = field(default_factory=dict)
    units: dict[int, float] = field(default_factory=dict)
    rounded: bool = False
    met: float = 0.0
    off: float = 0.0

    def weights(self) -> list[float]:
        """The offset and all coefficients."""
        grouped = [weight for parts in self.groups.values() for _, weight in parts]
        return [self.offset, *grouped, *self.inputs.values(), *self.units.values()]


@dataclass
class ProductForm:
    """factor * product of node ** exponent.

    Attributes:
        factor: the constant.
        groups, rounded: as in `SumForm`.
        units: exponent of each other node.
        off: what the constants themselves are off, in the factor.
    """

    factor: float = 1.0
    groups: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    rounded: bool = False
    off: float = 0.0

    def take(self, value: float, away: float, power: int) -> None:
        """Multiplies the factor by a constant ** power, which is off by `away`."""
        if away:
            moved = of_power(Interval(value - away, value + away), away, power)
            self.off = abs(self.factor) * moved + self.off * (abs(value) ** power + moved)
        elif self.off:
            self.off *= abs(value) ** power
        self.factor *= value**power


def is_linear(analysis: Analysis, number: int) -> bool:
    """Whether a node is a sum, a sign, or a product with or a quotient by a constant."""
    node = analysis.expression.nodes[number]
    if node.op is Op.MUL:
        return any(not analysis.support[a] for a in node.args)
    if node.op is Op.DIV:
        return not analysis.support[node.args[1]]
    return node.op in LINEAR


def sum_form(analysis: Analysis, root: int, in_table: Callable[[int], int | None]) -> SumForm:
    """The sum at a node.

    A constant factor is multiplied into a sum where that costs no multiplication more: all terms
    but one are then parts of tables.

    Args:
        analysis: ranges and uses.
        root: the node.
        in_table: the input on which a node can be part of a table, or None.
    """
    return _Sums(analysis, in_table).at(root)


@dataclass
class _Sums:
    """The sums of an expression; whether a factor goes into one is found once for each node."""

    analysis: Analysis
    in_table: Callable[[int], int | None]
    _through: dict[int, bool] = field(default_factory=dict)

    def at(self, root: int) -> SumForm:
        """The sum at a node."""
        form, analysis = SumForm(), self.analysis
        pending = [(root, 1.0)]
        later: dict[int, float] = {}  # parts that may be met again, each taken apart once
        while pending or later:
            k, weight = pending.pop() if pending else _last(later)
            constant = analysis.constant(k)
            node = analysis.expression.nodes[k]
            index = self.in_table(k)
            form.met += abs(weight) * magnitude(analysis.span(k))
            form.off += abs(weight) * _off(analysis, k)
            if constant is not None:
                form.rounded |= form.offset != 0.0 or not _exactly(analysis, k, weight)
                form.offset += weight * constant
            elif node.op is Op.INPUT:
                form.rounded |= node.index in form.inputs
                form.inputs[node.index] = form.inputs.get(node.index, 0.0) + weight
            elif index is not None:
                form.groups.setdefault(index, []).append((k, weight))
            elif not is_linear(analysis, k) or (k != root and _shared(analysis, k)):
                form.rounded |= k in form.units
                form.units[k] = form.units.get(k, 0.0) + weight
            elif analysis.uses[k] > 1 and (pending or max(later, default=-1) >= k):
                form.rounded |= k in later
                later[k] = later.get(k, 0.0) + weight
            elif self.through(k):
                form.rounded |= not _exactly(analysis, k, weight)
                pending.extend(reversed(_parts(analysis, k, weight)))
            else:
                form.rounded |= not _exactly(analysis, k, weight)
                for a, w in _parts(analysis, k, weight):
                    form.rounded |= a in form.units
                    form.units[a] = form.units.get(a, 0.0) + w
        return form

    def through(self, number: int) -> bool:
        """Whether a constant factor may go into what it multiplies (always true for sums)."""
        if number not in self._through:
            self._through[number] = self._goes_through(number)
        return self._through[number]

    def _goes_through(self, number: int) -> bool:
        nodes = self.analysis.expression.nodes
        if nodes[number].op not in (Op.MUL, Op.DIV):
            return True
        ((inner, _),) = _parts(self.analysis, number, 1.0)
        if nodes[inner].op not in (Op.ADD, Op.SUB):
            return True
        form = self.at(inner)
        return len(form.units) + len(form.inputs) <= 1


def _last(later: dict[int, float]) -> tuple[int, float]:
    """Takes out the node that no other of them can lead to, for arguments have lower numbers."""
    number = max(later)
    return number, later.pop(number)


def _shared(analysis: Analysis, number: int) -> bool:
    return analysis.uses[number] > 1 and len(analysis.support[number]) > 1


def _parts(analysis: Analysis, number: int, weight: float) -> list[tuple[int, float]]:
    node = analysis.expression.nodes[number]
    if node.op is Op.NEG:
        return [(node.args[0], -weight)]
    a, b = node.args
    if node.op is Op.ADD:
        return [(a, weight), (b, weight)]
    if node.op is Op.SUB:
        return [(a, weight), (b, -weight)]
    left, right = analysis.constant(a), analysis.constant(b)
    if node.op is Op.DIV:
        assert right is not None
        return [(a, weight / right)]
    if left is not None:
        return [(b, weight * left)]
    assert right is not None
    return [(a, weight * right)]


def _off(analysis: Analysis, number: int, size: float | None = None) -> float:
    """What the constants of a node are off as float64 computes them, in the node's value.

    Args:
        analysis: ranges and uses.
        number: the node.
        size: of what a constant is multiplied by, if not that of the other argument.
    """
    if not analysis.support[number]:
        return analysis.rounding(number)
    node = analysis.expression.nodes[number]
    known = [a for a in node.args if not analysis.support[a]]
    if node.op not in (Op.MUL, Op.DIV) or not known:
        return 0.0
    (constant,), (other,) = known, [a for a in node.args if a not in known]
    off = analysis.rounding(constant)
    if size is None:
        size = magnitude(analysis.span(other))
    if node.op is Op.MUL:
        return off * size
    value = abs(analysis.constant(constant) or 0.0)
    return off * size / (value * (value - off)) if value > off else math.inf


def _exactly(analysis: Analysis, number: int, weight: float) -> bool:
    """Whether float64 cannot round where a node is taken apart under a weight."""
    node = analysis.expression.nodes[number]
    if not node.args:
        return node.op is not Op.CONST or is_power_of_two(weight)
    if node.op not in (Op.MUL, Op.DIV):
        return bool(analysis.support[number])  # a sum passes its weight on
    known = [k for k in node.args if not analysis.support[k]]
    constants = [analysis.constant(k) for k in known]
    plain = all(analysis.expression.nodes[k].op is Op.CONST for k in known)
    powers = [is_power_of_two(v) for v in constants if v]
    if node.op is Op.DIV:
        return plain and all(powers)
    return plain and (all(powers) or is_power_of_two(weight))


def product_form(
    analysis: Analysis, root: int, in_table: Callable[[int], int | None]
) -> ProductForm:
    """The product at a node; arguments as in `sum_form`."""
    form = ProductForm()
    pending = [(root, 1)]
    while pending:
        k, power = pending.pop()
        constant = analysis.constant(k)
        peeled = _without_constant(analysis, k, k == root)
        index = in_table(k)
        if constant is not None:
            form.rounded |= not (_exactly(analysis, k, form.factor) and power == 1)
            form.take(constant, analysis.rounding(k), power)
        elif peeled is not None:
            form.rounded |= not (_exactly(analysis, k, form.factor) and power == 1)
            form.take(peeled[1], _off(analysis, k, 1.0), power)
            pending.append((peeled[0], power))
        elif index is not None and analysis.expression.nodes[k].op is not Op.INPUT:
            form.groups.setdefault(index, []).append((k, power))
        else:
            parts = _factors(analysis, k, power, k == root)
            if parts is None:
                form.units[k] = form.units.get(k, 0) + power
            else:
                pending.extend(reversed(parts))
    form.units = {k: power for k, power in form.units.items() if power}
    return form


def _without_constant(analysis: Analysis, number: int, top: bool) -> tuple[int, float] | None:
    """(node, factor) where a node is another one times a constant, else None."""
    node = analysis.expression.nodes[number]
    constant = node.op in (Op.NEG, Op.MUL, Op.DIV) and is_linear(analysis, number)
    if not constant or not analysis.support[number] or (not top and _shared(analysis, number)):
        return None
    ((inner, factor),) = _parts(analysis, number, 1.0)
    return None if factor == 0.0 else (inner, factor)


def _factors(
    analysis: Analysis, number: int, power: int, top: bool
) -> list[tuple[int, int]] | None:
    """The factors of a node ** power, or None where it has to stay whole."""
    node = analysis.expression.nodes[number]
    if (not top and analysis.uses[number] > 1) or abs(power) > 3 or number in analysis.whole:
        return None
    if node.op is Op.SQUARE:
        return [(node.args[0], 2 * power)]
    if node.op is Op.CUBE:
        return [(node.args[0], 3 * power)]
    if node.op not in (Op.MUL, Op.DIV) or power != 1:
        return None
    return [(node.args[0], power), (node.args[1], power if node.op is Op.MUL else -power)]
