"""LUTs of values that saturate, as Yosys makes them for UltraScale+.

Where registers alone read such a value, one side of saturation sets or resets them: only the
condition takes LUTs. The other side takes one for each bit but the sign, which stays itself; a LUT
reads as many as four bits above the format besides, and has room for both conditions there. A
number without sign that a signed one becomes is reset by the sign alone.
"""

from __future__ import annotations

from math import ceil

from symtick.codegen.ir.fixed import Quant
from symtick.codegen.ir.graph import GNode
from symtick.codegen.ir.limits import Limits, limits

_LUT_INPUTS = 6
_READ_BESIDE = 4  # bits above the format that the LUT of a bit reads
_CHOSEN_BITS = 3  # bits above it that each further LUT of a condition takes up
_READ_BY_TABLES = 3  # bits above that columns of tables read themselves
# times its LUTs that a table takes whose columns read so many bits more than a LUT does
_GROWN = (1.0, 1.9, 3.7, 5.5)


def held(node: GNode, source: GNode) -> float:
    """LUTs of a CAST that saturates and that registers alone read.

    Args:
        node: the CAST.
        source: what it reads.
    """
    found = limits(node, source)
    increment = float(node.fmt.frac < source.fmt.frac and node.quant is not Quant.TRN)
    if found.low < 0 and not node.fmt.signed:
        positive = found.full.width - 1 - node.fmt.width
        return increment + (node.fmt.width + _gate(positive) if found.over else 0.0)
    if found.under and found.over:
        return increment + node.fmt.width - node.fmt.signed + _chosen(_above(node, found))
    return increment + _gate(found.full.width - node.fmt.width + node.fmt.signed)


def merged(node: GNode, word: GNode, *, tables_alone: bool) -> float:
    """LUTs of a slice without a register, beside those of the tables that read it.

    Args:
        node: the slice.
        word: what it reads.
        tables_alone: whether tables of its stage read it and nothing else.
    """
    found = limits(node, word)
    above, two_sided = _above(node, found), found.low < 0
    if tables_alone and two_sided:
        return 0.0 if above <= _READ_BY_TABLES else 2.0 * _gate(above + 1)
    if tables_alone:
        return _gate(above)
    return held(node, word) if two_sided else _gate(above) + node.fmt.width


def grown(address: int, above: int) -> float:
    """Times its own LUTs that a table takes without a register behind a slice of two sides.

    Args:
        address: its address bits.
        above: bits of the word above the slice.
    """
    read = above if above <= _READ_BY_TABLES else 2
    beyond = min(address + read - max(_LUT_INPUTS, address), len(_GROWN) - 1)
    return _GROWN[max(0, beyond)]


def _above(node: GNode, found: Limits) -> int:
    return found.full.width - node.fmt.width


def _gate(inputs: int) -> float:
    """LUTs of one condition: a LUT, or Yosys' tree of more."""
    if inputs <= _LUT_INPUTS:
        return float(inputs > 1)
    return float(ceil((inputs + 3) / 5))


def _chosen(above: int) -> float:
    """LUTs that find out on which side of a signed format a value is."""
    if above <= _READ_BESIDE:
        return float(above > 1)
    return 1.0 + 2.0 * ceil((above - 2) / _CHOSEN_BITS)
