"""The cost that the search sees: ticks and LUTs of one output, by rules small enough for its loop.

Room: `hwcost`; imports `expr` only. `SearchCost` is the table that a device exports for the
kernel; `search_cost` is the scalar reference, and a property test holds the kernel to it exactly.

The rules
---------
The tree is hash-consed first: each distinct node is paid for once, and the latency is the longest
path, never a sum.

`fuse=False`: every distinct operator node costs `op_delay[op]` and `op_lut[op]`; inputs and
constants cost nothing.

`fuse=True`: what depends on one input only is a table.

* A maximal single-input sub-tree of input f costs `table_delay[f]`, `table_lut[f]` once. A bare
  input and whatever depends on constants only cost nothing.
* A maximal chain of add, sub and neg over several inputs is flattened; it stops at a node that is
  used elsewhere too. All its terms in one input become one table (a lone bare input stays free),
  constants go into the first table, or make a table of the first bare input; where there is neither
  they are one more term. The n terms left are added by n - 1 adders in a tree that joins the two
  earliest first, each `op_delay[ADD]`, `op_lut[ADD]`. Signs are free, except that a chain of one
  negative term costs a NEG.
* The product of a several-input node with a constant, or its quotient by one, costs
  `const_mul_delay`, `const_mul_lut`; every other operator on several inputs its own entry.

Time: with `chain=True` operators follow each other within a tick while the sum of their delays is
at most `period` ns; one that would not fit starts in the next tick, and one longer than the period
takes ceil(delay / period) ticks from the start of a tick. The output is registered: latency is the
last tick plus one. With `chain=False` each operator takes ceil(delay) whole ticks and the latency
is the length of the longest path.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from symtick.errors import InputError
from symtick.expr import Expression, Node, Op, from_programs

_ADDITIVE = (Op.ADD, Op.SUB, Op.NEG)
_NONE, _MANY = -1, -2

Arrival = tuple[int, float]  # tick, ns within the tick


@dataclass(frozen=True)
class SearchCost:
    """Delays and areas as the search sees them.

    Attributes:
        period: ns of a tick that logic can use, net of register overhead; 1.0 for whole-tick
            tables.
        chain: operators may share a tick.
        fuse: single-input sub-trees become tables.
        op_delay: delay of each operator, indexed by `Op`; ns, or ticks where `chain` is False.
        op_lut: LUTs of each operator, indexed by `Op`.
        const_mul_delay: delay of the product with a constant.
        const_mul_lut: LUTs of the product with a constant.
        table_delay: delay of a table over each input.
        table_lut: LUTs of a table over each input.
    """

    period: float
    chain: bool
    fuse: bool
    op_delay: tuple[float, ...]
    op_lut: tuple[float, ...]
    const_mul_delay: float
    const_mul_lut: float
    table_delay: tuple[float, ...]
    table_lut: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("op_delay", "op_lut", "table_delay", "table_lut"):
            held = tuple(float(v) for v in getattr(self, name))
            object.__setattr__(self, name, held)
            if not all(0.0 <= v < math.inf for v in held):
                raise InputError(f"{name} must hold finite numbers from 0, not {held}")
        for name in ("op_delay", "op_lut"):
            if len(getattr(self, name)) != len(Op):
                raise InputError(
                    f"{name} needs {len(Op)} entries, one for each operator, "
                    f"not {len(getattr(self, name))}"
                )
        if len(self.table_delay) != len(self.table_lut):
            raise InputError("table_delay and table_lut need one entry for each input")
        if not 0.0 < self.period < math.inf:
            raise InputError(f"the period must be a positive number of ns, not {self.period!r}")
        for name in ("const_mul_delay", "const_mul_lut"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be finite and not negative")

    @classmethod
    def unit(cls, features: int, *, chain: bool = False, fuse: bool = True) -> SearchCost:
        """One tick and one LUT for everything: the model for tests."""
        ops = tuple(0.0 if op in (Op.INPUT, Op.CONST) else 1.0 for op in Op)
        ones = (1.0,) * features
        return cls(1.0, chain, fuse, ops, ops, 1.0, 1.0, ones, ones)


def search_cost(expression: Expression, cost: SearchCost, output: int = 0) -> tuple[int, float]:
    """Latency in ticks and LUTs of one output: the scalar reference of the kernel's `costs`.

    Raises:
        InputError: the expression has another number of inputs than the cost's tables.
    """
    if len(expression.inputs) != len(cost.table_lut):
        raise InputError(
            f"the expression has {len(expression.inputs)} inputs, "
            f"the cost has tables for {len(cost.table_lut)}"
        )
    walk = _Walk(_in_order(expression, output), cost)
    tick, _ = walk.fused() if cost.fuse else walk.plain()
    return (tick + 1 if cost.chain else tick), walk.lut


def _in_order(expression: Expression, output: int) -> Sequence[Node]:
    """Distinct nodes in the order in which the postfix program first reaches them."""
    return from_programs([expression.to_program(output)], expression.inputs).nodes


@dataclass
class _Item:
    """One operand of a flattened sum: a merged table of one input, or a several-input node."""

    feature: int
    node: int
    negative: bool
    bare: bool


@dataclass
class _Walk:
    nodes: Sequence[Node]
    cost: SearchCost
    lut: float = 0.0
    support: list[int] = field(default_factory=list)
    uses: list[int] = field(default_factory=list)
    known: dict[int, Arrival] = field(default_factory=dict)

    def advance(self, at: Arrival, delay: float) -> Arrival:
        tick, ns = at
        if not self.cost.chain:
            return tick + math.ceil(delay), 0.0
        if delay <= 0.0:
            return at
        if ns + delay <= self.cost.period:
            return tick, ns + delay
        spans = math.ceil(delay / self.cost.period)
        start = tick + 1 if ns > 0.0 else tick
        return start + spans - 1, delay - (spans - 1) * self.cost.period

    def operation(self, at: Arrival, op: Op) -> Arrival:
        self.lut += self.cost.op_lut[op]
        return self.advance(at, self.cost.op_delay[op])

    def table(self, feature: int) -> Arrival:
        self.lut += self.cost.table_lut[feature]
        return self.advance((0, 0.0), self.cost.table_delay[feature])

    def plain(self) -> Arrival:
        held: list[Arrival] = []
        for node in self.nodes:
            at = max((held[a] for a in node.args), default=(0, 0.0))
            held.append(self.operation(at, node.op) if node.args else at)
        return held[-1]

    def fused(self) -> Arrival:
        self.uses = [0] * len(self.nodes)
        for node in self.nodes:
            found = {node.index} if node.op is Op.INPUT else {self.support[a] for a in node.args}
            found.discard(_NONE)
            self.support.append(_NONE if not found else found.pop() if len(found) == 1 else _MANY)
            for a in node.args:
                self.uses[a] += 1
        return self.realise(len(self.nodes) - 1)

    def realise(self, number: int) -> Arrival:
        if number not in self.known:
            self.known[number] = self._fresh(number)
        return self.known[number]

    def _fresh(self, number: int) -> Arrival:
        node, feature = self.nodes[number], self.support[number]
        if feature == _NONE or node.op is Op.INPUT:
            return 0, 0.0
        if feature != _MANY:
            return self.table(feature)
        if node.op in _ADDITIVE:
            return self._sum(number)
        constant = [self.support[a] == _NONE for a in node.args]
        if (node.op is Op.MUL and any(constant)) or (node.op is Op.DIV and constant[1]):
            at = self.realise(node.args[1] if constant[0] else node.args[0])
            self.lut += self.cost.const_mul_lut
            return self.advance(at, self.cost.const_mul_delay)
        arrivals = [self.realise(a) for a in node.args]
        return self.operation(max(arrivals), node.op)

    def _terms(self, number: int, negative: bool, top: bool) -> list[tuple[int, bool]]:
        node = self.nodes[number]
        inner = node.op in _ADDITIVE and self.support[number] == _MANY
        if not inner or (not top and self.uses[number] > 1):
            return [(number, negative)]
        found = self._terms(node.args[0], negative != (node.op is Op.NEG), False)
        for right in node.args[1:]:
            found += self._terms(right, negative != (node.op is Op.SUB), False)
        return found

    def _items(self, terms: list[tuple[int, bool]]) -> tuple[list[_Item], bool]:
        items: list[_Item] = []
        tables: dict[int, _Item] = {}
        constant = False
        for number, negative in terms:
            feature = self.support[number]
            if feature == _NONE:
                constant = True
            elif feature in tables:
                tables[feature].bare = False
            else:
                items.append(_Item(feature, number, negative, self.nodes[number].op is Op.INPUT))
                if feature != _MANY:
                    tables[feature] = items[-1]
        return items, constant and not _absorbed(list(tables.values()))

    def _sum(self, number: int) -> Arrival:
        items, extra = self._items(self._terms(number, False, True))
        waiting = [(self._operand(item), order) for order, item in enumerate(items)]
        if extra:
            waiting.append(((0, 0.0), len(waiting)))
        if len(waiting) == 1 and items[0].negative:
            return self.operation(waiting[0][0], Op.NEG)
        order = len(waiting)
        heapq.heapify(waiting)
        while len(waiting) > 1:
            heapq.heappop(waiting)
            later, _ = heapq.heappop(waiting)
            heapq.heappush(waiting, (self.operation(later, Op.ADD), order))
            order += 1
        return waiting[0][0]

    def _operand(self, item: _Item) -> Arrival:
        if item.feature == _MANY:
            return self.realise(item.node)
        return (0, 0.0) if item.bare else self.table(item.feature)


def _absorbed(tables: list[_Item]) -> bool:
    """Whether a constant finds a table; a lone bare input becomes one for it."""
    if tables and all(table.bare for table in tables):
        tables[0].bare = False
    return bool(tables)
