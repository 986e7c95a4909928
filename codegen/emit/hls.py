"""Design -> HLS C++ in hls4ml's project layout, for AMD's tools.

`cpp` has the text of the arithmetic, in AMD's `ap_fixed` and `ap_ufixed`; here are the files around
it, and the pragmas.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import STAMP_DIGITS, header
from symtick.codegen.emit.cpp import CppText
from symtick.codegen.emit.cpp_types import ApTypes
from symtick.codegen.emit.names import PART, check, check_part
from symtick.codegen.emit.readme import readme
from symtick.codegen.emit.templates import render


class HlsTool(Enum):
    """AMD's HLS compilers, whose pragmas differ."""

    VITIS = "vitis"
    VIVADO = "vivado-hls"


@dataclass(frozen=True)
class _Tool:
    title: str
    backend: str  # in hls4ml's names
    commands: tuple[str, ...]
    rom: str
    product: Callable[[str, bool], str]


def hls_files(design: Design, part: str = PART, tool: HlsTool = HlsTool.VITIS) -> dict[str, str]:
    """The HLS project of a design, without test vectors.

    Top function `<name>`: one argument by value per graph input that is read, one by reference per
    output, in the order of the ports. All else, types and tables, is in the namespace
    `<name>_firmware`, so that several designs can be compiled into one program.

    Args:
        design: the design.
        part: AMD's part number, for project.tcl.
        tool: whose pragmas and script.

    Returns:
        Relative path -> text, in hls4ml's layout: firmware/<name>.cpp, firmware/<name>.h,
        firmware/defines.h, <name>_test.cpp, <name>_bridge.cpp, build_prj.tcl, project.tcl,
        build_lib.sh, README.md.

    Raises:
        InputError: a name is no identifier, the part number has characters other than tokens,
            digits and -, or the schedule does not fit the graph.
    """
    check(design)
    check_part(part)
    kind = _TOOLS[tool]
    text = CppText(design, ApTypes(), kind.product)
    top, clock = text.ports.top, f"{design.schedule.clock_ns:g}"
    return {
        **_firmware(text, kind, header(design, part)),
        f"{top}_test.cpp": render("test.cpp.j2", **bench(text)),
        f"{top}_bridge.cpp": render("bridge.cpp.j2", **bridge(text)),
        "build_prj.tcl": render(
            "build_prj.tcl.j2",
            top=top,
            outer=design.top,
            enable=design.interface.enable,
            tool=tool.value,
        ),
        "project.tcl": render(
            "project.tcl.j2", top=top, backend=kind.backend.lower(), part=part, clock=clock
        ),
        "build_lib.sh": render("build_lib.sh.j2", top=top, outer=design.top, stamp=stamp(design)),
        **readme(design, "hls", part, tool=kind.title, commands=kind.commands),
    }


def stamp(design: Design) -> str:
    """What hls4ml puts behind a library's name: digits of the digest."""
    return design.digest[:STAMP_DIGITS]


def _firmware(text: CppText, kind: _Tool, comment: list[str]) -> dict[str, str]:
    """What is synthesised."""
    top, parameters = text.ports.top, text.parameters(f"{text.space}::")
    common = {"top": top, "space": text.space, "guard": top.upper()}
    return {
        f"firmware/{top}.cpp": render(
            "firmware/top.cpp.j2",
            **common,
            header=comment,
            arguments=parameters,
            body=text.body,
            tables=text.tables,
            table_pragmas=[f"#pragma HLS {kind.rom.format(rom.name)}" for rom in text.tables],
            latency=text.design.schedule.latency,
            inner=text.design.top != text.design.name,
            port_names=text.arguments,
            outputs=text.results,
        ),
        f"firmware/{top}.h": render("firmware/top.h.j2", **common, arguments=parameters),
        "firmware/defines.h": render("firmware/defines.h.j2", **common, **text.typedefs()),
    }


def vector_files(raw: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> dict[str, str]:
    """The test bench's data: raw integers, one vector on each line.

    Args:
        raw: integers of the inputs that have a port, shape (vectors, ports).
        expected: integers of the outputs, shape (vectors, outputs).
    """
    return {
        "tb_data/tb_input_features.dat": _lines(raw),
        "tb_data/tb_output_predictions.dat": _lines(expected),
    }


def _lines(values: npt.NDArray[np.generic]) -> str:
    if not values.shape[1]:
        return "\n" * len(values)
    columns = [map(str, column) for column in values.T.tolist()]
    return "".join(f"{line}\n" for line in map(" ".join, zip(*columns, strict=True)))


def _vitis_product(name: str, in_dsp: bool) -> str:
    made = "dsp" if in_dsp else "fabric"
    return f"#pragma HLS BIND_OP variable={name} op=mul impl={made}"


def _vivado_product(name: str, in_dsp: bool) -> str:
    """Vivado HLS takes DSP blocks unless it is told otherwise."""
    return "" if in_dsp else f"#pragma HLS RESOURCE variable={name} core=Mul_LUT"


_TOOLS = {
    HlsTool.VITIS: _Tool(
        "Vitis HLS",
        "Vitis",
        (
            'vitis_hls -f build_prj.tcl "csim=1 synth=1 cosim=1"   # up to 2024.1',
            "vitis-run --mode hls --tcl build_prj.tcl              # from 2024.2 on",
        ),
        "BIND_STORAGE variable={} type=rom_1p impl=lutram",
        _vitis_product,
    ),
    HlsTool.VIVADO: _Tool(
        "Vivado HLS",
        "Vivado",
        ('vivado_hls -f build_prj.tcl "csim=1 synth=1 cosim=1"',),
        "RESOURCE variable={} core=ROM_1P_LUTRAM",
        _vivado_product,
    ),
}


def backend(tool: HlsTool) -> str:
    """hls4ml's name of the back end for a tool."""
    return _TOOLS[tool].backend


def bridge(text: CppText) -> dict[str, object]:
    """Values for the templates that call the top function with all inputs of the graph."""
    numbers = [index for index, *_ in text.ports.inputs]
    inputs = [(*port, k) for port, k in zip(text.inputs, numbers, strict=True)]
    return bench(text) | {"inputs": inputs}


def link_file(design: Design, folder: str, part: str, maker: str) -> dict[str, str]:
    """hls4ml_config.yml, from which `hls4ml.converters.link_existing_project` opens a project.

    Args:
        design: the design.
        folder: where the project lies; hls4ml reads a relative path from its working folder.
        part: the part.
        maker: hls4ml's name of the back end (`backend`).
    """
    return {
        "hls4ml_config.yml": render(
            "hls4ml_config.yml.j2",
            top=design.name,
            folder=json.dumps(folder),
            backend=maker,
            part=part,
            clock=f"{design.schedule.clock_ns:g}",
            stamp=stamp(design),
            features=len(design.graph.input_names),
            predictions=len(design.graph.output_names),
        )
    }


def bench(text: CppText) -> dict[str, object]:
    """Values for the templates that call the top function."""
    return {
        "top": text.ports.top,
        "header": text.ports.top,
        "space": text.space,
        "inputs": text.inputs,
        "outputs": text.outputs,
        "arguments": text.arguments,
        "setup": [],
        "call": [f"{text.ports.top}({', '.join(text.arguments)});"],
    }
