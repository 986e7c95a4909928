"""Proofs of outputs by cuts: of scores against their graph, and of these against their formulas."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.codegen.lowering.slices import Slice
from symtick.errors import WidthError
from symtick.expr import Expression, reachable
from symtick.sim.proof.cuts.formula import Formula
from symtick.sim.proof.cuts.lemmas import Budget
from symtick.sim.proof.cuts.near import Nearness
from symtick.sim.proof.cuts.network import Network, OtherRangeError
from symtick.sim.proof.cuts.parts import RealLine
from symtick.sim.proof.cuts.sweep import sweep
from symtick.sim.proof.values.integers import Integers

_VALUES = 1 << 28  # that are computed at most to show that nodes are equal
_BOUND_VALUES = 1 << 25  # for the bounds of one graph
_OWN_VALUES = 1 << 22  # to find equal nodes within one graph
# combinations of leaves for a bound, and how close it has to be to what was seen; more combinations
# where the bounds of outputs do not do, or are much more than was seen
_EFFORTS = ((1 << 12, 1.02), (1 << 16, 1.02), (1 << 21, 1.2))
_CLOSE, _CLOSE_EFFORTS = 2.0, 2
_NOT_SHOWN = "what the vectors say it is, is not shown for all inputs"
_TOO_WIDE = "its values have more bits than a format can have"


def unequal(
    graph: Graph, slices: Sequence[Slice], scores: Graph, columns: Sequence[Integers],
    pairs: Sequence[tuple[int, int]],
) -> list[str]:  # fmt: skip
    """Why outputs of a graph are not shown to equal scores for all inputs; "" where they are.

    Args:
        graph: the graph.
        slices: what the scores read of its inputs' words; none where they read the same.
        scores: the graph of the scores.
        columns: values of the graph's inputs, by which equal nodes are looked for.
        pairs: places of the outputs and of the scores that they have to equal.
    """
    network = Network(_varied(columns, graph, scores))
    try:
        before = network.add(scores, _read(network, graph, slices, scores))
        after = network.add(graph)
        sweep(network, Budget(_VALUES))
    except WidthError:
        return [_TOO_WIDE] * len(pairs)
    except OtherRangeError:
        return ["the graphs read an input in different ranges"] * len(pairs)
    reasons = []
    for port, score in pairs:
        same = network.equal(after[graph.outputs[port]], before[scores.outputs[score]])
        reasons.append("" if same else _doubt(network, graph, after, port))
    return reasons


def _varied(columns: Sequence[Integers], *graphs: Graph) -> list[Integers]:
    """The columns, with values at random where a graph reads one that has a single value."""
    varied, rng = list(columns), np.random.default_rng(1)
    for node in (n for graph in graphs for n in graph.nodes if n.op is GOp.INPUT):
        column = varied[node.number]
        if node.lo < node.hi and (column == column[0]).all():
            varied[node.number] = rng.integers(node.lo, node.hi, len(column), endpoint=True)
    return varied


def _read(
    network: Network, graph: Graph, slices: Sequence[Slice], scores: Graph
) -> dict[int, int] | None:
    """The places of what the scores read, by input; None where it is the graph's inputs."""
    if not slices:
        return None
    words = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
    places = {}
    for node in scores.nodes:
        if node.op is not GOp.INPUT:
            continue
        part = slices[node.number]
        full = GNode(GOp.INPUT, (), part.word, part.word.raw_min, part.word.raw_max, node.number)
        word = network.input(words.get(node.number, full))
        cut = GNode(GOp.CAST, (word,), part.fmt, 0, 0, 0, Quant.TRN, Overflow.SAT)
        places[node.number] = network.cast(cut, word)
    return places


def _doubt(network: Network, graph: Graph, after: Sequence[int], port: int) -> str:
    """The first node below an output that is not shown to be what all vectors say it is."""
    for k in sorted(reachable(graph.nodes, [graph.outputs[port]])):
        if after[k] in network.doubts:
            return f"{graph.nodes[k].op.value}{k}: {_NOT_SHOWN}"
    k = graph.outputs[port]
    return f"{graph.nodes[k].op.value}{k}: it is like no node of the scores"


def distances(
    scores: Graph, columns: Sequence[Integers], expression: Expression, formats: Sequence[Fixed],
    stated: Sequence[float] | None, small: Container[int] = (),
) -> list[tuple[float, str]]:  # fmt: skip
    """Bounds on how far scores are from their formulas, in real units, for all inputs.

    Args:
        scores: the graph of the scores.
        columns: values of its inputs, by which nodes are looked for that are alike.
        expression: the formulas.
        formats: of their inputs.
        stated: bounds that suffice.
        small: places of scores for which no great effort is worth it.

    Returns:
        For each score a bound, infinite where none was found, and the node that leaves most open.
    """
    columns = _varied(columns, scores)
    try:
        network = Network(columns, split=False)
        places = network.add(scores)
        sweep(network, Budget(_OWN_VALUES))
    except WidthError:
        return [(math.inf, _TOO_WIDE)] * len(scores.outputs)
    inputs = {j: network.nodes[k] for j, k in network.ports.items()}
    ends = [
        (inputs[j].lo, inputs[j].hi) if j in inputs else (fmt.raw_min, fmt.raw_max)
        for j, fmt in enumerate(formats)
    ]
    formula = Formula.of(expression, formats, ends, columns)
    read = [network.ports.get(j) for j in range(len(formats))]
    near = Nearness(network, formula, read, [fmt.frac for fmt in formats], Budget(_BOUND_VALUES))
    wanted = [places[k] for k in scores.outputs]
    found = [math.inf] * len(wanted)
    left = list(range(len(wanted)))
    for effort, (most, slack) in enumerate(_EFFORTS, 1):
        near.search([formula.outputs[j] for j in left], most, slack)
        for j in left:
            found[j] = min(found[j], _distance(near, formula.outputs[j], wanted[j]))
        left = [j for j in left if not _does(near, j, wanted[j], found[j], stated, effort)]
        left = [j for j in left if effort < _CLOSE_EFFORTS or j not in small]
    return [(bound, near.loosest(formula.outputs[j])) for j, bound in enumerate(found)]


def _line(network: Network, place: int) -> RealLine | None:
    root, slope, offset = network.real_line(place)
    exact = float(slope) == slope and float(offset) == offset
    return RealLine(root, float(slope), float(offset)) if exact else None


def _distance(near: Nearness, number: int, place: int) -> float:
    """A bound on the distance of an output from its formula."""
    line = _line(near.network, place)
    match = None if line is None else near.bounded(number, line)
    if match is None:
        return math.inf
    largest = max(-match.low, match.high, np.longdouble(0))
    rounded = abs(float(largest))
    return rounded if rounded >= largest else math.nextafter(rounded, math.inf)


def _does(
    near: Nearness, number: int, place: int, bound: float, stated: Sequence[float] | None,
    effort: int,
) -> bool:  # fmt: skip
    """Whether no closer bound of an output is looked for."""
    gap = np.abs(near.formula.samples[near.formula.outputs[number]] - near.real(place))
    close = bound <= _CLOSE * float(gap.max()) or effort >= _CLOSE_EFFORTS
    return close and bound < math.inf and (stated is None or bound <= stated[number])
