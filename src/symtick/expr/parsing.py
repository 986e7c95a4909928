"""The parser of expressions, which runs no code and inverts the printer.

The grammar is a subset of Python's expressions, read with `ast` and an allow-list of node types;
nothing is ever evaluated. `parse(to_text(e)) == e` for every expression.

    x0 + 2*sin(x1)        + - * / ** with an integer exponent or 0.5, unary + and -
    min(a, b), sqrt(a)    every operator of `OPS` by name; sigmoid, gauss, tan and inv as shorthand
    pi, 1.5e-3            numbers
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Callable, Mapping, Sequence

from symtick.errors import InputError, ParseError
from symtick.expr.expression import Builder, Expression
from symtick.expr.ops import BY_NAME, Op, arity

MAX_TEXT = 100_000
MAX_EXPONENT = 64
MAX_NESTING = 200

_BINARY: dict[type[ast.operator], Op] = {
    ast.Add: Op.ADD,
    ast.Sub: Op.SUB,
    ast.Mult: Op.MUL,
    ast.Div: Op.DIV,
}
_ALIASES = {"Abs": "abs", "Min": "min", "Max": "max", "ln": "log"}
_CONSTANTS = {"pi": math.pi, "e": math.e}
# names that can be called: number of arguments, and what makes the node
Calls = Mapping[str, tuple[int, Callable[..., int]]]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names as a tuple, if each can name an input.

    Raises:
        InputError: a name is not an identifier, is taken by an operator, or stands twice.
    """
    taken = set(BY_NAME) | set(_ALIASES) | set(_CONSTANTS) | set(_SHORTHAND)
    for name in names:
        if not _NAME.match(name) or name in taken or keyword.iskeyword(name):
            raise InputError(
                f"{name!r} cannot name an input: use letters, digits and _, and no operator's name "
                "or Python keyword"
            )
    if len(set(names)) != len(names):
        raise InputError(f"input names must differ: {', '.join(names)}")
    return tuple(names)


def default_names(count: int) -> tuple[str, ...]:
    """x0, x1, ... for `count` inputs."""
    return tuple(f"x{k}" for k in range(count))


def parse(text: str | Sequence[str], inputs: Sequence[str] | None = None) -> Expression:
    """Read one expression, several separated by `;`, or a list of them.

    Args:
        text: the expression text.
        inputs: input names in order; without it x0 .. xN, N the largest that occurs.

    Raises:
        ParseError: the text is outside the grammar; the message shows the place.
    """
    parts = [p for t in ([text] if isinstance(text, str) else text) for p in t.split(";")]
    trees = [_tree(part) for part in parts]
    names = check_names(inputs) if inputs is not None else _found_names(trees)
    reader = _TreeReader(Builder(names), {name: k for k, name in enumerate(names)})
    try:
        return reader.builder.build([reader.read(tree, 0) for tree in trees])
    except RecursionError:
        # from writing a deep tree into the text of another error
        raise ParseError("the expression is nested too deep to be read") from None
    except InputError as error:
        raise error if isinstance(error, ParseError) else ParseError(str(error)) from None


def read_into(builder: Builder, text: str, calls: Calls | None = None) -> int:
    """Read one expression over `builder.inputs` into it; the node number of its root.

    Args:
        builder: takes the nodes; a sub-class may keep them in another way.
        text: the expression text.
        calls: further names that can be called: number of arguments, and what makes the node.

    Raises:
        ParseError: the text is outside the grammar.
    """
    places = {name: k for k, name in enumerate(builder.inputs)}
    tree = _tree(text)
    try:
        return _TreeReader(builder, places, {**_SHORTHAND, **(calls or {})}).read(tree, 0)
    except RecursionError:
        raise ParseError("the expression is nested too deep to be read") from None


def _tree(text: str) -> ast.expr:
    if len(text) > MAX_TEXT:
        raise ParseError(f"an expression of {len(text)} characters is over the limit of {MAX_TEXT}")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        raise ParseError(f"cannot read the expression {text.strip()[:80]!r}: {what}") from None


def _found_names(trees: Sequence[ast.expr]) -> tuple[str, ...]:
    largest = 0
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and re.fullmatch(r"x\d{1,4}", node.id):
                largest = max(largest, int(node.id[1:]))
    return default_names(largest + 1)


