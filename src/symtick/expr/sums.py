"""Expressions as sums of terms: the algebra that makes them shorter without changing a value.

`tidied` collects what is added and what is multiplied by constants: sums of sums become one sum
with one constant, a term that occurs twice is there once, signs become subtractions, and factors
stand where they cost the fewest nodes. Values change by rounding errors of real arithmetic only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from symtick.errors import InputError
from symtick.expr.expression import Builder, Expression
from symtick.expr.node import Node
from symtick.expr.ops import OPS, Op

# functions that a positive factor of the argument passes through, and the power it comes out with
_HOMOGENEOUS = {Op.ABS: 1, Op.SQUARE: 2}


@dataclass(frozen=True, eq=False, slots=True)
class Sum:
    """A constant plus factors times atoms, no atom twice and no factor 0; shared parts are one."""

    const: float
    terms: tuple[tuple[float, Atom], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Atom:
    """An input, an operator on sums, or (`Op.ADD`) a sum that stands on its own, no constant."""

    op: Op
    args: tuple[Sum, ...] = ()
    index: int = 0


def tidied(expression: Expression) -> Expression:
    """The expression with its sums and factors collected; the same where that is longer.

    Its depth is limited by Python's stack, as that of every expression of the search is by its
    rules.
    """
    try:
        made = write_sums(read_sums(expression), expression.inputs)
    except InputError:  # a product of constants is beyond floating point
        return expression
    return made if len(made) <= len(expression) else expression


def read_sums(expression: Expression) -> tuple[Sum, ...]:
    """Each output as a sum; equal atoms are one object."""
    reader = _Reader(expression)
    return tuple(reader.sum(k) for k in expression.outputs)


def write_sums(outputs: Sequence[Sum], inputs: Sequence[str]) -> Expression:
    """The inverse of `read_sums`: an expression whose outputs are these sums.

    Raises:
        InputError: a constant is not finite.
    """
    writer = _Writer(Builder(tuple(inputs)), _scales(outputs))
    return writer.builder.build([writer.sum(s) for s in outputs])


def with_digits(expression: Expression, digits: int) -> Expression:
    """The expression with constants of so many significant digits, equal ones once."""
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            places.append(builder.input(node.index))
        elif node.op is Op.CONST:
            places.append(builder.const(float(f"{node.value:.{digits}g}")))
        else:
            args = [places[a] for a in node.args]
            others = [a for a in args if builder.nodes[a] != _FACTOR_1]
            alone = node.op is Op.MUL and len(others) == 1  # a factor that is 1 now says nothing
            places.append(others[0] if alone else builder.op(node.op, *args))
    return builder.build([places[k] for k in expression.outputs])


def _added(parts: Sequence[Sum]) -> Sum:
    factors: dict[int, float] = {}
    atoms: dict[int, Atom] = {}
    for part in parts:
        for factor, atom in part.terms:
            factors[id(atom)] = factors.get(id(atom), 0.0) + factor
            atoms[id(atom)] = atom
    terms = tuple([(factor, atoms[key]) for key, factor in factors.items() if factor != 0.0])
    return Sum(sum(part.const for part in parts), terms)


def _scaled(part: Sum, factor: float) -> Sum:
    if factor == 1.0:
        return part
    return Sum(part.const * factor, tuple([(c * factor, atom) for c, atom in part.terms]))


class _Reader:
    """From nodes to sums; equal atoms become one object."""

    def __init__(self, expression: Expression) -> None:
        self._nodes = expression.nodes
        self._sums: dict[int, Sum] = {}
        self._atoms: dict[tuple[object, ...], Atom] = {}

    def sum(self, number: int) -> Sum:
        for k in range(len(self._sums), number + 1):  # arguments stand before their users
            self._sums[k] = self._made(k)
        return self._sums[number]

    def _made(self, number: int) -> Sum:
        node = self._nodes[number]
        if node.op is Op.CONST:
            return Sum(node.value)
        if node.op is Op.INPUT:
            return Sum(0.0, ((1.0, self._atom(Op.INPUT, (), node.index)),))
        args = [self._sums[a] for a in node.args]
        if node.op is Op.ADD:
            return _added(args)
        if node.op is Op.SUB:
            return _added([args[0], _scaled(args[1], -1.0)])
        if node.op is Op.NEG:
            return _scaled(args[0], -1.0)
        if node.op is Op.MUL and not (args[0].terms and args[1].terms):
            factor, other = args if not args[0].terms else (args[1], args[0])
            return _scaled(self._whole(other), factor.const) if factor.const else Sum(0.0)
        if node.op is Op.DIV and not args[1].terms and args[1].const:
            return _scaled(self._whole(args[0]), 1.0 / args[1].const)
        if not any(a.terms for a in args):
            return self._constant(node.op, [a.const for a in args])
        return self._function(node.op, [self._whole(a) for a in args])

    def _constant(self, op: Op, args: Sequence[float]) -> Sum:
        with np.errstate(all="ignore"):
            value = float(OPS[op].numpy(*(np.float64(a) for a in args)))
        if isfinite(value):
            return Sum(value)
        return Sum(0.0, ((1.0, self._atom(op, tuple(Sum(a) for a in args))),))

    def _function(self, op: Op, args: Sequence[Sum]) -> Sum:
        power, factor = _HOMOGENEOUS.get(op), 1.0
        if power is not None and len(args[0].terms) == 1:
            inner = args[0].terms[0][0]
            args, factor = [_scaled(args[0], 1.0 / inner)], abs(inner) ** power
        return Sum(0.0, ((factor, self._atom(op, tuple(args))),))

    def _whole(self, part: Sum) -> Sum:
        """A sum of several terms as one that stands on its own, its constant outside."""
        if len(part.terms) < 2:
            return part
        own = self._atom(Op.ADD, (Sum(0.0, part.terms),))
        return Sum(part.const, ((1.0, own),))

    def _atom(self, op: Op, args: tuple[Sum, ...], index: int = 0) -> Atom:
        content = tuple([(a.const, tuple([(c, id(t)) for c, t in a.terms])) for a in args])
        return self._atoms.setdefault((op, index, content), Atom(op, args, index))


def _scales(outputs: Sequence[Sum]) -> dict[int, float]:
    """By sum of its own the factor that it takes in, with which most factors become 1 or -1."""
    factors: dict[int, dict[float, int]] = {}
    own: dict[int, Atom] = {}
    seen: set[int] = set()
    pending = list(outputs)
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        for factor, atom in part.terms:
            pending += atom.args
            if atom.op is Op.ADD:
                read = factors.setdefault(id(atom), {})
                read[factor] = read.get(factor, 0) + 1
                own[id(atom)] = atom
    return {
        key: 1.0 if list(read) == [1.0] else _scale(own[key], read) for key, read in factors.items()
    }


def _scale(atom: Atom, read: Mapping[float, int]) -> float:
    def units(scale: float) -> int:
        inside = sum(abs(factor * scale) == 1.0 for factor, _ in atom.args[0].terms)
        return inside + sum(count for factor, count in read.items() if abs(factor / scale) == 1.0)

    return max((1.0, *read), key=units)  # the first of equals


@dataclass
class _Writer:
    builder: Builder
    scales: dict[int, float]

    def __post_init__(self) -> None:
        self._atoms: dict[int, int] = {}

    def sum(self, part: Sum) -> int:
        """The node of a sum: what is added first, then what is subtracted, the constant last."""
        scaled = [(factor / self.scales.get(id(atom), 1.0), atom) for factor, atom in part.terms]
        order = sorted(scaled, key=lambda term: term[0] < 0)
        if not order:
            return self.builder.const(part.const)
        if order[0][0] < 0 and part.const > 0:
            whole = self.builder.const(part.const)
        else:
            factor, atom = order.pop(0)
            whole = self._term(factor, atom)
            if part.const:
                order.append((part.const, _ONE))
        for factor, atom in order:
            op = Op.ADD if factor > 0 else Op.SUB
            whole = self.builder.op(op, whole, self._term(abs(factor), atom))
        return whole

    def _term(self, factor: float, atom: Atom) -> int:
        if atom is _ONE:
            return self.builder.const(factor)
        node = self._atom(atom)
        if factor == 1.0:
            return node
        if factor == -1.0:
            return self.builder.op(Op.NEG, node)
        return self.builder.op(Op.MUL, self.builder.const(factor), node)

    def _atom(self, atom: Atom) -> int:
        if id(atom) not in self._atoms:
            if atom.op is Op.INPUT:
                made = self.builder.input(atom.index)
            elif atom.op is Op.ADD:
                made = self.sum(_scaled(atom.args[0], self.scales[id(atom)]))
            else:
                made = self.builder.op(atom.op, *(self.sum(a) for a in atom.args))
            self._atoms[id(atom)] = made
        return self._atoms[id(atom)]


_ONE = Atom(Op.CONST)
_FACTOR_1 = Node(Op.CONST, value=1.0)
