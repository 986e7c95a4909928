"""What all verbs share: common options, tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

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
def counted(what: str) -> Iterator[Callable[[object], None]]:
    """A function to call for each result, with a line that says how many there are."""
    numbers = count(1)
    with messages.status(what) as status:
        yield lambda _: status.update(f"{what}: {next(numbers)} done")


@contextmanager
def counting(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows which item was done, how many are and of how many.

    On a terminal a bar is redrawn in place; elsewhere one line is printed for each item.
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
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(label: str, done: int, total: int) -> None:
            bar.update(task, description=f"{what}: {label}", completed=done, total=total)
            if not messages.is_terminal:
                messages.print(f"{what}: {label}, {done} of {total}", markup=False)

        yield tell
