"""What all verbs share: common options, tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

import typer
from rich.console import Console

from symtick.interrupts import announced, say
from symtick.progress import duration

if TYPE_CHECKING:
    from symtick.report.tables import ReportTable

Folder = Annotated[
    Path, typer.Argument(help="A run folder (of distill) or a design folder (of compile).")
]
RunFolder = Annotated[Path, typer.Argument(help="A run folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

# tables keep their columns where the output is a file or a pipe, which has no width of its own
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
messages = Console(highlight=False, stderr=True)
_ENDLESS = 10_000
_SOON_SECONDS = 2.0  # before that, progress is not worth a line
_BETWEEN_SECONDS = 1.0


def line(text: object, style: str | None = None) -> None:
    """One line as it is, however long."""
    console.print(str(text), style=style, markup=False, soft_wrap=True)


def print_json(content: Any) -> None:
    """Indented JSON."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def print_rows(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    justify: Literal["left", "right"] = "right",
    styles: Sequence[str | None] = (),
) -> None:
    """A table in full: a narrow terminal wraps its lines rather than cut its figures.

    Args:
        title: above it.
        head: names of the columns.
        rows: their cells.
        justify: where the cells stand, those of the first column apart.
        styles: one for each row, if any.
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for k, name in enumerate(head):
        table.add_column(escape(name), justify=justify if k else "left", no_wrap=True)
    for row, style in zip_longest(rows, styles):
        table.add_row(*(escape(cell) for cell in row), style=style)
    Console(file=console.file, width=_ENDLESS, highlight=False).print(table, soft_wrap=True)


def print_table(table: ReportTable) -> None:
    """A table of the report, and its note."""
    print_rows(table.title, table.head, [row.cells for row in table.rows])
    console.print(table.note, markup=False)


@contextmanager
def stops(keeping: str) -> Iterator[None]:
    """Ctrl-C says at once what is kept."""

    def word() -> bool:
        say(f"stopping, keeping {keeping}")
        return True

    with announced(word):
        yield


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Tell]:
    """A function to call for each item that is done, by its label.

    On a terminal a bar is redrawn in place; elsewhere lines are printed, a second apart. Both say
    how many are done and of how many, what time went by and about how much is left.

    Args:
        what: is done to the items.
        total: number of items, where it is known before the first.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    numbers = count(1)
    with (
        # where there is no terminal a bar would still print an empty line
        Progress(
            *columns, console=messages, transient=True, disable=not messages.is_terminal
        ) as bar,
        _printed(what) as printed,
    ):
        task = bar.add_task(what, total=total)

        def tell(label: str, done: int | None = None, of: int | None = None) -> None:
            done, of = done or next(numbers), of or total
            bar.update(task, description=f"{what}: {label}", completed=done, total=of)
            if printed is not None:
                printed.item(label, done, of)

        yield tell


@contextmanager
def stepping(what: str, every: float = 0.0) -> Iterator[Callable[[str], None]]:
    """A function to call with what is done now.

    On a terminal the line is redrawn in place; elsewhere one is printed, with the time that went
    by.

    Args:
        what: goes before each.
        every: seconds at least between two printed lines.
    """
    with messages.status(what) as status, _printed(what) as printed:
        latest = -every

        def tell(text: str) -> None:
            nonlocal latest
            status.update(f"{what}: {text}")
            if printed is not None and printed.seconds - latest >= every:
                latest = printed.seconds
                printed.step(text)

        yield tell


class Tell(Protocol):
    """Is told that an item is done; its number and how many there are, if they are not counted."""

    def __call__(self, label: str, done: int | None = None, of: int | None = None, /) -> None:
        """Show it."""


@contextmanager
def _printed(what: str) -> Iterator[_Printed | None]:
    """Progress as lines, where the output is no terminal; none of work that is soon done."""
    if messages.is_terminal:
        yield None
        return
    printed = _Printed(what)
    begun = unless_soon(lambda: printed.step("..."))
    try:
        yield printed
    finally:
        begun.cancel()


def unless_soon(say: Callable[[], None]) -> threading.Timer:
    """Call `say` after two seconds, unless this is cancelled before."""
    timer = threading.Timer(_SOON_SECONDS, say)
    timer.daemon = True
    timer.start()
    return timer


class _Printed:
    """Progress as lines, from some seconds on."""

    def __init__(self, what: str) -> None:
        self._what, self._start = what, time.monotonic()
        self._first: int | None = None
        self._latest = -_BETWEEN_SECONDS

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._start

    def item(self, label: str, done: int, of: int | None) -> None:
        """One item that is done; of those that come together the first, and the last of a total."""
        if self._first is None:
            self._first = done - 1  # those before it took no time of this run
        if done != of and self.seconds - self._latest < _BETWEEN_SECONDS:
            return
        parts = [f"{done}" if of is None else f"{done} of {of}", duration(self.seconds)]
        if of is not None and done < of:
            left = self.seconds / (done - self._first) * (of - done)
            parts.append(f"about {duration(left)} left")
        self._print(f"{label}, {', '.join(parts)}")

    def step(self, text: str) -> None:
        """What is done now."""
        self._print(f"{text} ({duration(self.seconds)})")

    def _print(self, text: str) -> None:
        if self.seconds >= _SOON_SECONDS:
            self._latest = self.seconds
            messages.print(f"{self._what}: {text}", markup=False, soft_wrap=True)
