"""Templates: formulas with functions and numbers in them that are not known yet.

    u = g(x0, x1)                       # one to a line, or behind `;`
    y = p1 * f(u) + a[kind] * x2        # f and g are functions, p1 a number, a one for each kind

A name that is called and is no operator is a function, another that is no column is a parameter,
and one with a column in square brackets has a value for each category, the integers of that column.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, ParseError
from symtick.expr.expression import Builder, Expression, to_text
from symtick.expr.formulas import formula_of, statements_of
from symtick.expr.named import NAMED
from symtick.expr.node import Node
from symtick.expr.ops import BY_NAME, Op
from symtick.expr.parsing import (
    Calls,
    TreeReader,
    can_call,
    can_name,
    check_names,
    is_constant,
    parse,
    readable,
)

Part = Expression | float | dict[int, float]
Kind = Literal["function", "parameter", "category"]
MOST_CATEGORIES = 64
_DEFAULT_COLUMN = "x"


@dataclass(frozen=True)
class Slot:
    """A place of a template that is filled in.

    Attributes:
        kind: what fills it.
        name: of the function or parameter.
        arguments: of a call, as outputs of the template's expression.
        column: number of the column of categories; -1 of other kinds.
    """

    kind: Kind
    name: str
    arguments: tuple[int, ...] = ()
    column: int = -1


@dataclass(frozen=True)
class Parts:
    """What a template is filled with.

    Attributes:
        functions: by name, over their arguments.
        parameters: by name.
        categories: by name the value of each category.
        columns: by name the column of the categories.
    """

    functions: Mapping[str, Expression]
    parameters: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)

    def by_name(self) -> dict[str, Part]:
        """All of them in one dictionary."""
        return {
            **self.functions,
            **self.parameters,
            **{n: dict(v) for n, v in self.categories.items()},
        }

    def text(self) -> str:
        """As formulas, `f = ...; p1 = ...`, without the values of categories; guesses look so."""
        numbers = [f"{name} = {value!r}" for name, value in self.parameters.items()]
        return "; ".join([*(f"{n} = {to_text(e)}" for n, e in self.functions.items()), *numbers])

    def check_categories(self, rows: npt.NDArray[np.float64], names: Sequence[str]) -> None:
        """Whether all categories of these rows have values.

        Args:
            rows: shape (rows, columns).
            names: of the columns.

        Raises:
            InputError: one has not; names row, column and value.
        """
        for name, column in self.columns.items():
            known = sorted(self.categories[name])
            bad = np.flatnonzero(~np.isin(rows[:, column], known))
            if len(bad):
                raise InputError(
                    f"row {bad[0]} has {names[column]} = {rows[bad[0], column]:g}, for which "
                    f"{name}[{names[column]}] has no value: fitted were the categories "
                    f"{', '.join(map(str, known))}"
                )

    def to_json(self) -> dict[str, Any]:
        """A form for JSON."""
        return {
            "functions": {n: [list(e.inputs), to_text(e)] for n, e in self.functions.items()},
            "parameters": dict(self.parameters),
            "categories": {n: [list(p) for p in v.items()] for n, v in self.categories.items()},
            "columns": dict(self.columns),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Parts:
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: something is missing or not what it should be.
        """
        return cls(
            {str(n): parse(str(t), i) for n, (i, t) in stored["functions"].items()},
            {str(n): float(v) for n, v in stored["parameters"].items()},
            {str(n): {int(k): float(c) for k, c in v} for n, v in stored["categories"].items()},
            {str(n): int(v) for n, v in stored["columns"].items()},
        )


