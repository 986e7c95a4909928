"""The Verilog module around a design's core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import broken
from symtick.codegen.emit.project import write_files, write_verilog
from symtick.codegen.emit.templates import render
from symtick.codegen.forms.form import Form, Lane, form, form_values


def form_files(design: Design) -> dict[str, str]:
    """The Verilog around a design's core.

    Returns:
        {"rtl/<top>.v": text}; nothing of a plain design.

    Raises:
        InputError: as `form`.
        WidthError: as `form`.
    """
    made = form(design)
    if made is None:
        return {}
    text = render(
        f"rtl/{design.interface.kind}.v.j2",
        **form_values(design, made),
        word=_word(made.outputs),
        unused=_unread(made.inputs),
    )
    return {f"rtl/{made.top}.v": text}


def side_by_side(forms: Sequence[tuple[str, Form]], top: str) -> str:
    """A module that holds several forms, the ports of each with a prefix of its own."""
    return render("rtl/many.v.j2", forms=forms, top=top)


def write_form(design: Design, folder: Path) -> list[Path]:
    """Write the Verilog of a design and its form under `folder`; returns both, the core first."""
    return write_verilog(design, folder) + write_files(folder, form_files(design))


def _word(lanes: Sequence[Lane]) -> str:
    """The outputs y0, y1, ... as one vector, each with its padding."""
    parts = []
    for k, lane in enumerate(lanes):
        top = f"y{k}[{lane.fmt.width - 1}]" if lane.fmt.signed else "1'b0"
        parts.append(f"{{{lane.padding}{{{top}}}}}, y{k}" if lane.padding else f"y{k}")
    return f"{{{', '.join(reversed(parts))}}}"


def _unread(lanes: Sequence[Lane]) -> list[str]:
    """A wire that reads the padding of the inputs, so that lint has nothing to say of it."""
    slices = [
        f"s_axis_tdata[{lane.low + lane.room - 1}:{lane.high + 1}]"
        for lane in lanes
        if lane.padding
    ]
    return broken(f"wire unused = &{{1'b0, {', '.join(slices)}}};") if slices else []
