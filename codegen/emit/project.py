"""A design's files on disk: the HLS project with its test-bench data, and its Verilog and VHDL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from symtick.codegen.design import Design
from symtick.codegen.emit.hls import hls_files, vector_files
from symtick.codegen.emit.names import PART, ports
from symtick.codegen.emit.rtl_project import rtl_files
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.emit.vhdl import vhdl_files
from symtick.codegen.ir.fixed import RawArray
from symtick.files import write_text


def write_project(
    design: Design,
    folder: Path,
    raw: RawArray | None = None,
    part: str = PART,
    expected: RawArray | None = None,
) -> list[Path]:
    """Write the HLS project, with test-bench data for the vectors `raw` if given.

    Args:
        design: the design.
        folder: project folder; it is made where it is not there.
        raw: raw input integers, shape (vectors, inputs).
        part: AMD's part number, for build_prj.tcl.
        expected: outputs for these, shape (vectors, outputs), where they are known.

    Returns:
        The files written.
    """
    written = write_files(folder, hls_files(design, part))
    return written if raw is None else written + write_vectors(design, folder, raw, expected)


def write_vectors(
    design: Design, folder: Path, raw: RawArray, expected: RawArray | None = None
) -> list[Path]:
    """Write the test-bench data for raw inputs, as `write_project` does; returns the files."""
    columns = [index for index, *_ in ports(design).inputs]
    outputs = design.graph.evaluate(raw) if expected is None else expected
    return write_files(folder, vector_files(raw[:, columns], outputs))


def write_verilog(design: Design, folder: Path) -> list[Path]:
    """Write the Verilog of a design under `folder`; returns the sources to simulate."""
    return write_files(folder, verilog_files(design))


def write_vhdl(design: Design, folder: Path) -> list[Path]:
    """Write the VHDL of a design under `folder`; returns the sources to simulate."""
    return write_files(folder, vhdl_files(design))


def write_rtl(design: Design, folder: Path, part: str = PART) -> list[Path]:
    """Write Verilog and VHDL, and beside them test bench, clock constraint and Vivado script."""
    sources = verilog_files(design, part) | vhdl_files(design, part)
    return write_files(folder, sources | rtl_files(design, part))


def write_files(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write texts by relative path under `folder`, shell scripts executable; returns the paths."""
    for name, text in files.items():
        write_text(folder / name, text, executable=name.endswith(".sh"))
    return [folder / name for name in files]