@dataclass(frozen=True)
class Template:
    """A template that was read.

    Attributes:
        text: as it was given.
        columns: names of the columns.
        slots: what is filled in, each after those in its arguments.
        expression: over the columns and one further input for each slot; its outputs are the
            results and then the arguments of the calls.
        names: of the results, those of no name left out.
        arguments: by function the names of its arguments.
    """

    text: str
    columns: tuple[str, ...]
    slots: tuple[Slot, ...]
    expression: Expression
    names: tuple[str, ...]
    arguments: Mapping[str, tuple[str, ...]]

    @property
    def results(self) -> int:
        """How many values a row has."""
        return len(self.expression.outputs) - sum(len(s.arguments) for s in self.slots)

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """Names of the functions, parameters or values by category, in the order of the text."""
        return tuple(dict.fromkeys(s.name for s in self.slots if s.kind == kind))

    def filled(self, parts: Parts, *, steps: bool = False) -> Expression:
        """The results over the columns, with all slots filled in.

        Args:
            parts: what fills them.
            steps: write values of categories as sums of steps, in operators of the search.

        Raises:
            InputError: a part is missing or has other arguments.
        """
        return _Filling(self, parts, steps).result()


@dataclass
class _Filling:
    template: Template
    parts: Parts
    steps: bool

    def __post_init__(self) -> None:
        self.builder = Builder(self.template.columns)
        self.places: list[int] = []

    def result(self) -> Expression:
        whole = self.template.expression
        for node in whole.nodes:
            self.places.append(self._made(node))
        return self.builder.build([self.places[k] for k in whole.outputs[: self.template.results]])

    def _made(self, node: Node) -> int:
        if node.op is Op.CONST:
            return self.builder.const(node.value)
        if node.op is not Op.INPUT:
            return self.builder.op(node.op, *(self.places[a] for a in node.args))
        count = len(self.template.columns)
        if node.index < count:
            return self.builder.input(node.index)
        return self._slot(self.template.slots[node.index - count])

    def _slot(self, slot: Slot) -> int:
        if slot.kind == "parameter":
            return self.builder.const(_of(self.parts.parameters, slot.name))
        if slot.kind == "category":
            return self._category(slot)
        body = _of(self.parts.functions, slot.name)
        if len(body.inputs) != len(slot.arguments):
            raise InputError(
                f"{slot.name} has {len(body.inputs)} inputs ({', '.join(body.inputs)}), but the "
                f"text calls it with {len(slot.arguments)}"
            )
        outputs = self.template.expression.outputs
        return self.builder.called(body, [self.places[outputs[a]] for a in slot.arguments])

    def _category(self, slot: Slot) -> int:
        """where(kind >= 2, a2, where(kind >= 1, a1, a0)), or a0 + (a1 - a0)*(kind >= 1) + ..."""
        values = sorted(_of(self.parts.categories, slot.name).items())
        column = self.builder.input(slot.column)
        made = self.builder.const(values[0][1])
        for (_, last), (category, value) in pairwise(values):
            step = self.builder.op(Op.GE, column, self.builder.const(float(category)))
            if self.steps:
                height = self.builder.const(value - last)
                made = self.builder.op(Op.ADD, made, self.builder.op(Op.MUL, height, step))
                continue
            made = self.builder.op(Op.WHERE, step, self.builder.const(value), made)
        return made


def _of(parts: Mapping[str, Any], name: str) -> Any:
    if name not in parts:
        raise InputError(f"the template has {name!r}, of which nothing is given")
    return parts[name]


def categories_of(values: npt.NDArray[np.float64], name: str) -> tuple[int, ...]:
    """The categories of a column, ascending.

    Args:
        values: shape (rows,).
        name: of the column.

    Raises:
        InputError: a value is no integer, or there are more than `MOST_CATEGORIES`.
    """
    bad = np.flatnonzero(values != np.rint(values))
    if len(bad):
        raise InputError(
            f"the column {name!r} numbers categories, but row {bad[0]} has {values[bad[0]]:g}: "
            "give each category an integer"
        )
    found = np.unique(values).astype(int).tolist()
    if len(found) > MOST_CATEGORIES:
        raise InputError(
            f"the column {name!r} has {len(found)} different values, over the limit of "
            f"{MOST_CATEGORIES} categories"
        )
    return tuple(found)


