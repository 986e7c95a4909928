"""Symbolic proof that two expressions are one function, by SymPy; run as a process of its own.

Reads {candidate, truth, inputs, positive} as JSON from standard input and writes {equal} to
standard output: whether some form of the difference is zero. SymPy may run for ever, so the caller
sets the time limit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy

from symtick.expr import SEARCH_OPS, Op, in_search_ops, parse


def build(text: str, inputs: Sequence[str], *, positive: bool) -> sympy.Expr:
    """The expression over real (or positive) symbols.

    Constants are the decimal numbers that they are written as, exactly.
    """
    kind = {"positive": True} if positive else {"real": True}
    symbols = [sympy.Symbol(name, **kind) for name in inputs]
    expression = in_search_ops(parse(text, inputs))
    values: list[sympy.Expr] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            values.append(symbols[node.index])
        elif node.op is Op.CONST:
            values.append(sympy.Rational(repr(node.value)))
        else:
            values.append(SEARCH_OPS[node.op].sympy(*(values[a] for a in node.args)))
    return values[expression.outputs[0]]


def _exponentials(item: sympy.Expr) -> sympy.Expr:
    return sympy.expand(item.rewrite(sympy.exp), force=True)


# from cheap to dear
FORMS: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (
    lambda item: item,
    sympy.expand,
    lambda item: sympy.expand(sympy.powsimp(sympy.expand(item, force=True), force=True)),
    lambda item: sympy.expand(sympy.expand_log(item.factor(), force=True)),
    lambda item: sympy.cancel(sympy.together(item)),
    _exponentials,
    lambda item: sympy.expand(sympy.expand_trig(item)),
    lambda item: sympy.simplify(sympy.logcombine(item, force=True)),
    sympy.simplify,
    lambda item: sympy.simplify(_exponentials(item)),
)


def _tried(item: sympy.Expr) -> Iterator[sympy.Expr]:
    """The expression in every form that SymPy can bring it into."""
    for form in FORMS:
        try:
            yield form(item)
        except (sympy.PolynomialError, NotImplementedError, ValueError, TypeError, RecursionError):
            continue


def equal(question: dict[str, Any]) -> bool:
    """Whether SymPy finds the two to be the same; see the module."""
    inputs, positive = question["inputs"], question["positive"]
    candidate = build(question["candidate"], inputs, positive=positive)
    truth = build(question["truth"], inputs, positive=positive)
    return any(form == 0 for form in _tried(candidate - truth))


def main() -> None:
    json.dump({"equal": equal(json.load(sys.stdin))}, sys.stdout)


if __name__ == "__main__":
    main()
