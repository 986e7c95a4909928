"""The search protocol: step, front, status, state, restore.

The engine, the hybrid search, enumerations, islands on a cluster, layered forms and a distiller's
parts all follow it. A search is a pure function of its settings and its slices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from symtick.errors import InputError
from symtick.search.kernel_api.states import Arrays, State

PATIENCE = 100  # slices without an evaluation, after which there is nothing new to be tried
Item = TypeVar("Item", covariant=True)


@dataclass(frozen=True)
class Status:
    """Where a search stands.

    Attributes:
        name: of the search; unique in a run, and the name of its file in a checkpoint.
        done: whether nothing is left to do, or the loss is as low as was asked for.
        slices: generations, steps or epochs so far.
        text: where it stands, in a few words.
        best_loss: the lowest loss so far; infinity before there is one.
        evaluations: candidates computed (of layered forms: fits; of designs: those measured).
        passes: all that was computed over the rows: evaluations, terms that were tried, and steps
            of fits, each with derivatives.
        why: it is done, where that is not for the loss that was asked for.
    """

    name: str
    done: bool
    slices: int
    text: str
    best_loss: float
    evaluations: int
    passes: int
    why: str = ""


class Search(Protocol[Item]):
    """A search whose front holds items of one kind: candidates, or measured designs."""

    @property
    def status(self) -> Status:
        """Where it stands."""

    def step(self, *, threads: int = 1, budget: int | None = None) -> object:
        """Go on by one slice.

        Args:
            threads: threads to use; they change nothing but the time.
            budget: evaluations in all since the search began, which are never exceeded; None for
                no limit. Once they are spent, nothing happens.
        """

    def front(self) -> Sequence[Item]:
        """What no other item beats, so far."""

    def state(self) -> State:
        """Arrays from which `restore` goes on exactly."""

    def restore(self, state: Arrays) -> None:
        """Take up the state of a search of the same arguments.

        Raises:
            InputError: it is damaged, or belongs to other arguments.
        """


def run(
    search: Search[Any],
    budget: int | None = None,
    threads: int = 1,
    *,
    max_slices: int | None = None,
    patience: int = PATIENCE,
    stop: Callable[[Status], bool] = lambda status: False,
) -> Status:
    """Slices until the search is done or stopped, the budget is spent, or nothing is new.

    Args:
        search: what goes on.
        budget: evaluations in all.
        threads: of each slice.
        max_slices: most slices.
        patience: slices in a row without an evaluation, after which it ends.
        stop: asked after each slice.

    Raises:
        InputError: there is neither a budget nor a number of slices to end it.
    """
    if budget is None and max_slices is None:
        raise InputError("a run needs a budget or max_slices to end")
    status, idle, slices = search.status, 0, 0
    while not status.done and idle < patience:
        before = status.evaluations
        if (budget is not None and before >= budget) or slices == max_slices:
            break
        search.step(threads=threads, budget=budget)
        status, slices = search.status, slices + 1
        idle = idle + 1 if status.evaluations == before else 0
        if stop(status):
            break
    return status
