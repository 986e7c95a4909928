"""The label of an axis that areas stand on."""

from __future__ import annotations

from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.schedule import Area


def area_axis(dsp: bool) -> str:
    """LUTs, or LUT equivalents where a design has DSP blocks."""
    block = lut_equivalent(Area(dsp=1.0))
    return f"LUT equivalents (estimate; a DSP is {block:g})" if dsp else "LUTs (estimate)"
