"""One target's search for a regression: rows and settings in, a front of candidates out.

Room: `search`. A `Searcher` is any way to search; it goes on in slices, between which it can be
asked for its front, stored, or stopped. Everything is counted in evaluations, never in seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symtick.expr import Interval, Program
from symtick.hwcost.search_cost import SearchCost
from symtick.search.engine import Candidate, Engine, EngineConfig

Floats = npt.NDArray[np.float64]
State = Mapping[str, npt.NDArray[Any]]

SLICE = 5  # generations between two looks at the keyboard


@dataclass(frozen=True, eq=False)
class Task:
    """What is searched for.

    Attributes:
        X: shape (rows, features).
        y: shape (rows,).
        weights: shape (rows,), or None for equal weights.
        ranges: intervals in which candidates must be defined, or None: on the rows.
        cost: the table that prices candidates.
        config: settings of the engine.
        guesses: programs to start from.
        evaluations: budget.
        target_loss: a loss that is good enough, or None.
    """

    X: Floats
    y: Floats
    weights: Floats | None
    ranges: tuple[Interval, ...] | None
    cost: SearchCost
    config: EngineConfig
    guesses: tuple[Program, ...] = ()
    evaluations: int = 100_000
    target_loss: float | None = None

    def key(self) -> str:
        """A digest of everything that a stored state depends on (not the budget)."""
        words = {"config": asdict(self.config), "cost": asdict(self.cost)}
        held = hashlib.sha256(json.dumps(words, sort_keys=True, default=repr).encode())
        for array in (self.X, self.y, self.weights):
            held.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        held.update(repr((self.X.shape, self.ranges)).encode())
        return held.hexdigest()


class Searcher(Protocol):
    """A search that goes on in slices."""

    evaluations: int

    def step(self, threads: int) -> None:
        """Go on for a slice."""

    def front(self) -> Sequence[Candidate]:
        """The front so far."""

    def best_loss(self) -> float:
        """Lowest loss so far; infinity before the first step."""

    def state(self) -> State:
        """All that `step` needs to go on later."""


class GpSearch:
    """Genetic programming in the kernel."""

    def __init__(self, task: Task, state: State | None = None) -> None:
        self._task = task
        ranges = task.ranges
        if ranges is None:
            ranges = tuple(Interval(float(c.min()), float(c.max())) for c in task.X.T)
        data = (task.X, task.y, ranges, task.cost, task.config)
        extra: dict[str, Any] = {"weights": task.weights, "guesses": task.guesses}
        self._engine = (
            Engine(*data, **extra) if state is None else Engine.restore(*data, state, **extra)
        )
        self.evaluations = 0
        self._best = float("inf")

    def step(self, threads: int) -> None:
        """Five generations."""
        stats = self._engine.step(SLICE, threads)
        self.evaluations, self._best = stats.evaluations, stats.best_loss

    def front(self) -> Sequence[Candidate]:
        """The Pareto front over loss, ticks and LUTs."""
        return self._engine.front()

    def best_loss(self) -> float:
        """Lowest loss so far."""
        return self._best

    def state(self) -> State:
        """The engine's."""
        return self._engine.state()


def finished(task: Task, search: Searcher, since: int = 0) -> bool:
    """Whether the budget is spent (counted from `since`) or the loss is good enough."""
    if task.target_loss is not None and search.best_loss() <= task.target_loss:
        return True
    return search.evaluations - since >= task.evaluations