class _TreeReader:
    def __init__(
        self, builder: Builder, places: dict[str, int], calls: Calls | None = None
    ) -> None:
        self.builder = builder
        self.places = places
        self.calls = _SHORTHAND if calls is None else calls

    def read(self, node: ast.expr, depth: int) -> int:
        if depth > MAX_NESTING:
            raise ParseError(f"the expression is nested more than {MAX_NESTING} deep")
        if isinstance(node, ast.Constant):
            return self.builder.const(_number(node))
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return self._sign(node, depth)
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise ParseError(
            f"{_shown(node)} is not allowed in an expression: use numbers, inputs "
            f"({', '.join(self.places)}), + - * / ** and {', '.join(sorted(BY_NAME))}"
        )

    def _name(self, name: str) -> int:
        if name in self.places:
            return self.builder.input(self.places[name])
        if name in _CONSTANTS:
            return self.builder.const(_CONSTANTS[name])
        raise ParseError(f"unknown name {name!r}: the inputs are {', '.join(self.places)}")

    def _sign(self, node: ast.UnaryOp, depth: int) -> int:
        inner = node.operand
        negative = isinstance(node.op, ast.USub)
        if negative and isinstance(inner, ast.Constant):
            return self.builder.const(-_number(inner))
        number = self.read(inner, depth + 1)
        return self.builder.op(Op.NEG, number) if negative else number

    def _binary(self, node: ast.BinOp, depth: int) -> int:
        if isinstance(node.op, ast.Pow):
            return self._power(node, depth)
        op = _BINARY.get(type(node.op))
        if op is None:
            raise ParseError(f"the operator in {_shown(node)} is unknown: use + - * / **")
        left = self.read(node.left, depth + 1)
        return self.builder.op(op, left, self.read(node.right, depth + 1))

    def _power(self, node: ast.BinOp, depth: int) -> int:
        exponent = _exponent(node.right)
        base = self.read(node.left, depth + 1)
        if exponent in (0.5, -0.5):
            return self._inverse_if(self.builder.op(Op.SQRT, base), exponent < 0)
        # written so that NaN and infinity, from a division in the exponent, are refused too
        if not 1 <= abs(exponent) <= MAX_EXPONENT or exponent != int(exponent):
            raise ParseError(
                f"the exponent {exponent:g} in {_shown(node)} must be 0.5, -0.5 or an integer "
                f"from 1 to {MAX_EXPONENT} in magnitude; write exp(b*log(a)) for others"
            )
        power = _integer_power(self.builder, base, abs(int(exponent)))
        return self._inverse_if(power, exponent < 0)

    def _inverse_if(self, node: int, invert: bool) -> int:
        return self.builder.op(Op.DIV, self.builder.const(1.0), node) if invert else node

    def _call(self, node: ast.Call, depth: int) -> int:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ParseError(f"{_shown(node)} is not allowed: call an operator by its plain name")
        name = _ALIASES.get(node.func.id, node.func.id)
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise ParseError(f"{_shown(node)}: * arguments are not allowed")
        args = [self.read(a, depth + 1) for a in node.args]
        if name not in BY_NAME and name not in self.calls:
            known = ", ".join(sorted({*BY_NAME, *self.calls}))
            raise ParseError(f"unknown operator {name!r}: there are {known}")
        wanted = arity(BY_NAME[name]) if name in BY_NAME else self.calls[name][0]
        if len(args) != wanted:
            raise ParseError(f"{name} takes {wanted} arguments, not {len(args)}: {_shown(node)}")
        if name in BY_NAME:
            return self.builder.op(BY_NAME[name], *args)
        return self.calls[name][1](self.builder, *args)


def _sigmoid(b: Builder, x: int) -> int:
    half = b.const(0.5)
    return b.op(Op.ADD, half, b.op(Op.MUL, half, b.op(Op.TANH, b.op(Op.MUL, half, x))))


def _gauss(b: Builder, x: int) -> int:
    return b.op(Op.EXP, b.op(Op.NEG, b.op(Op.SQUARE, x)))


def _tan(b: Builder, x: int) -> int:
    return b.op(Op.DIV, b.op(Op.SIN, x), b.op(Op.COS, x))


def _inv(b: Builder, x: int) -> int:
    return b.op(Op.DIV, b.const(1.0), x)


_SHORTHAND: Calls = {
    "sigmoid": (1, _sigmoid),
    "gauss": (1, _gauss),
    "tan": (1, _tan),
    "inv": (1, _inv),
}


def _number(node: ast.Constant) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise ParseError(f"{node.value!r} is not a number")
    try:
        value = float(node.value)
    except OverflowError:
        raise ParseError("a number is too large") from None
    if not math.isfinite(value):
        raise ParseError(f"the number {ast.unparse(node)[:40]} is too large")
    return value


def _exponent(node: ast.expr) -> float:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_exponent(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _exponent(node.left) / (_exponent(node.right) or math.nan)
    if isinstance(node, ast.Constant):
        return _number(node)
    raise ParseError(f"an exponent must be a number, not {_shown(node)}; write exp(b*log(a))")


def _integer_power(b: Builder, base: int, exponent: int) -> int:
    if exponent == 1:
        return base
    if exponent == 3:
        return b.op(Op.CUBE, base)
    half = b.op(Op.SQUARE, _integer_power(b, base, exponent // 2))
    return half if exponent % 2 == 0 else b.op(Op.MUL, half, base)


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return repr(text if len(text) <= 60 else text[:57] + "...")
