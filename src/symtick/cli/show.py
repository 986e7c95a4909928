"""What the command line prints: tables and progress.

Room: front door. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from symtick.baselines.table import ComparisonRow
from symtick.calibration.refit import Refitted
from symtick.design_folder.checks import Synthesis
from symtick.design_folder.compiling import Compiled
from symtick.expr import to_text
from symtick.hwcost import Estimate, load_device
from symtick.hwcost import devices as device_names
from symtick.report import tables
from symtick.report.tables import comparison_table, front_table, synthesis_table
from symtick.run.folder import Run
from symtick.run.tuning import Tuned
from symtick.sim import tools as toolbox
from symtick.sim.verify import Verification

T = TypeVar("T")


def _plain(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for k, name in enumerate(head):
        table.add_column(escape(name), justify="left" if k == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _print(console: Console, table: tables.Table) -> None:
    """A table in full: a narrow terminal wraps its lines rather than cut its figures."""
    wide = Console(file=console.file, width=max(160, console.width), highlight=False)
    wide.print(_plain(table.title, table.head, [row.cells for row in table.rows]), soft_wrap=True)
    console.print(table.note, markup=False)


def progress(console: Console, items: Iterable[T], what: str) -> Iterator[T]:
    """The items, with a line that says how many are done."""
    with console.status(what) as status:
        for count, item in enumerate(items, 1):
            yield item
            status.update(f"{what}: {count} done")


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows which item was done, how many are and of how many.

    On a terminal a bar is redrawn in place; elsewhere one line is printed for each item.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(label: str, done: int, total: int) -> None:
            bar.update(task, description=f"{what}: {label}", completed=done, total=total)
            if not console.is_terminal:
                console.print(f"{what}: {label}, {done} of {total}", markup=False)

        yield tell


def front(console: Console, run: Run) -> None:
    """The front of a run, the chosen design marked, and its expressions."""
    _print(console, front_table(run))
    if not run.complete:
        resume = f"symtick distill --resume {run.folder}"
        console.print(f"interrupted: this is the front so far; go on with {resume}", style="yellow")
    chosen = run.front.entry()
    console.print(f"\nchosen: {chosen.name}", markup=False)
    for k, name in enumerate(run.output_names):
        console.print(f"  {name} = {chosen.text(k, 4)}", markup=False)


def compiled(console: Console, made: Compiled) -> None:
    """One compiled design: formats, accuracy, cost and place."""
    graph = made.design.graph
    for k, name in enumerate(made.design.score_names):
        text = to_text(made.design.expression, k, 6)
        console.print(f"{name} = {text}", markup=False)
        console.print(f"  largest error against float64: {made.error[k]:.3g}", markup=False)
    for name, fmt in zip(graph.output_names, graph.output_formats, strict=True):
        console.print(f"output {name} : {fmt}", markup=False)
    for unit in made.design.units:
        console.print(
            f"  {unit.text}: {unit.method}, within {unit.ulp:.2f} units of 2^{-unit.frac}",
            markup=False,
        )
    known = made.device.kind != "published"
    console.print(_estimate_line(made.design.name, made.estimate, known), markup=False)
    if note := made.device.note(made.estimate.clock_mhz):
        console.print(note, markup=False, soft_wrap=True)
    console.print(f"written to {made.folder}", markup=False)


def tuned(console: Console, made: Tuned) -> None:
    """A tuned design: what was saved, and what was lost."""
    console.print(_estimate_line(f"{made.spec.name} before", made.before), markup=False)
    console.print(_estimate_line(f"{made.spec.name} tuned", made.after), markup=False)
    ends = " -> ".join(f"{score:.5g}" for score in made.scores)
    place = f"point {made.taken} of {made.points - 1}"
    console.print(f"{made.measure} on the rows tuned on: {ends} ({place})", markup=False)
    if made.tested is not None:
        ends = " -> ".join(f"{100 * score:.2f} %" for score in made.tested)
        console.print(f"on the test rows: {ends}", markup=False)
    console.print(f"written to {made.folder}", markup=False)


def _estimate_line(name: str, e: Estimate, area_known: bool = True) -> str:
    area = f"about {e.area.lut:.0f} LUT, {e.area.ff:.0f} FF, {e.area.dsp:.0f} DSP"
    return (
        f"{name}: {e.ticks} ticks, {e.ns:.1f} ns at {e.clock_mhz:g} MHz, "
        f"{area if area_known else 'area unknown'} ({e.model})"
    )


def verifications(console: Console, found: Sequence[Verification]) -> None:
    """One line for each design, and each first mismatch."""
    for result in found:
        style = None if result.ok else "red"
        console.print(str(result), style=style, markup=False, soft_wrap=True)
        if result.first_mismatch:
            console.print(f"  {result.first_mismatch}", markup=False)


def syntheses(console: Console, found: Sequence[Synthesis]) -> None:
    """Estimates beside measurements."""
    table = synthesis_table(found)
    _print(console, table)
    for s in found:
        if s.vendor is not None:
            held = ", ".join(f"{k} {v}" for k, v in s.vendor.items() if v is not None)
            console.print(f"Vitis HLS, {s.design}: {held}", markup=False, soft_wrap=True)


def refitted(console: Console, made: Refitted) -> None:
    """Model and reports of each design side by side, and the factors between them."""
    head = ("design", "LUT model", "LUT", "FF model", "FF", "DSP model", "DSP", "BRAM",
            "path model ns", "path ns")  # fmt: skip
    rows = [
        (p.design, f"{p.model_lut:.0f}", _known(p.lut, 0), f"{p.model_ff:.0f}", _known(p.ff, 0),
         f"{p.model_dsp:.0f}", _known(p.dsp, 0), _known(p.bram, 1),
         f"{p.model_ns:.2f}", _known(p.ns, 2))
        for p in made.pairs
    ]  # fmt: skip
    console.print(_plain("Model and reports", head, rows))
    held = ", ".join(f"{name} x {value:g}" for name, value in made.factors.items())
    console.print(f"factors: {held}", markup=False)
    for note in made.notes:
        console.print(note, style="yellow", markup=False, soft_wrap=True)
    console.print(f"written: use it as --device {made.path}", markup=False, soft_wrap=True)


def _known(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def comparison(console: Console, rows: Sequence[ComparisonRow]) -> None:
    """The comparison with the networks."""
    _print(console, comparison_table(rows))


def devices(console: Console) -> None:
    """All devices, one line each."""
    rows = []
    for name in device_names():
        held = load_device(name)
        rows.append((name, held.kind, held.part, held.delays, held.title))
    console.print(_plain("Devices", ("name", "kind", "part", "delays", "what"), rows))


def tools(console: Console) -> None:
    """All tools, found or missing."""
    rows = []
    for line in toolbox.survey():
        state = "found" if line.tool else "optional" if line.optional else "MISSING"
        version = line.tool.version if line.tool else ""
        where = str(line.tool.path) if line.tool else line.remedy
        rows.append((line.name, state, version, line.purpose, where))
    table = Table(title="Tools", title_justify="left", box=None, pad_edge=False)
    for head in ("tool", "state", "version", "needed for", "where, or how to get it"):
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
