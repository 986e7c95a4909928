"""What is searched for with a template, and the measure of a genome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import SEARCH_NAMES, Expression, Interval, Program, from_programs, in_search_ops
from symtick.expr.templates import Parts, Template
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, Units, Vocabulary, accepts
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate, Penalty
from symtick.search.kernel_api.evaluation import costs, intervals
from symtick.search.parts.criterion import Criterion, price
from symtick.search.parts.sanity import sound
from symtick.search.template.composing import Composer, Genome
from symtick.settings import within

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Filling(Candidate):
    """A candidate of a template: its genome, and the complexity of its functions together."""

    genome: Genome = field(default_factory=lambda: Genome(()))
    complexity: float = 0.0
    description: float = float("nan")


@dataclass(frozen=True, eq=False)
class TemplateTask:
    """What is searched for.

    Attributes:
        template: with the names of the columns.
        X: shape (rows, columns).
        y: shape (rows, results).
        weights: shape (rows,), or None.
        categories: by number of a column its categories.
        vocabularies: of the functions in the template's order.
        rules: of each of them.
        config: settings of the engine; its limits, loss and seed hold here.
        hybrid: settings of all but the engine, where one function is searched for.
        cost: prices the whole, over the columns.
        levels: prices functions of so many arguments, where one is searched for.
        by_complexity: whether the front is by complexity and loss, not by ticks, LUTs and loss.
        units: of the columns and the target, or None.
        target_units: of the results, or None for any.
        ranges: intervals of the columns in which results must be defined, or None.
        penalty: of the expression of a result, added to the loss, or None.
        guesses: to start from.
        evaluations: budget.
    """

    template: Template
    X: Floats
    y: Floats
    weights: Floats | None
    categories: Mapping[int, Sequence[int]]
    vocabularies: tuple[Vocabulary, ...]
    rules: tuple[Rules, ...]
    config: EngineConfig
    hybrid: HybridConfig
    cost: SearchCost
    levels: Callable[[int], SearchCost]
    by_complexity: bool
    units: tuple[Units, ...] | None = None
    ranges: tuple[Interval, ...] | None = None
    penalty: Penalty | None = None
    guesses: tuple[Parts, ...] = ()
    evaluations: int = 200_000

    @cached_property
    def composer(self) -> Composer:
        """Puts genomes into the template."""
        return Composer(self.template, self.vocabularies, self.categories)

    @cached_property
    def criterion(self) -> Criterion | None:
        """What genomes are compared by; None where the loss has no likelihood."""
        if self.penalty is not None:
            return None
        rows = self.composer.rows(self.X, self.y, self.weights)
        return Criterion.of(rows, self.config.loss, max(map(len, self.vocabularies)))

    def complexity(self, genome: Genome) -> float:
        """Of the tokens of its functions, each function once."""
        return sum(
            v.tokens[t].complexity
            for v, f in zip(self.vocabularies, genome.functions, strict=True)
            for t, _ in f
        )

    def description(self, genome: Genome, loss: float) -> float:
        """Length of a genome and what it leaves, nats; NaN where it is not known."""
        if self.criterion is None:
            return float("nan")
        prices = [price(v) for v in self.composer.constants(genome)]
        simple = [p for p in prices if p is not None]
        nodes = len(genome.numbers) + sum(len(f) for f in genome.functions)
        size = self.criterion.size(nodes, len(prices) - len(simple))
        return self.criterion.errors(loss) + size + sum(simple)

    def expression(self, genome: Genome) -> Expression:
        """The results over the columns, in operators of the search."""
        return in_search_ops(self.template.filled(self.composer.parts(genome), steps=True))

    def measured(self, genome: Genome, loss: float) -> Filling | None:
        """A genome with its cost; None where it breaks a limit, a unit or a range."""
        if not self._fits_units(genome):
            return None
        whole = self.expression(genome)
        programs = [whole.to_program(k) for k in range(len(whole.outputs))]
        ticks, lut = costs(programs, self.cost)
        latency, area = int(ticks.max()), float(lut.sum())
        limits = self.config.all_rules()
        if not within(latency, limits.max_ticks) or not within(area, self.config.limits.max_lut):
            return None
        if self.ranges is not None and None in intervals(programs, self.ranges):
            return None
        if self.penalty is not None:
            loss += sum(self.penalty(self._result(p)) for p in programs) / len(programs)
        if not np.isfinite(loss):
            return None
        description = self.description(genome, loss)
        return Filling(
            programs[0], loss, latency, area, genome=genome,
            complexity=self.complexity(genome), description=description,
        )  # fmt: skip

    def _result(self, program: Program) -> Expression:
        return from_programs([program], self.template.columns)

    def sound(self, filling: Filling) -> bool:
        """Whether no result has a pole between the rows or constants that cancel."""
        whole = self.expression(filling.genome)
        return all(
            sound(whole.to_program(k), self.X, np.ascontiguousarray(self.y[:, k]))
            for k in range(len(whole.outputs))
        )

    def _fits_units(self, genome: Genome) -> bool:
        """Whether the results have the units that they must; numbers of the template have any."""
        if self.units is None:
            return True
        parts = self.composer.parts(genome)
        single = {name: {0: 1.0} for name in parts.categories}
        whole = in_search_ops(self.template.filled(replace(parts, categories=single)))
        known = self._unit_vocabulary
        for k, units in enumerate(self.units):
            try:
                tokens, _ = known.sequence(whole.select([k]))
            except InputError:
                return False
            rules = Rules(max_nodes=100_000, max_depth=1000, max_constants=1000,
                          max_expanded=100_000, units=units)  # fmt: skip
            if not accepts(rules, known, tokens[None, :])[0]:
                return False
        return True

    @cached_property
    def _unit_vocabulary(self) -> Vocabulary:
        return Vocabulary.of(
            tuple(SEARCH_NAMES), len(self.template.columns), literals=self.config.literals,
            names=self.template.columns,
        )  # fmt: skip


def front_of_fillings(fillings: Sequence[Filling], by_complexity: bool) -> list[Filling]:
    """What no other beats: by complexity and loss, or by ticks, LUTs and loss."""

    def figures(f: Filling) -> tuple[float, ...]:
        return (f.complexity, f.loss) if by_complexity else (f.ticks, f.lut, f.loss)

    kept: list[Filling] = []
    for one in sorted(fillings, key=lambda f: (*figures(f), f.complexity, repr(f.genome))):
        if not any(
            all(a <= b for a, b in zip(figures(k), figures(one), strict=True)) for k in kept
        ):
            kept.append(one)
    return kept
