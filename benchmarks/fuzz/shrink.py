"""Smaller cases that fail in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.fuzz.cases import FuzzCase
from symtick.expr import Builder, Expression, reachable, to_text

_TRIES = 80


def shrunk(case: FuzzCase, fails: Callable[[FuzzCase], bool]) -> FuzzCase:
    """The smallest case that is found to fail still.

    Args:
        case: one that fails.
        fails: whether a case fails in the same way.
    """
    tries = 0
    smaller = _smaller(case)
    while tries < _TRIES and (other := next(smaller, None)) is not None:
        tries += 1
        if fails(other):
            case, smaller = other, _smaller(other)
    return case


def _smaller(case: FuzzCase) -> Iterator[FuzzCase]:
    """Cases with one thing less."""
    plain = FuzzCase(case.texts, case.inputs, case.formats)
    for name in ("interface", "words", "decision", "output", "options", "more_ticks", "scheduler",
                 "device", "clock_mhz", "quant", "overflow"):  # fmt: skip
        if getattr(case, name) != getattr(plain, name):
            yield replace(case, **{name: getattr(plain, name)})
    for k in range(len(case.texts) if len(case.texts) > 1 else 0):
        decision = case.decision if len(case.texts) > 2 else ("scores",)
        texts = case.texts[:k] + case.texts[k + 1 :]
        yield replace(case, texts=texts, decision=decision)
    expression = case.expression
    for k, output in enumerate(expression.outputs):
        for number in sorted(reachable(expression.nodes, [output]), reverse=True):
            for below in expression.nodes[number].args:
                text = to_text(_without(expression, output, number, below), 0)
                yield replace(case, texts=(*case.texts[:k], text, *case.texts[k + 1 :]))
    for k, (width, frac, signed) in enumerate(case.formats):
        if width > 2 and not case.words:
            narrow = width - 1, frac - 1, signed
            yield replace(case, formats=(*case.formats[:k], narrow, *case.formats[k + 1 :]))
    if case.term_frac > 0:
        yield replace(case, term_frac=case.term_frac - 1)


def _without(expression: Expression, output: int, number: int, below: int) -> Expression:
    """An output in which a node is replaced by one below it."""
    builder, places = Builder(expression.inputs), dict[int, int]()
    for k in sorted(reachable(expression.nodes, [output])):
        node = expression.nodes[k]
        if k == number:
            places[k] = places[below]
        elif not node.args:
            is_input = node.value == 0.0 and node.op.name == "INPUT"
            places[k] = builder.input(node.index) if is_input else builder.const(node.value)
        else:
            places[k] = builder.op(node.op, *(places[a] for a in node.args))
    return builder.build([places[output]])
