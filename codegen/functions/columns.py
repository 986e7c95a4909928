"""Values of sub-expressions of one input on every point that it can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.functions.univariate import section
from symtick.codegen.ir.fixed import Reals
from symtick.errors import DomainError
from symtick.expr import OPS, STEPS, Expression, Interval, Op, node_text, reachable

_GUARDED = (
    Op.DIV, Op.LOG, Op.SQRT, Op.TAN, Op.ASIN, Op.ACOS, Op.LOG1P, Op.LOG2, Op.POW,
    Op.ACOSH, Op.ATANH,
)  # fmt: skip


@dataclass
class Columns:
    """Values of the sub-expressions of one input on given points, each computed once."""

    expression: Expression
    points: Reals
    where: str
    _values: dict[int, Reals] = field(default_factory=dict)

    def of(self, number: int) -> Reals:
        """Values of a node, finite, shape of the points.

        Raises:
            DomainError: an operator is undefined, or overflows, on the points.
        """
        values = self._raw(number)
        if not np.isfinite(values).all():
            if not self.where:
                raise DomainError(f"{self._text(number)} is no finite number")
            at = float(self.points[int(np.argmin(np.isfinite(values)))])
            raise DomainError(
                f"{self._text(number)} is not finite where {self.where} is {at:g}; guard it, for "
                "example with min(., .) or max(., .) inside"
            )
        return values

    def hull(self, number: int) -> Interval:
        """Smallest interval with all values of a node."""
        values = self.of(number)
        return Interval(float(values.min()), float(values.max()))

    def _raw(self, number: int) -> Reals:
        values, nodes = self._values, self.expression.nodes
        for k in sorted(reachable(nodes, [number], lambda k: k not in values)):
            if k not in values:
                values[k] = self._computed(k)
        return values[number]

    def _computed(self, number: int) -> Reals:
        node = self.expression.nodes[number]
        if node.op is Op.INPUT:
            return self.points
        if node.op is Op.CONST:
            return np.full(self.points.shape, node.value)
        args = [self._values[a] for a in node.args]
        if node.op in _GUARDED:
            self._check(number, args)
        with np.errstate(all="ignore"):
            values = np.asarray(OPS[node.op].numpy(*args), np.float64)
        if node.op in STEPS or node.op is Op.WHERE:  # which hide that an operand is undefined
            for a in args[:1] if node.op is Op.WHERE else args:
                values = np.where(np.isnan(a), np.nan, values)
        return self._decided(number, values) if node.op in STEPS else values

    def _decided(self, number: int, values: Reals) -> Reals:
        """Values of a step, where they are finite, as its real operands have them."""
        known = np.isfinite(values)
        span = Interval(float(self.points.min()), float(self.points.max()))
        function = section(self.expression, number, None, span)
        made = values.copy()
        made[known] = function.entries(self.points[known], 0).raw.astype(np.float64)
        return made

    def _check(self, number: int, args: Sequence[Reals]) -> None:
        try:
            hulls = [Interval(float(a.min()), float(a.max())) for a in args]
            OPS[self.expression.nodes[number].op].interval(*hulls)
        except DomainError as error:
            span = Interval(float(self.points.min()), float(self.points.max()))
            place = f" ({self.where} is in {span})" if self.where else ""
            raise DomainError(f"in {self._text(number)}{place}: {error}") from None

    def _text(self, number: int) -> str:
        return node_text(
            self.expression.nodes, self.expression.nodes[number], self.expression.inputs, 6
        )
