"""The evolutionary search of one output, with or without a policy, in slices of generations.

Its candidates carry ticks and LUTs by the search's cost table; designs are made from them by
`symtick.search.distill.assemble`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from symtick.expr import Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.distill.settings import DistillConfig
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.make import make_search
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, restoring, values_of, with_values

if TYPE_CHECKING:
    from symtick.search.hybrid.hybrid import HybridSearch
from symtick.settings import tightest


class OutputSearch:
    """The search for one output."""

    def __init__(
        self, problem: Problem, cost: SearchCost, config: DistillConfig, output: int
    ) -> None:
        self._name = f"evolve-{output}"
        self._settings = config.evolution
        rows = slice(0, min(self._settings.rows, problem.train.stop))
        self._data = (problem.real(rows), problem.targets[rows, output], problem.ranges, cost)
        self._engine = _engine_config(config, problem, output)
        self._unit = float(np.var(problem.targets[rows, output])) or 1.0
        self._search: Engine | HybridSearch | None = None
        self._generation = 0

    @property
    def status(self) -> Status:
        """Where it stands; the loss is a share of the output's variance."""
        total, done = self._settings.generations, self._generation
        slices = -(-done // self._settings.slice_generations)
        loss, evaluations = float("inf"), 0
        if self._search is not None:
            inner = self._search.status
            loss, evaluations = inner.best_loss / self._unit, inner.evaluations
        text = f"generation {done}/{total}"
        return Status(self._name, done >= total, slices, text, loss, evaluations)

    def front(self) -> list[Candidate]:
        """The front over loss, ticks and LUTs so far."""
        return [] if self._search is None else self._search.front()

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """A few generations."""
        if self._search is None:
            self._search = self._begun()
        count = min(self._settings.slice_generations, self._settings.generations - self._generation)
        if count:
            self._search.step(count, threads, budget)
            self._generation += count

    def _begun(self) -> Engine | HybridSearch:
        hybrid = None
        if self._settings.method != "gp":
            hybrid = replace(
                HybridConfig.symtick(self._engine.ops),
                method=self._settings.method, batch=self._settings.batch, bidirectional=0,
            )  # fmt: skip
        return make_search(*self._data, self._engine, hybrid)

    def state(self) -> State:
        """The engine's state, and the counter."""
        arrays = {} if self._search is None else self._search.state()
        return with_values(arrays, generation=self._generation)

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        self._generation = int(values_of(state)["generation"])
        self._search = None
        if self._generation:
            self._search = self._begun()
            self._search.restore(state)


def _engine_config(config: DistillConfig, problem: Problem, output: int) -> EngineConfig:
    engine = config.evolution.engine
    magnitude = engine.limits.max_magnitude
    if magnitude is not None and problem.kind == "values":
        magnitude *= max(1.0, float(np.abs(problem.targets[problem.train, output]).max()))
    limits = replace(
        engine.limits,
        max_magnitude=magnitude,
        max_ticks=tightest(engine.limits.max_ticks, config.choice.max_ticks),
        max_lut=tightest(engine.limits.max_lut, config.choice.max_lut),
    )
    seed = int(np.random.default_rng([config.seed, 1, output]).integers(2**62))
    return replace(engine, ops=config.ops, seed=seed, limits=limits)


def pick(candidates: list[Candidate], price: float) -> Program:
    """The program with the smallest loss + price * LUT (fewest LUTs of equals)."""
    best = min(candidates, key=lambda c: (c.loss + price * c.lut, c.lut, c.ticks))
    return best.program
