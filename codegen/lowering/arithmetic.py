"""Sums and products of graph nodes, cut to the bits that matter."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from symtick.codegen.ir.arrival import Arrivals, Ready, joined
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.codegen.ir.signed_digits import quantised
from symtick.codegen.lowering.analysis import extra_bits, is_power_of_two
from symtick.codegen.lowering.error_bounds import ErrorBounds

SignedNode = tuple[int, bool]  # graph node, whether it is subtracted


@dataclass
class Arithmetic:
    """Adds, multiplies and cuts nodes of a builder.

    Attributes:
        builder: where the graph grows.
        watch: ready times; the earliest operands are combined first.
        guard: bits that are kept below the place that matters.
        most: bits that a signal gets at most beyond the place that matters.
        errors: takes what each node is off by.
    """

    builder: GraphBuilder
    watch: Arrivals
    guard: int
    most: int
    errors: ErrorBounds

    def constant(self, value: float, frac: int) -> int:
        """A constant, right within a quarter of 2**-(frac + guard), in few signed digits."""
        raw, places = quantised(value, math.ldexp(0.5, -frac - self.guard))
        number = self.builder.const(raw, places)
        return self.errors.note(number, abs(value - math.ldexp(raw, -places)))

    def trimmed(self, number: int, frac: int) -> int:
        """A node without the bits below `frac`; wires only."""
        node = self.builder.nodes[number]
        drop = node.fmt.frac - frac
        if drop <= 0 or node.op is GOp.CONST:
            return number
        fmt = Fixed.for_raw(node.lo >> drop, node.hi >> drop, frac)
        lost = fmt.step - node.fmt.step
        return self.errors.note(self.builder.bits(number, fmt), self.errors.of(number) + lost)

    def scaled(self, number: int, weight: float, frac: int) -> SignedNode:
        """weight * node, the sign left to the sum; the constant is right within 2**-frac / 4."""
        guarded = frac + self.guard
        if weight == 0.0:
            return self.builder.const(0, 0), False
        if is_power_of_two(weight):
            moved = self.builder.scale(number, math.frexp(abs(weight))[1] - 1)
            self.errors.note(moved, abs(weight) * self.errors.of(number))
            return self.trimmed(moved, guarded), weight < 0
        step = self.builder.nodes[number].fmt.step
        kept = self.trimmed(number, guarded + extra_bits(abs(weight), self.most))
        tolerance = math.ldexp(0.25, -frac) / max(self.errors.size(number), step)
        raw, places = quantised(abs(weight), tolerance)
        product = self.builder.op(GOp.MUL, kept, self.builder.const(raw, places))
        off = abs(abs(weight) - math.ldexp(raw, -places)) * self.errors.size(kept)
        self.errors.note(product, abs(weight) * self.errors.of(kept) + off)
        return self.trimmed(product, guarded), weight < 0

    def added(self, terms: Sequence[SignedNode]) -> int:
        """The sum, the two earliest first (narrower ones where equal)."""
        if not terms:
            return self.builder.const(0, 0)
        last, negative = joined(terms, self._key, self._pair)
        if not negative:
            return last
        return self.errors.note(self.builder.op(GOp.NEG, last), self.errors.of(last))

    def _pair(self, first: SignedNode, second: SignedNode) -> SignedNode:
        (a, a_negative), (b, b_negative) = first, second
        error = self.errors.of(a) + self.errors.of(b)
        if a_negative == b_negative:
            return self.errors.note(self.builder.op(GOp.ADD, a, b), error), a_negative
        plus, minus = (b, a) if a_negative else (a, b)
        return self.errors.note(self.builder.op(GOp.SUB, plus, minus), error), False

    def _key(self, term: SignedNode) -> tuple[Ready, int]:
        return self.watch.ready(term[0]), self.builder.nodes[term[0]].fmt.width

    def multiplied(self, factors: Sequence[int], frac: int) -> int:
        """The product, the two earliest first, cut after each step to `frac` and what is left."""
        sizes = {k: self.errors.size(k) for k in factors}
        queue = [(self.watch.ready(k), place, k) for place, k in enumerate(factors)]
        heapq.heapify(queue)
        while len(queue) > 1:
            a, b = heapq.heappop(queue)[-1], heapq.heappop(queue)[-1]
            rest = math.prod(sizes[k] for *_, k in queue)
            need = frac + self.guard + (extra_bits(rest, self.most) if queue else 0)
            kept = [
                self.trimmed(k, need + 1 + extra_bits(sizes[other], self.most))
                for k, other in ((a, b), (b, a))
            ]
            product = self.builder.op(GOp.MUL, *kept)
            both = self.trimmed(self.errors.note(product, self.errors.of_product(*kept)), need)
            sizes[both] = self.errors.size(both)
            heapq.heappush(queue, (self.watch.ready(both), len(factors) + both, both))
        return queue[0][-1]
