"""Synthesis with Yosys: resources on Xilinx parts, and netlists for place and route.

Yosys runs in a process of its own, because an error in it ends the process.

The recipe is the same for every design, ours and others': flattened, no I/O buffers, registers stay
registers (`-nosrl`: shift-register LUTs would hide pipeline registers and are slow to leave), ROMs
and memories in LUTs. Every sum and difference becomes one carry chain: left alone, Yosys merges
sums of three and more into trees of full adders, which take a third more LUTs and are slower (eight
terms of eight bits: 85 LUTs instead of 60). With DSPs those within two cells of a product, which a
multiplier block may absorb, are left to Yosys. A product whose signal says `use_dsp = "no"`, which
Yosys does not read, is made of LUTs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symtick.errors import InputError, ToolError
from symtick.files import write_text
from symtick.sim.tools import execute, find

XILINX_FAMILIES = ("xc7", "xcu", "xcup")
FAMILIES = (*XILINX_FAMILIES, "ecp5")
TIMEOUT = 600.0  # seconds; our own designs take a few

# LUTs that a cell occupies. INV counts: an inverter that no LUT absorbed feeds a carry chain, whose
# input is a LUT. Distributed memories by their size in 64 x 1 LUTs, dual ports doubled (UG574).
_LUTS: dict[str, float] = {
    **{f"LUT{k}": 1.0 for k in range(1, 7)},
    "LUT6_2": 1.0, "INV": 1.0, "SRL16": 1.0, "SRL16E": 1.0, "SRLC16E": 1.0, "SRLC32E": 1.0,
    "RAM16X1S": 1.0, "RAM32X1S": 1.0, "RAM64X1S": 1.0, "RAM128X1S": 2.0, "RAM256X1S": 4.0,
    "RAM512X1S": 8.0, "RAM16X1D": 2.0, "RAM32X1D": 2.0, "RAM64X1D": 2.0, "RAM128X1D": 4.0,
    "RAM256X1D": 8.0, "RAM32M": 4.0, "RAM64M": 4.0, "RAM32M16": 8.0, "RAM64M8": 8.0,
}  # fmt: skip
_BLOCKS: dict[str, float] = {
    "RAMB36E1": 1.0, "RAMB18E1": 0.5, "RAMB36E2": 1.0, "RAMB18E2": 0.5, "DP16KD": 1.0,
}  # fmt: skip
_DSPS = ("DSP48E1", "DSP48E2", "MULT18X18D")
REGISTERS = ("FDRE", "FDSE", "FDCE", "FDPE", "LDCE", "LDPE", "TRELLIS_FF")
_CARRIES = ("CARRY4", "CARRY8", "CCU2C")
_WIDE = ("MUXF7", "MUXF8", "MUXF9", "PFUMX", "L6MUX21")

# techmap rules from $add and $sub to the carry-chain cell, before Yosys can merge them
_CARRY_CHAINS = """\
(* techmap_celltype = "$add $sub" *)
module carry_chain (A, B, Y);
    parameter _TECHMAP_CELLTYPE_ = "";
    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter A_WIDTH = 1;
    parameter B_WIDTH = 1;
    parameter Y_WIDTH = 1;
    input [A_WIDTH-1:0] A;
    input [B_WIDTH-1:0] B;
    output [Y_WIDTH-1:0] Y;
    wire [Y_WIDTH-1:0] x, co;
    wire minus = _TECHMAP_CELLTYPE_ == "$sub";
    \\$alu #(
        .A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED),
        .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)
    ) _TECHMAP_REPLACE_ (.A(A), .B(B), .BI(minus), .CI(minus), .Y(Y), .X(x), .CO(co));
