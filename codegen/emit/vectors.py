"""Test vectors for a design: corners, all inputs if they are few, real data, random.

Also the two's-complement bit patterns that files and simulators exchange.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.ir.fixed import Fixed, RawArray, raw_dtype
from symtick.codegen.ir.graph import GNode, GOp
from symtick.defaults import MOST_VECTORS
from symtick.errors import InputError

EXHAUSTIVE = 1 << 14
_CROSSED = 4096
_LOW = (1 << 64) - 1


def make(design: Design, count: int, seed: int, data: npt.ArrayLike | None = None) -> RawArray:
    """Raw input vectors, corners first.

    Corners are: every input at its lowest, its highest, zero and one step from these, all together
    and (for few inputs) in every combination; each input alone at its extremes; each power of two.
    Then all vectors, where there are at most 2**14; rows of `data`; random ones.

    Args:
        design: says formats and bounds of its inputs. Inputs that it does not read have values from
            their domains at random, of `data` their own, or 0 where these are not known.
        count: number of vectors; more are made where corners or all vectors need more.
        seed: of the random vectors, and of the choice of rows where there are too many.
        data: raw integers of shape (rows, inputs); values beyond an input's bounds are moved to
            the bound, as a front end that saturates does.

    Returns:
        Integers of shape (n, inputs), n >= count; Python integers (dtype object) over 62 bits.

    Raises:
        InputError: `count` is negative or over 10,000,000, or `data` has the wrong shape or no
            integers.
    """
    if not 0 <= count <= MOST_VECTORS:
        raise InputError(f"the number of vectors is from 0 to {MOST_VECTORS:,}, not {count}")
    nodes = input_nodes(design)
    width = max((node.fmt.width for node in nodes if node), default=1)
    rows = list(dict.fromkeys(itertools.chain(_corners(nodes), _everything(nodes))))
    corners = np.array(rows, raw_dtype(width)).reshape(len(rows), len(nodes))
    rng = np.random.default_rng(seed)
    room = max(count - len(rows), 0)
    every = [node or other for node, other in zip(nodes, _unread(design), strict=True)]
    real = _real_rows(every, data, 3 * room // 4, rng).astype(corners.dtype)
    rest = _random(nodes, room - len(real), rng).astype(corners.dtype)
    for k, (node, other) in enumerate(zip(nodes, every, strict=True)):
        if node is None and other is not None:
            free = np.random.default_rng((seed, k))
            for part in (corners, rest):
                part[:, k] = _random_column(other, len(part), free)
            corners[: len(corners) // 4 : 2, k] = other.lo
            corners[1 : len(corners) // 4 : 2, k] = other.hi
    return np.concatenate([corners, real, rest])


def input_nodes(design: Design) -> list[GNode | None]:
    """The INPUT node of each input; None where no node reads it."""
    nodes = {node.number: node for node in design.graph.nodes if node.op is GOp.INPUT}
    return [nodes.get(k) for k in range(len(design.graph.input_names))]


def _unread(design: Design) -> list[GNode | None]:
    """As `input_nodes`, by the inputs' domains; None where they are not known."""
    if not design.domains:
        return [None] * len(design.graph.input_names)
    return [
        GNode(GOp.INPUT, (), domain.fmt, domain.lo, domain.hi, k)
        for k, domain in enumerate(design.domains)
    ]


def is_exhaustive(design: Design) -> bool:
    """Whether `make` gives every vector that the bounds of the inputs that are read allow."""
    return _size(input_nodes(design)) <= EXHAUSTIVE


def _size(nodes: Sequence[GNode | None]) -> int:
    return math.prod(node.hi - node.lo + 1 for node in nodes if node)


def _inside(node: GNode | None, value: int) -> int:
    return 0 if node is None else min(max(value, node.lo), node.hi)


def _special(node: GNode | None) -> list[int]:
    if node is None:
        return [0]
    values = (node.lo, node.hi, 0, 1, -1, node.lo + 1, node.hi - 1)
    return list(dict.fromkeys(_inside(node, value) for value in values))


