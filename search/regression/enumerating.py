"""Enumeration and bidirectional enumeration as searches of a regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symtick.errors import InputError
from symtick.expr import from_programs
from symtick.search.enumeration.bidirectional import BidirectionalEnumeration
from symtick.search.enumeration.enumeration import EnumeratedFront
from symtick.search.kernel_api.candidate import Candidate, from_arrays, front_of, to_arrays
from symtick.search.kernel_api.evaluation import intervals
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, restoring
from symtick.search.regression.task import Task
from symtick.settings import within

MOST_LEVELS = 12  # of an enumeration, which its budget ends much sooner
# evaluations of a slice: of the first, of later ones by those before, and of any
FIRST_SLICE, GROWTH, LARGEST_SLICE = 5_000, 3, 400_000


class EnumerationSearch:
    """The search of the methods `enumeration` and `bidirectional`.

    `bidirectional` looks up parts of the target among the functions first
    (`BidirectionalEnumeration`, for half the budget), which finds exact laws in data without noise.
    Where there is none, or else, the front of the functions themselves is found
    (`EnumeratedFront`), in slices that grow, as each makes the front anew. Ctrl-C keeps the laws
    and functions that are there, and no more laws are looked for. Guesses are left out. Once the
    budget is spent, going on with a larger one means to begin again.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._rules = task.config.all_rules()
        self._front: list[Candidate] = []
        self._searched = 0  # the budget that was searched with
        self._evaluations = self._slices = 0
        self._begin()

    def _begin(self) -> None:
        self._spent = 0  # for laws
        self._laws_due = self._task.method == "bidirectional"
        data, settings = self._arguments()
        enough = self._task.config.target_loss
        self._laws = BidirectionalEnumeration(*data, **settings, enough=enough)
        self._small = EnumeratedFront(*data, **settings, max_level=MOST_LEVELS)

    @property
    def status(self) -> Status:
        """Where it stands."""
        best, target = min((c.loss for c in self._front), default=float("inf")), self._task.config
        done = target.target_loss is not None and best <= target.target_loss
        text = f"{len(self._front)} functions on the front"
        count = self._evaluations
        return Status(self._task.method, done, self._slices, text, best, count, count)

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """A slice; nothing more happens with the same budget once all is done.

        Raises:
            InputError: there is no budget.
        """
        if budget is None:
            raise InputError("an enumeration needs a budget to end")
        if budget <= max(self._searched, self._evaluations):
            return
        if self._searched:
            self._searched = 0
            self._begin()
        self._slices += 1
        more = min(max(FIRST_SLICE, GROWTH * self._evaluations), LARGEST_SLICE)
        most = min(budget, self._evaluations + more)
        if self._laws_due:
            share = max(1, budget // 2)
            self._laws_due = self._look_up(min(most, share)) and most < share
            if self._front and not self._laws_due:
                self._searched = budget
            return
        if not self._grow(most - self._spent) or most == budget:
            self._searched = budget

    def _grow(self, evaluations: int) -> bool:
        """Enumerate up to so many evaluations; whether there is something left to do."""
        try:
            return self._small.run(evaluations)
        finally:
            self._front = self._admitted(self._small.front())
            self._evaluations = self._spent + self._small.stats().evaluations

    def _look_up(self, evaluations: int) -> bool:
        """Look for laws with up to so many evaluations; whether there is something left to do."""
        try:
            return self._laws.run(evaluations)
        except KeyboardInterrupt:
            self._laws_due = False
            raise
        finally:
            self._front = self._admitted(self._laws.front())
            self._evaluations = self._spent = self._laws.stats().evaluations

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        task, config = self._task, self._task.config
        vocabulary = config.vocabulary(task.X.shape[1], task.names)
        settings = {"weights": task.weights, "loss": config.loss, "delta": config.huber_delta}
        return (task.X, task.y, task.cost, vocabulary, self._rules), settings

    def _admitted(self, front: Sequence[Candidate]) -> list[Candidate]:
        """Those within the limits that the kernel's lists do not know, penalties added."""
        task, kept = self._task, list[Candidate]()
        for one in front:
            if not within(one.lut, task.config.limits.max_lut) or (
                task.ranges is not None and intervals([one.program], task.ranges)[0] is None
            ):
                continue
            if task.penalty is not None:
                expression = from_programs([one.program], task.names)
                one = replace(one, loss=one.loss + task.penalty(expression))
            kept.append(one)
        return front_of(kept)

    def front(self) -> Sequence[Candidate]:
        """The best for each cost."""
        return self._front

    def state(self) -> State:
        """What was found, and where it stands; the functions are enumerated again."""
        numbers = [self._searched, self._evaluations, self._slices, self._spent, self._laws_due]
        counts = np.array(numbers, np.int64)
        return to_arrays(self._front) | {"counts": counts}

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of a search of the same task.

        Raises:
            InputError: it is damaged.
        """
        self._begin()
        self._searched, self._evaluations, self._slices, self._spent, due = state["counts"].tolist()
        self._laws_due = bool(due)
        self._front = from_arrays(state)
