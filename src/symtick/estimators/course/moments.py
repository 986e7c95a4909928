"""Where a fit stands, and who is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Protocol

from symtick.errors import counted
from symtick.progress import duration
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.search import Search


class FrontView(Protocol):
    """A front so far as it is shown."""

    def text(self) -> str:
        """For a terminal."""

    def html(self) -> str:
        """For a notebook."""

    def rows(self) -> list[Mapping[str, Any]]:
        """Complexity, ticks, LUTs, loss and text of each equation."""


ViewOf = Callable[[Sequence[Candidate], int], FrontView]  # of candidates and evaluations


@dataclass(frozen=True)
class Moment:
    """Where the search for one target stands.

    Attributes:
        target: its name; empty where it is the only one.
        seconds: since the fit began.
        share: of the budget of evaluations that is spent.
        evaluations: candidates computed, earlier fits of a warm start included.
        passes: all that was computed over the rows, steps of fits too, counted likewise.
        rate: evaluations a second, over this fit's search for this target.
        best_loss: the lowest loss so far, in the units of the data.
        ended: why the search ended, or empty while it goes on.
        look: makes the view of the front.
    """

    target: str
    seconds: float
    share: float
    evaluations: int
    passes: int
    rate: float
    best_loss: float
    ended: str
    look: Callable[[], FrontView]

    @cached_property
    def front(self) -> FrontView:
        """The front so far; made where it is looked at."""
        return self.look()

    @property
    def line(self) -> str:
        """All of it in a line."""
        name = f"{self.target}: " if self.target else ""
        loss = f"loss {self.best_loss:.6g}" if math.isfinite(self.best_loss) else "no loss yet"
        return (
            f"{name}{min(100, int(100 * self.share)):3d} %  {duration(self.seconds)}, "
            f"{self.evaluations} evaluations ({self.rate:.3g}/s), {self.passes} passes, {loss}, "
            f"{counted(len(self.front.rows()), 'equation')}"
        )


class Watcher(Protocol):
    """Who is told."""

    def __call__(self, moment: Moment) -> None:
        """Look at a moment; where the search has ended, it is the target's last."""

    def close(self) -> None:
        """The fit has ended, or was interrupted."""


class Course:
    """A fit from start to end, and its watchers.

    Args:
        watchers: of all targets.
    """

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers
        self._begun = time.monotonic()

    def __enter__(self) -> Course:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watcher in self._watchers:
            watcher.close()

    @property
    def seconds(self) -> float:
        """Since the fit began."""
        return time.monotonic() - self._begun

    def of(self, target: str, unit: float, view: ViewOf) -> TargetCourse:
        """The search for one target.

        Args:
            target: its name; empty where it is the only one.
            unit: a loss in the units of the data for a loss of 1 of the search.
            view: makes a view of the search's candidates.
        """
        return TargetCourse(self, target, unit, view)

    def tell(self, moment: Moment) -> None:
        """Tell all."""
        for watcher in self._watchers:
            watcher(moment)


class TargetCourse:
    """Tells of one target's search; called between its slices."""

    def __init__(self, course: Course, target: str, unit: float, view: ViewOf) -> None:
        self._course, self._target, self._unit, self._view = course, target, unit, view
        self._begun, self._since = course.seconds, 0
        self._share = 0.0

    def begin(self, search: Search[Candidate]) -> None:
        """The search stands where it begins, or goes on from an earlier one."""
        self._since = search.status.evaluations

    def __call__(self, search: Search[Candidate], share: float) -> None:
        """Tell where it stands.

        Args:
            search: it.
            share: of the budget that is spent.
        """
        status = search.status
        counts = (status.evaluations, status.passes)
        self._tell(counts, share, "", status.best_loss, search.front)

    def end(self, counts: tuple[int, int], ended: str, front: Sequence[Candidate]) -> None:
        """Tell that it ended, and why.

        Args:
            counts: evaluations and passes that it made.
            ended: why.
            front: what is left of its front after the clean-up.
        """
        best = min((c.loss for c in front), default=math.inf)
        self._tell(counts, self._share, ended, best, lambda: front)

    def _tell(
        self,
        counts: tuple[int, int],
        share: float,
        ended: str,
        best: float,
        front: Callable[[], Sequence[Candidate]],
    ) -> None:
        evaluations, passes = counts
        seconds = self._course.seconds
        spent = max(seconds - self._begun, 1e-9)
        self._share = share
        self._course.tell(
            Moment(
                self._target,
                seconds,
                share,
                evaluations,
                passes,
                (evaluations - self._since) / spent,
                self._unit * best,
                ended,
                lambda: self._view(front(), evaluations),
            )
        )
