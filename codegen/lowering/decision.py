"""Decisions in firmware: which class is largest, by how much, and which scores pass a threshold.

No softmax is needed for any of these, for it keeps the order of the scores. The additions work on
exact formats, on the outputs of a lowered graph before the passes:

| output | port | value |
|---|---|---|
| scores | one for each score | the scores themselves |
| index | `index` | number of the largest score, the lowest of equals (as `numpy.argmax`) |
| margin | `margin` | the largest score minus the second largest, 0 for equals |
| top | `top` | the largest score |
| above | `above_<score>` | 1 where a score is at least its threshold |

The index of a single score is 1 where it is above 0.

The largest is found by a tournament of neighbours, ceil(log2 n) comparisons deep. Its index alone
can also come from comparisons of all pairs at once (`pairwise`); it does where that takes fewer
ticks, or as many and fewer LUTs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symtick.codegen.ir.arrival import fewest_ticks
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.lowering import logic
from symtick.codegen.lowering.pairwise import MOST_SCORES, index_of_largest
from symtick.errors import InputError

OUTPUTS = ("scores", "index", "margin", "top", "above")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a design delivers of its scores.

    Attributes:
        outputs: of `OUTPUTS`, at least one; ports come in that order.
        thresholds: for `above`: one for all scores, or one for each; any real number, compared
            exactly.

    Raises:
        InputError: an output is unknown or named twice, `above` and thresholds do not match, or a
            threshold is no finite number.
    """

    outputs: tuple[str, ...] = ("scores",)
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        strange = [name for name in self.outputs if name not in OUTPUTS]
        if strange or not self.outputs or len(set(self.outputs)) < len(self.outputs):
            given = ", ".join(map(str, self.outputs)) or "nothing"
            raise InputError(
                f"outputs must be some of {', '.join(OUTPUTS)}, once each, not {given}"
            )
        if ("above" in self.outputs) != bool(self.thresholds):
            raise InputError("the output above needs a threshold, and a threshold the output above")
        if not all(isinstance(t, int | float) and abs(t) < math.inf for t in self.thresholds):
            raise InputError(f"thresholds must be finite numbers, not {self.thresholds}")

    @property
    def differences_only(self) -> bool:
        """Whether a number added to all scores changes no more than the scores themselves."""
        return not {"top", "above"} & set(self.outputs)

    def ports(self, scores: Sequence[str]) -> tuple[str, ...]:
        """Names of the ports of a design with these scores."""
        ports: list[str] = []
        for name in self.ordered():
            if name == "scores":
                ports += scores
            else:
                ports += [f"above_{score}" for score in scores] if name == "above" else [name]
        return tuple(ports)

    def formulas(self, scores: Sequence[str], texts: Sequence[str]) -> list[str]:
        """What each port computes, and before it the scores that have no port."""
        formulas = [f"{name} = {text}" for name, text in zip(scores, texts, strict=True)]
        every, limits = ", ".join(scores), zip(scores, self.limits(len(scores)), strict=False)
        words = {
            "index": [
                f"index = 1 where {every} > 0, else 0"
                if len(scores) == 1
                else f"index = number of the largest of {every}, the lowest of equals"
            ],
            "margin": [f"margin = largest minus second largest of {every}"],
            "top": [f"top = largest of {every}"],
            "above": [f"above_{n} = 1 where {n} >= {t!r}, else 0" for n, t in limits],
        }
        return formulas + [line for name in self.ordered() for line in words.get(name, [])]

    def ordered(self) -> list[str]:
        """The outputs in the order of their ports."""
        return [name for name in OUTPUTS if name in self.outputs]

    def limits(self, count: int) -> tuple[float, ...]:
        """The threshold of each of so many scores."""
        return self.thresholds * count if len(self.thresholds) == 1 else self.thresholds

    def check(self, scores: int) -> None:
        """Whether it can be made of so many scores.

        Raises:
            InputError: it cannot.
        """
        if scores < 2 and "margin" in self.outputs:
            raise InputError("margin needs two scores or more; one score has index and above")
        if self.thresholds and len(self.thresholds) not in (1, scores):
            raise InputError(
                f"{scores} scores take one threshold or {scores}, not {len(self.thresholds)}"
            )


SCORES = Decision()


def decided(
    graph: Graph, decision: Decision, model: CostModel, pairwise: bool | None = None
) -> Graph:
    """A graph of scores with these outputs in place of its own; what none needs is dropped.

    Args:
        graph: delivers scores.
        decision: what to deliver of them.
        model: costs, which decide how the largest score is found.
        pairwise: what `compares_pairs` says, where it has been asked already.

    Raises:
        InputError: the decision does not suit the number of scores.
        WidthError: the margin grows too wide.
    """
    if decision == SCORES:
        return graph
    if pairwise is None:
        pairwise = compares_pairs(graph, decision, model)
    return _decided(graph, decision, pairwise)


def compares_pairs(graph: Graph, decision: Decision, model: CostModel) -> bool:
    """Whether the index of a graph's scores comes from comparisons of all pairs at once.

    Raises:
        InputError: the decision does not suit the number of scores.
    """
    decision.check(len(graph.outputs))
    alone = "index" in decision.outputs and not {"margin", "top"} & set(decision.outputs)
    if not alone or not 1 < len(graph.outputs) <= MOST_SCORES:
        return False
    costs = [_cost(_decided(graph, decision, pairwise=way), model) for way in (False, True)]
    return costs[1] < costs[0]


