"""Verbs that run or measure the firmware of all designs in a folder: verify, synth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from symtick.cli.console import (
    AsJson,
    Folder,
    counting,
    line,
    print_json,
    print_table,
    stepping,
    stops,
)
from symtick.defaults import MOST_VECTORS, PROOF_SECONDS, VECTORS
from symtick.progress import LINE_SECONDS

if TYPE_CHECKING:
    from symtick.sim.proof import Proof
    from symtick.sim.verify import Verification

_KEEPING = "the results of the designs that are done"


def verify(
    folder: Folder,
    vectors: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_VECTORS, help=f"Vectors for each design; default {VECTORS:,}."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random vectors.")] = 0,
    proofs: Annotated[
        bool, typer.Option("--prove", help="Prove it for all inputs, too, as far as that goes.")
    ] = False,
    proof_seconds: Annotated[
        float | None,
        typer.Option(help=f"Processor seconds for a design's proof; default {PROOF_SECONDS:g}."),
    ] = None,
    netlist: Annotated[
        bool, typer.Option("--netlist", help="With --prove: Yosys's netlist = Verilog, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run C++, Verilog and VHDL against the reference, bit for bit.

    The C++ is compiled with g++, the Verilog runs under cocotb in Verilator. Where GHDL is
    installed the VHDL runs in it, on at most 2,000 of the vectors. With --prove it is then shown
    for all inputs that the Verilog computes the graph, and the graph the formula within
    a bound, or said what cannot be decided; inputs of at most 20 bits together are all simulated.
    """
    from symtick.design_folder.checks import verify_folder
    from symtick.design_folder.folder import design_folders, is_design, read_spec
    from symtick.design_folder.proving import check_seconds, netlist_device
    from symtick.errors import InputError, VerificationError
    from symtick.sim.proof.outcome import Verdict

    if not proofs and (netlist or proof_seconds is not None):
        raise InputError("--netlist and --proof-seconds are about proofs: give --prove, too")
    seconds = PROOF_SECONDS if proof_seconds is None else proof_seconds
    check_seconds(seconds)
    if netlist and (folders := design_folders(folder)):
        netlist_device(read_spec(folders[0])[0])  # before all designs are verified
    with stops(_KEEPING), counting("verifying", len(design_folders(folder))) as tell:
        if is_design(folder):
            results = [verify_folder(folder, vectors or VECTORS, seed)]
        else:
            from symtick.run.folder import open_run

            results = open_run(folder).verify(vectors, seed, lambda done: tell(done.design))
    proved = _proofs(folder, seconds, netlist) if proofs else []
    if as_json:
        found = [result.to_json() for result in results]
        print_json([
            {**r, "proof": p.to_json()} for r, p in zip(found, proved, strict=True)
        ] if proofs else found)  # fmt: skip
    else:
        _print_verified(results, proved)
    if any(proof.verdict is Verdict.COUNTEREXAMPLE for proof in proved):
        raise VerificationError("a proof found a counterexample: see above")
    if not all(result.ok for result in results):
        raise VerificationError("a design differs from its reference or its schedule: see above")


def _print_verified(results: Sequence[Verification], proved: Sequence[Proof]) -> None:
    """What was run, then what was proved, a line or more for each design."""
    from symtick.sim.proof.outcome import Verdict

    for result in results:
        line(result, style=None if result.ok else "red")
        if result.first_mismatch:
            line(f"  {result.first_mismatch}")
    for proof in proved:
        for text in proof.lines():
            line(text, style="red" if proof.verdict is Verdict.COUNTEREXAMPLE else None)


def _proofs(folder: Path, seconds: float, netlist: bool) -> list[Proof]:
    """The proofs of all designs in a folder, one after the other."""
    from symtick.design_folder.folder import design_folders
    from symtick.design_folder.proving import prove_folder

    folders, proved = design_folders(folder), []
    with stops(_KEEPING), stepping("proving", LINE_SECONDS) as tell:
        for number, place in enumerate(folders, 1):
            label = f"{place.name}, {number} of {len(folders)}"
            tell(label)
            proved.append(prove_folder(place, seconds, netlist, partial(_tell_of, tell, label)))
    return proved


def _tell_of(tell: Callable[[str], None], label: str, text: str) -> None:
    tell(f"{label}: {text}")


def synth(
    folder: Folder,
    place: Annotated[
        Literal["main", "all", "none"],
        typer.Option(help="Which designs of a run to place and route; main: chosen, ends."),
    ] = "main",
    tool: Annotated[
        list[str] | None,
        typer.Option(
            help="AMD's, too: vitis (HLS, co-simulation), vivado (place and route); repeat."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure area with Yosys and the clock with nextpnr-ecp5.

    The estimates stand beside them, and what AMD's tools report where they are asked for.
    """
    from symtick.design_folder.checks import synthesise_folder
    from symtick.design_folder.folder import design_folders, is_design
    from symtick.errors import VerificationError
    from symtick.report.tables import synthesis_table

    with stops(_KEEPING), counting("synthesising", len(design_folders(folder))) as tell:
        if is_design(folder):
            results = [synthesise_folder(folder, place != "none", tool or ())]
        else:
            from symtick.run.folder import open_run

            results = open_run(folder).synthesise(place, lambda done: tell(done.design), tool or ())
    if as_json:
        print_json([result.to_json() for result in results])
    else:
        print_table(synthesis_table(results))
        for text in (text for result in results for text in result.vendor_lines()):
            line(text)
    if not all(result.vendor_agrees for result in results):
        raise VerificationError("the RTL of the HLS tool differs from the reference: see above")
