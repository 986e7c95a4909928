"""The printer of expressions: infix operators, with no more brackets than they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

from symtick.expr.node import Node, reachable
from symtick.expr.ops import OPS, Op

COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(5)  # binding strengths
_SYMBOLS: Mapping[str, tuple[str, int]] = {
    "add": (" + ", SUM), "sub": (" - ", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT),
    "ge": (" >= ", COMPARISON), "gt": (" > ", COMPARISON),
}  # fmt: skip

_WORTH_A_NAME = 4  # nodes from which on a part that is read twice gets one

Written = tuple[str, int]  # text and binding strength


def number_text(value: float, precision: int | None = None) -> Written:
    """A constant to so many significant digits, or exactly."""
    text = repr(value) if precision is None else f"{value:.{precision}g}"
    return text, SIGN if text.startswith("-") else ATOM


def operation_text(name: str, args: Sequence[Written], bare_number: bool = False) -> Written:
    """An operation on arguments that are written already.

    Args:
        name: of the operator.
        args: its arguments.
        bare_number: whether the first argument is a number without a sign; a sign before it would
            read as a negative constant.
    """
    if name in _SYMBOLS:
        symbol, strength = _SYMBOLS[name]
        # a comparison of a comparison would read as a chain
        left = _bracketed(args[0], max(strength, SUM))
        right = _bracketed(args[1], strength + 1)
        return f"{left}{symbol}{right}", strength
    if name == "neg" and not bare_number:
        return f"-{_bracketed(args[0], ATOM)}", SIGN
    return f"{name}({', '.join(text for text, _ in args)})", ATOM


def _bracketed(part: Written, strength: int) -> str:
    return part[0] if part[1] >= strength else f"({part[0]})"


def node_text(
    nodes: Sequence[Node], node: Node, inputs: Sequence[str], precision: int | None = None
) -> str:
    """The sub-expression at one node as text.

    Args:
        nodes: of the expression.
        node: the root; it need not stand among `nodes`.
        inputs: names of the inputs.
        precision: significant digits of the constants; None writes them exactly.
    """
    # by number, for nodes with the constants 0.0 and -0.0 are equal
    texts: dict[int, Written] = {}
    for k in sorted(reachable(nodes, node.args)):
        texts[k] = _written(nodes[k], [texts[a] for a in nodes[k].args], inputs, precision)
    return _written(node, [texts[a] for a in node.args], inputs, precision)[0]


def shared_texts(
    nodes: Sequence[Node], outputs: Mapping[str, int], inputs: Sequence[str]
) -> dict[str, str]:
    """Outputs as text with what they share written once: `u1`, `u2`, ... first, then the outputs.

    `read_formulas` reads the texts back as the same expression.

    Args:
        nodes: of the expression.
        outputs: their nodes by name.
        inputs: names of the inputs.
    """
    readers = Counter(a for node in nodes for a in node.args) + Counter(outputs.values())
    fresh = (f"u{n}" for n in count(1) if f"u{n}" not in {*inputs, *outputs})
    written: list[Written] = []
    size: list[int] = []  # nodes of each text
    shared: dict[str, str] = {}
    for k, node in enumerate(nodes):
        text = _written(node, [written[a] for a in node.args], inputs, None)
        size.append(1 + sum(size[a] for a in node.args))
        if readers[k] > 1 and size[k] >= _WORTH_A_NAME:
            name = next(fresh)
            shared[name] = text[0]
            text, size[k] = (name, ATOM), 1
        written.append(text)
    return shared | {name: written[k][0] for name, k in outputs.items()}


def _written(
    node: Node, args: list[Written], inputs: Sequence[str], precision: int | None
) -> Written:
    if node.op is Op.INPUT:
        return inputs[node.index], ATOM
    if node.op is Op.CONST:
        return number_text(node.value, precision)
    bare_number = args[0][1] == ATOM and args[0][0][0].isdigit()
    return operation_text(OPS[node.op].name, args, bare_number)
