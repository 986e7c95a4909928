"""Precision settings: widths and rounding inside a design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from symtick.codegen.ir.fixed import MAX_PORT_WIDTH, Fixed, Overflow, Quant
from symtick.codegen.ir.graph import MAX_TABLE_BITS
from symtick.defaults import DIVISION, TERM_FRAC
from symtick.errors import InputError, WidthError

DIVISIONS = ("auto", "exact")
TERM_FRACS = (-32, 40)  # the coarsest and the finest place of an output's terms


@dataclass(frozen=True, slots=True)
class Precision:
    """Widths and rounding inside a design.

    Attributes:
        term_frac: bits after the point of an output's terms. Every rounding inside a design is
            placed so that it moves an output by about half a unit of this place at most: a signal
            that is later multiplied by up to 8 gets three bits more, one that is divided by 8
            three bits less. Unless `strict`, a signal that is multiplied by more than 2**24 gets 24
            bits more, so that the design is then less exact.
        output: format of every output; None leaves outputs exact, with all bits computed.
        term_fracs: `term_frac` of each output; empty: of all alike.
        strict: whether a signal has the bits that its users need however steep they are (a root at
            0, an arc sine at 1, a large factor), or the expression is refused. False: next to such
            a point the error is a few units.
        table_bits: most address bits of a table made from a sub-expression of one input; 0 makes
            none: every function is a table of its own, on its argument, and all else arithmetic.
        wide_bits: most address bits of a table on a signal made from several inputs. A function
            that no method computes within its share of the error with such tables is refused.
        quant: rounding of the cast to `output`. Inside, products are cut (TRN, no hardware)
            `guard_bits` below the place that matters.
        overflow: overflow mode of the cast to `output`. Inside, formats hold every value.
        guard_bits: see `quant`.
        chords: whether a function of a signal with more than `wide_bits` bits may be what is exact
            enough and cheapest (see `function_units`); False: always one table on the top bits,
            which is sooner ready, however exact that is.
        division: `auto`: quotients by functions of the divisor, square roots by what costs least,
            all of them digit by digit where a function of the design is not exact enough otherwise;
            `exact`: digit by digit wherever it is not one table, rounded by the remainder to the
            last bit (`quant` where the quotient is an output with a format, else to nearest), of
            operands with all their bits where these are at most 64 after the point.

    Raises:
        InputError: a number of bits is not whole, or outside its range.
        WidthError: the output format is wider than a port may be.
    """

    term_frac: int = TERM_FRAC
    output: Fixed | None = None
    table_bits: int = 12
    wide_bits: int = 10
    quant: Quant = Quant.RND
    overflow: Overflow = Overflow.SAT
    guard_bits: int = 2
    chords: bool = True
    division: str = DIVISION
    term_fracs: tuple[int, ...] = ()
    strict: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "term_fracs", tuple(self.term_fracs))
        for places in (self.term_frac, *self.term_fracs):
            _within("term_frac", places, *TERM_FRACS)
        _within("table_bits", self.table_bits, 0, MAX_TABLE_BITS)
        _within("wide_bits", self.wide_bits, 2, MAX_TABLE_BITS)
        _within("guard_bits", self.guard_bits, 0, 8)
        if self.division not in DIVISIONS:
            raise InputError(f"division must be auto or exact, not {self.division!r}")
        if self.output is not None and self.output.width > MAX_PORT_WIDTH:
            raise WidthError(
                f"the output format {self.output} is over the limit of {MAX_PORT_WIDTH} bits"
            )

    def places(self, outputs: int) -> tuple[int, ...]:
        """Bits after the point of the terms of each of so many outputs.

        Raises:
            InputError: `term_fracs` are of another number of outputs.
        """
        if self.term_fracs and len(self.term_fracs) != outputs:
            raise InputError(f"{outputs} outputs need as many term_fracs, not {self.term_fracs}")
        return self.term_fracs or (self.term_frac,) * outputs

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; modes and the output format by name."""
        named = {"quant": self.quant.name, "overflow": self.overflow.name}
        return {**asdict(self), **named, "output": self.output and str(self.output)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Precision:
        """Inverse of `to_dict`; raises KeyError, TypeError or InputError on other content."""
        fields = dict(content)
        output = fields.pop("output")
        return cls(
            output=None if output is None else Fixed.parse(output),
            quant=Quant[fields.pop("quant")],
            overflow=Overflow[fields.pop("overflow")],
            **fields,
        )


def _within(name: str, value: int, lowest: int, highest: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not lowest <= value <= highest:
        raise InputError(f"{name} must be an integer from {lowest} to {highest}, not {value!r}")
