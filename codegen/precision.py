"""How exactly an expression is to be computed.

Room: `codegen`; imports the formats and the errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from symtick.codegen.fixed import MAX_PORT_WIDTH, Fixed, Overflow, Quant
from symtick.codegen.graph import MAX_TABLE_BITS
from symtick.errors import InputError, WidthError


@dataclass(frozen=True, slots=True)
class Precision:
    """Widths and rounding inside a design.

    Attributes:
        term_frac: bits after the point of an output's terms. Every rounding inside a design is
            placed so that it moves an output by about half a unit of this place at most: a signal
            that is later multiplied by up to 8 gets three bits more, one that is divided by 8
            three bits less. That holds as far as `table_bits` and `wide_bits` allow: see there.
        output: format of every output; None leaves outputs exact, with all bits computed.
        table_bits: most address bits of a table made from a sub-expression of one input.
        wide_bits: most address bits of a table on a signal made from several inputs. Both widths
            bound the accuracy of a function of a signal with more bits: it is constant, or with
            `chords` straight, over each of at most 2**bits equal pieces of the signal's range.
            Where it bends too much for that (a pole or logarithm near the edge of its domain, a
            kink, many periods) the design is off by more than `term_frac` promises, by any
            amount, and no error is raised. So measure: `symtick compile` prints the largest
            error that it found.
        quant: rounding of the cast to `output`. Inside, products are cut (TRN, no hardware)
            `guard_bits` below the place that matters.
        overflow: overflow mode of the cast to `output`. Inside, formats hold every value.
        guard_bits: see `quant`.
        chords: whether a function of a signal with more than `wide_bits` bits, where a table is
            not exact enough, may be two tables and a product; False: always one table on the top
            bits, which is sooner ready.

    Raises:
        InputError: a number of bits is outside its range.
        WidthError: the output format is wider than a port may be.
    """

    term_frac: int = 6
    output: Fixed | None = None
    table_bits: int = 12
    wide_bits: int = 10
    quant: Quant = Quant.RND
    overflow: Overflow = Overflow.SAT
    guard_bits: int = 2
    chords: bool = True

    def __post_init__(self) -> None:
        _within("term_frac", self.term_frac, -32, 40)
        _within("table_bits", self.table_bits, 1, MAX_TABLE_BITS)
        _within("wide_bits", self.wide_bits, 2, MAX_TABLE_BITS)
        _within("guard_bits", self.guard_bits, 0, 8)
        if self.output is not None and self.output.width > MAX_PORT_WIDTH:
            raise WidthError(
                f"the output format {self.output} is over the limit of {MAX_PORT_WIDTH} bits"
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; modes and the output format by name."""
        named = {"quant": self.quant.name, "overflow": self.overflow.name}
        return {**asdict(self), **named, "output": self.output and str(self.output)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Precision:
        """Inverse of `to_dict`; raises KeyError, TypeError or InputError on other content."""
        held = dict(content)
        output = held.pop("output")
        return cls(
            output=None if output is None else Fixed.parse(output),
            quant=Quant[held.pop("quant")],
            overflow=Overflow[held.pop("overflow")],
            **held,
        )


def _within(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise InputError(f"{name} must be from {lowest} to {highest}, not {value}")
