"""Linear blocks: the sums of a graph, and the signals that they are linear in.

A sum is ADD, SUB, NEG or a product with one constant; SCALE, and a CAST that keeps every value,
only move a sum's point. Everything else is a signal. A row is a sum that something other than a sum
reads; rows of one block read no value that depends on another row of it, and each reads a signal
that another reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.expr import reachable

_SUMS = (GOp.ADD, GOp.SUB, GOp.NEG)


@dataclass
class LinearRow:
    """A linear form at a node: its raw value is offset + sum of coefficient * raw signal.

    Attributes:
        node: the sum.
        form: coefficient by signal node, none 0.
        offset: the constant part.
    """

    node: int
    form: dict[int, int]
    offset: int


@dataclass
class LinearBlocks:
    """The linear parts of a graph.

    Attributes:
        graph: the graph.
        rank: signals in a row up to each node; nodes of a smaller rank never need larger ones.
        sums: whether each node is a sum.
        moves: whether each node only moves the point.
        blocks: rows by rank and block, ascending.
    """

    graph: Graph
    rank: list[int]
    sums: list[bool]
    moves: list[bool]
    blocks: list[list[LinearRow]]


def linear_parts(graph: Graph) -> LinearBlocks:
    """Find the linear parts of a graph."""
    sums = [_is_sum(graph, node) for node in graph.nodes]
    moves = [_only_moves(graph, node) for node in graph.nodes]
    rank: list[int] = []
    for k, node in enumerate(graph.nodes):
        below = max((rank[a] for a in node.args), default=0)
        rank.append(below if sums[k] or moves[k] or not node.args else below + 1)
    rows = [_row(graph, k, sums, moves) for k in _roots(graph, sums, moves)]
    return LinearBlocks(graph, rank, sums, moves, _blocks(rows, rank))


def _is_sum(graph: Graph, node: GNode) -> bool:
    if node.op is GOp.MUL:
        return [graph.nodes[a].op for a in node.args].count(GOp.CONST) == 1
    return node.op in _SUMS


def _only_moves(graph: Graph, node: GNode) -> bool:
    if node.op is GOp.SCALE:
        return True
    if node.op is not GOp.CAST:
        return False
    source = graph.nodes[node.args[0]]
    up = node.fmt.frac - source.fmt.frac
    return up >= 0 and node.fmt.keeps(source.lo << up, source.hi << up, node.overflow)


def _roots(graph: Graph, sums: list[bool], moves: list[bool]) -> list[int]:
    """Sums that something other than a sum reads, perhaps through nodes that move the point."""
    read = [False] * len(graph.nodes)
    for k in graph.outputs:
        read[k] = True
    for k in range(len(graph.nodes) - 1, -1, -1):
        for a in graph.nodes[k].args:
            # a value that is moved is read by what reads it after that
            read[a] = read[a] or (read[k] if moves[k] else not sums[k])
    return [k for k, is_sum in enumerate(sums) if is_sum and read[k]]


def _row(graph: Graph, root: int, sums: list[bool], moves: list[bool]) -> LinearRow:
    """The form of a root: signed shares are passed down from it, in units of its last place."""
    form: dict[int, int] = {}
    offset = 0
    shares = {root: 1}
    part = reachable(graph.nodes, [root], lambda k: sums[k] or moves[k])
    for k in sorted(part, reverse=True):
        node, share = graph.nodes[k], shares.pop(k, 0)
        if node.op is GOp.CONST:
            offset += share * node.number
        elif not (sums[k] or moves[k]):
            if share:
                form[k] = share
        else:
            for a, factor in _factors(graph, node):
                shares[a] = shares.get(a, 0) + share * factor
    return LinearRow(root, form, offset)


def _factors(graph: Graph, node: GNode) -> list[tuple[int, int]]:
    """Raw arguments of a sum, or of a move, and what they count in its raw value."""
    if node.op is GOp.SCALE:
        return [(node.args[0], 1)]
    if node.op is GOp.MUL:
        a, b = node.args
        if graph.nodes[a].op is GOp.CONST:
            a, b = b, a
        return [(a, graph.nodes[b].number)]
    signs = {GOp.NEG: (-1,), GOp.SUB: (1, -1)}.get(node.op, (1, 1))
    return [
        (a, sign << (node.fmt.frac - graph.nodes[a].fmt.frac))
        for a, sign in zip(node.args, signs, strict=False)
    ]


def _blocks(rows: list[LinearRow], rank: list[int]) -> list[list[LinearRow]]:
    """Rows of equal rank that signals join, in order of rank and first row."""
    leader: dict[tuple[int, int], int] = {}  # (rank, signal): a row that reads it
    parent = list(range(len(rows)))

    def top(k: int) -> int:
        while parent[k] != k:
            k = parent[k]
        return k

    for k, row in enumerate(rows):
        for signal in row.form:
            other = leader.setdefault((rank[row.node], signal), k)
            low, high = sorted((top(other), top(k)))
            parent[high] = low
    blocks: dict[int, list[LinearRow]] = {}
    for k, row in enumerate(rows):
        blocks.setdefault(top(k), []).append(row)
    return sorted(blocks.values(), key=lambda block: (rank[block[0].node], block[0].node))
