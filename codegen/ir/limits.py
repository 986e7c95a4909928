"""What a CAST limits: on which sides of its format it meets values, after rounding."""

from __future__ import annotations

from dataclasses import dataclass

from symtick.codegen.ir.fixed import Fixed, Overflow, rounded_raw
from symtick.codegen.ir.graph import GNode


@dataclass(frozen=True, slots=True)
class Limits:
    """What lies beyond a format.

    Attributes:
        low: the least value that is met, in steps of the format.
        high: the largest one.
        frac: fraction bits of the format.
        under: whether values below the format can occur and must be caught.
        over: whether values above it can.
    """

    low: int
    high: int
    frac: int
    under: bool
    over: bool

    @property
    def any(self) -> bool:
        """Whether anything must be caught."""
        return self.under or self.over

    @property
    def full(self) -> Fixed:
        """A format of the same step that holds all values.

        Raises:
            InputError: none is wide enough.
        """
        return Fixed.for_raw(self.low, self.high, self.frac)


def limits(node: GNode, source: GNode) -> Limits:
    """What a CAST of a source must limit; nothing where it wraps."""
    drop = source.fmt.frac - node.fmt.frac
    low, high = (rounded_raw(raw, drop, node.quant) for raw in (source.lo, source.hi))
    least = node.fmt.raw_min
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -node.fmt.raw_max
    caught = node.overflow is not Overflow.WRAP
    return Limits(
        low, high, node.fmt.frac, caught and low < least, caught and high > node.fmt.raw_max
    )
