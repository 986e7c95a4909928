"""Infix text with custom operators: parsing, printing, rewriting in given tokens.

The grammar is that of `symtick.expr.parse`; here, calls of custom
operators stay calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from symtick.errors import InputError
from symtick.expr import ARGUMENTS, BY_NAME, OPS, Builder, Op, arity, read_into
from symtick.expr.printing import ATOM, Written, number_text, operation_text
from symtick.search.grammar.operators import ALIASES, OPERATORS, Operator

# other ways to write an operator; the first that the tokens allow is taken
_WAYS: Mapping[str, tuple[str, ...]] = {
    "neg": ("-1*a", "0 - a"),
    "sub": ("a + neg(b)",),
    "div": ("a*inv(b)",),
    "square": ("a*a",),
    "cube": ("a*square(a)",),
    "mul": ("a/inv(b)",),
}


@dataclass(frozen=True)
class Tree:
    """A token's name with its arguments; a number has no name, but a value."""

    name: str
    args: tuple[Tree, ...] = ()
    value: float = 0.0


@dataclass(frozen=True)
class SpellingTokens:
    """What a tree may be written with.

    Attributes:
        names: names of operators and inputs.
        literals: names of the literals by value.
        constant: name of the free constant, or None.
        custom: the custom operators by name.
    """

    names: frozenset[str]
    literals: Mapping[float, str]
    constant: str | None
    custom: Mapping[str, Operator]


@dataclass
class Trees(Builder):
    """Keeps trees where a `Builder` keeps nodes."""

    trees: list[Tree] = field(default_factory=list)

    def keep(self, tree: Tree) -> int:
        self.trees.append(tree)
        return len(self.trees) - 1

    def input(self, index: int) -> int:
        return self.keep(Tree(self.inputs[index]))

    def const(self, value: float) -> int:
        return self.keep(Tree("", value=float(value)))

    def op(self, op: Op, *args: int) -> int:
        return self.call(OPS[op].name, *args)

    def call(self, name: str, *args: int) -> int:
        return self.keep(Tree(name, tuple(self.trees[a] for a in args)))


def read(text: str, inputs: Sequence[str], custom: Iterable[Operator] = ()) -> Tree:
    """Read one expression; names of `custom`, then of `OPERATORS`, can be called.

    Raises:
        ParseError: the text is outside the grammar.
    """
    known = {**OPERATORS, **{o.name: o for o in custom}}
    calls = {name: (o.arity, _caller(name)) for name, o in known.items()}
    calls |= {name: (arity(BY_NAME[to]), _caller(to)) for name, to in ALIASES.items()}
    builder = Trees(tuple(inputs))
    return builder.trees[read_into(builder, text, calls)]


def _caller(name: str) -> Callable[..., int]:
    def call(builder: Trees, *args: int) -> int:
        return builder.call(name, *args)

    return call


def written(tree: Tree) -> str:
    """A tree as text; `read` inverts it."""
    return _written(tree)[0]


def _written(tree: Tree) -> Written:
    if not tree.name:
        return number_text(tree.value)
    args = [_written(a) for a in tree.args]
    if not args:
        return tree.name, ATOM
    bare_number = not tree.args[0].name and args[0][1] == ATOM
    return operation_text(tree.name, args, bare_number)


def spelled(tree: Tree, tokens: SpellingTokens) -> Tree:
    """The tree with these tokens only; numbers become literals or free constants.

    Raises:
        InputError: there is no simple way to write it.
    """
    return _Speller(tokens).spell(tree, {}, frozenset())


def _matches(body: Tree, tree: Tree, values: dict[str, Tree]) -> bool:
    """Whether a tree is the body of an operator with `values` for its arguments, which are set."""
    if body.name in ARGUMENTS:
        return values.setdefault(body.name, tree) == tree
    same = body.name == tree.name and body.value == tree.value and len(body.args) == len(tree.args)
    return same and all(_matches(b, t, values) for b, t in zip(body.args, tree.args, strict=True))


@dataclass(frozen=True)
class _Speller:
    tokens: SpellingTokens

    def spell(self, tree: Tree, bound: Mapping[str, Tree], trying: frozenset[str]) -> Tree:
        """`bound`: what the arguments of a template stand for; `trying`: operators on the way."""
        try:
            return self._spell(tree, bound, trying)
        except InputError:
            for name, values in self._calls(tree):
                with suppress(InputError):
                    return Tree(name, tuple(self.spell(v, bound, trying) for v in values))
            raise

    def _calls(self, tree: Tree) -> Iterator[tuple[str, list[Tree]]]:
        """Custom operators whose body this is, with what their arguments stand for."""
        for operator in self.tokens.custom.values():
            values: dict[str, Tree] = {}
            if operator.name in self.tokens.names and _matches(
                read(operator.text, ARGUMENTS), tree, values
            ):
                yield operator.name, [values[a] for a in ARGUMENTS[: operator.arity]]

    def _spell(self, tree: Tree, bound: Mapping[str, Tree], trying: frozenset[str]) -> Tree:
        if not tree.name:
            return self._number(tree.value)
        if tree.name in bound:
            return bound[tree.name]
        if self._inverse(tree):
            return Tree("inv", (self.spell(tree.args[1], bound, trying),))
        args = tuple(self.spell(a, bound, trying) for a in tree.args)
        if tree.name in self.tokens.names:
            return Tree(tree.name, args)
        return self._other_way(tree.name, args, trying)

    def _inverse(self, tree: Tree) -> bool:
        """Whether this is 1/b, and inv is a token, but 1 or the division is not."""
        names = self.tokens.names
        if "inv" not in names or tree.name != "div" or tree.args[0] != Tree("", value=1.0):
            return False
        return "div" not in names or (
            self.tokens.constant is None and 1.0 not in self.tokens.literals
        )

    def _number(self, value: float) -> Tree:
        for literal, name in self.tokens.literals.items():
            if repr(literal) == repr(value):
                return Tree(name)
        if self.tokens.constant is None:
            raise InputError(
                f"the number {value!r} is no token: there are no free constants, and the literals "
                f"are {', '.join(self.tokens.literals.values()) or 'none'}"
            )
        return Tree(self.tokens.constant, value=value)

    def _other_way(self, name: str, args: tuple[Tree, ...], trying: frozenset[str]) -> Tree:
        known = {**OPERATORS, **self.tokens.custom}
        ways = (known[name].text,) if name in known else _WAYS.get(name, ())
        bound = dict(zip(ARGUMENTS, args, strict=False))
        for way in ways if name not in trying else ():
            try:
                return self.spell(read(way, ARGUMENTS), bound, trying | {name})
            except InputError:
                continue
        raise InputError(
            f"{name!r} is no token, and there is no other way to write it with "
            f"{', '.join(sorted(self.tokens.names))}"
        )
