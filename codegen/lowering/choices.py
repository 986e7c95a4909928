"""What the ranges of the inputs say of an expression before its lowering.

Of a choice that they decide the other side is neither computed nor checked; a power with a variable
exponent needs a positive base; a root that is compared needs one that is not negative, though it
is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.functions.taylor import image
from symtick.codegen.functions.univariate import section
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.lowering.analysis import Analysis
from symtick.errors import DomainError
from symtick.expr import Builder, Expression, Interval, Op, node_text, reachable


def without_decided(
    expression: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]]
) -> Expression:
    """An equal expression without choices whose condition is the same for all inputs.

    Args:
        expression: what to compute.
        formats: format of each input.
        bounds: smallest and largest raw code of each.
    """
    if all(node.op is not Op.WHERE for node in expression.nodes):
        return expression
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        args = [places[a] for a in node.args]
        if node.op is Op.WHERE:
            side = _side(builder.build(args[:1]), formats, bounds)
            places.append(builder.op(Op.WHERE, *args) if side is None else args[side])
        elif node.op is Op.INPUT:
            places.append(builder.input(node.index))
        elif node.op is Op.CONST:
            places.append(builder.const(node.value))
        else:
            places.append(builder.op(node.op, *args))
    return builder.build([places[k] for k in expression.outputs])


def check_powers(
    expression: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]]
) -> None:
    """Refuse powers and roots that lowering writes as something that is defined more widely.

    Raises:
        DomainError: the base of a power with a variable exponent may be 0 or negative, or a root
            or power that is compared is undefined somewhere.
    """
    nodes, support = expression.nodes, expression.support()
    powers = [n for n in nodes if n.op is Op.POW and support[n.args[1]]]
    analysis = Analysis(expression, formats, bounds)
    for node in nodes:
        if node.op in (Op.GE, Op.GT):
            for a in node.args:
                if nodes[a].op in (Op.SQRT, Op.POW):
                    analysis.span(a)
    for node in powers:
        span = analysis.span(node.args[0])
        if span.lo <= 0.0:
            text = node_text(expression.nodes, node, expression.inputs, 6)
            raise DomainError(
                f"in {text}: a power with a variable exponent of a value that can be anywhere in "
                f"{span}, which contains 0 or negative numbers; guard it, for example with "
                "pow(max(., 0.01), b)"
            )


def _side(
    condition: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]]
) -> int | None:
    """Which argument a choice with this condition always takes; None where that differs."""
    analysis, root = Analysis(condition, formats, bounds), condition.outputs[0]
    try:
        analysis.span(root)
        values = _range(analysis, root)
    except DomainError:
        return None  # lowering says so
    if values.lo > 0.0 or values.hi < 0.0:
        return 1
    return 2 if values.lo == values.hi else None


def _range(analysis: Analysis, root: int) -> IntervalArray:
    """The values of a node as `Analysis.span` has them, but rounded outward: one element."""
    nodes, ranges = analysis.expression.nodes, dict[int, IntervalArray]()

    def by_arguments(k: int) -> bool:
        return bool(analysis.support[k]) and analysis.countable(k) is None

    for k in sorted(reachable(nodes, [root], by_arguments)):
        index = analysis.countable(k)
        if by_arguments(k) and nodes[k].args:
            with np.errstate(all="ignore"):
                ranges[k] = image(nodes[k], [ranges[a] for a in nodes[k].args])
        elif by_arguments(k):
            span = analysis.span(k)
            ranges[k] = IntervalArray(np.array([span.lo]), np.array([span.hi]))
        else:
            points = np.zeros(1) if index is None else analysis.points(index)
            span = Interval(float(points[0]), float(points[-1]))
            ranges[k] = section(analysis.expression, k, None, span).hull(points)
    return ranges[root]
