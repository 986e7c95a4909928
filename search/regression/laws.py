"""The search for laws from parts before another search, which goes on from what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from symtick.expr import from_programs, to_text
from symtick.search.kernel_api.candidate import Candidate, from_arrays, front_of, to_arrays
from symtick.search.kernel_api.search import Search, Status
from symtick.search.kernel_api.states import Arrays, State, part_of, prefixed, restoring
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.front import Bounds, cleaned, description, laws, with_shortest
from symtick.search.regression.task import Task

SHARE = 0.5  # of the budget that the search for parts may take
GUESSES = 12  # of its candidates, from which the other search goes on
PATIENCE = 0.3  # of the budget without a shorter description, after which it ends


def bounds_of(task: Task) -> Bounds:
    """What the candidates of a task must keep to."""
    config = task.config
    return Bounds(
        config.vocabulary(task.X.shape[1], task.names), config.all_rules(), task.cost,
        config.limits.max_lut, task.ranges,
    )  # fmt: skip


def cleaned_front(front: Sequence[Candidate], task: Task) -> tuple[Candidate, ...]:
    """The front of a task without what description and soundness speak against."""
    config = task.config
    return tuple(cleaned(front, task.rows, bounds_of(task), config.loss, config.huber_delta))


class LawSearch:
    """Laws from parts in the first slice, then another search, until nothing gets better.

    Args:
        task: what is searched for.
        then: makes the other search, given equations to start from.

    Attributes:
        until: time of `time.monotonic` at which the first slice ends, too, or None.
    """

    def __init__(self, task: Task, then: Callable[[tuple[str, ...]], Search[Candidate]]) -> None:
        self._task, self._then = task, then
        self.until: float | None = None
        self._bounds = bounds_of(task)
        tokens = len(self._bounds.vocabulary)
        self._criterion = Criterion.of(task.rows, task.config.loss, tokens)
        self._found: list[Candidate] = []
        self._inner: Search[Candidate] | None = None
        self._spent = 0  # evaluations of the first slice, steps of fits included
        self._best, self._since = math.inf, 0  # shortest description, and when it was found

    @property
    def status(self) -> Status:
        """Where it stands."""
        if self._inner is None:
            return Status(self._task.method, False, 0, "begins", math.inf, 0, 0)
        inner, target = self._inner.status, self._task.config.target_loss
        best = min([inner.best_loss, *(c.loss for c in self._found)])
        enough = target is not None and best <= target
        why = ""
        if not (inner.done or enough):
            why = "exact" if self._exact(best) else "no better" if self._stalled() else ""
        done = inner.done or enough or bool(why)
        spent, passes = (self._spent + n for n in (inner.evaluations, inner.passes))
        return Status(inner.name, done, 1 + inner.slices, inner.text, best, spent, passes, why)

    def _exact(self, loss: float) -> bool:
        return self._criterion is not None and self._criterion.exact(loss)

    def _stalled(self) -> bool:
        if self._inner is None or self._criterion is None:
            return False
        return self._inner.status.evaluations - self._since > PATIENCE * self._task.evaluations

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """The search for parts, or a slice of the other search."""
        if self._inner is None:
            most = self._task.evaluations if budget is None else budget
            config = self._task.config
            self._found, self._spent = laws(
                self._task.rows, self._bounds, config.loss, config.huber_delta,
                int(SHARE * most), self.until,
            )  # fmt: skip
            self._begin()
            return
        if not self.status.done:
            self._inner.step(
                threads=threads, budget=None if budget is None else max(0, budget - self._spent)
            )
            self._look()

    def _begin(self) -> Search[Candidate]:
        names = self._task.names
        texts = [to_text(from_programs([c.program], names)) for c in self._found[-GUESSES:]]
        self._inner = self._then((*self._task.guesses, *texts))
        return self._inner

    def _look(self) -> None:
        """Notes when the description last became shorter."""
        if self._criterion is None or self._inner is None:
            return
        front = self.front()
        best = min(
            (description(c.program, c.loss, self._criterion) for c in front), default=math.inf
        )
        if best < self._best - 1.0:
            self._best, self._since = best, self._inner.status.evaluations

    def front(self) -> Sequence[Candidate]:
        """The best of both for each cost, and the shortest description."""
        inner = [] if self._inner is None else self._inner.front()
        every = [*self._found, *inner]
        front = front_of(every)
        return front if self._criterion is None else with_shortest(front, every, self._criterion)

    def state(self) -> State:
        """Everything to go on from."""
        numbers = np.array([self._spent, self._since, float(self._inner is not None), self._best])
        own = prefixed(to_arrays(self._found), "found/") | {"numbers": numbers}
        return own if self._inner is None else own | prefixed(self._inner.state(), "inner/")

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of a search of the same task.

        One that ended as nothing got better goes on: it is given its patience again.

        Raises:
            InputError: it is damaged, or belongs to another task.
        """
        spent, since, begun, best = state["numbers"].tolist()
        self._found = from_arrays(part_of(state, "found/"))
        self._spent, self._since, self._best = int(spent), int(since), best
        self._inner = None
        if begun:
            inner = self._begin()
            inner.restore(part_of(state, "inner/"))
            if self._stalled():
                self._since = inner.status.evaluations