class _Reader(TreeReader):
    """Reads trees with slots: those are further inputs behind the columns."""

    def __init__(self, columns: tuple[str, ...], calls: Calls, known: Collection[str]) -> None:
        super().__init__(Builder(columns), {name: k for k, name in enumerate(columns)}, calls)
        self.columns, self.given = columns, known
        self.slots: list[Slot] = []
        self.nodes: list[int] = []  # of the arguments of all slots
        self.known: dict[tuple[object, ...], int] = {}
        self.kinds: dict[str, tuple[Kind, int]] = {}  # and number of arguments, or column
        self.arguments: dict[str, list[list[str | None]]] = {}

    def read(self, node: ast.expr, depth: int) -> int:
        if isinstance(node, ast.Subscript):
            return self._category(node)
        return super().read(node, depth)

    def _slot(self, kind: Kind, name: str, nodes: Sequence[int] = (), column: int = -1) -> int:
        """The input of a slot; the same call twice is one slot."""
        which = len(nodes) if kind == "function" else column
        before = self.kinds.setdefault(name, (kind, which))
        if before != (kind, which):
            raise ParseError(_clash(name, before, (kind, which), self.columns))
        key = (name, *nodes)
        if key not in self.known:
            first = len(self.nodes)
            self.nodes.extend(nodes)
            self.slots.append(Slot(kind, name, tuple(range(first, len(self.nodes))), column))
            self.builder.inputs = (*self.builder.inputs, f"{len(self.slots)} {name}")
            self.known[key] = self.builder.input(len(self.builder.inputs) - 1)
        return self.known[key]

    def _name(self, name: str) -> int:
        if name in self.bound or name in self.places or is_constant(name):
            return super()._name(name)
        self._check_new(name, "column", self.columns)
        return self._slot("parameter", name)

    def _call(self, node: ast.Call, depth: int) -> int:
        if not isinstance(node.func, ast.Name) or node.keywords:
            return super()._call(node, depth)
        name = node.func.id
        if can_call(name, self.calls):
            return super()._call(node, depth)
        if name in self.places or name in self.bound:
            raise ParseError(
                f"{name!r} is called, but it is a value: name the function differently"
            )
        self._check_new(name, "operator", sorted({*BY_NAME, *NAMED, *self.calls}))
        if not node.args:
            raise ParseError(
                f"{name}() is called without an argument: a number that is learned is written "
                f"{name}, without brackets"
            )
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise ParseError(f"{name}: * arguments are not allowed")
        for place, argument in enumerate(node.args, 1):
            self._check_argument(name, place, argument)
        nodes = [self.read(a, depth + 1) for a in node.args]
        names = [a.id if isinstance(a, ast.Name) else None for a in node.args]
        self.arguments.setdefault(name, []).append(names)
        return self._slot("function", name, nodes)

    def _check_argument(self, name: str, place: int, argument: ast.expr) -> None:
        if not isinstance(argument, ast.Name):
            return
        word = argument.id
        if word not in self.places and word not in self.bound:
            raise ParseError(
                f"argument {place} of {name} is {word!r}, which is no column and no earlier "
                f"result: the columns are {', '.join(self.columns)}"
            )

    def _check_new(self, name: str, what: str, known: Sequence[str]) -> None:
        """Whether a name can be a new one: an identifier that is not one slip from a known one."""
        if not can_name(name):
            raise ParseError(f"{name!r} cannot name a part of a template: choose another name")
        if what == "column" and name[:1] == _DEFAULT_COLUMN and name[1:].isdigit():
            raise ParseError(f"there is no column {name!r}: they are {', '.join(self.columns)}")
        for other in known:
            if name not in {*self.kinds, *self.given} and one_slip(name, other):
                raise ParseError(
                    f"{name!r} differs from the {what} {other!r} by one letter: write {other}, or "
                    "name what is to be found differently"
                )

    def _category(self, node: ast.Subscript) -> int:
        shown = ast.unparse(node)[:60]
        if not isinstance(node.value, ast.Name) or not isinstance(node.slice, ast.Name):
            raise ParseError(
                f"{shown!r} is not allowed: a value for each category is written name[column]"
            )
        name, column = node.value.id, node.slice.id
        if column not in self.columns:
            raise ParseError(
                f"{shown!r}: {column!r} is no column: they are {', '.join(self.columns)}"
            )
        if name in self.places or name in self.bound:
            raise ParseError(f"{shown!r}: {name!r} is a value already: choose another name")
        self._check_new(name, "column", ())
        return self._slot("category", name, column=self.columns.index(column))


