"""The interface of the compared search methods, and the loop that all of them share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks.search.tokens import TokenSet
from symtick.expr import OPCODES, Op, Program, from_programs, to_text
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.search import Search, Status, run

FIT = 1e-10  # mean squared error over the variance from which on a candidate is shown to the judge
MAX_NODES = 64
STALLED = 200  # steps in a row without an evaluation: there is nothing new to be tried


@dataclass(frozen=True, eq=False)
class MethodTask:
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
        exact: whether the data are without noise.
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
    exact: bool = True


@dataclass(frozen=True)
class MethodResult:
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
class JudgeClock:
    """A clock that stands still while the judge thinks, and a memory of what was asked."""

    task: MethodTask
    seconds: float = 0.0
    asked: dict[str, bool] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def solved(self, expressions: Iterable[tuple[str, float]]) -> bool:
        """Whether one of the expressions, given with their losses, is the law."""
        limit = FIT * float(np.var(self.task.y))
        self.seconds += time.perf_counter() - self._since
        for text, loss in expressions:
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
    count = tuple(0.0 if op in (Op.INPUT, Op.CONST) else 1.0 for op in OPCODES)
    return SearchCost(
        1.0, False, False, (0.0,) * len(OPCODES), count, (0.0,) * features, (0.0,) * features
    )


def written(program: Program, inputs: tuple[str, ...]) -> str:
    """A program as text with all digits."""
    return to_text(from_programs([program], inputs))


def pursue(task: MethodTask, search: Search[Candidate]) -> MethodResult:
    """Advance a search until it has the law or its budget is used up."""
    watch = JudgeClock(task)
    limit = FIT * float(np.var(task.y))

    def stop(status: Status) -> bool:
        return status.best_loss <= limit and watch.solved(texts(search.front(), task))

    status = run(search, task.max_evaluations, patience=STALLED, stop=stop)
    seconds, front = watch.stop(), texts(search.front(), task)
    return MethodResult(tuple(text for text, _ in front), status.evaluations, seconds)


def texts(candidates: Iterable[Candidate], task: MethodTask) -> list[tuple[str, float]]:
    """Expressions with their losses, the smallest first."""
    ordered = sorted(candidates, key=lambda c: c.lut)
    return [(written(c.program, task.inputs), c.loss) for c in ordered]
