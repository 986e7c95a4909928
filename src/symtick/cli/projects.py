"""The verb that writes a design as a project for others' tools: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from symtick.cli.console import AsJson, Folder, line, print_json
from symtick.errors import InputError


def export(
    folder: Folder,
    to: Annotated[
        Literal["vitis", "vivado-hls", "oneapi", "emulator"],
        typer.Option(help="AMD's HLS tools, Intel's oneAPI, or an emulator for CMS software."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder.")],
    design: Annotated[
        str | None, typer.Option(help="Which design of a run; default the chosen one.")
    ] = None,
    model_version: Annotated[
        str | None, typer.Option(help="Of an emulator: what its name ends with; default v1.")
    ] = None,
    headers: Annotated[
        bool, typer.Option(help="Copy ap_fixed.h from hls4ml into a project for AMD's tools.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Write a design as a project that stands alone.

    C++, test-bench data, build scripts and a README.md, for hls4ml's link_existing_project, too.
    """
    from symtick.design_folder.exporting import export_folder

    made = export_folder(
        _chosen(folder, design), to, output, version=model_version, headers=headers
    )
    if as_json:
        print_json(made.to_json())
    else:
        line(f"{made.design}: {len(made.files)} files for {to} written to {made.folder}")


def _chosen(folder: Path, design: str | None) -> Path:
    """The folder of the design."""
    from symtick.design_folder.folder import is_run

    if is_run(folder):
        from symtick.run.folder import open_run

        run = open_run(folder)
        return run.design_folder(run.front.entry(design))
    if design is not None:
        raise InputError(f"{folder} is no run folder, which --design needs; name a run")
    return folder
