"""The tokens of a vocabulary: operators, custom operators, inputs, literals, the constant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symtick.errors import InputError
from symtick.expr import OPS, SEARCH_NAMES, Op, arity
from symtick.search import _kernel
from symtick.search.grammar.operators import ALIASES, OPERATORS, Operator, searched_operator

GROUPS = ("unary", "binary", "ternary", "operator", "input", "literal", "constant", "leaf", "trig")


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        name: an operator's or input's name, a literal's value as text, or `const`.
        kind: `operator`, `input`, `literal` or `constant`.
        arity: number of arguments; 0 for the other kinds.
        op: the kernel's opcode; custom operators have numbers of their own.
        feature: input number of an input.
        value: of a literal; of the constant, where its tuning starts.
        complexity: what it adds to an expression's complexity.
        trig: whether it is a trigonometric operator.
    """

    name: str
    kind: str
    arity: int = 0
    op: int = int(Op.CONST)
    feature: int = 0
    value: float = 0.0
    complexity: float = 1.0
    trig: bool = False


def chosen(ops: Sequence[str], custom: Sequence[Operator]) -> list[Op | Operator]:
    """The operators with these names, each once, then those of `custom` that were not named."""
    own = {o.name: o for o in custom}
    check_distinct([o.name for o in custom])
    operators: dict[str, Op | Operator] = {}
    for given in ops:
        name = ALIASES.get(given, given)
        operators[name] = searched_operator(name, own)
    return list({**operators, **own}.values())


def builtin(op: Op) -> Token:
    """The token of a built-in operator."""
    return Token(OPS[op].name, "operator", arity(op), int(op), trig=op in (Op.SIN, Op.COS))


def custom_token(operator: Operator, own: Sequence[Operator]) -> Token:
    """The token of a custom operator, numbered among those of its arity in `own`."""
    alike = [o.name for o in own if o.arity == operator.arity]
    if len(alike) > _kernel.MAX_CUSTOM:
        raise InputError(
            f"there can be {_kernel.MAX_CUSTOM} custom operators of each arity, not {len(alike)}"
        )
    first = _kernel.CUSTOM1 + (operator.arity - 1) * _kernel.MAX_CUSTOM
    number = first + alike.index(operator.name)
    return Token(operator.name, "operator", operator.arity, number, trig=operator.trigonometric)


def literal(value: float) -> Token:
    """The token of a number."""
    if isinstance(value, bool) or not math.isfinite(value):
        raise InputError(f"a literal must be a finite number, not {value!r}")
    return Token(repr(float(value)), "literal", value=float(value))


def belongs(token: Token, group: str) -> bool:
    """Whether a token is in one of `GROUPS`."""
    if group in GROUPS[:3]:
        return token.arity == GROUPS.index(group) + 1
    if group == "trig":
        return token.trig
    return token.arity == 0 if group == "leaf" else token.kind == group


def check_distinct(names: Sequence[str]) -> None:
    """Raises `InputError` where a name stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"the token {name!r} stands twice")
        seen.add(name)


def weighted(tokens: Sequence[Token], complexity: Mapping[str, float]) -> tuple[Token, ...]:
    """The tokens with these complexities, by name or group; operators may be named in vain."""
    known = {t.name for t in tokens} | {*GROUPS, *SEARCH_NAMES, *OPERATORS}
    for name, weight in complexity.items():
        if ALIASES.get(name, name) not in known:
            raise InputError(f"complexity: {name!r} is no token and no group")
        if isinstance(weight, bool) or not 0.0 <= weight < math.inf:
            raise InputError(f"the complexity of {name!r} must be finite from 0, not {weight!r}")
    by_name = {ALIASES.get(name, name): float(weight) for name, weight in complexity.items()}

    def weight_of(token: Token) -> float:
        groups = [g for g in reversed(GROUPS) if g in by_name and belongs(token, g)]
        return by_name.get(token.name, by_name[groups[0]] if groups else 1.0)

    return tuple(replace(t, complexity=weight_of(t)) for t in tokens)