def decision_area(
    scores: Sequence[GNode], decision: Decision, model: CostModel, pairwise: bool
) -> Area:
    """What a decision of scores with these formats and bounds takes, before the passes.

    Args:
        scores: nodes that deliver them; equal nodes are one score.
        decision: what to deliver of them.
        model: costs.
        pairwise: as `compares_pairs` says of the graph around them.

    Raises:
        WidthError: the margin grows too wide.
    """
    if decision == SCORES:
        return Area()
    names = tuple(f"y{k}" for k in range(len(scores)))
    builder = GraphBuilder(names)
    ports = [builder.input(scores.index(n), n.fmt, n.lo, n.hi) for n in scores]
    return _area(_decided(builder.build(ports, names), decision, pairwise), model)


def _cost(graph: Graph, model: CostModel) -> tuple[float, float]:
    """Ticks and LUTs of a graph before the passes."""
    ticks = fewest_ticks(graph, model)
    return math.inf if ticks is None else ticks, _area(graph, model).lut


def _area(graph: Graph, model: CostModel) -> Area:
    return sum((model.area(graph, k) for k in range(len(graph.nodes))), Area())


def _decided(graph: Graph, decision: Decision, pairwise: bool) -> Graph:
    builder, scores = GraphBuilder.of(graph), graph.outputs
    count = len(scores)
    if count == 1:
        bit = logic.against(builder, scores[0], 0.0, equal=False)
        best = _Winner(scores[0], _as_index(builder, bit, count))
    elif pairwise:
        best = _Winner(-1, _as_index(builder, index_of_largest(builder, scores), count))
    else:
        best = _tournament(builder, scores, "margin" in decision.outputs)
    ports: list[int] = []
    for name in decision.ordered():
        if name == "scores":
            ports += scores
        elif name == "above":
            limits = decision.limits(count)
            ports += [_passes(builder, s, t) for s, t in zip(scores, limits, strict=True)]
        else:
            ports.append({"index": best.index, "margin": best.margin, "top": best.score}[name])
    return builder.build(ports, decision.ports(graph.output_names))


def stated(graph: Graph, decision: Decision, scores: int) -> Graph:
    """A decided graph after the passes, its index in the format of its port again.

    The passes keep values; a class that can never win may have made the index narrower.
    """
    if "index" not in decision.outputs:
        return graph
    builder, outputs = GraphBuilder.of(graph), list(graph.outputs)
    port = scores if "scores" in decision.outputs else 0  # only the scores come before it
    outputs[port] = _as_index(builder, outputs[port], scores)
    return builder.build(outputs, graph.output_names)


def _as_index(builder: GraphBuilder, number: int, scores: int) -> int:
    fmt = Fixed(max(1, (scores - 1).bit_length()), 0, False)
    return builder.bits(number, fmt)


@dataclass(frozen=True)
class _Winner:
    """The largest of some neighbouring scores; `second` is -1 for a single one."""

    score: int
    index: int
    second: int = -1
    margin: int = -1


def _tournament(builder: GraphBuilder, scores: Sequence[int], second: bool) -> _Winner:
    field = [_Winner(score, builder.const(k, 0)) for k, score in enumerate(scores)]
    while len(field) > 1:
        pairs = zip(field[::2], field[1::2], strict=False)
        odd = field[len(field) & ~1 :]
        field = [_match(builder, a, b, second) for a, b in pairs] + odd
    best = field[0]
    index = _as_index(builder, best.index, len(scores))
    if best.second < 0:
        return _Winner(best.score, index)
    gap = builder.op(GOp.SUB, best.score, best.second)
    node = builder.nodes[gap]
    # the largest is never the smaller, which the bounds alone do not know
    fmt = Fixed.for_raw(0, max(node.hi, 0), node.fmt.frac)
    return _Winner(best.score, index, margin=builder.bits(gap, fmt))


def _match(builder: GraphBuilder, left: _Winner, right: _Winner, second: bool) -> _Winner:
    """The larger of two; the left, whose numbers are lower, where they are equal."""
    won = builder.op(GOp.GE, left.score, right.score)
    score = builder.op(GOp.SELECT, won, left.score, right.score)
    index = builder.op(GOp.SELECT, won, left.index, right.index)
    if not second:
        return _Winner(score, index)
    loser = builder.op(GOp.SELECT, won, right.score, left.score)
    return _Winner(score, index, _runner_up(builder, won, loser, left.second, right.second))


def _runner_up(builder: GraphBuilder, won: int, loser: int, left: int, right: int) -> int:
    """The second largest: the loser of the match, or the second of the winner's side."""
    if left < 0 and right < 0:
        return loser
    # a side of one score has no second: then the loser alone can be it
    sides = [loser if s < 0 else s for s in (left, right)]
    other = builder.op(GOp.SELECT, won, *sides)
    return builder.op(GOp.MAX, loser, other)


def _passes(builder: GraphBuilder, score: int, threshold: float) -> int:
    """score >= threshold, on the score's own grid, so that no bit of the threshold is lost."""
    frac = builder.nodes[score].fmt.frac
    least = math.ceil(Fraction(threshold) * Fraction(2) ** frac)
    node = builder.nodes[score]
    # beyond the bounds one step says as much
    least = min(max(least, node.lo), node.hi + 1)
    return builder.op(GOp.GE, score, builder.const(least, frac))