endmodule
"""
# else registers in front of a table move behind it, as into the port of a block RAM
_ROMS = ("memory_collect", "memory_map -rom-only")
_PLAIN = (
    # on some ROMs; it would force a memory kind that the options exclude
    "setattr -unset rom_style m:* w:* c:*",
    # a pipeline has no state machine; Yosys can crash where it takes a table's register for one
    'setattr -set fsm_encoding "none" w:*',
)
_FREE = ("BUFG", "BUFGCTRL", "IBUF", "OBUF", "GND", "VCC", "$scopeinfo", "$assert", "$print")


@dataclass(frozen=True)
class Resources:
    """Cells after synthesis.

    Attributes:
        lut: LUT1 to LUT6 one each, inverters left over, shift-register and memory LUTs by size.
        ff: flip-flops (and latches, of which our designs have none).
        dsp: multiplier blocks.
        bram: block RAMs of 36 kbit (18 kbit on the ECP5).
        carry: carry blocks, not part of `lut`.
        muxf: wide multiplexers between LUTs, not part of `lut`.
        cells: number of cells of every type.
    """

    lut: int
    ff: int
    dsp: int
    bram: float
    carry: int
    muxf: int
    cells: Mapping[str, int]


def count(cells: Mapping[str, int]) -> Resources:
    """Resources of a netlist with these cells.

    Raises:
        ToolError: a cell type is not known, so that the count would be wrong.
    """
    known = {*_LUTS, *_BLOCKS, *_DSPS, *REGISTERS, *_CARRIES, *_WIDE, *_FREE}
    strange = sorted(set(cells) - known)
    if strange:
        raise ToolError(f"Yosys left cells that are not of the device: {', '.join(strange)}")
    return Resources(
        lut=round(sum(_LUTS.get(k, 0.0) * n for k, n in cells.items())),
        ff=sum(cells.get(k, 0) for k in REGISTERS),
        dsp=sum(cells.get(k, 0) for k in _DSPS),
        bram=sum(_BLOCKS.get(k, 0.0) * n for k, n in cells.items()),
        carry=sum(cells.get(k, 0) for k in _CARRIES),
        muxf=sum(cells.get(k, 0) for k in _WIDE),
        cells=dict(cells),
    )


def synthesize(
    sources: Sequence[Path],
    top: str,
    folder: Path,
    family: str = "xcup",
    *,
    dsp: bool = True,
    timeout: float = TIMEOUT,
) -> Resources:
    """Synthesise Verilog and count what it takes.

    Args:
        sources: Verilog files; memory files named in them are sought beside the first.
        top: top module.
        folder: where script, log and netlist (`<top>.<family>.json`) go; it is created.
        family: `xcup`, `xcu`, `xc7` or `ecp5`.
        dsp: let products become multiplier blocks: of those whose signal does not say
            `use_dsp = "no"` Yosys decides which.
        timeout: seconds.

    Raises:
        InputError: the family is unknown or a source does not exist.
        ToolError: Yosys is missing or fails; the text has its last lines.
    """
    stem = folder.resolve() / f"{top}.{family}"
    options = ["-nobram", *([] if dsp else ["-nodsp"])]
    if family == "ecp5":
        command = ["synth_ecp5", "-top", top, *options]
    elif family in XILINX_FAMILIES:
        command = ["synth_xilinx", "-family", family, "-top", top, "-flatten", "-noiopad",
                   "-noclkbuf", "-nosrl", "-nolutram", *options]  # fmt: skip
    else:
        raise InputError(f"unknown family {family!r}: there are {', '.join(FAMILIES)}")
    lines = [
        *_read(sources, top),
        *_ROMS,
        *_chained(stem, dsp),
        *_PLAIN,
        " ".join(command),
        f'tee -q -o "{stem}.stat.json" stat -json',
        f'write_json "{stem}.json"',
    ]
    _run(lines, sources, stem, timeout)
    return count(_cells(stem.with_name(stem.name + ".stat.json")))


def synthesize_each(
    sources: Sequence[Path], folder: Path, family: str = "xcup", *, dsp: bool = True
) -> dict[str, Resources]:
    """Resources of many independent modules, in one run and by the same recipe.

    A run takes seconds to begin, a small module much less. Yosys breaks ties by names that it has
    seen before: of 70 modules of 13 to 1,200 LUTs, eight to a run, half had within 0.2 % of the
    LUTs that they had alone, and one of 23 had two more.

    Args:
        sources: Verilog files; no module may use another.
        folder: where script and log go; it is created.
        family: `xcup`, `xcu` or `xc7`.
        dsp: let products become multiplier blocks.

    Raises:
        InputError: the family is not one of these, or a source does not exist.
        ToolError: Yosys is missing or fails.
    """
    if family not in XILINX_FAMILIES:
        raise InputError(f"unknown family {family!r}: there are {', '.join(XILINX_FAMILIES)}")
    stem = folder.resolve() / f"each.{family}"
    options = "" if dsp else "-nodsp "
    lines = [
        *_reads(sources, ""),
        "proc",
        *_ROMS,
        *_chained(stem, dsp),
        "read_verilog -lib -specify +/xilinx/cells_sim.v",
        "read_verilog -lib +/xilinx/cells_xtra.v",
        *_PLAIN,
        f"synth_xilinx -family {family} -noiopad -noclkbuf -nosrl -nobram -nolutram {options}"
        "-run prepare:",
        f'tee -q -o "{stem}.stat.json" stat -json',
    ]
    _run(lines, sources, stem)
    modules = _load(stem.with_name(stem.name + ".stat.json"))["modules"]
    return {
        name.lstrip("\\"): count(statistics.get("num_cells_by_type", {}))
        for name, statistics in modules.items()
    }


def check(sources: Sequence[Path], top: str, folder: Path) -> list[str]:
    """What Yosys's `check` finds wrong in the read design: undriven or doubly driven bits, loops.

    Returns:
        Its lines of warning; none in a clean design.

    Raises:
        InputError: a source does not exist.
        ToolError: Yosys is missing or cannot read the sources.
    """
    stem = folder.resolve() / f"{top}.check"
    report = stem.with_name(stem.name + ".txt")
    _run([*_read(sources, top), f'tee -q -o "{report}" check'], sources, stem)
    lines = report.read_text().splitlines()
    if not any("Found and reported" in line for line in lines):
        raise ToolError(f"Yosys did not check {top}: see {report}")
    return [line for line in lines if line.startswith("Warning")]


def ports(sources: Sequence[Path], top: str, folder: Path) -> dict[str, tuple[str, int]]:
    """Direction (`input`, `output`) and width in bits of every port of a module.

    Raises:
        InputError: a source does not exist.
        ToolError: Yosys is missing or cannot read the sources.
    """
    stem = folder.resolve() / f"{top}.ports"
    _run([*_read(sources, top), f'write_json "{stem}.json"'], sources, stem)
    module_ports = _load(stem.with_name(stem.name + ".json"))["modules"][top]["ports"]
    return {name: (port["direction"], len(port["bits"])) for name, port in module_ports.items()}


def _read(sources: Sequence[Path], top: str) -> list[str]:
    return [*_reads(sources, "-defer "), f"hierarchy -check -top {top}", "proc"]


def _chained(stem: Path, dsp: bool) -> list[str]:
    """Commands that turn sums and differences into carry chains, at their needed widths."""
    rules = stem.with_name(stem.name + ".carry.v")
    write_text(rules, _CARRY_CHAINS)
    prepared = ["flatten", "opt_expr", "opt_clean", "wreduce", "opt_clean"]
    sums = "t:$add t:$sub %u"
    if dsp:  # not those before or behind a product, through a register too
        sums += " t:$mul %ci4 t:$mul %co4 %u %d"
        # the signal is driven by the product itself or by a wire of its own
        marked = "setattr -set symtick_luts 1 a:use_dsp=no %ci2 t:$mul %i"
        # to adders at once: synthesis gives the sum of products that `alumacc` leaves to a block
        lowered = ["alumacc t:$mul a:symtick_luts=1 %i", "maccmap t:$macc t:$macc_v2 %u"]
        prepared = [marked, *prepared, *lowered]
    return [*prepared, f'techmap -map "{rules}" {sums}']


def _reads(sources: Sequence[Path], options: str) -> list[str]:
    for source in sources:
        if not source.is_file():
            raise InputError(f"the Verilog file {source} does not exist")
        if '"' in str(source):
            raise InputError(f"a path with a quotation mark cannot be given to Yosys: {source}")
    return [f'read_verilog -sv {options}"{source.resolve()}"' for source in sources]


def _run(
    lines: Sequence[str], sources: Sequence[Path], stem: Path, timeout: float = TIMEOUT
) -> None:
    tool = find("yosys")
    script = stem.with_name(stem.name + ".ys")
    write_text(script, "\n".join(lines) + "\n")
    execute(
        [*tool.command, script],
        folder=sources[0].resolve().parent,
        log=stem.with_name(stem.name + ".yosys.log"),
        env=tool.environment(),
        timeout=timeout,
    )


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ToolError(f"Yosys did not write {path} as it should: {error}") from None


def _cells(path: Path) -> dict[str, int]:
    counts = _load(path)["design"].get("num_cells_by_type", {})
    return {str(name): int(number) for name, number in counts.items()}
