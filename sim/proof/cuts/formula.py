"""The formula's nodes: values at the samples, ranges, and in what they are polynomials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.ir.fixed import Fixed
from symtick.expr import Expression, Op
from symtick.expr.node import Node
from symtick.sim.proof.cuts.lemmas import ALL
from symtick.sim.proof.values.integers import Integers
from symtick.sim.proof.values.reals import Enclosure, Reals, applied

_DEGREES = {Op.SQUARE: 2, Op.CUBE: 3, Op.NEG: 1}


@dataclass
class Formula:
    """The nodes of an expression; a quotient is a product with a reciprocal.

    Attributes:
        nodes: arguments before users.
        outputs: places of the outputs.
        ranges: an interval for each node, for all inputs.
        sampled: each node's interval at the samples.
        samples: the middles of these.
        numbers: of the expression's nodes that they come from.
        moving: whether a node can have several values for a reason other than inputs that the graph
            does not read; what reads these alone is any value of its range.
    """

    nodes: list[Node] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    ranges: list[Enclosure] = field(default_factory=list)
    sampled: list[Enclosure] = field(default_factory=list)
    samples: list[Reals] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    moving: list[bool] = field(default_factory=list)

    @classmethod
    def of(
        cls, expression: Expression, formats: Sequence[Fixed], ends: Sequence[tuple[int, int]],
        inputs: Sequence[Integers], unread: Container[int] = (),
    ) -> Formula:  # fmt: skip
        """The nodes of an expression.

        Args:
            expression: the formulas.
            formats: of its inputs.
            ends: the least and the largest code of each input.
            inputs: codes of each input at the samples.
            unread: numbers of inputs that the graph does not read.
        """
        made, places = cls(), list[int]()
        for number, node in enumerate(expression.nodes):
            args = tuple(places[a] for a in node.args)
            if (chosen := made._chosen(node.op, args)) is not None:
                places.append(chosen)
                continue
            if node.op is Op.DIV and made.moving[args[1]]:
                one = made._add(Node(Op.CONST, value=1.0))
                turned = made._add(Node(Op.DIV, (one, args[1])))
                node, args = Node(Op.MUL), (args[0], turned)
            frac = formats[node.index].frac if node.op is Op.INPUT else 0
            if (shorter := made._shorter(node.op, args)) is not None:
                places.append(shorter)
                made.numbers += [number] * (len(made.nodes) - len(made.numbers))
                continue
            here = Node(node.op, args, node.index, node.value)
            span = values = None
            if node.op is Op.INPUT:
                span, values = (
                    np.ldexp(np.asarray(v).astype(np.longdouble), -frac)
                    for v in (ends[node.index], inputs[node.index])
                )
            places.append(made._add(here, span, values, node.index not in unread))
            made.numbers += [number] * (len(made.nodes) - len(made.numbers))
        made.outputs = [places[k] for k in expression.outputs]
        return made

    def _shorter(self, op: Op, args: Sequence[int]) -> int | None:
        """A sum without the summands that cancel; None where none does."""
        if op not in (Op.ADD, Op.SUB):
            return None
        counts: Counter[int] = Counter()
        pending = [(args[0], 1), (args[1], 1 if op is Op.ADD else -1)]
        while pending:
            k, sign = pending.pop()
            node = self.nodes[k]
            if node.op in (Op.ADD, Op.SUB, Op.NEG):
                turned = sign if node.op is Op.ADD else -sign
                pending += [(node.args[0], -sign if node.op is Op.NEG else sign)]
                pending += [(a, turned) for a in node.args[1:]]
            else:
                counts[k] += sign
        if all(counts.values()):
            return None
        total = self._add(Node(Op.CONST, value=0.0))
        for k, count in sorted(counts.items()):
            for _ in range(abs(count)):
                total = self._add(Node(Op.ADD if count > 0 else Op.SUB, (total, k)))
        return total

    def _chosen(self, op: Op, args: Sequence[int]) -> int | None:
        """The argument that a `min`, `max`, `abs` or `where` is for all inputs, by ranges alone."""
        if op is Op.WHERE:
            condition = self.ranges[args[0]]
            if condition.lo[0] > 0 or condition.hi[0] < 0:
                return args[1]
            return args[2] if condition.lo[0] == 0 == condition.hi[0] else None
        spans = [(self.ranges[a].lo[0], self.ranges[a].hi[0]) for a in args]
        if op is Op.ABS and spans[0][0] >= 0:
            return args[0]
        if op not in (Op.MIN, Op.MAX):
            return None
        first = 0 if op is Op.MIN else 1  # the place of what has to lie below
        if spans[first][1] <= spans[1 - first][0]:
            return args[0]
        return args[1] if spans[1 - first][1] <= spans[first][0] else None

    def _add(
        self, node: Node, span: Reals | None = None, values: Reals | None = None, read: bool = True
    ) -> int:
        if span is not None and values is not None:
            found = Enclosure(span[:1], span[1:]), Enclosure.exactly(values)
        else:
            found = (
                self.value(node, [self.ranges[a] for a in node.args]),
                self.value(node, [self.sampled[a] for a in node.args]),
            )
        self.nodes.append(node)
        self.ranges.append(found[0])
        self.sampled.append(found[1])
        self.samples.append(np.asarray((found[1].lo + found[1].hi) / 2, np.longdouble))
        inner = (node.op is Op.INPUT and read) or any(self.moving[a] for a in node.args)
        self.moving.append(inner and not (found[0].lo == found[0].hi).all())
        return len(self.nodes) - 1

    @staticmethod
    def value(node: Node, args: Sequence[Enclosure]) -> Enclosure:
        """The enclosure of a node, no INPUT, for those of its arguments."""
        if node.op is Op.CONST:
            return Enclosure.exactly(np.full(1, node.value))
        return applied(node, args)

    def degrees(self, top: int, leaves: Mapping[int, int]) -> dict[int, int]:
        """Of what leaves are lines of, the degree of a node in it.

        Args:
            top: the node.
            leaves: nodes that cut it from the inputs, and a number that each is a line of.
        """
        known: dict[int, dict[int, int]] = {k: {at: 1} for k, at in leaves.items()}

        def of(k: int) -> dict[int, int]:
            if k not in known:
                args = [of(a) for a in self.nodes[k].args]
                known[k] = self._degrees(self.nodes[k], args)
            return known[k]

        return of(top)

    def _degrees(self, node: Node, args: Sequence[Mapping[int, int]]) -> dict[int, int]:
        every = {at for arg in args for at in arg}
        if node.op in (Op.ADD, Op.SUB):
            return {at: max(arg.get(at, 0) for arg in args) for at in every}
        if node.op is Op.MUL:
            return {at: min(sum(arg.get(at, 0) for arg in args), ALL) for at in every}
        if node.op is Op.DIV and not args[1]:
            return dict(args[0])
        if node.op in _DEGREES:
            return {at: min(args[0][at] * _DEGREES[node.op], ALL) for at in every}
        return dict.fromkeys(every, ALL)
