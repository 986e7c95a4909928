"""The design evaluator: an expression is compiled, counted, and run on validation rows.

Ticks and areas are those of the compiled, scheduled graph, the score is that of its exact integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen import (
    SCORES,
    CostModel,
    Decision,
    Design,
    Fixed,
    GOp,
    GraphBuilder,
    Precision,
    compile_expression,
)
from symtick.defaults import SCHEDULER
from symtick.errors import AccuracyError, DomainError, InputError, ResourceError, WidthError
from symtick.expr import Expression, parse, to_text
from symtick.hwcost.models.estimate import estimate
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.front import FrontEntry

MAX_PRICED_BITS = 8  # wider tables are priced as so many of these


def canonical(expression: Expression) -> Expression:
    """The expression as it is read back from its text, so that a stored front is the same front."""
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    return parse(texts, expression.inputs)


@dataclass(frozen=True, eq=False)
class DesignEvaluator:
    """Measures designs of one problem: compiles them, counts, and runs them on validation rows.

    Attributes:
        problem: rows and formats.
        model: the device's cost model.
        cost: the search's cost table of the same device.
        decision: what designs deliver of their scores.
        scheduler: where their registers go.
    """

    problem: Problem
    model: CostModel
    cost: SearchCost
    decision: Decision = SCORES
    scheduler: str = SCHEDULER
    _prices: dict[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.cost.table_lut) != len(self.problem.formats):
            raise InputError(
                f"the problem has {len(self.problem.formats)} inputs, but the cost table "
                f"{len(self.cost.table_lut)}"
            )

    def design(
        self, expression: Expression, precision: Precision, decision: Decision = SCORES
    ) -> Design:
        """The compiled design, which delivers its scores."""
        return compile_expression(
            expression,
            self.problem.formats,
            self.model,
            precision,
            name="candidate",
            scheduler=self.scheduler,
            decision=decision,
        )

    def measure(
        self, expression: Expression, precision: Precision, origin: str
    ) -> FrontEntry | None:
        """The entry, or None where the hardware cannot compute it at this clock or width."""
        expression = canonical(expression)
        try:
            design = self.design(expression, precision)
            delivered = design
            if self.decision != SCORES:
                delivered = self.design(expression, precision, self.decision)
        except (ResourceError, WidthError, DomainError, AccuracyError):
            return None
        rows = self.problem.valid
        outputs = design.real_outputs(self.problem.raw[rows])
        area = estimate(delivered, self.model).area
        seen = [search_cost(expression, self.cost, k) for k in range(self.problem.outputs)]
        return FrontEntry(
            "",
            expression,
            precision,
            origin,
            self.problem.loss(outputs, rows),
            self.problem.score(outputs, rows),
            self.problem.agreement(outputs, rows),
            delivered.schedule.latency,
            area.lut,
            area.ff,
            area.dsp,
            max(ticks for ticks, _ in seen),
        )

    def coarsest(
        self,
        expression: Expression,
        term_fracs: Sequence[int],
        address_bits: int,
        tolerance: float,
        origin: str,
    ) -> list[FrontEntry]:
        """The entry with the fewest bits that loses at most `tolerance` of the finest one's score.

        Also those with fewer bits, for the front; fewest bits first.
        """
        shift = self.unit_bits()
        tried = [
            self.measure(
                expression,
                Precision(term_frac=f + shift, wide_bits=address_bits, chords=False),
                origin,
            )
            for f in term_fracs
        ]
        measured = [e for e in tried if e is not None]
        if not measured:
            return []
        goal = max(e.score for e in measured) - tolerance
        last = next(place for place, e in enumerate(measured) if e.score >= goal)
        return measured[: last + 1]

    def unit_bits(self) -> int:
        """Bits to add after the point because of the outputs' size; 0 for classes."""
        return -math.floor(math.log2(float(self.problem.spread.min())))

    def table_luts(self, address: int, bits: int) -> float:
        """LUTs of a table without regularity, by the model."""
        key = (min(address, MAX_PRICED_BITS), max(1, bits))
        if key not in self._prices:
            self._prices[key] = _table_luts(self.model, *key)
        return self._prices[key] * 2.0 ** (address - key[0])

    def adder_luts(self, bits: int) -> float:
        """LUTs of an adder, by the model."""
        key = (0, max(1, bits))
        if key not in self._prices:
            self._prices[key] = _adder_luts(self.model, key[1])
        return self._prices[key]


def _table_luts(model: CostModel, address: int, bits: int) -> float:
    builder = GraphBuilder(("x",))
    source = builder.input(0, Fixed(address, 0))
    contents = np.random.default_rng(0).integers(0, 1 << bits, 1 << address)
    contents[:2] = 0, (1 << bits) - 1
    table = builder.table(source, contents.tolist(), Fixed(bits, 0, False))
    graph = builder.build([table], ["y"])
    return sum(model.area(graph, k).lut for k in range(len(graph.nodes)))


def _adder_luts(model: CostModel, bits: int) -> float:
    builder = GraphBuilder(("x0", "x1"))
    both = builder.op(GOp.ADD, *(builder.input(k, Fixed(bits, 0)) for k in range(2)))
    graph = builder.build([both], ["y"])
    return sum(model.area(graph, k).lut for k in range(len(graph.nodes)))
