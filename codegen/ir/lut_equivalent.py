"""LUT equivalents: one number for resources of different kinds."""

from __future__ import annotations

from symtick.codegen.ir.schedule import Area

# a VU9P has 1,182,240 LUT, 6,840 DSP and 2,160 block RAM (DS890): what is scarcer counts more
_LUT_PER_DSP = 173.0
_LUT_PER_BRAM = 547.0


def lut_equivalent(area: Area) -> float:
    """One number for an area: LUT, DSP and block RAM in their ratio on a VU9P."""
    return area.lut + _LUT_PER_DSP * area.dsp + _LUT_PER_BRAM * area.bram
