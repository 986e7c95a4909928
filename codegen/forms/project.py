"""The files of a design's form on disk, in every language."""

from __future__ import annotations

from pathlib import Path

from symtick.codegen.design import Design
from symtick.codegen.emit.hls import HlsTool
from symtick.codegen.emit.project import write_files
from symtick.codegen.forms.hls import hls_form_files
from symtick.codegen.forms.verilog import form_files
from symtick.codegen.forms.vhdl import vhdl_form_files


def write_forms(design: Design, folder: Path, tool: HlsTool = HlsTool.VITIS) -> list[Path]:
    """Write what stands around a design's core beside the core; nothing where its ports are plain.

    Args:
        design: the design.
        folder: of its project, which has the core's files.
        tool: whose pragmas the C++ has.

    Returns:
        The files written; one of them is the test bench of the C++, in place of the core's.

    Raises:
        InputError: the design reads no input.
        WidthError: a word has more than 4096 bits.
    """
    rtl = form_files(design) | vhdl_form_files(design)
    return write_files(folder, hls_form_files(design, tool) | rtl)
