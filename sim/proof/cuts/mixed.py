"""Real values of the graph's nodes, casts as intervals where their leaves are not given whole."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np

from symtick.codegen.ir.fixed import Quant
from symtick.codegen.ir.graph import GOp
from symtick.expr import Op
from symtick.sim.proof.cuts.network import Network
from symtick.sim.proof.values.integers import Integers
from symtick.sim.proof.values.ranges import rounded
from symtick.sim.proof.values.reals import RULES, Enclosure


@lru_cache(1 << 16)
def enclosed(value: Fraction | float) -> Enclosure:
    """A number, enclosed."""
    exact = Fraction(value)
    near = np.full(1, np.longdouble(float(exact)))
    rest = exact - Fraction(float(exact))
    if not rest:
        return Enclosure.exactly(near)
    step = np.longdouble(math.nextafter(abs(float(rest)), math.inf))
    ends = np.nextafter(near - step, -np.inf), np.nextafter(near + step, np.inf)
    return Enclosure(*(end.astype(np.longdouble) for end in ends))


def plus(a: Enclosure, b: Enclosure) -> Enclosure:
    return RULES[Op.ADD](a, b)


def times(a: Enclosure, b: Enclosure) -> Enclosure:
    return RULES[Op.MUL](a, b)


def rounding(network: Network, place: int) -> tuple[Fraction, Fraction]:
    """What the rounding of a cast adds to its value, at least and at most."""
    node = network.nodes[place]
    drop = network.nodes[node.args[0]].fmt.frac - node.fmt.frac
    step = Fraction(2) ** -node.fmt.frac
    if drop <= 0:
        return Fraction(0), Fraction(0)
    rest = step * (1 - Fraction(1, 1 << drop))
    if node.quant is Quant.TRN:
        return -rest, Fraction(0)
    if node.quant is Quant.TRN_ZERO:
        return -rest, rest
    return -step / 2, step / 2


def lost(network: Network, place: int) -> tuple[Fraction, Fraction]:
    """What a cast that does not wrap adds to its value, at least and at most."""
    low, high = rounding(network, place)
    if place not in network.free:
        node = network.nodes[place]
        source, step = network.nodes[node.args[0]], Fraction(2) ** -node.fmt.frac
        drop = source.fmt.frac - node.fmt.frac
        ends = [rounded(v, drop, node.quant) for v in (source.lo, source.hi)]
        low += min(node.hi - ends[1], 0) * step
        high += max(node.lo - ends[0], 0) * step
    return low, high


class Mixed:
    """Real values of nodes for values of leaves, exact above leaves that are given whole.

    Args:
        network: holds the nodes.
        grid: values of the leaves, arrays that broadcast together.
        ends: leaves of which these are the ends of a range: a cast of what is computed from them
            adds an interval.
    """

    def __init__(
        self, network: Network, grid: Mapping[int, Integers], ends: Container[int]
    ) -> None:
        self.network, self.grid, self.ends = network, grid, ends
        self.whole: dict[int, Integers] = {k: v for k, v in grid.items() if k not in ends}
        self.known = {k: self._scaled(k, v) for k, v in grid.items() if k in ends}

    def _scaled(self, place: int, values: Integers) -> Enclosure:
        if values.dtype != np.int64:  # more than 60 bits
            values = np.full(values.shape, np.nan)
        exact = values.astype(np.longdouble)
        return Enclosure.exactly(np.ldexp(exact, -self.network.nodes[place].fmt.frac))

    def real(self, place: int) -> Enclosure:
        """The real values of a root."""
        for k in self.network.cone([place], {**self.known, **self.whole}):
            lines = [self.network.lines[a] for a in self.network.nodes[k].args]
            if all(line.root in self.whole for line in lines):
                args = [line.of(self.whole[line.root]) for line in lines]
                self.whole[k] = self.network.value(k, args)
            else:
                self.known[k] = self._inexact(k)
        return self._of(place)

    def _of(self, root: int) -> Enclosure:
        """Real values of a root that is computed; of integers they are kept for leaves alone."""
        if root in self.known:
            return self.known[root]
        value = self._scaled(root, self.whole[root])
        if root in self.grid:
            self.known[root] = value
        return value

    def _argument(self, place: int) -> Enclosure:
        """The real values of a node that is a line of a root."""
        root, slope, offset = self.network.real_line(place)
        value = self._of(root)
        value = value if slope == 1 else times(value, enclosed(slope))
        return plus(value, enclosed(offset)) if offset else value

    def _inexact(self, place: int) -> Enclosure:
        node = self.network.nodes[place]
        args = [self._argument(a) for a in node.args]
        if node.op is GOp.ADD:
            return plus(*args)
        if node.op is GOp.SUB:
            return RULES[Op.SUB](*args)
        if node.op is GOp.NEG:
            return RULES[Op.NEG](args[0])
        if node.op is GOp.MUL:
            return times(args[0], args[0] if node.args[0] == node.args[1] else args[1])
        if node.op is GOp.SCALE:
            return times(args[0], enclosed(Fraction(2) ** node.number))
        if node.op is GOp.CAST:
            low, high = (enclosed(v) for v in lost(self.network, place))
            return plus(args[0], Enclosure(low.lo, high.hi))
        line = self.network.lines[node.args[0 if node.op is GOp.SELECT else 1]]
        digit = line.of(self.whole[line.root])
        if node.op is GOp.SELECT:
            return Enclosure(*(np.where(digit == 1, a, b) for a, b in zip(*args[1:], strict=True)))
        plain = times(Enclosure.exactly(digit.astype(np.longdouble)), args[2])
        row = (np.where(digit == 3, t, p) for t, p in zip(args[3], plain, strict=True))
        return plus(args[0], Enclosure(*row))
