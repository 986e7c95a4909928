"""Pass `constant_products`: products with a constant as shifts and additions.

Room: `codegen`.
"""

from __future__ import annotations

from symtick.codegen.constants import signed_digits
from symtick.codegen.fixed import Fixed, Overflow, Quant
from symtick.codegen.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.schedule import Area, CostModel
from symtick.codegen.score import lut_equivalent
from symtick.codegen.tables import rebuilt
from symtick.codegen.timing import Watch

Term = tuple[int, bool]  # graph node, whether it is subtracted


def constant_products(graph: Graph, model: CostModel) -> Graph:
    """Products with a constant become shifts and additions where these do not cost more."""
    builder = GraphBuilder(graph.input_names)
    watch = Watch(builder, model)
    place: list[int] = []
    for k, node in enumerate(graph.nodes):
        found = rebuilt(builder, graph, k, [place[a] for a in node.args])
        if node.op is GOp.MUL:
            found = _cheaper(builder, watch, model, found)
        place.append(found)
    return builder.build([place[k] for k in graph.outputs], graph.output_names)


def _cheaper(builder: GraphBuilder, watch: Watch, model: CostModel, number: int) -> int:
    node = builder.nodes[number]
    constants = [a for a in node.args if builder.nodes[a].op is GOp.CONST]
    if len(constants) != 1 or not builder.nodes[constants[0]].number:
        return number
    (signal,) = (a for a in node.args if a != constants[0])
    before = len(builder.nodes)
    found = _shifts_and_adds(builder, signal, builder.nodes[constants[0]])
    total = Area()
    for k in range(before, len(builder.nodes)):
        total = total + model.area(watch.view, k)
    whole = model.area(watch.view, number)
    same = builder.nodes[found].fmt == node.fmt
    return found if same and lut_equivalent(total) <= lut_equivalent(whole) else number


def _shifts_and_adds(builder: GraphBuilder, signal: int, constant: GNode) -> int:
    """signal * constant as a balanced tree over the constant's signed digits."""
    terms: list[Term] = [
        (builder.scale(signal, exponent - constant.fmt.frac), digit < 0)
        for exponent, digit in signed_digits(constant.number)
    ]
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        odd = terms[-1:] if len(terms) % 2 else []
        terms = [_combined(builder, a, b) for a, b in pairs] + odd
    found, negative = terms[0]
    whole = builder.op(GOp.NEG, found) if negative else found
    return _tight(builder, whole, signal, constant)


def _tight(builder: GraphBuilder, whole: int, signal: int, constant: GNode) -> int:
    """The sum without the top bits that only its bounds, not its values, need."""
    source = builder.nodes[signal]
    ends = [raw * constant.number for raw in (source.lo, source.hi)]
    fmt = Fixed.for_raw(min(ends), max(ends), source.fmt.frac + constant.fmt.frac)
    return builder.cast(whole, fmt, Quant.TRN, Overflow.WRAP)


def _combined(builder: GraphBuilder, first: Term, second: Term) -> Term:
    (a, a_negative), (b, b_negative) = first, second
    if a_negative == b_negative:
        return builder.op(GOp.ADD, a, b), a_negative
    plus, minus = (b, a) if a_negative else (a, b)
    return builder.op(GOp.SUB, plus, minus), False
