"""The top module of a simulation of several designs, and the words that its two ports carry.

A design's inputs are one word of whole hexadecimal digits, its outputs another; within a word the
first port stands lowest. The words of several designs stand side by side, the first design lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ENABLE, ports
from symtick.codegen.emit.templates import render
from symtick.codegen.emit.vectors import from_words, stacked, to_words
from symtick.codegen.ir.fixed import Fixed, RawArray
from symtick.codegen.ir.nodes import BIT

TOP = "streams_"  # no design's name ends in an underscore
_DIGIT = 4


@dataclass(frozen=True)
class Word:
    """Ports side by side.

    Attributes:
        names: of the ports, the lowest first.
        formats: of their values.
    """

    names: tuple[str, ...]
    formats: tuple[Fixed, ...]

    @property
    def bits(self) -> int:
        """Of all ports together."""
        return sum(fmt.width for fmt in self.formats)

    @property
    def digits(self) -> int:
        """Hexadecimal digits of the word, one at least."""
        return max(-(-self.bits // _DIGIT), 1)

    @property
    def octets(self) -> int:
        """Bytes of the digits, one at least."""
        return -(-self.digits // 2)

    def packed(self, values: RawArray) -> npt.NDArray[np.uint8]:
        """The bytes of each row of raw values (rows, ports), the lowest first."""
        bits = [_bits(to_words(values[:, k]), fmt.width) for k, fmt in enumerate(self.formats)]
        rows = np.concatenate([np.zeros((len(values), 0), np.uint8), *bits], axis=1)
        rows = np.pad(rows, ((0, 0), (0, 8 * self.octets - self.bits)))
        return np.packbits(rows, axis=1, bitorder="little")

    def unpacked(self, octets: npt.NDArray[np.uint8]) -> RawArray:
        """Raw values (rows, ports) of bytes (rows, octets or more); the inverse of `packed`."""
        rows = np.unpackbits(octets, axis=1, bitorder="little")
        columns, at = [], 0
        for fmt in self.formats:
            part = np.pad(rows[:, at : at + fmt.width], ((0, 0), (0, 128 - fmt.width)))
            columns.append(
                from_words(np.packbits(part, axis=1, bitorder="little").view("<u8"), fmt)
            )
            at += fmt.width
        return stacked(columns, len(octets))

    def text(self, values: RawArray) -> str:
        """A line of digits for each row of raw values (rows, ports)."""
        digits = self.packed(values)[:, ::-1].tobytes().hex().encode("ascii")
        rows = np.frombuffer(digits, np.uint8).reshape(len(values), 2 * self.octets)
        lines = np.pad(rows[:, -self.digits :], ((0, 0), (0, 1)), constant_values=ord("\n"))
        return lines.tobytes().decode("ascii")

    def values(self, lines: Sequence[str]) -> RawArray:
        """Raw values (rows, ports) of lines of digits; the inverse of `text`.

        Raises:
            ValueError: a line has other characters, or another number of them.
        """
        if any(len(line) != self.digits for line in lines):
            raise ValueError(f"a line has other than {self.digits} digits")
        odd = "0" * (self.digits % 2)
        octets = np.frombuffer(bytes.fromhex("".join(odd + line for line in lines)), np.uint8)
        return self.unpacked(octets.reshape(len(lines), self.octets)[:, ::-1])


def _bits(words: RawArray, width: int) -> RawArray:
    """The lowest bits of two words each, the lowest first; shape (rows, width)."""
    octets = words.astype("<u8").view(np.uint8).reshape(len(words), 16)
    return np.unpackbits(octets[:, : -(-width // 8)], axis=1, bitorder="little")[:, :width]


def input_word(design: Design) -> Word:
    """The inputs that have a port; above them the clock enable, where there is one."""
    nodes, found = design.graph.nodes, ports(design).inputs
    names, formats = [name for *_, name in found], [nodes[k].fmt for _, k, _ in found]
    if design.interface.enable:
        names.append(ENABLE)
        formats.append(BIT)
    return Word(tuple(names), tuple(formats))


def output_word(design: Design) -> Word:
    """The outputs."""
    found = ports(design).outputs
    return Word(tuple(name for _, name in found), design.graph.output_formats)


def bench_text(designs: Sequence[Design]) -> str:
    """Verilog of the module `TOP`, with ports `clk`, `stimulus` and `response`."""
    shown, low_in, low_out = [], 0, 0
    for design in designs:
        read, written = input_word(design), output_word(design)
        pins = _pins(read, "stimulus", low_in) + _pins(written, "response", low_out)
        low_in += _DIGIT * read.digits
        low_out += _DIGIT * written.digits
        free = _DIGIT * written.digits - written.bits
        shown.append({"name": design.name, "pins": pins, "free": free, "high": low_out - 1})
    return render("rtl/streams.v.j2", top=TOP, stimulus=low_in, response=low_out, designs=shown)


def _pins(word: Word, name: str, low: int) -> list[dict[str, object]]:
    pins: list[dict[str, object]] = []
    for port, fmt in zip(word.names, word.formats, strict=True):
        pins.append({"name": port, "word": name, "high": low + fmt.width - 1, "low": low})
        low += fmt.width
    return pins
