"""The vocabulary: the tokens of a search, sequences of them, and their text.

A `Vocabulary` numbers the tokens of one search: operators, custom operators, inputs, literals
(numbers that are part of the language) and the free constant (a place that is tuned). A candidate
is a sequence of token numbers, root first, arguments from left to right: the pre-order traversal of
Petersen et al. 2021 (arXiv:1912.04871, section 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Expression, Op, Program, check_names, default_names, from_programs
from symtick.search import _kernel
from symtick.search.grammar.infix import SpellingTokens, Tree, read, spelled, written
from symtick.search.grammar.operators import ALIASES, Operator
from symtick.search.grammar.tokens import (
    GROUPS,
    Token,
    belongs,
    builtin,
    check_distinct,
    chosen,
    custom_token,
    literal,
    weighted,
)

Ints = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
CONSTANT = "const"
_DEFAULTS: Mapping[str, float] = {}


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a search, in the order of their numbers. Make one with `Vocabulary.of`.

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
    ) -> Vocabulary:
        """A vocabulary.

        Args:
            ops: names of built-in operators, of ready ones (`operators.OPERATORS`), or of `custom`.
            features: number of inputs.
            constants: whether there is a free constant.
            literals: numbers that are tokens.
            custom: further operators; each is a token whether `ops` names it or not.
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
        operators = chosen(ops, custom)
        own = [o for o in operators if isinstance(o, Operator)]
        tokens = [builtin(o) for o in operators if isinstance(o, Op)]
        tokens += [custom_token(o, own) for o in own]
        tokens += [Token(n, "input", 0, int(Op.INPUT), k) for k, n in enumerate(inputs)]
        tokens += [literal(v) for v in literals]
        if constants:
            tokens.append(Token(CONSTANT, "constant", value=float(start)))
        check_distinct([t.name for t in tokens])
        return cls(weighted(tokens, complexity), tuple(own), inputs)

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
            group: tuple(k for k, t in enumerate(self.tokens) if belongs(t, group))
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
            f"{name!r} is no token of this vocabulary ({', '.join(self.names)}) "
            f"and no group ({', '.join(GROUPS)})"
        )

    def __getstate__(self) -> dict[str, object]:
        # what is sent to another process is made there again where it is needed
        return {name: getattr(self, name) for name in ("tokens", "custom", "inputs")}

    def to_kernel(self) -> _kernel.Vocabulary:
        """The kernel's vocabulary, made once."""
        return self._kernel

    @cached_property
    def _kernel(self) -> _kernel.Vocabulary:
        features = [t.feature if t.kind != "literal" else _kernel.LITERAL for t in self.tokens]
        bodies: list[list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], Floats]]]
        bodies = [[] for _ in range(_kernel.MAX_ARGUMENTS)]
        for operator in self.custom:
            body = operator.body.to_program()
            bodies[operator.arity - 1].append((body.ops, body.args, body.consts))
        return _kernel.Vocabulary(
            np.array([t.op for t in self.tokens], np.uint8),
            np.array(features, np.int32),
            np.array([t.value for t in self.tokens]),
            np.array([t.complexity for t in self.tokens]),
            bodies,
        )

    def program(self, sequence: npt.ArrayLike, constants: npt.ArrayLike = ()) -> Program:
        """A sequence as a program of built-in operators.

        Args:
            sequence: token numbers, shape (n,); a -1 and what follows is left out.
            constants: values of the free constants, in the order of the sequence; those that are
                not given have the vocabulary's start value.

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

        Text may call custom operators by name. What the vocabulary lacks is written with what it
        has where that is simple (`a - b` as `a + -1*b`, `a/b` as `a*inv(b)`, the body of a custom
        operator as its call, ...); a number that is no literal becomes a free constant.

        Raises:
            InputError: it cannot be read, or cannot be written with these tokens.
        """
        text = source if isinstance(source, str) else str(source)
        return self._numbers(spelled(read(text, self.inputs, self.custom), self._tokens))

    @cached_property
    def _tokens(self) -> SpellingTokens:
        return SpellingTokens(
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
    tokens = np.ascontiguousarray(sequence, np.int16)
    if tokens.ndim != 1:
        raise InputError(f"a sequence has one dimension, not shape {tokens.shape}")
    ends = np.flatnonzero(tokens < 0)
    return tokens[: ends[0]] if len(ends) else tokens
