"""Table columns: the LUTs that the contents of a table take.

Each output bit is a Boolean function of the address bits, and all of them together are one binary
decision diagram with complemented edges (Bryant, IEEE Trans. Comput. C-35 (1986) 677), split on the
highest address bit first, as synthesis builds a case statement: every distinct function, up to its
complement, is there once. Columns that are constant, equal to another or to its complement, or a
plain address bit cost nothing. A function of six bits or fewer is one LUT. A function of more is a
multiplexer of two others, and two such multiplexers share a LUT.

The multiplexers F7 and F8 are free, but join LUTs that are theirs alone, and most functions of six
bits in a smooth table are shared by several columns. They bound the count of seven bits, where they
cost synthesis nothing, and of eight bits where the columns are too few to share much. In a design
whose logic is one LUT deep, synthesis takes them for all columns of seven and eight bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.bit_views import entry_bits

LUT_INPUTS = 6
MULTIPLEXERS_A_LUT = 2
F7_INPUTS, F8_INPUTS = 7, 8
_FEW_COLUMNS = 3

_ENTRIES = 1 << LUT_INPUTS
# the entries at which each of six address bits is 0
_WITHOUT = [
    np.uint64(sum(1 << k for k in range(_ENTRIES) if not k >> bit & 1)) for bit in range(LUT_INPUTS)
]

Edges = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TableShape:
    """What a table needs.

    Attributes:
        luts: LUTs by the count in this module's docstring, before any synthesis factor.
        address: address bits that the widest column really depends on.
        columns: output bits that need logic of their own.
        joined: LUTs of columns of at most eight bits that share none: F7 and F8 join them.
    """

    luts: float
    address: int
    columns: int
    joined: float


@lru_cache(maxsize=8192)
def table_shape(contents: tuple[int, ...], width: int) -> TableShape:
    """Analyse a table.

    Args:
        contents: raw values in order of the address, 2**k entries.
        width: output bits.
    """
    return columns_shape(entry_bits(contents, range(width)))


def columns_shape(columns: Edges) -> TableShape:
    """Analyse columns (columns, 2**k) of 0 and 1, of one table or of several at one address."""
    nodes = _diagram(columns)
    inputs = (nodes.support[:, None] >> np.arange(columns.shape[1].bit_length()) & 1).sum(axis=1)
    wide = inputs > LUT_INPUTS
    used = np.zeros(wide.size, bool)
    used[nodes.roots] = True
    used[nodes.children[wide]] = True
    pieces = used & ~wide & (inputs > 1)
    roots = np.unique(nodes.roots)
    address, logic = int(inputs[roots].max()), int((inputs[roots] > 1).sum())
    luts = float(pieces.sum() + wide.sum() / MULTIPLEXERS_A_LUT)
    widths = inputs[roots][inputs[roots] > 1]
    joined = float((1 << np.maximum(0, widths - LUT_INPUTS)).sum())
    if address == F7_INPUTS or (address == F8_INPUTS and logic <= _FEW_COLUMNS):
        luts = min(luts, joined)
    return TableShape(luts, address, logic, joined)


@dataclass(frozen=True)
class _Diagram:
    """A decision diagram down to functions of six bits; node 0 is the constant.

    Attributes:
        children: (nodes, 2), by node the nodes of its two halves.
        support: (nodes,), the address bits that each depends on, as a mask.
        roots: (columns,), the node of each column.
    """

    children: Edges
    support: Edges
    roots: Edges


def _diagram(columns: Edges) -> _Diagram:
    """Of columns (columns, 2**k) of 0 and 1; an edge is twice its node, plus 1 for the complement.

    Functions of the lowest six address bits are nodes as they are, without children.
    """
    words = _words(columns)
    flipped = words & np.uint64(1)
    pieces, place = np.unique(np.append(words ^ (0 - flipped), np.uint64(0)), return_inverse=True)
    children = [np.zeros((pieces.size, 2), np.int64)]
    support = _support(pieces)
    edges = 2 * place[:-1].reshape(words.shape) + flipped.astype(np.int64)
    bit = LUT_INPUTS
    while edges.shape[1] > 1:
        flip = edges[:, 0::2] & 1
        low, high = edges[:, 0::2] ^ flip, edges[:, 1::2] ^ flip
        split = low != high
        pairs, place = np.unique(low[split] << 32 | high[split], return_inverse=True)
        below = np.stack([pairs >> 33, (pairs & 0xFFFFFFFF) >> 1], axis=1)
        made = np.bitwise_or.reduce(support[below], axis=1) | 1 << bit
        edges = low ^ flip
        edges[split] = 2 * (support.size + place) ^ flip[split]
        children.append(below)
        support = np.concatenate([support, made])
        bit += 1
    return _Diagram(np.concatenate(children), support, edges[:, 0] >> 1)


def _words(columns: Edges) -> npt.NDArray[np.uint64]:
    """Each 64 entries as the bits of a word, entry 0 the lowest; fewer entries are repeated."""
    entries = columns.astype(np.uint8)
    if entries.shape[1] < _ENTRIES:
        entries = np.tile(entries, _ENTRIES // entries.shape[1])
    words: npt.NDArray[np.uint64] = np.packbits(entries, axis=1, bitorder="little").view("<u8")
    return words


def _support(words: npt.NDArray[np.uint64]) -> Edges:
    """The address bits that functions of six of them depend on, as a mask."""
    support = np.zeros(words.size, np.int64)
    for bit, kept in enumerate(_WITHOUT):
        support |= ((words ^ words >> np.uint64(1 << bit)) & kept != 0).astype(np.int64) << bit
    return support


def smooth_luts(address: int, growth: float) -> float:
    """LUTs of one column of a smooth table, by the same count.

    Args:
        address: its address bits.
        growth: distinct functions that each further address bit adds to every level of the diagram.
    """
    levels = max(0, address - LUT_INPUTS)
    if address <= F7_INPUTS:
        return 1 + growth * levels
    multiplexers = levels + growth * levels * (levels - 1) / 2
    return 1 + growth * levels + multiplexers / MULTIPLEXERS_A_LUT
