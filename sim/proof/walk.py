"""The normal forms of all nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.codegen.lowering.slices import Slice
from symtick.sim.proof.forms import Form, added, constant, from_values, of_signal
from symtick.sim.proof.operations import (
    applied,
    at_format,
    at_least_zero,
    function_of,
    listed,
)
from symtick.sim.proof.signals import OutOfReachError, Space
from symtick.sim.proof.values.integers import result
from symtick.sim.proof.values.ranges import code_range, rounded


@dataclass
class Walk:
    """The forms of a graph's nodes, as far as there are rules.

    Attributes:
        graph: the graph.
        space: its signals; those of inputs are found by their number, so that graphs share them.
        slices: what the inputs' words are read as; empty where the ports carry that itself.
        forms: the form of each node, by number.
        failed: nodes without a form, and why.
    """

    graph: Graph
    space: Space
    slices: Sequence[Slice] = ()
    forms: dict[int, Form] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for k, node in enumerate(self.graph.nodes):
            if any(a in self.failed for a in node.args):
                first = next(a for a in node.args if a in self.failed)
                self.failed[k] = self.failed[first]
                continue
            try:
                self.forms[k] = self._form(k, node)
            except OutOfReachError as error:
                self.failed[k] = f"{node.op.value}{k}: {error}"

    def _form(self, number: int, node: GNode) -> Form:
        space = self.space
        if node.op is GOp.CONST:
            return constant(space, node.number, node.fmt.frac)
        if node.op is GOp.INPUT:
            return self._input(node)
        if self._is_slice(node):
            index = self.graph.nodes[self._word(node.args[0])].number
            return self._slice(index)
        before = [self.graph.nodes[a] for a in node.args]
        args = [self.forms[a] for a in node.args]
        if node.op is GOp.TABLE:
            form = self._table(node, before[0], args[0])
        else:
            form = applied(node, before, args)
        return self._of_slices(form)

    def _table(self, node: GNode, address: GNode, arg: Form) -> Form:
        """A table; on the bits of two nodes it is a function of both."""
        if (ordered := self._comparison(node, address)) is not None:
            return ordered
        form = at_format(arg, address)
        try:
            return function_of(form, lambda v: result(node, [address], [v]), node.fmt.frac)
        except OutOfReachError:
            if address.op is not GOp.CONCAT:
                raise
        nodes = [self.graph.nodes[a] for a in address.args]
        parts = [at_format(self.forms[a], n) for a, n in zip(address.args, nodes, strict=True)]
        return listed(
            parts, lambda v: result(node, [address], [result(address, nodes, v)]), node.fmt.frac
        )

    def _comparison(self, node: GNode, address: GNode) -> Form | None:
        """A table on the bits of two signals that is a comparison of them, as a condition."""
        if address.op is not GOp.CONCAT or set(node.contents) - {0, 1} or node.fmt.frac:
            return None
        parts = [self.graph.nodes[a] for a in address.args]
        if any(part.op is GOp.CONCAT or part.lo == part.hi for part in parts):
            return None
        fine = max(part.fmt.frac for part in parts)
        sides = [np.arange(p.lo, p.hi + 1, dtype=np.int64) for p in parts]
        raw = [sides[0][:, None], sides[1][None, :]]
        scaled = [v * (1 << fine - p.fmt.frac) for v, p in zip(raw, parts, strict=True)]
        gap = scaled[0] - scaled[1]
        values = result(node, [address], [result(address, parts, raw)])
        whole = added(self.forms[address.args[0]], self.forms[address.args[1]], -1)
        for sign in (1, -1):
            over = sign * gap
            if not values.any() or values.all():
                return None
            least, below = int(over[values == 1].min()), int(over[values == 0].max())
            if below < least and below < 1 and least > -1:
                # the threshold that compares the two as they are, where it is one
                least = 0 if below < 0 else 1
                step = constant(self.space, least, fine)
                turned = whole if sign > 0 else added(constant(self.space, 0, fine), whole, -1)
                return at_least_zero(added(turned, step, -1))
        return None

    # -- inputs

    def _input(self, node: GNode) -> Form:
        index = node.number
        if not self.slices:
            return self._code(index, node.lo, node.hi, node.fmt.frac)
        size = node.hi - node.lo + 1
        kind = ("word", index)
        signal = self.space.signal(kind, "word", node.lo, size)
        return of_signal(signal, self.space, node.fmt.frac)

    def _code(self, index: int, lo: int, hi: int, frac: int) -> Form:
        signal = self.space.signal(("input", index), "input", lo, hi - lo + 1)
        if (signal.lo, signal.size) != (lo, hi - lo + 1):
            raise OutOfReachError("the graphs read an input in different ranges")
        return of_signal(signal, self.space, frac)

    def _slice(self, index: int) -> Form:
        part = self.slices[index]
        ends = [part_code(part, raw) for raw in code_range_of(part)]
        return self._code(index, ends[0], ends[1], part.fmt.frac)

    def _word(self, number: int) -> int:
        """The input behind a cast that only leaves low bits away, or the node itself."""
        node = self.graph.nodes[number]
        if node.op is GOp.CAST and self._keeps(node):
            return node.args[0]
        return number

    def _keeps(self, node: GNode) -> bool:
        """Whether a cast rounds down and meets no overflow."""
        source = self.graph.nodes[node.args[0]]
        drop = source.fmt.frac - node.fmt.frac
        ends = rounded(source.lo, drop, Quant.TRN), rounded(source.hi, drop, Quant.TRN)
        least, most = code_range(node)
        plain = drop <= 0 or node.quant is Quant.TRN
        return plain and least <= ends[0] and ends[1] <= most

    def _is_slice(self, node: GNode) -> bool:
        """Whether a node is just what a word is read as: rounded down, and saturated."""
        if not self.slices or node.op is not GOp.CAST:
            return False
        word = self.graph.nodes[self._word(node.args[0])]
        if word.op is not GOp.INPUT:
            return False
        part, before = self.slices[word.number], self.graph.nodes[node.args[0]]
        down = before.fmt.frac <= node.fmt.frac or node.quant is Quant.TRN
        exact = before is word or before.fmt.frac == node.fmt.frac
        limits = node.overflow is Overflow.SAT or self._keeps(node)
        whole = (word.fmt, word.lo, word.hi) == (part.word, part.word.raw_min, part.word.raw_max)
        return whole and node.fmt == part.fmt and down and exact and limits

    def _of_slices(self, form: Form) -> Form:
        """A function of one word as one of what is read of it, where it is one."""
        if not self.slices or len(form.support) != 1 or form.wide:
            return form
        signal = self.space.signals[form.support[0]]
        if signal.kind != "word":
            return form
        index = next(
            i for i in range(len(self.slices)) if self.space.known.get(("word", i)) is signal
        )
        part = self.slices[index]
        codes = np.array([part_code(part, int(raw)) for raw in signal.codes()])
        values = form.values(form.support)
        slice_form = self._slice(index)
        base = int(codes.min())
        entries = np.zeros(int(codes.max()) - base + 1, np.int64)
        entries[codes - base] = values
        if (entries[codes - base] != values).any():
            return form
        return from_values(self.space, form.frac, slice_form.support, entries)


def part_code(part: Slice, raw: int) -> int:
    """What a slice makes of a word: rounded down to its step, and saturated."""
    least, most = part.fmt.raw_min, part.fmt.raw_max
    return min(max(raw >> part.word.frac - part.fmt.frac, least), most)


def code_range_of(part: Slice) -> tuple[int, int]:
    """The least and the largest word."""
    return part.word.raw_min, part.word.raw_max
