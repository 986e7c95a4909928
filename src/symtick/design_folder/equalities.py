"""Equalities that the words of the inputs decide: `x == 0.3` of a word in binary steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from symtick.codegen import SCORES, Precision
from symtick.design_folder.folder import DesignSpec
from symtick.errors import SymtickError
from symtick.expr import Builder, Expression, Node, Op, node_text

# how == and != are written: the node that joins both comparisons, and theirs
_WRITTEN = {(Op.MIN, Op.GE): "==", (Op.MAX, Op.GT): "!="}


def decided_equalities(spec: DesignSpec, steps: Sequence[float]) -> Iterator[str]:
    """What to say of each == and != that is the same for all words of its inputs.

    Args:
        spec: of the design.
        steps: for each input the worth of its format's 1.
    """
    expression = spec.expression
    support = expression.support()
    for number, node in enumerate(expression.nodes):
        sign = _sign(expression.nodes, node)
        value = _decided(spec, number) if sign and support[number] else None
        if value is None:
            continue
        left, right = (
            node_text(expression.nodes, expression.nodes[a], expression.inputs, 6)
            for a in expression.nodes[node.args[0]].args
        )
        words = ", ".join(_word(spec, k, steps[k]) for k in sorted(support[number]))
        yield (
            f"{left} {sign} {right} is {value} for all words of {words}: compare with what the "
            "words can give, or write abs(a - b) < c"
        )


def _sign(nodes: Sequence[Node], node: Node) -> str | None:
    """`==` or `!=` where a node is one."""
    if node.op not in (Op.MIN, Op.MAX):
        return None
    one, two = (nodes[a] for a in node.args)
    return _WRITTEN.get((node.op, one.op)) if two == replace(one, args=one.args[::-1]) else None


def _decided(spec: DesignSpec, number: int) -> int | None:
    """The value of a node whose design reads nothing; None of any other."""
    alone = replace(
        spec, expression=_alone(spec.expression, number), output_names=("equal",),
        precision=Precision(division=spec.precision.division), latency=None, widths=(),
        decision=SCORES,
    )  # fmt: skip
    with suppress(SymtickError):  # what cannot be built alone is not judged
        graph = alone.build().graph
        if not any(graph.input_formats):
            return int(graph.evaluate(np.zeros((1, len(spec.formats)), np.int64))[0, 0])
    return None


def _alone(expression: Expression, number: int) -> Expression:
    builder = Builder(expression.inputs)
    return builder.build([builder.graft(expression, number)])


def _word(spec: DesignSpec, k: int, step: float) -> str:
    steps = "" if step == 1.0 else f" in steps of {step:g}"
    return f"{spec.expression.inputs[k]} ({spec.formats[k]}{steps})"
