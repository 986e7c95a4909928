"""The search methods that are compared: one function for each, all of one form.

A method gets a `Task` and returns its front with what it took. It asks `task.solved` about every
member of its front that fits the training points, and stops as soon as one is the law; it never
sees the test points or the law itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.tokens import TokenSet
from symtick.expr import Op, Program, from_programs, to_text
from symtick.hwcost.search_cost import SearchCost
from symtick.search.closed_forms import closed_forms
from symtick.search.engine import Candidate, Engine, EngineConfig
from symtick.search.enumeration import enumerate_front
from symtick.search.grammar import Alphabet, Rules
from symtick.search.hybrid import HybridSearch
from symtick.search.hybrid_config import HybridConfig

FIT = 1e-10  # mean squared error over the variance from which on a candidate is shown to the judge
MAX_NODES = 64
FIRST_PASS = 30_000  # evaluations of the first pass of an enumeration
LEVELS = 30
STALLED = 200  # steps in a row without an evaluation: there is nothing new to be tried


@dataclass(frozen=True, eq=False)
class Task:
    """What a method is given.

    Attributes:
        X: shape (rows, inputs).
        y: shape (rows,).
        inputs: their names.
        tokens: what may be written.
        seed: of every random choice.
        max_evaluations: candidates that may be computed over all rows.
        solved: whether an expression is the law; asked of candidates that fit.
        loss: `mse`, or `mae` for noisy data.
        max_nodes: bound on a candidate's size.
    """

    X: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    inputs: tuple[str, ...]
    tokens: TokenSet
    seed: int
    max_evaluations: int
    solved: Callable[[str], bool]
    loss: str = "mse"
    max_nodes: int = MAX_NODES


@dataclass(frozen=True)
class Outcome:
    """What a method returns.

    Attributes:
        front: expressions, each the best of its complexity.
        evaluations: candidates computed.
        seconds: of the search alone, without the judge.
    """

    front: tuple[str, ...]
    evaluations: int
    seconds: float


@dataclass
class Watch:
    """A clock that stands still while the judge thinks, and a memory of what was asked."""

    task: Task
    seconds: float = 0.0
    asked: dict[str, bool] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def solved(self, found: Iterable[tuple[str, float]]) -> bool:
        """Whether one of the expressions, given with their losses, is the law."""
        limit = FIT * float(np.var(self.task.y))
        self.seconds += time.perf_counter() - self._since
        for text, loss in found:
            if loss <= limit and text not in self.asked:
                self.asked[text] = self.task.solved(text)
        self._since = time.perf_counter()
        return any(self.asked.values())

    def stop(self) -> float:
        """Seconds so far."""
        self.seconds += time.perf_counter() - self._since
        self._since = time.perf_counter()
        return self.seconds


def node_cost(features: int) -> SearchCost:
    """The usual complexity as a cost table: one LUT for each operator, no ticks."""
    count = tuple(0.0 if op in (Op.INPUT, Op.CONST) else 1.0 for op in Op)
    return SearchCost(
        1.0, False, False, (0.0,) * len(Op), count, 0.0, 1.0, (0.0,) * features, (0.0,) * features
    )


def written(program: Program, inputs: tuple[str, ...]) -> str:
    """A program as text with all digits."""
    return to_text(from_programs([program], inputs))


def config_of(task: Task) -> EngineConfig:
    """The engine's settings for the search of an exact law, with the task's letters."""
    return EngineConfig(
        ops=_ops(task),
        rules=_rules(task),
        simplify=False,
        seed=task.seed,
        **_letters(task),
    )


def _rules(task: Task) -> Rules:
    return Rules(max_nodes=task.max_nodes, trig_in_trig=False, inverse_of_inverse=False)


def _ops(task: Task) -> tuple[str, ...]:
    return (*task.tokens.ops, *task.tokens.extra)


class Search(Protocol):
    """What the methods have in common: a search that is advanced bit by bit."""

    def step(self) -> tuple[int, float]:
        """Advance a little; evaluations so far, and the best loss."""

    def front(self) -> list[Candidate]:
        """The best of each complexity so far."""


def pursue(task: Task, search: Search) -> Outcome:
    """Advance a search until it has the law or its budget is used up."""
    watch = Watch(task)
    limit = FIT * float(np.var(task.y))
    evaluations, stalled = 0, 0
    while evaluations < task.max_evaluations and stalled < STALLED:
        before = evaluations
        evaluations, best = search.step()
        stalled = stalled + 1 if evaluations == before else 0
        if best <= limit and watch.solved(_front(search, task)):
            break
    seconds = watch.stop()
    return Outcome(tuple(text for text, _ in _front(search, task)), evaluations, seconds)


def _front(search: Search, task: Task) -> list[tuple[str, float]]:
    return _texts(search.front(), task)


def _texts(found: Iterable[Candidate], task: Task) -> list[tuple[str, float]]:
    """Expressions with their losses, the smallest first."""
    ordered = sorted(found, key=lambda c: c.lut)
    return [(written(c.program, task.inputs), c.loss) for c in ordered]


@dataclass
class Evolution:
    """The engine alone."""

    engine: Engine
    max_evaluations: int

    def step(self) -> tuple[int, float]:
        stats = self.engine.step(1, max_evaluations=self.max_evaluations)
        return stats.evaluations, stats.best_loss

    def front(self) -> list[Candidate]:
        return self.engine.front()


def gp(task: Task) -> Outcome:
    """The evolutionary search alone."""
    cost = node_cost(task.X.shape[1])
    engine = Engine(task.X, task.y, None, cost, config_of(task))
    return pursue(task, Evolution(engine, task.max_evaluations))


@dataclass
class Joined:
    """The search by a policy, alone or joined with the engine."""

    search: HybridSearch

    def step(self) -> tuple[int, float]:
        progress = self.search.step()
        return progress.evaluations, progress.best_loss

    def front(self) -> list[Candidate]:
        return self.search.front()


def joined(task: Task, config: HybridConfig) -> Outcome:
    """A search with a policy in it, by its settings."""
    cost = node_cost(task.X.shape[1])
    search = HybridSearch(
        task.X, task.y, None, cost, replace(config, seed=task.seed),
        max_evaluations=task.max_evaluations,
    )  # fmt: skip
    return pursue(task, Joined(search))


def _letters(task: Task) -> dict[str, Any]:
    return {
        "literals": task.tokens.literals,
        "constants": task.tokens.constants,
        "loss": task.loss,
    }


def _policy(task: Task, method: str) -> Outcome:
    config = HybridConfig.petersen2021(_ops(task), **_letters(task))
    return joined(task, replace(config, training=replace(config.training, method=method)))


def rspg(task: Task) -> Outcome:
    """The policy alone by the risk-seeking policy gradient, with its published settings."""
    return _policy(task, "rspg")


def vpg(task: Task) -> Outcome:
    """As `rspg`, by the vanilla policy gradient."""
    return _policy(task, "vpg")


def pqt(task: Task) -> Outcome:
    """As `rspg`, by priority-queue training."""
    return _policy(task, "pqt")


def hybrid_published(task: Task) -> Outcome:
    """Policy and evolution together, with the settings of Mundhenk et al. 2021."""
    return joined(task, HybridConfig.mundhenk2021(_ops(task), **_letters(task)))


def hybrid(task: Task) -> Outcome:
    """Policy and evolution together, with our settings."""
    return joined(task, HybridConfig.symtick(_ops(task), **_letters(task)))


def _alphabet(task: Task) -> Alphabet:
    return config_of(task).alphabet(task.X.shape[1], task.inputs)


def enumeration(task: Task) -> Outcome:
    """Every function in order of size; begun anew with four times the budget until it has the law.

    What was enumerated before is enumerated again, so only the last pass counts as evaluations; the
    seconds are those of all.
    """
    watch = Watch(task)
    cost, alphabet, rules = node_cost(task.X.shape[1]), _alphabet(task), _rules(task)
    budget = min(task.max_evaluations, FIRST_PASS)
    while True:
        found, stats = enumerate_front(
            task.X, task.y, cost, alphabet, rules, loss=task.loss, max_level=LEVELS,
            max_functions=task.max_evaluations, max_evaluations=budget,
        )  # fmt: skip
        if watch.solved(_texts(found, task)) or budget >= task.max_evaluations:
            break
        budget = min(4 * budget, task.max_evaluations)
    front = tuple(text for text, _ in _texts(found, task))
    return Outcome(front, stats.evaluations, watch.stop())


def closed(task: Task) -> Outcome:
    """Closed forms met from both ends."""
    watch = Watch(task)
    found = closed_forms(
        task.X, task.y, node_cost(task.X.shape[1]), _alphabet(task), _rules(task),
        loss=task.loss, max_evaluations=task.max_evaluations,
    )  # fmt: skip
    texts = _texts(found.front, task)
    watch.solved(texts)
    return Outcome(tuple(text for text, _ in texts), found.evaluations, watch.stop())


METHODS: dict[str, Callable[[Task], Outcome]] = {
    "rspg": rspg,
    "vpg": vpg,
    "pqt": pqt,
    "gp": gp,
    "hybrid-published": hybrid_published,
    "hybrid": hybrid,
    "enumeration": enumeration,
    "closed-forms": closed,
}
BEST = "hybrid"  # what stands for symtick where methods are not compared
