"""Width moves: a bit off a signal, from below, from above or from a table's address.

Formats are those of the graph as tuned so far, node numbers those from before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, RawArray
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.codegen.tuning.widths import Width
from symtick.expr import reachable

_SUMS = (GOp.ADD, GOp.SUB, GOp.NEG)
# the others rename bits, compare, or read bit patterns: no format of theirs can change
_MOVABLE = (GOp.INPUT, GOp.ADD, GOp.SUB, GOp.NEG, GOp.ABS, GOp.MUL, GOp.MIN, GOp.MAX, GOp.CAST,
            GOp.TABLE)  # fmt: skip


@dataclass(frozen=True)
class WidthMove:
    """Decisions that are taken together, by node."""

    widths: dict[int, Width]


def moves(
    graph: Graph,
    users: Sequence[Sequence[int]],
    nodes: Mapping[int, GNode],
    data: Mapping[int, RawArray],
    widths: Mapping[int, Width],
    keep_ports: bool,
) -> Iterator[WidthMove]:
    """All moves.

    Args:
        graph: before tuning.
        users: readers of each of its nodes.
        nodes: what each of its nodes is now.
        data: raw values of these on the rows.
        widths: decisions so far.
        keep_ports: whether outputs may not change.
    """
    fixed = set(graph.outputs) if keep_ports else set()
    for k, node in enumerate(graph.nodes):
        if k in fixed or not _movable(node, nodes[k]):
            continue
        before = widths.get(k, Width(k, nodes[k].fmt, Quant.RND))
        for width in _single(graph, k, users, nodes[k], data[k], before):
            yield WidthMove({k: width})
    for root in range(len(graph.nodes)):
        shorter = _terms_shorter(graph, root, users, nodes, widths, fixed)
        if shorter:
            yield WidthMove(shorter)


def _single(
    graph: Graph,
    number: int,
    users: Sequence[Sequence[int]],
    now: GNode,
    data: RawArray,
    before: Width,
) -> Iterator[Width]:
    node = graph.nodes[number]
    if node.op is GOp.TABLE:
        yield _shorter(number, now, Quant.RND, before.address)
        if graph.nodes[node.args[0]].fmt.width > before.address + 1:
            yield Width(number, now.fmt, Quant.RND, before.address + 1)
    elif node.op is not GOp.INPUT or any(graph.nodes[u].op is not GOp.TABLE for u in users[number]):
        yield _shorter(number, now, Quant.TRN, 0)
        yield _shorter(number, now, Quant.RND, 0)
    if node.op is GOp.CAST and node.quant is not Quant.TRN:
        yield Width(number, now.fmt, Quant.TRN)
    wraps = node.op is GOp.CAST and node.overflow is Overflow.WRAP and _full(node)
    seen = Fixed.for_raw(int(data.min()), int(data.max()), now.fmt.frac)
    if seen.width < now.fmt.width and not wraps:
        yield Width(number, seen, Quant.RND, before.address)


def _movable(node: GNode, now: GNode) -> bool:
    return node.op in _MOVABLE and now.op is not GOp.CONST and now.fmt.width > 1


def _full(node: GNode) -> bool:
    """Whether a cast may take a part of its argument's bits on purpose."""
    return (node.lo, node.hi) == (node.fmt.raw_min, node.fmt.raw_max)


def _shorter(number: int, now: GNode, quant: Quant, address: int) -> Width:
    fmt = Fixed(now.fmt.width - 1, now.fmt.frac - 1, now.fmt.signed)
    return Width(number, fmt, quant, address)


def _terms_shorter(
    graph: Graph,
    root: int,
    users: Sequence[Sequence[int]],
    nodes: Mapping[int, GNode],
    widths: Mapping[int, Width],
    fixed: set[int],
) -> dict[int, Width]:
    """The finest terms of the sum at a root, each without its last bit; none where it is no root.

    Single bits of single terms save little: an adder is shorter only when all its terms are.
    """
    if graph.nodes[root].op not in _SUMS or any(graph.nodes[u].op in _SUMS for u in users[root]):
        return {}
    part = reachable(graph.nodes, [root], lambda k: graph.nodes[k].op in _SUMS)
    terms = {k for k in part if graph.nodes[k].op not in _SUMS and nodes[k].op is not GOp.CONST}
    finest = max((nodes[k].fmt.frac for k in terms), default=0)
    shorter = {}
    for k in sorted(terms - fixed):
        if nodes[k].fmt.frac == finest and _movable(graph.nodes[k], nodes[k]):
            table = graph.nodes[k].op is GOp.TABLE
            address = widths[k].address if k in widths else 0
            shorter[k] = _shorter(k, nodes[k], Quant.RND if table else Quant.TRN, address)
    return shorter
