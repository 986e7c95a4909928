"""The two libraries of fixed-point types that the emitted C++ is written in.

`ApTypes` are AMD's (UG1399, "Arbitrary Precision Fixed-Point Data Types"), `AcTypes` those of
oneAPI and other tools (Algorithmic C Datatypes). Both have exact + - * and unary -, and casts whose
types carry quantisation and overflow modes of the same meaning; they differ in how types are spelt
and raw bits reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from symtick.codegen.emit.comments import type_text
from symtick.codegen.ir.fixed import Fixed

_WORD = 64


class CppTypes(Protocol):
    """How a library spells types and bits."""

    def type(self, fmt: Fixed, modes: Iterable[str] = ()) -> str:
        """The type of a format, with AMD's names of quantisation and overflow modes if given."""

    def bits(self, name: str, width: int) -> str:
        """The bit pattern of a variable of that width, read as unsigned."""

    def same_bits(self, name: str, width: int) -> str:
        """The bit pattern of a variable of that width, to be set into one as wide."""

    def address(self, name: str, width: int) -> str:
        """The bit pattern of a variable as a number."""

    def pattern(self, value: str, width: int) -> str:
        """A C++ integer as a bit pattern."""

    def constant(self, pattern: int, width: int) -> str:
        """A number as a bit pattern, in any width."""

    def joined(self, high: str, low: str, widths: tuple[int, int]) -> str:
        """Two bit patterns side by side, of variables of these widths."""

    def set_bits(self, name: str, pattern: str) -> str:
        """The statement that gives a variable its bit pattern."""


class ApTypes:
    """AMD's `ap_fixed` and `ap_ufixed`."""

    def type(self, fmt: Fixed, modes: Iterable[str] = ()) -> str:
        """`ap_fixed<W, I>`, with the modes behind."""
        return type_text(fmt, modes)

    def bits(self, name: str, width: int) -> str:
        """`ap_uint<W>(name.range())`."""
        return f"ap_uint<{width}>({name}.range())"

    def same_bits(self, name: str, width: int) -> str:
        """`name.range()`, whose width its variable says."""
        return f"{name}.range()"

    def address(self, name: str, width: int) -> str:
        """`name.range().to_uint()`."""
        return f"{name}.range().to_uint()"

    def pattern(self, value: str, width: int) -> str:
        """`ap_uint<W>(value)`."""
        return f"ap_uint<{width}>({value})"

    def constant(self, pattern: int, width: int) -> str:
        """From hexadecimal digits."""
        return f'ap_uint<{width}>("{pattern:x}", 16)'

    def joined(self, high: str, low: str, widths: tuple[int, int]) -> str:
        """By AMD's `concat`."""
        return f"{self.bits(high, widths[0])}.concat({self.bits(low, widths[1])})"

    def set_bits(self, name: str, pattern: str) -> str:
        """By assignment to the range."""
        return f"{name}.range() = {pattern};"


class AcTypes:
    """`ac_fixed` of the Algorithmic C Datatypes."""

    def type(self, fmt: Fixed, modes: Iterable[str] = ()) -> str:
        """`ac_fixed<W, I, S>`, with AC's names of the modes behind."""
        names = [mode.replace("AP_", "AC_", 1) for mode in modes]
        sign = "true" if fmt.signed else "false"
        return f"ac_fixed<{', '.join([str(fmt.width), str(fmt.integer), sign, *names])}>"

    def bits(self, name: str, width: int) -> str:
        """The slice, made unsigned."""
        return self.pattern(f"{name}.slc<{width}>(0)", width)

    def same_bits(self, name: str, width: int) -> str:
        """The slice."""
        return f"{name}.slc<{width}>(0)"

    def address(self, name: str, width: int) -> str:
        """The slice, made unsigned, as a number."""
        return f"{self.bits(name, width)}.to_uint()"

    def pattern(self, value: str, width: int) -> str:
        """`ac_int<W, false>(value)`."""
        return f"ac_int<{width}, false>({value})"

    def constant(self, pattern: int, width: int) -> str:
        """From words of 64 bits, the high ones shifted up."""
        low = self.pattern(f"{pattern & ((1 << _WORD) - 1):#x}ULL", width)
        if pattern >> _WORD == 0:
            return low
        high = self.pattern(f"{pattern >> _WORD:#x}ULL", width)
        return f"({high} << {_WORD}) | {low}"

    def joined(self, high: str, low: str, widths: tuple[int, int]) -> str:
        """By a shift and an or of the whole width."""
        both = sum(widths)
        top = self.pattern(self.bits(high, widths[0]), both)
        return f"({top} << {widths[1]}) | {self.bits(low, widths[1])}"

    def set_bits(self, name: str, pattern: str) -> str:
        """By `set_slc`."""
        return f"{name}.set_slc(0, {pattern});"
