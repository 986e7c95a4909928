"""A second judge of sequences, from the rules' descriptions, and vocabularies to judge in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from symtick.expr import OPCODES
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.grammar.grammar import Operator, Rules, Unit, Units, Vocabulary
from symtick.settings import within

INVERSE = {("neg", "neg"), ("exp", "log"), ("log", "exp"), ("sqrt", "square"), ("square", "sqrt"),
           ("inv", "inv")}  # fmt: skip
TRIG = ("sin", "cos", "tan")

PLAIN = Vocabulary.of(("add", "sub", "mul", "div", "sin", "cos", "exp", "log", "neg"), 2)
RICH = Vocabulary.of(
    ("add", "mul", "div", "max", "sqrt", "square", "exp", "log", "sin", "inv", "tan", "pow"),
    3,
    literals=(1.0, 2.0),
    custom=(Operator.of("twice", "sin(a)*a + 3*b"),),
    complexity={"exp": 3.0, "trig": 2.5, "const": 2.0, "pow": 4.0, "x1": 0.5},
)
BARE = Vocabulary.of(("sub", "mul", "cos", "neg"), 1, constants=False, literals=(1.0,))
VOCABULARIES = (PLAIN, RICH, BARE)


@dataclass(frozen=True)
class Part:
    """A token with its arguments."""

    name: str
    args: tuple[Part, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        yield self
        for arg in self.args:
            yield from arg


def part_of(vocabulary: Vocabulary, sequence: Sequence[int]) -> Part:
    """The nested form of a whole sequence."""
    tokens = iter(sequence)

    def take() -> Part:
        token = next(tokens)
        return Part(
            vocabulary.names[token], tuple(take() for _ in range(vocabulary.arities[token]))
        )

    whole = take()
    assert not list(tokens)
    return whole


def levels(part: Part) -> int:
    return 1 + max((levels(a) for a in part.args), default=0)


def nestedness(part: Part, inner: frozenset[str]) -> int:
    """Most of `inner` on a way from `part` (itself included) to a leaf."""
    below = max((nestedness(a, inner) for a in part.args), default=0)
    return below + (part.name in inner)


class Judge:
    """Judges sequences by plain recursion over their nested form."""

    def __init__(
        self, vocabulary: Vocabulary, rules: Rules, cost: SearchCost | None = None
    ) -> None:
        self.vocabulary, self.rules, self.cost = vocabulary, rules, cost
        self.weight = {t.name: t.complexity for t in vocabulary.tokens}
        self.kind = {t.name: t.kind for t in vocabulary.tokens}
        self.bodies = {o.name: o.body.to_program() for o in vocabulary.custom}
        trig = [n for n in vocabulary.names if n in TRIG or n == "twice"]
        self.nested = [(o, i, n) for o, held in rules.nested.items() for i, n in held.items()]
        if not rules.trig_in_trig:
            self.nested += [(o, i, 0) for o in trig for i in trig]

    def accepts(self, sequence: Sequence[int]) -> bool:
        part = part_of(self.vocabulary, sequence)
        return (
            self.size(part)
            and self.counts(part)
            and self.shape(part)
            and self.dimensions(part)
            and self.time(sequence)
        )

    def complexity(self, part: Part) -> float:
        return math.fsum(self.weight[p.name] for p in part)

    def expanded(self, part: Part) -> int:
        sizes = [self.expanded(a) for a in part.args]
        if part.name not in self.bodies:
            return 1 + sum(sizes)
        body = self.bodies[part.name]
        return sum(
            sizes[arg] if op == 0 else 1 for op, arg in zip(body.ops, body.args, strict=True)
        )

    def size(self, part: Part) -> bool:
        r = self.rules
        return (
            r.min_nodes <= len(list(part)) <= r.max_nodes
            and levels(part) <= r.max_depth
            and within(self.complexity(part) - 1e-6, r.max_complexity)
            and (not self.bodies or self.expanded(part) <= r.max_expanded)
        )

    def counts(self, part: Part) -> bool:
        r, found = self.rules, Counter(p.name for p in part)
        return (
            found["const"] <= r.max_constants
            and all(found[n] >= k for n, k in r.min_count.items())
            and all(found[n] <= k for n, k in r.max_count.items())
            and (not r.needs_input or any(self.kind[n] == "input" for n in found))
        )

    def shape(self, part: Part) -> bool:
        r = self.rules
        for p in part:
            kinds = {self.kind[a.name] for a in p.args}
            if not r.constant_arguments and kinds and kinds <= {"constant", "literal"}:
                return False
            for a in p.args:
                if not r.inverse_of_inverse and (p.name, a.name) in INVERSE:
                    return False
                if a.name in r.barred.get(p.name, ()):
                    return False
            for a, most in zip(p.args, r.max_argument.get(p.name, ()), strict=False):
                if not within(self.complexity(a) - 1e-6, most):
                    return False
        for p in part:
            for outer, inner, most in self.nested:
                if p.name == outer and any(
                    nestedness(a, frozenset((inner,))) > most for a in p.args
                ):
                    return False
        return True

    def time(self, sequence: Sequence[int]) -> bool:
        if self.rules.max_ticks is None:
            return True
        assert self.cost is not None
        # whatever the constants will be: factors are shifts, and no two constants are equal
        constants = sum(self.vocabulary.tokens[t].kind == "constant" for t in sequence)
        values = [math.ldexp(k + 2, 100) for k in range(constants)]
        expression = self.vocabulary.expression(np.array(sequence), values)
        return search_cost(expression, replace(self.cost, factor_bits=1))[0] <= self.rules.max_ticks

    def dimensions(self, part: Part) -> bool:
        if self.rules.units is None:
            return True
        try:
            unit = dimension(part, self.vocabulary, self.rules.units)
        except MismatchError:
            return False
        target = self.rules.units.target
        return unit is None or target is None or unit == target


class MismatchError(Exception):
    """Units that do not fit together."""


def dimension(part: Part, vocabulary: Vocabulary, units: Units) -> Unit | None:
    """Unit of the value, None where a constant may make it any."""
    custom = {o.name: o for o in vocabulary.custom}
    if part.name in custom:
        arguments = [dimension(a, vocabulary, units) for a in part.args]
        return _of_body(custom[part.name], arguments)
    if part.name in vocabulary.inputs:
        return units.inputs[vocabulary.inputs.index(part.name)]
    if not part.args:
        return None if part.name == "const" else Unit()
    return _combined(part.name, [dimension(a, vocabulary, units) for a in part.args])


def _of_body(operator: Operator, arguments: list[Unit | None]) -> Unit | None:
    held: list[Unit | None] = []
    for node in operator.body.nodes:
        if node.op.name == "INPUT":
            held.append(arguments[node.index])
        elif node.op.name == "CONST":
            held.append(None if node.value == 0.0 else Unit())
        else:
            held.append(_combined(node.op.name.lower(), [held[a] for a in node.args]))
    return held[operator.body.outputs[0]]


def _combined(name: str, args: list[Unit | None]) -> Unit | None:
    known = [a for a in args if a is not None]
    if name in ("add", "sub", "min", "max"):
        if len(set(known)) > 1:
            raise MismatchError
        return known[0] if known else None
    if name in ("mul", "div"):
        if len(known) < 2:
            return None
        return known[0] * known[1] if name == "mul" else known[0] / known[1]
    if name in ("neg", "abs"):
        return args[0]
    if name in ("square", "cube", "sqrt"):
        power = {"square": Fraction(2), "cube": Fraction(3), "sqrt": Fraction(1, 2)}[name]
        return None if args[0] is None else args[0] ** power
    if any(a != Unit() for a in known):
        raise MismatchError
    return Unit()


@st.composite
def rule_settings(draw: st.DrawFn, vocabulary: Vocabulary) -> Rules:
    """Rules that leave something of small random trees, each kind on now and then."""
    names = vocabulary.names
    operators = [t.name for t in vocabulary.tokens if t.arity]
    few = st.integers(0, 2)

    def some(values: st.SearchStrategy[int], among: Sequence[str]) -> dict[str, int]:
        return draw(st.dictionaries(st.sampled_from(among), values, max_size=2))

    least = draw(st.sampled_from([1, 1, 2, 4, 5]))
    limits = {
        name: tuple(draw(st.sampled_from([None, 1.0, 2.0, 4.5]))
                    for _ in range(vocabulary.arities[vocabulary.places[name]]))
        for name in draw(st.lists(st.sampled_from(operators), max_size=2))
    }  # fmt: skip
    return Rules(
        min_nodes=least,
        max_nodes=draw(st.integers(max(least, 3), 14)),
        max_depth=draw(st.integers(3, 7)),
        max_constants=draw(st.integers(0, 3)),
        max_expanded=draw(st.sampled_from([12, 30, 1000])),
        max_complexity=draw(st.sampled_from([6.0, 10.0, None, None])),
        max_argument=limits if draw(st.booleans()) else {},
        min_count=some(st.integers(1, 2), names) if draw(st.booleans()) else {},
        max_count=some(few, names) if draw(st.booleans()) else {},
        nested=draw(
            st.dictionaries(
                st.sampled_from(operators),
                st.dictionaries(st.sampled_from(names), few, max_size=3),
                max_size=2,
            )
        ),
        barred=draw(
            st.dictionaries(
                st.sampled_from(operators),
                st.lists(st.sampled_from(names), max_size=3).map(tuple),
                max_size=2,
            )
        ),
        trig_in_trig=draw(st.booleans()),
        inverse_of_inverse=draw(st.booleans()),
        constant_arguments=draw(st.booleans()),
        needs_input=draw(st.booleans()),
    )


def rows_of(sequences: np.ndarray) -> list[list[int]]:
    """Sequences without their filling."""
    return [[t for t in row if t >= 0] for row in sequences.tolist()]


def tick_table(features: int, seed: int, *, chain: bool, fuse: bool, whole: bool) -> SearchCost:
    """Random delays, coarse enough for ties; whole ticks from 1 on, or fractions of a tick."""
    rng = np.random.default_rng(seed)
    delays = (
        rng.integers(1, 4, 2 * len(OPCODES))
        if whole
        else rng.integers(0, 30, 2 * len(OPCODES)) / 8.0
    )
    ops = tuple(delays[: len(OPCODES)])
    ones = (1.0,) * len(OPCODES)
    tables = tuple(delays[len(OPCODES) : len(OPCODES) + features])
    return SearchCost(
        2.5 if chain else 1.0, chain, fuse, ops, ones, tables, (1.0,) * features,
    )  # fmt: skip


KINDS = {
    "published": {"chain": False, "fuse": False, "whole": True},
    "chained": {"chain": True, "fuse": False, "whole": False},
    "fused": {"chain": False, "fuse": True, "whole": True},
    "open": {"chain": True, "fuse": True, "whole": False},
}
