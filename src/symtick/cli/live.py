"""Live progress of a search on the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from symtick.search.distill import distill

_STAGES = {"search": "searching", "finish": "finishing", "tune": "tuning widths", "done": "done"}


class Live:
    """An observer for `distill_job`, shown while the search runs.

    On a terminal it is redrawn in place; elsewhere one line is printed for each stage.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
        )
        self._task = self._bar.add_task("preparing data and teacher", total=1.0)
        self._live = RichLive(self._bar, console=console, refresh_per_second=4, transient=True)
        self._stage = ""

    def __enter__(self) -> Live:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, progress: distill.Progress) -> None:
        """Show where the search stands."""
        stage = _STAGES[progress.stage]
        if stage != self._stage:
            self._stage = stage
            self._console.print(f"{stage}: {len(progress.front.entries)} designs on the front")
        self._bar.update(self._task, description=stage, completed=progress.share)
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
