"""The letters that candidates are written in, and their text.

Room: `search`; imports `expr`. An `Alphabet` numbers the tokens of one search: operators, custom
operators, inputs, literals (numbers that are part of the language) and the free constant (a place
that is tuned). A candidate is a sequence of token numbers, root first, arguments from left to
right: the pre-order traversal of Petersen et al. 2021 (arXiv:1912.04871, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import (
    BY_NAME,
    Expression,
    Op,
    Program,
    arity,
    check_names,
    default_names,
    from_programs,
)
from symtick.search import _kernel
from symtick.search.operators import ALIASES, OPERATORS, Operator
from symtick.search.spelling import Letters, Tree, read, spelled, written

Ints = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
GROUPS = ("unary", "binary", "operator", "input", "literal", "constant", "leaf", "trig")
CONSTANT = "const"
_DEFAULTS: Mapping[str, float] = {}


@dataclass(frozen=True)
class Token:
    """One letter.

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


@dataclass(frozen=True)
class Alphabet:
    """The tokens of a search, in the order of their numbers. Make one with `Alphabet.of`.

    Attributes:
        tokens: operators, custom operators, inputs, literals, and the constant last.
        custom: the custom operators among them.
        inputs: names of all inputs, those that are no tokens too.
    """

    tokens: tuple[Token, ...]
    custom: tuple[Operator, ...]
    inputs: tuple[str, ...]

    @classmethod
    def of(
        cls,
        ops: Sequence[str],
        features: int,
        constants: bool = True,
        literals: Sequence[float] = (),
        custom: Sequence[Operator] = (),
        complexity: Mapping[str, float] = _DEFAULTS,
        names: Sequence[str] | None = None,
        start: float = 1.0,
    ) -> Alphabet:
        """An alphabet.

        Args:
            ops: names of built-in operators, of ready ones (`operators.OPERATORS`), or of `custom`.
            features: number of inputs.
            constants: whether there is a free constant.
            literals: numbers that are tokens.
            custom: further operators; each is a letter whether `ops` names it or not.
            complexity: complexity of tokens by name or group (see `groups`), names first; 1 if not
                given. The counterpart of PySR's `complexity_of_operators`, `_constants` and
                `_variables`.
            names: names of the inputs; x0, x1, ... by default.
            start: where a constant's tuning starts.

        Raises:
            InputError: a name is unknown or clashes with another, or a number is out of range.
        """
        inputs = default_names(features) if names is None else check_names(names)
        if features < 1 or len(inputs) != features:
            raise InputError(f"{features} inputs have {len(inputs)} names: {', '.join(inputs)}")
        chosen = _chosen(ops, custom)
        own = [o for o in chosen if isinstance(o, Operator)]
        tokens = [_builtin(o) for o in chosen if isinstance(o, Op)]
        tokens += [_custom(o, own) for o in own]
        tokens += [Token(n, "input", 0, int(Op.INPUT), k) for k, n in enumerate(inputs)]
        tokens += [_literal(v) for v in literals]
        if constants:
            tokens.append(Token(CONSTANT, "constant", value=float(start)))
        _check_distinct([t.name for t in tokens])
        return cls(_weighted(tokens, complexity), tuple(own), inputs)

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each token."""
        return tuple(t.name for t in self.tokens)

    @cached_property
    def arities(self) -> npt.NDArray[np.int64]:
        """Number of arguments of each token, shape (tokens,)."""
        return np.array([t.arity for t in self.tokens], np.int64)

    @cached_property
    def places(self) -> dict[str, int]:
        """Number of each token by name."""
        return {name: k for k, name in enumerate(self.names)}

    @cached_property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Token numbers of each of `GROUPS`."""
        return {
            group: tuple(k for k, t in enumerate(self.tokens) if _belongs(t, group))
            for group in GROUPS
        }

    def find(self, name: str) -> tuple[int, ...]:
        """The token with this name or alias, or the tokens of this group.

        Raises:
            InputError: there is neither.
        """
        name = ALIASES.get(name, name)
        if name in self.places:
            return (self.places[name],)
        if name in self.groups:
            return self.groups[name]
        raise InputError(
            f"{name!r} is no token of this alphabet ({', '.join(self.names)}) "
            f"and no group ({', '.join(GROUPS)})"
        )

    def to_kernel(self) -> _kernel.Alphabet:
        """The kernel's alphabet, made once."""
        return self._kernel

    @cached_property
    def _kernel(self) -> _kernel.Alphabet:
        features = [t.feature if t.kind != "literal" else _kernel.LITERAL for t in self.tokens]
        bodies: dict[int, list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], Floats]]] = {
            1: [],
            2: [],
        }
        for operator in self.custom:
            body = operator.body.to_program()
            bodies[operator.arity].append((body.ops, body.args, body.consts))
        return _kernel.Alphabet(
            np.array([t.op for t in self.tokens], np.uint8),
            np.array(features, np.int32),
            np.array([t.value for t in self.tokens]),
            np.array([t.complexity for t in self.tokens]),
            bodies[1],
            bodies[2],
        )

    def program(self, sequence: npt.ArrayLike, constants: npt.ArrayLike = ()) -> Program:
        """A sequence as a program of built-in operators.

        Args:
            sequence: token numbers, shape (n,); a -1 and what follows is left out.
            constants: values of the free constants, in the order of the sequence; those that are
                not given have the alphabet's start value.

        Raises:
            InputError: the sequence is not one whole expression.
        """
        return Program(*self.expand(sequence, constants)[:3])

    def expand(
        self, sequence: npt.ArrayLike, constants: npt.ArrayLike = ()
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], Floats, npt.NDArray[np.int32]]:
        """`program`'s arrays, and a number for each constant.

        The number is 0 of a free constant, -1 of a literal, and the same number from 1 on of the
        copies of one free constant, which must be tuned together.
        """
        values = np.ascontiguousarray(constants, np.float64)
        try:
            return _kernel.expand(self.to_kernel(), _cut(sequence), values)
        except ValueError as error:
            raise InputError(str(error)) from None

    def expression(self, sequence: npt.ArrayLike, constants: npt.ArrayLike = ()) -> Expression:
        """A sequence as an expression of built-in operators; arguments as in `program`."""
        return from_programs([self.program(sequence, constants)], self.inputs)

    def text(self, sequence: npt.ArrayLike, constants: npt.ArrayLike = ()) -> str:
        """A sequence as infix text, custom operators by name; arguments as in `program`.

        `sequence` inverts it, except that a constant equal to a literal is read as that literal.
        """
        return written(self._tree(_cut(sequence), np.asarray(constants, np.float64)))

    def _tree(self, sequence: Ints, constants: Floats) -> Tree:
        values = iter(constants.tolist())
        stack: list[Tree] = []
        leaves = {
            k: next(values, self.tokens[t].value)
            for k, t in enumerate(sequence.tolist())
            if 0 <= t < len(self) and self.tokens[t].kind == "constant"
        }
        for k in reversed(range(len(sequence))):
            if not 0 <= sequence[k] < len(self) or self.arities[sequence[k]] > len(stack):
                raise InputError(f"{sequence.tolist()} is not one whole expression")
            token = self.tokens[sequence[k]]
            if token.kind in ("literal", "constant"):
                stack.append(Tree("", value=leaves.get(k, token.value)))
                continue
            args = tuple(stack.pop() for _ in range(token.arity))
            stack.append(Tree(token.name, args))
        if len(stack) != 1:
            raise InputError(f"{sequence.tolist()} is not one whole expression")
        return stack[0]

    def sequence(self, source: Expression | str) -> tuple[Ints, Floats]:
        """An expression or its text as a sequence, and the values of its free constants.

        Text may call custom operators by name. What the alphabet lacks is written with what it has
        where that is simple (`a - b` as `a + -1*b`, `a/b` as `a*inv(b)`, ...); a number that is no
        literal becomes a free constant.

        Raises:
            InputError: it cannot be read, or cannot be written with these letters.
        """
        text = source if isinstance(source, str) else str(source)
        return self._numbers(spelled(read(text, self.inputs, self.custom), self._letters))

    @cached_property
    def _letters(self) -> Letters:
        return Letters(
            frozenset(t.name for t in self.tokens if t.kind in ("operator", "input")),
            {t.value: t.name for t in self.tokens if t.kind == "literal"},
            CONSTANT if CONSTANT in self.places else None,
            {o.name: o for o in self.custom},
        )

    def _numbers(self, tree: Tree) -> tuple[Ints, Floats]:
        numbers: list[int] = []
        values: list[float] = []
        pending = [tree]
        while pending:
            here = pending.pop()
            numbers.append(self.places[here.name])
            if here.name == CONSTANT:
                values.append(here.value)
            pending.extend(reversed(here.args))
        return np.array(numbers, np.int16), np.array(values, np.float64)


