"""Recognition of tables and sums in an expression, as the search's cost prices them.

The rules are written in `hwcost.search_model.table`; the graph that they build in
`hwcost.search_model.graph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.expr import FUNCTIONS, OPS, Expression, Node, Op

NONE, MANY = -1, -2  # supports: constants only, several inputs; else the number of the one input
ADDITIVE = (Op.ADD, Op.SUB, Op.NEG)


@dataclass
class SumTerm:
    """An operand of a flattened sum: a merged table of one input, or a several-input node.

    Attributes:
        feature: the input, or `MANY`.
        node: number of the node, for a table of the first one.
        negative: its sign.
        bare: it is the input itself.
    """

    feature: int
    node: int
    negative: bool
    bare: bool


@dataclass(frozen=True)
class TableReading:
    """The table that gives the value of a node, if one does.

    Attributes:
        op: the function of the table; None where the node is no table.
        signal: the node that it reads.
        whole: as that is; else without the constants and the sign of a sum.
    """

    op: Op | None
    signal: int
    whole: bool


@dataclass
class Forms:
    """One output of an expression that has no other nodes.

    Attributes:
        expression: what is read.
        support: of each node: `NONE`, `MANY`, or the one input that it depends on.
        uses: of each node, how often it is an argument.
    """

    expression: Expression
    support: list[int] = field(default_factory=list)
    uses: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.uses = [0] * len(self.nodes)
        for node in self.nodes:
            inputs = {node.index} if node.op is Op.INPUT else {self.support[a] for a in node.args}
            inputs.discard(NONE)
            self.support.append(NONE if not inputs else inputs.pop() if len(inputs) == 1 else MANY)
            for a in node.args:
                self.uses[a] += 1

    @property
    def nodes(self) -> Sequence[Node]:
        """All nodes, arguments first."""
        return self.expression.nodes

    # --- functions of one signal ---------------------------------------------------------------

    def reading(self, number: int) -> TableReading:
        """The first function on the way down through nodes that each see one signal only.

        The way ends at a table that is there, at a signal that is used elsewhere too, or at one
        that is made of several. A function takes in what lies between it and that signal; a
        reciprocal reads its divisor as it is.
        """
        op: Op | None = None
        divisor: int | None = None
        while True:
            node, inner = self.nodes[number], self._inner(number)
            if inner is None:
                break
            if node.op in FUNCTIONS:
                if self.is_table(inner):
                    return TableReading(node.op, inner, True)
                op, divisor = node.op, None
            elif node.op is Op.DIV and node.args[1] == inner:
                op, divisor = node.op, inner
            number = inner
            if self.uses[inner] > 1:
                break
        if divisor is not None:
            return TableReading(op, divisor, True)
        return TableReading(op, number, self.uses[number] > 1)

    def _inner(self, number: int) -> int | None:
        """The several-input node through which alone a node sees its inputs."""
        if self.support[number] != MANY:
            return None
        node = self.nodes[number]
        additive = node.op in ADDITIVE
        args = [k for k, _ in self._terms(number, False, True)] if additive else list(node.args)
        inputs = [a for a in args if self.support[a] != NONE]
        return inputs[0] if len(inputs) == 1 and self.support[inputs[0]] == MANY else None

    def is_table(self, number: int) -> bool:
        """Whether a table gives a several-input node, which nothing else uses."""
        return self.uses[number] == 1 and self.reading(number).op is not None

    # --- constant factors ----------------------------------------------------------------------

    def factor(self, number: int) -> tuple[int, float] | None:
        """(node, factor) of a product with a constant, or of a quotient by one."""
        node = self.nodes[number]
        if node.op is Op.MUL:
            for a, c in (node.args, node.args[::-1]):
                if self.support[c] == NONE:
                    return a, self._value(c)
        if node.op is Op.DIV and self.support[node.args[1]] == NONE:
            value = self._value(node.args[1])
            return node.args[0], 1.0 / value if value else 0.0
        return None

    def _value(self, number: int) -> float:
        node = self.nodes[number]
        if node.op is Op.CONST:
            return node.value
        with np.errstate(all="ignore"):
            return float(OPS[node.op].numpy(*(self._value(a) for a in node.args)))

    def takes_factor(self, number: int) -> bool:
        """Whether a constant factor goes into a table that is there anyway."""
        node = self.nodes[number]
        if self.uses[number] > 1 or node.op is Op.INPUT or self.support[number] == NONE:
            return False
        if self.support[number] != MANY or self.is_table(number):
            return True
        if node.op in ADDITIVE:
            terms, _ = self.merged(number)
            rest = [t for t in terms if t.feature == MANY or t.bare]
            return not rest or (len(rest) == 1 and self.takes_factor(rest[0].node))
        if node.op is Op.DIV and self.support[node.args[1]] != NONE:
            return True
        return node.op in (Op.MUL, Op.DIV) and any(self.takes_factor(a) for a in node.args)

    # --- sums ----------------------------------------------------------------------------------

    def _terms(self, number: int, negative: bool, top: bool) -> list[tuple[int, bool]]:
        node = self.nodes[number]
        inner = node.op in ADDITIVE and self.support[number] == MANY
        if not inner or (not top and self.uses[number] > 1):
            return [(number, negative)]
        terms = self._terms(node.args[0], negative != (node.op is Op.NEG), False)
        for right in node.args[1:]:
            terms += self._terms(right, negative != (node.op is Op.SUB), False)
        return terms

    def merged(self, number: int, constants: bool = True) -> tuple[list[SumTerm], bool]:
        """Operands of a sum, one for each input; whether its constant needs an adder of its own.

        Args:
            number: the sum.
            constants: whether it has its constants; a table that reads it takes them in.
        """
        items: list[SumTerm] = []
        tables: dict[int, SumTerm] = {}
        constant = False
        for k, negative in self._terms(number, False, True):
            feature = self.support[k]
            if feature == NONE:
                constant = constants
            elif feature in tables:
                tables[feature].bare = False
            else:
                items.append(SumTerm(feature, k, negative, self.nodes[k].op is Op.INPUT))
                if feature != MANY:
                    tables[feature] = items[-1]
        return items, constant and not self._absorbed(items)

    def computed(self, item: SumTerm) -> bool:
        """Whether a table gives an operand, so that it takes in a constant and a sign."""
        return self.is_table(item.node) if item.feature == MANY else not item.bare

    def _absorbed(self, items: Sequence[SumTerm]) -> bool:
        """Whether a constant goes into a table; a lone bare input becomes one for it."""
        if any(self.computed(i) for i in items):
            return True
        for item in items:
            if item.feature != MANY:
                item.bare = False
                return True
        return False
