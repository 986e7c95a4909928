"""The VHDL entity around a design's core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symtick.codegen.design import Design
from symtick.codegen.emit.logic.vhdl_text import is_scalar
from symtick.codegen.emit.project import write_files, write_vhdl
from symtick.codegen.emit.templates import render
from symtick.codegen.forms.form import Form, Lane, form, form_values


def vhdl_form_files(design: Design) -> dict[str, str]:
    """The VHDL around a design's core, with the ports and the timing of the Verilog.

    Returns:
        {"rtl/<top>.vhd": text}; nothing of a plain design.

    Raises:
        InputError: as `form`.
        WidthError: as `form`.
    """
    made = form(design)
    if made is None:
        return {}
    text = render(
        f"rtl/{design.interface.kind}.vhd.j2",
        **form_values(design, made),
        slice=_slice,
        scalar=lambda lane: is_scalar(lane.fmt),
    )
    return {f"rtl/{made.top}.vhd": text}


def vhdl_side_by_side(forms: Sequence[tuple[str, Form]], top: str) -> str:
    """An entity that holds several forms, the ports of each with a prefix of its own."""
    return render("rtl/many.vhd.j2", forms=forms, top=top)


def write_vhdl_form(design: Design, folder: Path) -> list[Path]:
    """Write the VHDL of a design and its form under `folder`; returns both, the core first."""
    return write_vhdl(design, folder) + write_files(folder, vhdl_form_files(design))


def _slice(lane: Lane) -> str:
    """A value's own bits of its word."""
    return f"{lane.low}" if is_scalar(lane.fmt) else f"{lane.high} downto {lane.low}"
