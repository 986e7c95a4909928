"""The search of one target from start to end: made by its method, run, interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from symtick.search.hybrid.make import make_search
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.search import Search, Status, run
from symtick.search.kernel_api.states import Arrays, State
from symtick.search.parts.language import const, program_of
from symtick.search.regression.enumerating import EnumerationSearch
from symtick.search.regression.laws import LawSearch, bounds_of
from symtick.search.regression.task import ENUMERATIONS, Task

BRIEF = 1_000  # evaluations to find something at least, where Ctrl-C came before that
# the loss is that asked for, or an exact law's; no description was shorter for part of the budget;
# a budget or the time is spent; there was nothing new to try; Ctrl-C; a short search, as an earlier
# one was interrupted
ENDS = (
    "target_loss", "exact", "no better", "evaluations", "passes", "time", "nothing new",
    "interrupted", "brief",
)  # fmt: skip
Report = Callable[[Search[Candidate], float], None]


def search_of(task: Task, state: Arrays | None = None) -> Search[Candidate]:
    """The task's way to search, at a stored state where one is given."""
    search: Search[Candidate]
    if task.method in ENUMERATIONS:
        search = EnumerationSearch(task)
    elif task.parts:
        search = LawSearch(task, partial(_bred, task))
    else:
        search = _bred(task, task.guesses)
    if state is not None:
        search.restore(state)
    return search


def _bred(task: Task, guesses: tuple[str, ...]) -> Search[Candidate]:
    others = task.others() | {"guesses": guesses}
    return make_search(task.rows, task.ranges, task.cost, task.config, task.hybrid, **others)


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a search ended.

    Attributes:
        front: what it found.
        state: where it can go on from.
        evaluations: candidates computed, earlier runs included.
        passes: all that was computed over the rows (`Status.passes`), earlier runs included.
        ended: why: one of `ENDS`.
    """

    front: tuple[Candidate, ...]
    state: State
    evaluations: int
    passes: int
    ended: str

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"


def pursue(
    task: Task,
    search: Search[Candidate],
    threads: int = 1,
    report: Report = lambda search, share: None,
    *,
    brief: bool = False,
    seconds: float | None = None,
    passes: int | None = None,
) -> Outcome:
    """Search for a task (`spend`); a constant target needs none, where tokens can write it.

    Args:
        task: what is searched for; its budget counts from here.
        search: a way to do so.
        threads: worker threads.
        report: called after each slice with the share of the budget that is spent.
        brief: end after the first slice that finds something.
        seconds: end after so many, or None.
        passes: end after so many (`Status.passes`), which count from here, or None.

    Raises:
        KeyboardInterrupt: a second Ctrl-C came before anything was found.
    """
    constant = _constant(task)
    if constant is not None:
        status = search.status
        counts = status.evaluations + 1, status.passes + 1
        return Outcome((constant,), search.state(), *counts, "exact")
    return spend(
        task.evaluations, search, threads, report, brief=brief, seconds=seconds, passes=passes
    )


def spend(
    evaluations: int,
    search: Search[Candidate],
    threads: int = 1,
    report: Report = lambda search, share: None,
    *,
    brief: bool = False,
    seconds: float | None = None,
    passes: int | None = None,
) -> Outcome:
    """Search until the budget is spent, the loss is good enough, nothing is new, or Ctrl-C.

    The time is looked at between two slices, and no search ends without a front.

    Args:
        evaluations: budget, which counts from here.
        search: a way to do so.
        threads: worker threads.
        report: called after each slice with the share of the budget that is spent.
        brief: end after the first slice that finds something.
        seconds: end after so many, or None.
        passes: end after so many (`Status.passes`), which count from here, or None.

    Raises:
        KeyboardInterrupt: a second Ctrl-C came before anything was found.
    """
    ended = ""
    end = None if seconds is None else time.monotonic() + seconds
    if isinstance(search, LawSearch):
        search.until = end
    first, most = search.status.evaluations, None
    if passes is not None:
        most = search.status.passes + passes

    def go_on(budget: int, enough: Callable[[Status], bool]) -> None:
        def stop(status: Status) -> bool:
            report(search, (status.evaluations - first) / evaluations)
            return enough(status)

        run(search, search.status.evaluations + budget, threads, stop=stop)

    try:
        go_on(evaluations, _end_of(search, end, most, brief))
    except KeyboardInterrupt:
        ended = "interrupted"
        if not search.front():
            go_on(min(evaluations, BRIEF), _end_of(search, None, None, brief=True))
    status = search.status
    if not ended:
        ended = _reason(status, first + evaluations, most, end, brief)
    return Outcome(tuple(search.front()), search.state(), status.evaluations, status.passes, ended)


def _reason(status: Status, last: int, most: int | None, end: float | None, brief: bool) -> str:
    """Why a search has ended that was not interrupted."""
    if status.done:
        return status.why or "target_loss"
    if most is not None and status.passes >= most:
        return "passes"
    if status.evaluations >= last:
        return "evaluations"
    if brief:
        return "brief"
    return "nothing new" if end is None or time.monotonic() < end else "time"


def _constant(task: Task) -> Candidate | None:
    """The constant that a target is in all rows that count; None where it is not, or not allowed.

    One that is to have few bits is left to the search.
    """
    rows, config = task.rows, task.config
    level = rows.y[rows.weights > 0.0]
    if (level != level[0]).any() or config.constant_bits is not None or task.penalty is not None:
        return None
    program = program_of(const(float(level[0])))
    (loss,) = losses([program], rows, loss=config.loss, delta=config.huber_delta)
    return bounds_of(task).candidate(program, float(loss))


def _end_of(
    search: Search[Candidate], end: float | None, passes: int | None, brief: bool
) -> Callable[[Status], bool]:
    """Whether what is found has to do: at once where `brief`, else from a time or count on."""

    def enough(status: Status) -> bool:
        due = brief or (end is not None and time.monotonic() >= end)
        due = due or (passes is not None and status.passes >= passes)
        return due and bool(search.front())

    return enough