def _cut(sequence: npt.ArrayLike) -> Ints:
    held = np.ascontiguousarray(sequence, np.int16)
    if held.ndim != 1:
        raise InputError(f"a sequence has one dimension, not shape {held.shape}")
    ends = np.flatnonzero(held < 0)
    return held[: ends[0]] if len(ends) else held


def _chosen(ops: Sequence[str], custom: Sequence[Operator]) -> list[Op | Operator]:
    own = {o.name: o for o in custom}
    _check_distinct([o.name for o in custom])
    found: dict[str, Op | Operator] = {}
    for given in ops:
        name = ALIASES.get(given, given)
        held = own.get(name) or BY_NAME.get(name) or OPERATORS.get(name)
        if held is None:
            known = sorted({*BY_NAME, *OPERATORS, *own})
            raise InputError(f"unknown operator {given!r}: there are {', '.join(known)}")
        found[name] = held
    return list({**found, **own}.values())


def _builtin(op: Op) -> Token:
    name = next(n for n, o in BY_NAME.items() if o is op)
    return Token(name, "operator", arity(op), int(op), trig=op in (Op.SIN, Op.COS))


def _custom(operator: Operator, own: Sequence[Operator]) -> Token:
    alike = [o.name for o in own if o.arity == operator.arity]
    if len(alike) > _kernel.MAX_CUSTOM:
        raise InputError(
            f"there can be {_kernel.MAX_CUSTOM} custom operators of each arity, not {len(alike)}"
        )
    first = _kernel.CUSTOM1 if operator.arity == 1 else _kernel.CUSTOM2
    number = first + alike.index(operator.name)
    return Token(operator.name, "operator", operator.arity, number, trig=operator.trigonometric)


