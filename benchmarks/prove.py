"""Symbolic proof that two expressions are one function, by SymPy; run as a process of its own.

Reads {candidate, truth, inputs, positive, rounded} as JSON from standard input and writes {rule} to
standard output: `symbolic` where the difference simplifies to nothing, `rounded` where it does once
the candidate's constants are rounded, empty where SymPy does not decide. SymPy may run for ever, so
the caller sets the time limit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy

from symtick.expr import OPS, Op, parse

TOLERANCE = 1e-6
_LARGEST_DENOMINATOR = 12


def build(text: str, inputs: Sequence[str], *, positive: bool, exact: bool) -> sympy.Expr:
    """The expression over real (or positive) symbols.

    Constants are the decimal numbers that they are written as; 30 digits of them if not `exact`.
    """
    kind = {"positive": True} if positive else {"real": True}
    symbols = [sympy.Symbol(name, **kind) for name in inputs]
    expression = parse(text, inputs)
    held: list[sympy.Expr] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            held.append(symbols[node.index])
        elif node.op is Op.CONST:
            number = sympy.Rational(repr(node.value))
            whole = exact or number.q == 1
            held.append(number if whole else sympy.Float(number, 30))
        else:
            held.append(OPS[node.op].sympy(*(held[a] for a in node.args)))
    return held[expression.outputs[0]]


def _plain(item: sympy.Expr) -> sympy.Expr:
    return item


def _exponentials(item: sympy.Expr) -> sympy.Expr:
    return sympy.expand(item.rewrite(sympy.exp), force=True)


def _monic_logs(item: sympy.Expr) -> sympy.Expr:
    """Every log(c*x + ...) as log(c) + log(x + ...), so that a scale inside becomes an offset."""

    def monic(inner: sympy.Expr) -> sympy.Expr:
        inner = sympy.expand(inner)
        lead, _ = inner.as_ordered_terms()[0].as_coeff_Mul()
        if not lead.is_positive:
            return sympy.log(inner)
        return sympy.log(lead) + sympy.log(sympy.expand(inner / lead))

    return sympy.expand(item.replace(sympy.log, monic))


# from cheap to dear
FORMS: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (
    _plain,
    sympy.expand,
    lambda item: sympy.expand(sympy.powsimp(sympy.expand(item, force=True), force=True)),
    lambda item: sympy.expand(sympy.expand_log(item.factor(), force=True)),
    lambda item: sympy.cancel(sympy.together(item)),
    _exponentials,
    lambda item: sympy.expand(sympy.expand_trig(item)),
    _monic_logs,
    lambda item: sympy.simplify(sympy.logcombine(item, force=True)),
    sympy.simplify,
    lambda item: sympy.simplify(_exponentials(item)),
)


def _tried(item: sympy.Expr) -> Iterator[sympy.Expr]:
    """The expression in every form; as it is where SymPy cannot bring it into one."""
    for form in FORMS:
        try:
            yield form(item)
        except (sympy.PolynomialError, NotImplementedError, ValueError, TypeError, RecursionError):
            yield item


def vanishes(item: sympy.Expr) -> bool:
    """Whether some form of the expression is zero."""
    return any(form == 0 for form in _tried(item))


def rounded(item: sympy.Expr, known: Sequence[sympy.Expr]) -> sympy.Expr:
    """Every decimal replaced by a number within 1e-6: one of the known, else a simple fraction."""
    return item.xreplace({f: _nearest(f, known) for f in item.atoms(sympy.Float)})


def _nearest(number: sympy.Expr, known: Sequence[sympy.Expr]) -> sympy.Expr:
    value = float(number)
    if abs(value) < TOLERANCE:
        return sympy.Integer(0)
    close = TOLERANCE * abs(value)
    for one in known:
        if abs(float(one) - value) <= close:
            return one
    for denominator in range(1, _LARGEST_DENOMINATOR + 1):
        numerator = round(value * denominator)
        if numerator and abs(numerator / denominator - value) <= close:
            return sympy.Rational(numerator, denominator)
    return number


def _matches(candidate: sympy.Expr, truth: sympy.Expr) -> bool:
    """Whether one form of both is the same once the candidate's decimals are rounded.

    Both carry decimals; equal ones cancel exactly.
    """
    for found, wanted in zip(_tried(candidate), _tried(truth), strict=True):
        numbers = sorted(wanted.atoms(sympy.Float) | wanted.atoms(sympy.Rational), key=float)
        known = [sign * n for n in numbers for sign in (1, -1)]
        if vanishes(rounded(found, known) - wanted):
            return True
    return False


def rule(question: dict[str, Any]) -> str:
    """What SymPy can say; see the module."""
    inputs, positive = question["inputs"], question["positive"]
    exact = not question["rounded"]
    pair = [
        build(question[name], inputs, positive=positive, exact=exact)
        for name in ("candidate", "truth")
    ]
    if exact:
        return "symbolic" if vanishes(pair[0] - pair[1]) else ""
    return "rounded" if _matches(pair[0], pair[1]) else ""


def main() -> None:
    json.dump({"rule": rule(json.load(sys.stdin))}, sys.stdout)


if __name__ == "__main__":
    main()