def _clash(
    name: str, one: tuple[Kind, int], other: tuple[Kind, int], columns: Sequence[str]
) -> str:
    if one[0] != other[0]:
        return f"{name!r} is a {one[0]} and a {other[0]}: give them two names"
    if one[0] == "function":
        return f"{name} takes {one[1]} arguments in one place and {other[1]} in another"
    return f"{name} has values by {columns[one[1]]} and by {columns[other[1]]}: give them two names"


def one_slip(name: str, other: str) -> bool:
    """Whether words of three letters or more differ by one, or by two that change places."""
    if name == other or min(len(name), len(other)) < 3:
        return False
    if len(name) == len(other):
        places = [k for k, (a, b) in enumerate(zip(name, other, strict=True)) if a != b]
        if len(places) == 2 and places[1] == places[0] + 1:
            return name[places[0]] == other[places[1]] and name[places[1]] == other[places[0]]
        return len(places) == 1 and not (name[places[0]].isdigit() and other[places[0]].isdigit())
    short, long = sorted((name, other), key=len)
    if len(long) != len(short) + 1 or name[-1].isdigit() or other[-1].isdigit():
        return False
    return any(long[:k] + long[k + 1 :] == short for k in range(len(long)))


def read_template(
    text: str, columns: Sequence[str], calls: Calls | None = None, known: Collection[str] = ()
) -> Template:
    """Read a template.

    Args:
        text: formulas, `name = expression` or an expression alone, with `;` or lines between; those
            that no later one reads are the results.
        columns: names of the columns.
        calls: further names that can be called: custom operators.
        known: names of functions that are no slips, however near they are to an operator's.

    Raises:
        ParseError: the text is outside the grammar, a name has two meanings or is one slip from
            that of a column or an operator, or no function is to be found.
    """
    reader = _Reader(check_names(columns), calls or {}, known)
    values: list[tuple[str | None, int]] = []
    read: set[str] = set()
    with readable():
        for statement in statements_of(text):
            name, tree = formula_of(statement)
            read |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & {*reader.bound}
            if name is not None:
                _check_result(name, reader)
            values.append((name, reader.read(tree, 0)))
            if name is not None:
                reader.bound[name] = values[-1][1]
        results = [(name, number) for name, number in values if name not in read]
        if not any(s.kind == "function" for s in reader.slots):
            raise ParseError(
                f"the template {text[:80]!r} has no function to be found: call one, as f(x0)"
            )
        numbers = [number for _, number in results]
        whole = reader.builder.build([*numbers, *reader.nodes])
    slots = _shifted(reader.slots, len(numbers))
    names = tuple(name for name, _ in results if name is not None)
    arguments = {name: _named(uses) for name, uses in reader.arguments.items()}
    return Template(text, reader.columns, slots, whole, names, arguments)


def _check_result(name: str, reader: _Reader) -> None:
    if not can_name(name) or name in {*reader.places, *reader.bound, *reader.kinds}:
        raise ParseError(f"{name!r} cannot name a result: it has another meaning in the template")


def _shifted(slots: Sequence[Slot], by: int) -> tuple[Slot, ...]:
    """With arguments counted among all outputs, of which the results come first."""
    return tuple(Slot(s.kind, s.name, tuple(a + by for a in s.arguments), s.column) for s in slots)


def _named(uses: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """Names of a function's arguments: those of its one kind of call, else z1, z2, ..."""
    first = list(uses[0])
    plain = [name for name in first if name is not None]
    if len(set(plain)) == len(first) and all(list(use) == first for use in uses):
        return tuple(plain)
    return tuple(f"z{k}" for k in range(1, len(first) + 1))
