"""Live progress of a search on the terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live as RichLive
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from symtick.cli.console import duration, messages, unless_soon
from symtick.interrupts import say

if TYPE_CHECKING:
    from symtick.search.distill import distill

_PRINT_SECONDS = 10.0  # at least between two lines, where the output is no terminal
_PREPARING = "preparing data and teacher"
_STAGES = {
    "search": "searching",
    "finish": "finishing",
    "tune": "tuning widths",
    "write": "writing designs",
}


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
        self._stage, self._pressed = "", False
        self._start = self._printed = time.monotonic()

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
        if self._stage == _STAGES["write"]:
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
        stage = _STAGES[progress.stage]
        now = time.monotonic()
        late = not messages.is_terminal and now - self._printed >= _PRINT_SECONDS
        if stage != self._stage or late:
            self._stage, self._printed = stage, now
            messages.print(_line(stage, progress, now - self._start), soft_wrap=True)
        self._bar.update(self._task, description=stage, completed=progress.share)
        self._live.update(Group(_sources(progress), _front(progress), self._bar))


def _line(stage: str, progress: distill.Progress, seconds: float) -> str:
    """Stage, parts done, designs and time, in one line."""
    states, count = progress.searches, len(progress.front.entries)
    parts = f", {sum(s.done for s in states)} of {len(states)} parts" if states else ""
    if progress.stage == "write":
        parts = f", {progress.slices} of {count}"
    designs = f"{count} designs on the front"
    return f"{stage}{parts}, {designs} ({duration(seconds)})"


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
