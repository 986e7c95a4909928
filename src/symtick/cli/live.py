"""Live progress of a search on the terminal."""

from __future__ import annotations

import math
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live as RichLive
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from symtick.cli.console import messages, unless_soon
from symtick.interrupts import say
from symtick.progress import LINE_SECONDS, Lines

if TYPE_CHECKING:
    from symtick.search.distill import distill

_PREPARING = "preparing data and teacher"


class Live:
    """An observer for `distill_job`, shown while the search runs.

    On a terminal it is redrawn in place; elsewhere a line is printed for each stage, and one now
    and then.
    """

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=messages
        )
        self._task = self._bar.add_task(_PREPARING, total=1.0)
        self._live = RichLive(self._bar, console=messages, refresh_per_second=4, transient=True)
        self._lines = Lines(
            lambda text: messages.print(text, markup=False, soft_wrap=True),
            math.inf if messages.is_terminal else LINE_SECONDS,
        )
        self._stage, self._pressed = "", False

    def __enter__(self) -> Live:
        self._live.__enter__()
        self._begun = unless_soon(self._prepare)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._begun.cancel()
        self._live.__exit__(kind, error, trace)

    def word(self) -> bool:
        """Say what Ctrl-C does at this stage; whether to interrupt what is under way."""
        first, self._pressed = not self._pressed, True
        if self._stage == "write":
            say("stopping when the designs are written")
            return not first
        if not self._stage:
            say("stopping: nothing was searched yet, and nothing is kept")
        elif first:
            say("stopping, keeping the front so far: what is under way ends, then it is written")
        else:
            say("stopping, keeping the front so far as it is")
        return True

    def _prepare(self) -> None:
        if not messages.is_terminal and not self._stage:
            messages.print(_PREPARING)

    def __call__(self, progress: distill.Progress) -> None:
        """Show where the search stands."""
        self._stage = progress.stage
        self._lines.tell(progress.stage, progress.line)
        self._bar.update(self._task, description=progress.doing, completed=progress.share)
        self._live.update(Group(_sources(progress), _front(progress), self._bar))


def _sources(progress: distill.Progress) -> Table:
    table = Table(box=None, pad_edge=False, title="parts of the search", title_justify="left")
    for head in ("part", "slices", "loss", "holds"):
        table.add_column(head)
    for status in progress.searches:
        mark = " done" if status.done else ""
        table.add_row(status.name, f"{status.slices}{mark}", f"{status.best_loss:.4g}", status.text)
    return table


def _front(progress: distill.Progress) -> Table:
    table = Table(box=None, pad_edge=False, title="front so far", title_justify="left")
    front = progress.front
    second = "RMSE / teacher's" if front.teacher_rmse else "of teacher"
    for head in ("design", "score", second, "ticks", "LUT est."):
        table.add_column(head, justify="right")
    for e in front.entries[-12:]:
        mark = " *" if e.name == front.chosen else ""
        ratio = front.ratio(e)
        relative = e.score / front.teacher_score if ratio is None else ratio
        table.add_row(
            e.name + mark, f"{e.score:.4f}", f"{relative:.3f}", str(e.ticks),
            f"{e.lut:.0f}",
        )  # fmt: skip
    return table
