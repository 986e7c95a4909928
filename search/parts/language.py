"""Functions as postfix tuples, and the operators of a vocabulary that they may be written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import numpy.typing as npt

from symtick.expr import OPCODES, Op, Program, arity
from symtick.search.grammar.grammar import Units, Vocabulary
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.parts.dimensions import Dimensions

Floats = npt.NDArray[np.float64]
Postfix = tuple[tuple[Op, float], ...]  # operators; inputs with their number, constants their value

NEARLY_ONE = 1.0 + 1e-9  # a factor to be tuned from 1, which would be kept

FUNCTIONS: Mapping[Op, Callable[[Floats], Floats]] = {
    Op.SQUARE: np.square,
    Op.SQRT: np.sqrt,
    Op.EXP: np.exp,
    Op.LOG: np.log,
    Op.SIN: np.sin,
    Op.COS: np.cos,
    Op.TANH: np.tanh,
}


def const(value: float) -> Postfix:
    """A constant."""
    return ((Op.CONST, value),)


def leaf(number: int) -> Postfix:
    """An input."""
    return ((Op.INPUT, number),)


def applied(op: Op, *arguments: Postfix) -> Postfix:
    """An operator over its arguments."""
    return (*(node for argument in arguments for node in argument), (op, 0.0))


def rebuilt(function: Postfix, rule: Callable[[Op, list[Postfix]], Postfix | None]) -> Postfix:
    """The function from its leaves up: each operator over its parts, or what a rule has for it."""
    stack: list[Postfix] = []
    for op, value in function:
        count = arguments(op)
        parts = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        made = rule(op, parts)
        if made is None:
            made = (*(node for part in parts for node in part), (op, value))
        stack.append(made)
    return stack[0]


def constants_of(function: Postfix) -> list[float]:
    """Its constants in order of appearance."""
    return [value for op, value in function if op is Op.CONST]


def program_of(function: Postfix) -> Program:
    """The function as the kernel takes it."""
    ops = np.array([op for op, _ in function], np.uint8)
    args = np.zeros(len(function), np.int32)
    consts: list[float] = []
    for k, (op, value) in enumerate(function):
        if op is Op.INPUT:
            args[k] = int(value)
        elif op is Op.CONST:
            args[k] = len(consts)
            consts.append(value)
    return Program(ops, args, np.array(consts, np.float64))


def postfix_of(program: Program) -> Postfix:
    """The inverse of `program_of`."""
    out: list[tuple[Op, float]] = []
    consts = program.consts.tolist()
    for number, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        op = OPCODES[number]
        value = consts[arg] if op is Op.CONST else arg if op is Op.INPUT else 0
        out.append((op, float(value)))
    return tuple(out)


def values_of(function: Postfix, X: Floats) -> Floats:
    """Its values over rows, shape (rows,)."""
    with np.errstate(all="ignore"):
        return np.asarray(evaluate([program_of(function)], X)[0], np.float64)


def spans(function: Postfix) -> list[int]:
    """Where the part begins that ends at each place."""
    starts: list[int] = []
    stack: list[int] = []
    for k, (op, _) in enumerate(function):
        count = arguments(op)
        start = stack[-count] if count else k
        if count:
            del stack[-count:]
        stack.append(start)
        starts.append(start)
    return starts


def arguments(op: Op) -> int:
    """How many arguments a node has."""
    return 0 if op in (Op.INPUT, Op.CONST) else arity(op)


def arguments_of(function: Postfix, starts: list[int], end: int) -> list[Postfix]:
    """The arguments of the node at a place; `starts` are its `spans`."""
    out: list[Postfix] = []
    last = end - 1
    for _ in range(arguments(function[end][0])):
        out.append(function[starts[last] : last + 1])
        last = starts[last] - 1
    return out[::-1]


@dataclass(frozen=True)
class Language:
    """What functions may be written with.

    Attributes:
        ops: built-in operators of the vocabulary.
        inputs: numbers of the inputs that are tokens.
        units: of the inputs, or None where anything fits together.
    """

    ops: frozenset[Op]
    inputs: tuple[int, ...]
    units: Dimensions | None = None

    @classmethod
    def of(cls, vocabulary: Vocabulary, units: Units | None = None) -> Language | None:
        """That of a vocabulary; None where it cannot write sums of scaled functions."""
        names = {t.name for t in vocabulary.tokens if t.kind == "operator"}
        ops = frozenset(op for op in Op if op.name.lower() in names)
        free = any(t.kind == "constant" for t in vocabulary.tokens)
        if not free or not {Op.ADD, Op.MUL} <= ops:
            return None
        places = {name: k for k, name in enumerate(vocabulary.inputs)}
        inputs = tuple(places[t.name] for t in vocabulary.tokens if t.kind == "input")
        return cls(ops, inputs, None if units is None else Dimensions.of(units))

    def fits(self, function: Postfix) -> bool:
        """Whether the units in a function fit together."""
        return self.units is None or self.units.keep(function)

    def has(self, *ops: Op) -> bool:
        """Whether all of these may be written."""
        return self.ops.issuperset(ops)

    def power(self, base: Postfix, exponent: int) -> Postfix:
        """A power with a positive exponent."""
        if exponent == 1:
            return base
        if exponent % 2 == 0 and self.has(Op.SQUARE):
            return applied(Op.SQUARE, self.power(base, exponent // 2))
        return applied(Op.MUL, self.power(base, exponent - 1), base)

    def product(self, factors: list[Postfix]) -> Postfix:
        """Their product; 1 of none."""
        if not factors:
            return const(1.0)
        return reduce(partial(applied, Op.MUL), factors)

    def difference(self, a: Postfix, b: Postfix) -> Postfix:
        """a - b."""
        if self.has(Op.SUB):
            return applied(Op.SUB, a, b)
        return applied(Op.ADD, a, applied(Op.MUL, const(-1.0), b))

    def monomial(self, exponents: tuple[int, ...]) -> Postfix:
        """A product of powers of the inputs, by their place in `inputs`."""
        if all(k % 2 == 0 for k in exponents) and self.has(Op.SQUARE):
            return applied(Op.SQUARE, self.monomial(tuple(k // 2 for k in exponents)))
        powers = list(zip(self.inputs, exponents, strict=True))
        top = self.product([self.power(leaf(i), k) for i, k in powers if k > 0])
        below = [self.power(leaf(i), -k) for i, k in powers if k < 0]
        return applied(Op.DIV, top, self.product(below)) if below else top
