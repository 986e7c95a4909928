"""Enumeration and bidirectional enumeration as searches of a regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symtick.errors import InputError
from symtick.expr import from_programs
from symtick.search.enumeration.bidirectional import bidirectional_front
from symtick.search.enumeration.enumeration import enumerate_front
from symtick.search.kernel_api.candidate import Candidate, from_arrays, front_of, to_arrays
from symtick.search.kernel_api.evaluation import intervals
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, restoring
from symtick.search.regression.task import Task
from symtick.settings import within

MOST_LEVELS = 12  # of an enumeration, which its budget ends much sooner


class EnumerationSearch:
    """The search of the methods `enumeration` and `bidirectional`, in one slice.

    `bidirectional` looks up parts of the target among the functions first (`bidirectional_front`,
    for half the budget), which finds exact laws in data without noise. Where there is none, or
    else, the front of the functions themselves is found (`enumerate_front`). Guesses are left out.
    Going on means to begin again with the larger budget.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._rules = task.config.all_rules()
        self._front: list[Candidate] = []
        self._searched = 0  # the budget that was searched with
        self._evaluations = 0

    @property
    def status(self) -> Status:
        """Where it stands."""
        best, target = min((c.loss for c in self._front), default=float("inf")), self._task.config
        done = target.target_loss is not None and best <= target.target_loss
        text = f"{len(self._front)} functions on the front"
        slices = int(self._searched > 0)
        return Status(self._task.method, done, slices, text, best, self._evaluations)

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """All of it; nothing more happens with the same budget.

        Raises:
            InputError: there is no budget.
        """
        if budget is None:
            raise InputError("an enumeration needs a budget to end")
        if budget <= self._searched:
            return
        front, spent = self._laws(budget // 2) if self._task.method == "bidirectional" else ([], 0)
        if not front:
            data, settings = self._arguments()
            front, stats = enumerate_front(
                *data, **settings, max_level=MOST_LEVELS, max_evaluations=budget - spent
            )
            front, spent = self._admitted(front), spent + stats.evaluations
        self._front, self._evaluations, self._searched = front, spent, budget

    def _laws(self, budget: int) -> tuple[list[Candidate], int]:
        data, settings = self._arguments()
        enough = self._task.config.target_loss
        front, stats = bidirectional_front(
            *data, **settings, max_evaluations=max(1, budget), enough=enough
        )
        return self._admitted(front), stats.evaluations

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
        """What was found, and with which budget."""
        counts = np.array([self._searched, self._evaluations], np.int64)
        return to_arrays(self._front) | {"counts": counts}

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of a search of the same task.

        Raises:
            InputError: it is damaged.
        """
        self._searched, self._evaluations = state["counts"].tolist()
        self._front = from_arrays(state)
