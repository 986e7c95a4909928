"""Formulas: named results over named inputs, read from one text.

    m2 = 2*pt1*pt2*(cosh(eta1 - eta2) - cos(phi1 - phi2))    # one to a line, or behind `;`
    mass = sqrt(m2)

What a later formula reads is an intermediate result, unless it is asked for; the others are
outputs, and so are formulas without a name. Every other name is an input.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from symtick.errors import ParseError, did_you_mean
from symtick.expr.expression import Builder, Expression, to_text
from symtick.expr.parsing import (
    MAX_TEXT,
    TreeReader,
    can_name,
    check_names,
    default_names,
    is_constant,
    one_tree_at_a_time,
    readable,
    unreadable,
)

_DEFAULT = re.compile(r"x\d{1,4}")


@dataclass(frozen=True)
class Formulas:
    """What a text of formulas computes.

    Attributes:
        expression: its outputs, over all inputs.
        names: of the outputs; y0, y1, ... by place for those without one.
    """

    expression: Expression
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """`name = expression` for each output, with `;` between; `read_formulas` reads it back."""
        return "; ".join(f"{n} = {to_text(self.expression, k)}" for k, n in enumerate(self.names))


@dataclass
class _Statements:
    """The formulas of a text in order, the names of the results, and those of the inputs."""

    trees: list[tuple[str | None, ast.expr]] = field(default_factory=list)
    results: set[str] = field(default_factory=set)
    inputs: dict[str, None] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)  # results that later formulas read


def read_formulas(text: str, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> Formulas:
    """Read formulas, `name = expression` or an expression alone, with `;` or lines between.

    Args:
        text: the formulas; `#` begins a comment.
        inputs: inputs that come first, in this order, whether they are read or not. Others come
            as they are met; where all are of the kind x0, x1, ... these are x0 to the last.
        outputs: results to deliver, in this order; by default those that no later formula reads.

    Raises:
        ParseError: a formula is outside the grammar, a name has two meanings, or an output is no
            result.
    """
    found = _statements(text, inputs)
    names = _input_names(found, inputs)
    reader = TreeReader(Builder(names), {name: k for k, name in enumerate(names)})
    values: list[tuple[str | None, int]] = []
    with readable():
        for name, tree in found.trees:
            values.append((name, reader.read(tree, 0)))
            if name is not None:
                reader.bound[name] = values[-1][1]
        chosen = _outputs(found, values, outputs)
        labels = tuple(name or f"y{k}" for k, (name, _) in enumerate(chosen))
        _check_labels(labels, names)
        return Formulas(reader.builder.build([number for _, number in chosen]), labels)


def _statements(text: str, inputs: Sequence[str]) -> _Statements:
    found = _Statements()
    for statement in statements_of(text):
        name, tree = formula_of(statement)
        for used in _names(tree):
            if used in found.results:
                found.read.add(used)
            else:
                found.inputs.setdefault(used)
        if name is None:
            found.trees.append((None, tree))
            continue
        if not can_name(name):
            raise ParseError(f"{name!r} cannot name a result: it is an operator or a constant")
        if name in found.results:
            raise ParseError(f"{name!r} is given twice: name one of the results differently")
        if name in found.inputs or name in inputs:
            raise ParseError(
                f"{name!r} is read, or has a format, as an input before it is given: put its "
                "formula first, or name the input differently"
            )
        found.results.add(name)
        found.trees.append((name, tree))
    if not found.trees:
        raise ParseError("there is no formula in the text")
    return found


def statements_of(text: str) -> list[ast.stmt]:
    """The statements of a text, one to a line or behind `;`.

    Raises:
        ParseError: the text is outside the grammar.
    """
    if len(text) > MAX_TEXT:
        raise ParseError(f"formulas of {len(text)} characters are over the limit of {MAX_TEXT}")
    # a line's indentation says nothing
    lines = "\n".join(line.strip() for line in text.splitlines()).strip()
    try:
        with one_tree_at_a_time():
            return ast.parse(lines, mode="exec").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what, where = str(error) or type(error).__name__, lines
        if isinstance(error, SyntaxError):
            what, where = error.msg, _line(lines, error.lineno) or lines
        raise ParseError(unreadable(where, what)) from None


def _line(text: str, number: int | None) -> str:
    """A line of a text by its number from 1; nothing where there is none."""
    lines = text.splitlines()
    return lines[number - 1] if number is not None and 0 < number <= len(lines) else ""


def formula_of(statement: ast.stmt) -> tuple[str | None, ast.expr]:
    """Name (None without one) and expression of a statement.

    Raises:
        ParseError: it is no formula.
    """
    if isinstance(statement, ast.Expr):
        return None, statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, statement.value
    shown = ast.unparse(statement).splitlines()[0][:60]
    raise ParseError(f"{shown!r} is no formula: write an expression, or name = expression")


def _names(tree: ast.expr) -> list[str]:
    """Names that a tree reads, in the order of the text; not those that it calls."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called and not is_constant(node.id)
    ]
    return [node.id for node in sorted(names, key=lambda n: (n.lineno, n.col_offset))]


def _input_names(found: _Statements, first: Sequence[str]) -> tuple[str, ...]:
    others = [name for name in found.inputs if name not in first]
    if all(_DEFAULT.fullmatch(name) for name in (*first, *others)):
        largest = max((int(name[1:]) for name in (*first, *others)), default=0)
        return default_names(largest + 1)
    return check_names((*first, *others))


def _outputs(
    found: _Statements, values: Sequence[tuple[str | None, int]], asked: Sequence[str]
) -> list[tuple[str | None, int]]:
    if not asked:
        return [(name, number) for name, number in values if name not in found.read]
    known = {name: number for name, number in values if name is not None}
    for name in asked:
        if name not in known:
            meant = did_you_mean(name, known)
            raise ParseError(
                f"no formula gives {name!r}: {meant}the results are {', '.join(known) or 'unnamed'}"
            )
    return [(name, known[name]) for name in asked]


def _check_labels(labels: Sequence[str], inputs: Sequence[str]) -> None:
    for label in labels:
        if label in inputs or labels.count(label) > 1:
            raise ParseError(f"{label!r} has two meanings: name the output, out = ...")
