"""Verbs that run or measure the firmware of all designs in a folder: verify, synth."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from symtick.cli.console import AsJson, Folder, counting, line, print_json, print_table, stops
from symtick.defaults import VECTORS

_KEEPING = "the results of the designs that are done"


def verify(
    folder: Folder,
    vectors: Annotated[
        int | None, typer.Option(min=1, help=f"Vectors for each design; default {VECTORS:,}.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random vectors.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run C++ and Verilog against the exact reference, bit for bit.

    The C++ is compiled with g++, the Verilog runs under cocotb in Verilator.
    """
    from symtick.design_folder.checks import verify_folder
    from symtick.design_folder.folder import design_folders, is_design
    from symtick.errors import VerificationError

    with stops(_KEEPING), counting("verifying", len(design_folders(folder))) as tell:
        if is_design(folder):
            results = [verify_folder(folder, vectors or VECTORS, seed)]
        else:
            from symtick.run.folder import open_run

            results = open_run(folder).verify(vectors, seed, lambda done: tell(done.design))
    if as_json:
        print_json([result.to_json() for result in results])
    else:
        for result in results:
            line(result, style=None if result.ok else "red")
            if result.first_mismatch:
                line(f"  {result.first_mismatch}")
    if not all(result.ok for result in results):
        raise VerificationError("a design differs from its reference or its schedule: see above")


def synth(
    folder: Folder,
    place: Annotated[
        Literal["main", "all", "none"],
        typer.Option(help="Which designs of a run to place and route; main: chosen, ends."),
    ] = "main",
    as_json: AsJson = False,
) -> None:
    """Measure area with Yosys and the clock with nextpnr-ecp5.

    The estimates stand beside them.
    """
    from symtick.design_folder.checks import synthesise_folder
    from symtick.design_folder.folder import design_folders, is_design
    from symtick.report.tables import synthesis_table

    with stops(_KEEPING), counting("synthesising", len(design_folders(folder))) as tell:
        if is_design(folder):
            results = [synthesise_folder(folder, place != "none")]
        else:
            from symtick.run.folder import open_run

            results = open_run(folder).synthesise(place, lambda done: tell(done.design))
    if as_json:
        print_json([result.to_json() for result in results])
        return
    print_table(synthesis_table(results))
    for result in results:
        if result.vendor is not None:
            figures = ", ".join(f"{k} {v}" for k, v in result.vendor.items() if v is not None)
            line(f"Vitis HLS, {result.design}: {figures}")
