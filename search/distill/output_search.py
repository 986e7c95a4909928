"""One output's evolutionary search as a source of the distiller, with or without a policy.

Room: `search`; the engine is the kernel's. Its candidates carry ticks and LUTs by the search's
cost table; designs are made from them by `symtick.search.distill.assemble`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.expr import Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.front import FrontEntry
from symtick.search.distill.settings import DistillConfig
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.states import State
from symtick.search.kernel_api.status import Status


class Evolution:
    """The search for one output; a `Source`."""

    def __init__(
        self, problem: Problem, cost: SearchCost, config: DistillConfig, output: int
    ) -> None:
        self.name = f"evolve-{output}"
        self.output = output
        self._settings = config.evolution
        rows = slice(0, min(self._settings.rows, problem.train.stop))
        self._data = (problem.real(rows), problem.targets[rows, output], problem.ranges, cost)
        self._engine = _engine_config(config, output)
        self._unit = float(np.var(problem.targets[rows, output])) or 1.0
        self._search: Engine | HybridSearch | None = None
        self._generation = 0
        self._loss = float("inf")

    @property
    def status(self) -> Status:
        """Where it stands; the loss is a share of the output's variance."""
        total, done = self._settings.generations, self._generation
        slices = -(-done // self._settings.slice_generations)
        return Status(self.name, done >= total, slices, f"generation {done}/{total}", self._loss)

    @property
    def entries(self) -> list[FrontEntry]:
        """None: one output is no design."""
        return []

    @property
    def candidates(self) -> list[Candidate]:
        """The front over loss, ticks and LUTs so far."""
        return [] if self._search is None else self._search.front()

    def step(self) -> None:
        """A few generations."""
        if self._search is None:
            self._search = self._begun(None)
        count = min(self._settings.slice_generations, self._settings.generations - self._generation)
        found = self._search
        done = found.step(count) if isinstance(found, Engine) else found.step(generations=count)
        self._generation += count
        self._loss = done.best_loss / self._unit

    def _begun(self, state: Mapping[str, npt.NDArray[Any]] | None) -> Engine | HybridSearch:
        if self._settings.method == "gp":
            begin = (*self._data, self._engine)
            return Engine(*begin) if state is None else Engine.restore(*begin, state)
        joined = replace(
            HybridConfig.symtick(self._engine.ops),
            engine=self._engine, seed=self._engine.seed, batch=self._settings.batch, closed_forms=0,
        )  # fmt: skip
        start = (*self._data, joined)
        return HybridSearch(*start) if state is None else HybridSearch.restore(*start, state)

    def state(self) -> tuple[State, dict[str, Any]]:
        """The engine's state, and the counters."""
        arrays = {} if self._search is None else self._search.state()
        loss = self._loss if self._generation else None
        return arrays, {"generation": self._generation, "loss": loss}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> None:
        """Take up a stored state."""
        self._generation = int(values["generation"])
        self._loss = float("inf") if values["loss"] is None else float(values["loss"])
        self._search = self._begun(arrays) if self._generation else None


def _engine_config(config: DistillConfig, output: int) -> EngineConfig:
    engine = config.evolution.engine
    limits = replace(engine.limits, max_ticks=min(engine.limits.max_ticks, config.choice.max_ticks))
    if config.choice.max_lut is not None:
        limits = replace(limits, max_lut=min(limits.max_lut, config.choice.max_lut))
    seed = int(np.random.default_rng([config.seed, 1, output]).integers(2**62))
    return replace(engine, ops=config.ops, seed=seed, limits=limits)


def pick(candidates: list[Candidate], price: float) -> Program:
    """The program with the smallest loss + price * LUT (fewest LUTs of equals)."""
    best = min(candidates, key=lambda c: (c.loss + price * c.lut, c.lut, c.ticks))
    return best.program
