"""The verbs in the order of the help; each group of verbs has a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from symtick.cli import checks, designs, machine, projects, runs
from symtick.version import __version__

app = typer.Typer(
    name="symtick",
    help="Trained networks to tiny expressions, costed in FPGA ticks, to verified firmware.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its help takes twice the time to start
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"symtick {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for verb in (
    runs.distill, designs.compile_, designs.tune, checks.verify, designs.estimate, checks.synth,
    projects.export, runs.compare, runs.report, machine.calibrate, machine.devices, machine.doctor,
):  # fmt: skip
    app.command(verb.__name__.rstrip("_"))(verb)
