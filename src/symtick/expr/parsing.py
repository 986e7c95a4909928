"""The parser of expressions, which runs no code and inverts the printer.

The grammar is a subset of Python's expressions, read with `ast` and an allow-list of node types;
nothing is ever evaluated. `parse(to_text(e)) == e` for every expression.

    x0 + 2*sin(x1)        + - * / **, unary + and -
    min(a, b), sqrt(a)    every operator of `OPS` by name, and the named expressions of `NAMED`
    a > b, a <= b < c     comparisons, 1 where they hold and else 0; and, or, not of them
    a if b > c else d     the same as where(b > c, a, d)
    pi, 1.5e-3            numbers
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, reduce

from symtick.errors import InputError, ParseError, did_you_mean
from symtick.expr.expression import Builder, Expression
from symtick.expr.named import ARGUMENTS, NAMED
from symtick.expr.ops import BY_NAME, USUAL_NAMES, Op, arity

_ONE_TREE = threading.Lock()
MAX_TEXT = 100_000
MAX_EXPONENT = 64
MAX_NESTING = 200

_BINARY: dict[type[ast.operator], Op] = {
    ast.Add: Op.ADD,
    ast.Sub: Op.SUB,
    ast.Mult: Op.MUL,
    ast.Div: Op.DIV,
}
_ALIASES = {
    "Abs": "abs", "fabs": "abs", "Min": "min", "Max": "max", "ln": "log", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "power": "pow",
}  # fmt: skip
_FOLDED = ("min", "max")  # of two arguments or more
_CONDITIONS = (ast.Compare, ast.BoolOp)
_JOINS: dict[type[ast.boolop | ast.operator], Op] = {
    ast.And: Op.MIN,
    ast.BitAnd: Op.MIN,
    ast.Or: Op.MAX,
    ast.BitOr: Op.MAX,
}
# whether the sides of a comparison change places, and whether equals are out
_COMPARISONS: dict[type[ast.cmpop], tuple[bool, Op]] = {
    ast.GtE: (False, Op.GE),
    ast.Gt: (False, Op.GT),
    ast.LtE: (True, Op.GE),
    ast.Lt: (True, Op.GT),
}
# what to say of text that Python does not read, by what is in it
_HINTS = {
    "::": "; call a function by its plain name, as sqrt(x)",
    r"&&|\|\||[!?]": "; write and, or, not, and `a if c else b`",
    r"\|": "; write abs(x)",
    r"(?<![\w.])\d+\.?\d*[A-Za-z_(]": "; write a product as 2*x",
}
_KEYWORDS = {*keyword.kwlist} - {"and", "or", "not", "if", "else", "in", "is"}
# what to write for operators of other languages
_INSTEAD: dict[type[ast.operator], str] = {
    ast.BitXor: "; write ** for powers",
    ast.FloorDiv: "; write floor(a/b)",
    ast.Mod: "; write a - b*floor(a/b)",
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
# names that can be called: number of arguments, and what makes the node
Calls = Mapping[str, tuple[int, Callable[..., int]]]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names as a tuple, if each can name an input.

    Raises:
        InputError: a name is not an identifier, is taken by an operator, or stands twice.
    """
    for name in names:
        if not can_name(name):
            raise InputError(
                f"{name!r} cannot name an input: use letters, digits and _, and no operator's name "
                "or Python keyword"
            )
    if len(set(names)) != len(names):
        raise InputError(f"input names must differ: {', '.join(names)}")
    return tuple(names)


def can_name(name: str) -> bool:
    """Whether a word can name an input or a result.

    An identifier that is no constant and no usual operator. Other functions are told from inputs by
    their brackets, so that data may have a column `sign` or `round`.
    """
    taken = name in USUAL_NAMES or name in _ALIASES or name in _CONSTANTS
    return bool(_NAME.match(name)) and not taken and not keyword.iskeyword(name)


def can_call(name: str, calls: Calls) -> bool:
    """Whether a name is that of an operator or of one of `calls`."""
    name = _ALIASES.get(name, name)
    return name in BY_NAME or name in NAMED or name in calls


def is_constant(name: str) -> bool:
    """Whether a name is that of a number."""
    return name in _CONSTANTS


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
    reader = TreeReader(Builder(names), {name: k for k, name in enumerate(names)})
    with readable():
        return reader.builder.build([reader.read(tree, 0) for tree in trees])


@contextmanager
def readable() -> Iterator[None]:
    """Turns what goes wrong while trees are read into a `ParseError`."""
    try:
        yield
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
    with readable():
        return TreeReader(builder, places, calls).read(tree, 0)