def _corners(nodes: Sequence[GNode | None]) -> list[tuple[int, ...]]:
    special = [_special(node) for node in nodes]
    longest = max((len(s) for s in special), default=1)
    rows = [tuple(s[min(k, len(s) - 1)] for s in special) for k in range(longest)]
    bases = [tuple(_inside(node, 0) for node in nodes)]
    bases += [tuple(s[k % len(s)] for s in special) for k in (0, 1)]
    for j, node in enumerate(nodes):
        if node is None:
            continue
        powers = [_inside(node, s << k) for k in range(node.fmt.width) for s in (1, -1)]
        for base, value in itertools.product(bases, special[j]):
            rows.append((*base[:j], value, *base[j + 1 :]))
        rows += [(*bases[0][:j], value, *bases[0][j + 1 :]) for value in powers]
    if math.prod(len(s) for s in special) <= _CROSSED:
        rows += itertools.product(*special)
    return rows


def _everything(nodes: Sequence[GNode | None]) -> list[tuple[int, ...]]:
    if _size(nodes) > EXHAUSTIVE:
        return []
    ranges = [range(node.lo, node.hi + 1) if node else range(1) for node in nodes]
    return list(itertools.product(*ranges))


def _real_rows(
    nodes: Sequence[GNode | None], data: npt.ArrayLike | None, room: int, rng: np.random.Generator
) -> RawArray:
    if data is None:
        return np.zeros((0, len(nodes)), np.int64)
    rows = np.asarray(data)
    if rows.ndim != 2 or rows.shape[1] != len(nodes) or rows.dtype.kind not in "iuO":
        raise InputError(
            f"real data for test vectors must be raw integers of shape (rows, {len(nodes)}), "
            f"not {rows.dtype} of shape {rows.shape}"
        )
    if len(rows) > room:
        rows = rows[np.sort(rng.choice(len(rows), room, replace=False))]
    columns = [
        np.clip(rows[:, j], node.lo, node.hi) if node else np.zeros(len(rows), np.int64)
        for j, node in enumerate(nodes)
    ]
    return np.stack(columns, axis=1) if columns else rows


def _random(nodes: Sequence[GNode | None], count: int, rng: np.random.Generator) -> RawArray:
    """Uniform rows; in every fourth the magnitudes are spread over the powers of two."""
    columns = [
        _random_column(node, count, rng) if node else np.zeros(count, np.int64) for node in nodes
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0), np.int64)


def _random_column(node: GNode, count: int, rng: np.random.Generator) -> RawArray:
    dtype = raw_dtype(node.fmt.width)
    parts = node.fmt.width // 32 + 2
    words: list[RawArray] = [rng.integers(0, 1 << 32, count).astype(dtype) for _ in range(parts)]
    values: RawArray
    if dtype is np.int64:
        values = rng.integers(node.lo, node.hi, count, endpoint=True)
    else:
        wide = sum((word << (32 * k) for k, word in enumerate(words)), start=words[0] * 0)
        values = np.asarray(wide) % (node.hi - node.lo + 1) + node.lo
    shift = (words[0] % node.fmt.width) * (words[-1] % 4 == 0)
    return np.asarray(np.clip(values >> shift, node.lo, node.hi))


def from_patterns(patterns: RawArray, fmt: Fixed) -> RawArray:
    """Raw integers of bit patterns; int64 up to 62 bits, else Python integers."""
    raw: RawArray = patterns.astype(raw_dtype(fmt.width))
    if not fmt.signed:
        return raw
    top = 1 << (fmt.width - 1)
    return np.asarray((raw ^ top) - top)


def to_words(values: RawArray) -> npt.NDArray[np.uint64]:
    """Two 64-bit words for each value, the low one first, in two's complement; one more axis."""
    words = np.empty((*values.shape, 2), "<u8")
    if values.dtype == np.object_:
        words[..., 0] = (values & _LOW).astype(np.uint64)
        words[..., 1] = ((values >> 64) & _LOW).astype(np.uint64)
    else:
        signed = values.astype(np.int64)
        words[..., 0] = signed.view(np.uint64)
        words[..., 1] = (signed >> 63).view(np.uint64)
    return words


def from_words(words: npt.NDArray[np.uint64], fmt: Fixed) -> RawArray:
    """Raw integers of bit patterns in two words each, shape (rows, 2)."""
    dtype = raw_dtype(fmt.width)
    patterns: RawArray = words[:, 0].astype(dtype)
    if dtype is np.object_:
        patterns = patterns + (words[:, 1].astype(object) << 64)
    return from_patterns(patterns, fmt)


def stacked(columns: Sequence[RawArray], count: int) -> RawArray:
    """Columns side by side; Python integers where one column has them."""
    if not columns:
        return np.zeros((count, 0), np.int64)
    wide = any(column.dtype == np.object_ for column in columns)
    return np.stack([c.astype(object) if wide else c for c in columns], axis=1)
