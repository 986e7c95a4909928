"""The label of an axis that areas stand on.

Room: front door.
"""

from __future__ import annotations

from symtick.codegen.schedule import Area
from symtick.codegen.score import lut_equivalent


def area_axis(dsp: bool) -> str:
    """LUTs, or LUT equivalents where a design has DSP blocks."""
    block = lut_equivalent(Area(dsp=1.0))
    return f"LUT equivalents (estimate; a DSP is {block:g})" if dsp else "LUTs (estimate)"