def _tree(text: str) -> ast.expr:
    if len(text) > MAX_TEXT:
        raise ParseError(f"an expression of {len(text)} characters is over the limit of {MAX_TEXT}")
    try:
        with one_tree_at_a_time():
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        raise ParseError(unreadable(text.strip(), what)) from None


@contextmanager
def one_tree_at_a_time() -> Iterator[None]:
    """For `ast.parse`: Python 3.11 counts the depth of the trees of all threads in one place.

    It ends with a SystemError where two threads make one at once.
    """
    with _ONE_TREE:
        yield


def unreadable(text: str, what: str) -> str:
    """What to say of text that is no expression."""
    hint = next((said for pattern, said in _HINTS.items() if re.search(pattern, text)), "")
    taken = [word for word in re.findall(r"[A-Za-z_]\w*", text) if word in _KEYWORDS]
    if taken:
        hint = f"; {taken[0]!r} is a word of Python's, which can name no input"
    return f"cannot read the expression {text[:80]!r}: {what}{hint}"


def _found_names(trees: Sequence[ast.expr]) -> tuple[str, ...]:
    largest = 0
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and re.fullmatch(r"x\d{1,4}", node.id):
                largest = max(largest, int(node.id[1:]))
    return default_names(largest + 1)


class TreeReader:
    """Reads the trees of `ast` into a builder.

    Args:
        builder: takes the nodes.
        places: number of each input by its name.
        calls: further names that can be called; they come before those of `NAMED`.
        bound: nodes that have names.
    """

    def __init__(
        self,
        builder: Builder,
        places: Mapping[str, int],
        calls: Calls | None = None,
        bound: Mapping[str, int] | None = None,
    ) -> None:
        self.builder = builder
        self.places = places
        self.calls = calls or {}
        self.bound = dict(bound or {})

    def read(self, node: ast.expr, depth: int) -> int:
        """The node number of a tree's root.

        Raises:
            ParseError: the tree is outside the grammar.
        """
        if depth > MAX_NESTING:
            raise ParseError(f"the expression is nested more than {MAX_NESTING} deep")
        if isinstance(node, ast.Constant):
            return self.builder.const(_number(node))
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return self._sign(node, depth)
        if isinstance(node, ast.IfExp):
            parts = [self._condition(node.test, node, depth)]
            parts += [self.read(part, depth + 1) for part in (node.body, node.orelse)]
            return self.builder.op(Op.WHERE, *parts)
        if _is_condition(node):
            return self._condition(node, node, depth)
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            raise ParseError(f"the operator in {_shown(node)} is unknown: write not")
        raise ParseError(
            f"{_shown(node)} is not allowed in an expression: use numbers, inputs "
            f"({', '.join(self.places)}), + - * / **, comparisons and {', '.join(sorted(BY_NAME))}"
        )

    def _name(self, name: str) -> int:
        if name in self.bound:
            return self.bound[name]
        if name in self.places:
            return self.builder.input(self.places[name])
        if name in _CONSTANTS:
            return self.builder.const(_CONSTANTS[name])
        meant = did_you_mean(name, self.places)
        raise ParseError(f"unknown name {name!r}: {meant}the inputs are {', '.join(self.places)}")

    def _condition(self, node: ast.expr, whole: ast.expr, depth: int) -> int:
        """A comparison, or what joins some: 1 where it holds, else 0."""
        if depth > MAX_NESTING:
            raise ParseError(f"the expression is nested more than {MAX_NESTING} deep")
        if isinstance(node, ast.Compare):
            terms = [self.read(a, depth + 1) for a in (node.left, *node.comparators)]
            pairs = zip(node.ops, terms[:-1], terms[1:], strict=True)
            return self._joined(Op.MIN, [self._compared(*pair, node) for pair in pairs])
        if isinstance(node, ast.BoolOp):
            parts = [self._condition(part, whole, depth + 1) for part in node.values]
            return self._joined(_JOINS[type(node.op)], parts)
        if isinstance(node, ast.BinOp) and type(node.op) in _JOINS:
            parts = [self._condition(part, whole, depth + 1) for part in (node.left, node.right)]
            return self._joined(_JOINS[type(node.op)], parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._condition(node.operand, whole, depth + 1)
            return self.builder.op(Op.SUB, self.builder.const(1.0), inner)
        if isinstance(whole, ast.BinOp):
            raise ParseError(
                f"& and | bind more tightly than comparisons, so that {_shown(whole)} is joined: "
                "write and, or, or put brackets around each comparison"
            )
        raise ParseError(
            f"{_shown(node)} in {_shown(whole)} is no comparison: write {_shown(node)[1:-1]} != 0"
        )

    def _compared(self, op: ast.cmpop, left: int, right: int, node: ast.Compare) -> int:
        if isinstance(op, ast.Eq | ast.NotEq):
            kind, join = (Op.GE, Op.MIN) if isinstance(op, ast.Eq) else (Op.GT, Op.MAX)
            ways = [self.builder.op(kind, left, right), self.builder.op(kind, right, left)]
            return self._joined(join, ways)
        if type(op) not in _COMPARISONS:
            raise ParseError(f"the comparison in {_shown(node)} is unknown: use < <= > >= == !=")
        swapped, kind = _COMPARISONS[type(op)]
        return self.builder.op(kind, *((right, left) if swapped else (left, right)))

    def _joined(self, op: Op, parts: Sequence[int]) -> int:
        return reduce(lambda a, b: self.builder.op(op, a, b), parts)

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
        if type(node.op) not in _BINARY:
            hint = _INSTEAD.get(type(node.op), "")
            raise ParseError(f"the operator in {_shown(node)} is unknown: use + - * / **{hint}")
        first, rest = _chain(node)
        number = self.read(first, depth + 1)
        for link in rest:
            right = self.read(link.right, depth + 1)
            number = self.builder.op(_BINARY[type(link.op)], number, right)
        return number

    def _power(self, node: ast.BinOp, depth: int) -> int:
        exponent = _stated(node.right)
        base = self.read(node.left, depth + 1)
        if exponent is None:
            return self.builder.op(Op.POW, base, self.read(node.right, depth + 1))
        if not 0.0 < abs(exponent) <= MAX_EXPONENT:
            raise ParseError(
                f"the exponent {exponent:g} in {_shown(node)} must not be 0, and at most "
                f"{MAX_EXPONENT} in magnitude"
            )
        if exponent in (0.5, -0.5):
            return self._inverse_if(self.builder.op(Op.SQRT, base), exponent < 0)
        if exponent != int(exponent):
            return self.builder.op(Op.POW, base, self.builder.const(exponent))
        power = integer_power(self.builder, base, abs(int(exponent)))
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
        if not can_call(name, self.calls):
            raise ParseError(unknown_operator(name, self.calls))
        if name in _FOLDED and len(args) > 2:
            return self._joined(BY_NAME[name], args)
        wanted = _arity(name, self.calls)
        if len(args) != wanted:
            raise ParseError(f"{name} takes {wanted} arguments, not {len(args)}: {_shown(node)}")
        if name == "clip":
            _check_ends(node)
        if name in BY_NAME:
            return self.builder.op(BY_NAME[name], *args)
        if name in self.calls:
            return self.calls[name][1](self.builder, *args)
        inner = TreeReader(self.builder, {}, bound=dict(zip(ARGUMENTS, args, strict=False)))
        return inner.read(_body(name), 0)


def _chain(node: ast.BinOp) -> tuple[ast.expr, list[ast.BinOp]]:
    """What a chain such as a + b - c starts with, and its operations from the first on."""
    links: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and type(first.op) in _BINARY:
        links.append(first)
        first = first.left
    return first, links[::-1]


def _check_ends(clip: ast.Call) -> None:
    low, high = (_stated(end) for end in clip.args[1:])
    if low is not None and high is not None and low > high:
        raise ParseError(f"{_shown(clip)} has its ends the wrong way round: clip(a, low, high)")


def unknown_operator(name: str, calls: Calls) -> str:
    """What to say of a name that cannot be called."""
    known = sorted({*BY_NAME, *NAMED, *calls})
    meant = did_you_mean(name, known)
    return f"unknown operator {name!r}: {meant}there are {', '.join(known)}"


def _arity(name: str, calls: Calls) -> int:
    if name in BY_NAME:
        return arity(BY_NAME[name])
    return calls[name][0] if name in calls else NAMED[name][0]


@cache
def _body(name: str) -> ast.expr:
    """The tree of a named expression."""
    return _tree(NAMED[name][1])


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    joins = isinstance(node, ast.BinOp) and type(node.op) in _JOINS
    return joins or isinstance(node, _CONDITIONS)


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


def _stated(node: ast.expr) -> float | None:
    """The value of what is a number or a quotient of two; None of any other."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _stated(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        above, below = _stated(node.left), _stated(node.right)
        # not a number where the divisor is 0, which is then refused
        return None if above is None or below is None else above / (below or math.nan)
    return _number(node) if isinstance(node, ast.Constant) else None


def integer_power(b: Builder, base: int, exponent: int) -> int:
    if exponent == 1:
        return base
    if exponent == 3:
        return b.op(Op.CUBE, base)
    half = b.op(Op.SQUARE, integer_power(b, base, exponent // 2))
    return half if exponent % 2 == 0 else b.op(Op.MUL, half, base)


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return repr(text if len(text) <= 60 else text[:57] + "...")
