"""Proofs of outputs by cuts: of scores against their graph, and of these against their formulas."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from typing import NamedTuple

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.codegen.lowering.decision import Decision
from symtick.codegen.lowering.slices import Slice
from symtick.errors import WidthError
from symtick.expr import Expression, reachable
from symtick.sim.proof.cuts.budget import Budget, Clock, OutOfTimeError
from symtick.sim.proof.cuts.decisions import Decided, ports
from symtick.sim.proof.cuts.formula import Formula
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
_EFFORTS = ((1 << 12, 2.0), (1 << 16, 1.2), (1 << 16, 1.02), (1 << 21, 1.02))
_CLOSE, _CLOSE_EFFORTS = 2.0, 2
OUT_OF_TIME = "out of time"
_NOT_SHOWN = "what the vectors say it is, is not shown for all inputs"
_TOO_WIDE = "its values have more bits than a format can have"


def undecided(
    graph: Graph, slices: Sequence[Slice], scores: Graph, decision: Decision,
    columns: Sequence[Integers], clock: Clock | None = None,
) -> list[str]:  # fmt: skip
    """Why outputs of a graph are not shown to be decided so for all inputs; "" where they are.

    Args:
        graph: the graph.
        slices: what the scores read of its inputs' words; none where they read the same.
        scores: the graph of the scores.
        decision: what the graph delivers of them.
        columns: values of the graph's inputs, by which equal nodes are looked for.
        clock: the time that is left; no end by default.
    """
    network = Network(_varied(columns, graph, scores))
    try:
        before = network.add(scores, _read(network, graph, slices, scores))
        wanted = Decided(network, [before[k] for k in scores.outputs], decision)
        after = network.add(graph)
        late = not _swept(network, Budget(_VALUES, clock))
    except WidthError:
        return [_TOO_WIDE] * len(graph.outputs)
    except OtherRangeError:
        return ["the graphs read an input in different ranges"] * len(graph.outputs)
    reasons = []
    for port, (kind, _) in enumerate(ports(decision, len(scores.outputs))):
        made = after[graph.outputs[port]]
        same = network.equal(made, wanted.places[port])
        if not same and kind == "index":
            same = wanted.is_index(made)
        why = _late(network, graph, after) if late else _doubt(network, graph, after, port)
        reasons.append("" if same else why)
    return reasons


def _swept(network: Network, budget: Budget) -> bool:
    """Sweep a network; whether the time sufficed."""
    try:
        sweep(network, budget)
    except OutOfTimeError:
        return False
    return True


def _late(network: Network, graph: Graph, after: Sequence[int]) -> str:
    """The node of a graph at which the time ended."""
    k = next((k for k, place in enumerate(after) if place >= network.swept), len(after) - 1)
    return f"{graph.nodes[k].op.value}{k}: {OUT_OF_TIME}"


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


class Distance(NamedTuple):
    """How far a score is from its formula, in real units.

    Attributes:
        bound: for all inputs; infinite where none was found.
        node: of the formula, that leaves most open; "" of a score that reads no input.
        seen: the farthest that a vector surely is; infinite where the formula is undefined.
        late: whether the time ended before closer bounds were looked for.
    """

    bound: float
    node: str
    seen: float
    late: bool = False


def distances(
    scores: Graph, columns: Sequence[Integers], expression: Expression, formats: Sequence[Fixed],
    stated: Sequence[float] | None, small: Container[int] = (), clock: Clock | None = None,
) -> list[Distance]:  # fmt: skip
    """How far scores can be from their formulas, for all inputs.

    Args:
        scores: the graph of the scores.
        columns: values of its inputs, by which nodes are looked for that are alike.
        expression: the formulas.
        formats: of their inputs.
        stated: bounds that suffice.
        small: places of scores for which no great effort is worth it.
        clock: the time that is left; no end by default.
    """
    columns = _varied(columns, scores)
    try:
        network = Network(columns, split=False)
        places = network.add(scores)
        _swept(network, Budget(_OWN_VALUES, clock))
    except WidthError:
        return [Distance(math.inf, _TOO_WIDE, math.inf)] * len(scores.outputs)
    inputs = {j: network.nodes[k] for j, k in network.ports.items()}
    ends = [
        (inputs[j].lo, inputs[j].hi) if j in inputs else (fmt.raw_min, fmt.raw_max)
        for j, fmt in enumerate(formats)
    ]
    read = [network.ports.get(j) for j in range(len(formats))]
    unread = {j for j, place in enumerate(read) if place is None}
    formula = Formula.of(expression, formats, ends, columns, unread)
    budget = Budget(_BOUND_VALUES, clock)
    near = Nearness(network, formula, read, [fmt.frac for fmt in formats], budget)
    return _searched(near, [places[k] for k in scores.outputs], stated, small)


def _searched(
    near: Nearness, wanted: Sequence[int], stated: Sequence[float] | None, small: Container[int]
) -> list[Distance]:
    """Bounds of outputs, with more and more combinations where they do not suffice."""
    tops, found = near.formula.outputs, [math.inf] * len(wanted)
    left, late = list(range(len(wanted))), False
    seen = [_seen(near, k, place) for k, place in zip(tops, wanted, strict=True)]
    limits = [math.inf] * len(wanted) if stated is None else stated
    for effort, (most, slack) in enumerate(_EFFORTS, 1):
        for j in list(left):
            try:
                near.search([tops[j]], most, slack, inner=effort > 1)
                found[j] = min(found[j], _distance(near, tops[j], wanted[j]))
            except OutOfTimeError:
                late = True
                break
        if late:
            break
        left = [j for j in left if not _does(found[j], seen[j], limits[j], effort)]
        left = [j for j in left if effort < _CLOSE_EFFORTS or j not in small]
    # what a vector is beyond, by more than its rounding to float64, is no bound
    return [
        Distance(
            math.inf if away > bound * (1 + 1e-12) else bound,
            near.loosest(tops[j]),
            math.inf if np.isnan(near.formula.samples[tops[j]]).any() else away,
            late and j in left,
        )
        for j, (away, bound) in enumerate(zip(seen, found, strict=True))
    ]


def _seen(near: Nearness, number: int, place: int) -> float:
    """How far an output surely is from its formula at one of the samples."""
    formula, real = near.formula.sampled[number], near.real(place)
    away = np.maximum(formula.lo - real, real - formula.hi)
    return float(np.maximum(np.nan_to_num(away, nan=0.0), 0).max())


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


def _does(bound: float, seen: float, limit: float, effort: int) -> bool:
    """Whether no closer bound of an output is looked for."""
    close = bound <= _CLOSE * seen or effort >= _CLOSE_EFFORTS
    return close and bound < math.inf and bound <= limit
