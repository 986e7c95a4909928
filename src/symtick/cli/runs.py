"""Verbs for run folders: distill, compare, report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symtick.cli.console import (
    AsJson,
    RunFolder,
    console,
    line,
    print_json,
    print_table,
    stepping,
    stops,
)
from symtick.interrupts import announced, say

if TYPE_CHECKING:
    from symtick.run.folder import Run


def distill(
    job: Annotated[Path | None, typer.Argument(help="The job, a YAML file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; default runs/<job name>.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Continue the interrupted search in this run folder.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Search on the workers of a dask scheduler: tcp://host:8786."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search for expressions that imitate the teacher.

    Writes a run folder.
    """
    if (job is None) == (resume is None):
        raise typer.BadParameter("name a job file, or a run folder with --resume")
    from symtick.extras import require

    require("symtick distill", "search")
    from symtick.cli.live import Live

    with Live() as live:
        from symtick.run.distilling import distill_job, resume_run

        try:
            with announced(live.word):
                if resume is not None:
                    run = resume_run(resume, live, scheduler)
                else:
                    assert job is not None  # one of the two is given
                    run = distill_job(job, output, live, scheduler)
        except KeyboardInterrupt as stop:
            for folder in getattr(stop, "__notes__", ()):
                say(f"what was searched is kept: go on with symtick distill --resume {folder}")
            raise
    if as_json:
        advice = [asdict(s) for s in run.advice]
        head = {"folder": str(run.folder), "complete": run.complete, "advice": advice}
        print_json({**head, **run.front.to_json()})
    else:
        _print_front(run)
    if not run.complete:
        raise typer.Exit(130)


def _print_front(run: Run) -> None:
    """The front of a run, the chosen design marked, and its expressions."""
    from symtick.report.tables import front_table
    from symtick.search.distill.advice import lines

    print_table(front_table(run.front, run.job, run.outputs_of))
    if run.advice:
        line("less than the job asks for; what the figures of this run say about its settings:")
        for text in lines(run.advice):
            line(f"  {text}")
    if not run.complete:
        resume = f"symtick distill --resume {run.folder}"
        console.print(f"interrupted: this is the front so far; go on with {resume}", style="yellow")
    line(f"\nchosen: {run.chosen.name}, of the features in their own units")
    for name, formula in run.chosen.formulas().items():
        line(f"  {name} = {formula}")
    for name, title in run.chosen.legend.items():
        line(f"  where {name} is {title}")


def compare(
    folder: RunFolder,
    route: Annotated[
        bool, typer.Option(help="Place and route the quantised network, too (minutes).")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Put the teacher, its networks and the designs in one table.

    The networks are in firmware by hls4ml and, where it is installed, da4ml.
    """
    from symtick.baselines.rows import to_json
    from symtick.report.tables import comparison_table
    from symtick.run.folder import open_run

    run = open_run(folder)
    with stops("nothing of the comparison"), stepping("comparing") as tell:
        rows = run.compare(route, tell)
    if as_json:
        print_json(to_json(rows))
    else:
        print_table(comparison_table(rows))


def report(folder: RunFolder) -> None:
    """Write report.html: front, pipeline, measurements, comparison."""
    from symtick.run.folder import open_run

    line(f"report: {open_run(folder).report()}")
