"""Slices of input words: a design reads its inputs from raw words without arithmetic.

A detector's word is wider than what a design needs of it. A slice leaves low bits away and
saturates to a format of few bits: wires, and logic for saturation where the word holds values
beyond the slice's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, cast_raw
from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import rebuilt, rewrite
from symtick.errors import InputError


@dataclass(frozen=True, slots=True)
class Slice:
    """What a design reads of an input word: rounded down to a format's step, and saturated to it.

    Attributes:
        word: format of the port.
        fmt: format of what the design reads; its step is at least the word's.

    Raises:
        InputError: the slice has bits below the word's last place.
    """

    word: Fixed
    fmt: Fixed

    def __post_init__(self) -> None:
        if self.fmt.frac > self.word.frac:
            raise InputError(f"a slice {self.fmt} has bits below the last place of {self.word}")

    def __str__(self) -> str:
        what = f"{self.fmt}, rounded down to steps of {self.fmt.step:g}"
        kept = self.fmt.lo <= self.word.lo and self.word.hi < self.fmt.hi + self.fmt.step
        return what if kept else f"{what} and saturated to [{self.fmt.lo:g}, {self.fmt.hi:g}]"

    def codes(self, words: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Raw integers of the slice for raw integers of the word, same shape."""
        raw = np.asarray(words, np.int64)
        return cast_raw(raw, self.word.frac, self.fmt, Quant.TRN, Overflow.SAT).astype(np.int64)


def sliced(graph: Graph, slices: Sequence[Slice]) -> Graph:
    """A graph whose ports carry words in place of slices of them.

    Raises:
        InputError: there is not one entry for each input, or an input is read in another format
            than its slice has.
    """
    if len(slices) != len(graph.input_names):
        raise InputError(f"{len(graph.input_names)} inputs need as many slices, not {len(slices)}")
    builder = GraphBuilder(graph.input_names)

    def rule(number: int, places: Sequence[int]) -> int:
        node = graph.nodes[number]
        if node.op is not GOp.INPUT:
            return rebuilt(builder, graph, number, places)
        part = slices[node.number]
        if (node.fmt, node.lo, node.hi) != (part.fmt, part.fmt.raw_min, part.fmt.raw_max):
            name = graph.input_names[node.number]
            raise InputError(f"input {name} is read as {node.fmt}, not as its slice {part.fmt}")
        word = builder.input(node.number, part.word)
        return builder.cast(word, part.fmt, Quant.TRN, Overflow.SAT)

    return rewrite(graph, builder, rule)