def _literal(value: float) -> Token:
    if isinstance(value, bool) or not math.isfinite(value):
        raise InputError(f"a literal must be a finite number, not {value!r}")
    return Token(repr(float(value)), "literal", value=float(value))


def _belongs(token: Token, group: str) -> bool:
    if group in ("unary", "binary"):
        return token.arity == (1 if group == "unary" else 2)
    if group == "trig":
        return token.trig
    return token.arity == 0 if group == "leaf" else token.kind == group


def _check_distinct(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"the token {name!r} stands twice")
        seen.add(name)


def _weighted(tokens: Sequence[Token], complexity: Mapping[str, float]) -> tuple[Token, ...]:
    known = {t.name for t in tokens} | set(GROUPS)
    for name, weight in complexity.items():
        if ALIASES.get(name, name) not in known:
            raise InputError(f"complexity: {name!r} is no token and no group")
        if isinstance(weight, bool) or not 0.0 <= weight < math.inf:
            raise InputError(f"the complexity of {name!r} must be finite from 0, not {weight!r}")
    by_name = {ALIASES.get(name, name): float(weight) for name, weight in complexity.items()}

    def weight_of(token: Token) -> float:
        groups = [g for g in reversed(GROUPS) if g in by_name and _belongs(token, g)]
        return by_name.get(token.name, by_name[groups[0]] if groups else 1.0)

    return tuple(
        Token(t.name, t.kind, t.arity, t.op, t.feature, t.value, weight_of(t), t.trig)
        for t in tokens
    )
