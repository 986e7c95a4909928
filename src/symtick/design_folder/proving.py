"""The proof of the design in a folder; it is kept in `results/prove.json`.

What is proved is the Verilog in the folder's `rtl/`, whoever has written it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from symtick.codegen import Design
from symtick.codegen.passes.pipeline import PASSES, run_passes
from symtick.codegen.tuning.widths import with_widths
from symtick.defaults import PROOF_SECONDS
from symtick.design_folder.folder import DesignSpec, read_spec
from symtick.errors import InputError
from symtick.extras import require
from symtick.files import locked, write_json
from symtick.hwcost import Device, load_device
from symtick.sim import yosys
from symtick.sim.proof import Proof, Specification, prove

PROOF = Path("results/prove.json")
MOST_SECONDS = 1e7  # four months; more than that is no limit


def _untold(text: str) -> None:
    pass


def prove_folder(
    folder: Path, seconds: float = PROOF_SECONDS, netlist: bool = False,
    tell: Callable[[str], None] = _untold,
) -> Proof:  # fmt: skip
    """Prove what can be proved of the design in a folder; writes results/prove.json.

    Args:
        folder: a design folder.
        seconds: processor seconds; what is not shown by then is not decided.
        netlist: whether Yosys's netlist is compared, too; it is made anew.
        tell: is told how far long work is.

    Raises:
        InputError: there is no design in the folder, or no Verilog; the cells of the device's
            family have no models; or the seconds are not from 1 to `MOST_SECONDS`.
        MissingExtraError: the extra that brings Yosys is not installed.
        ToolError: Yosys is missing or fails; or Verilator, where the inputs are few enough to be
            simulated, or where it is to show an input for which the Verilog is wrong.
    """
    spec, design = read_spec(folder)
    require("symtick verify --prove", tools=("yosys",))
    source = folder / "rtl" / f"{design.name}.v"
    if not source.is_file():
        raise InputError(f"there is no Verilog {source}: run symtick verify without --prove first")
    check_seconds(seconds)
    with locked(folder, "prove", wait=True):
        made = _netlist(spec, design, source, folder / "proof" / "netlist") if netlist else None
        wanted = specification(spec, design.errors)
        proof = prove(design, wanted, source, folder / "proof", seconds, made, tell)
        write_json(folder / PROOF, proof.to_json())
    return proof


def check_seconds(seconds: float) -> None:
    """Whether a proof can take so many processor seconds.

    Raises:
        InputError: it cannot.
    """
    if not 1.0 <= seconds <= MOST_SECONDS:
        raise InputError(
            f"a proof takes from 1 to {MOST_SECONDS:,.0f} processor seconds, not {seconds:g}"
        )


def netlist_device(spec: DesignSpec) -> Device:
    """The device of a design whose netlist is to be compared.

    Raises:
        InputError: there are no models of its cells.
    """
    device = load_device(spec.device)
    if device.family not in yosys.XILINX_FAMILIES:
        known = ", ".join(yosys.XILINX_FAMILIES)
        raise InputError(
            f"netlists are compared for the families {known}; device {device.name} is of "
            f"{device.family or 'none'}: leave --netlist out"
        )
    return device


def _netlist(spec: DesignSpec, design: Design, source: Path, folder: Path) -> Path:
    """What Yosys makes of a Verilog file, as `symtick synth` asks it to."""
    device = netlist_device(spec)
    assert device.family is not None
    dsp = device.dsp is not None
    yosys.synthesize([source], design.name, folder, device.family, dsp=dsp)
    return folder / f"{design.name}.{device.family}.json"


def specification(spec: DesignSpec, errors: Sequence[float]) -> Specification:
    """What a design is to compute: its scores as they are lowered, with the widths it states.

    Args:
        spec: the design.
        errors: the bounds that it states of its scores, where it states no widths.
    """
    graph = spec.lowered(spec.precision)
    if not spec.widths:
        return Specification(graph, spec.formats, errors)
    steps = PASSES if spec.latency != 0 else tuple(s for s in PASSES if s.name != "split")
    narrowed = run_passes(graph, spec.model(), steps)
    tuned = with_widths(narrowed, spec.widths, keep_ports=spec.precision.output is not None)
    return Specification(tuned, spec.formats, None)
