"""Verilog expressions of exact width: extension, cutting, products and casts.

`Bits` writes every read of a signal, so it knows which bits nothing reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from symtick.codegen.emit.names import Namer
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode
from symtick.codegen.ir.limits import limits


@dataclass(frozen=True)
class Signal:
    """A named vector (or, with `constant`, a local parameter) and its format."""

    name: str
    fmt: Fixed
    constant: bool = False

    @property
    def vector(self) -> str:
        """`signed [7:0] ` and the like; a one-bit unsigned signal is a scalar."""
        if self.fmt.width == 1 and not self.fmt.signed:
            return ""
        return f"{'signed ' if self.fmt.signed else ''}[{self.fmt.width - 1}:0] "

    @property
    def declared(self) -> str:
        """Vector and name."""
        return self.vector + self.name


def literal(raw: int, width: int) -> str:
    """A sized literal with the bits of `raw`, decimal where that is short."""
    pattern = raw & ((1 << width) - 1)
    return f"{width}'d{pattern}" if width <= 20 else f"{width}'h{pattern:x}"


@dataclass
class Bits:
    """Expressions over signals, and the bits that they have read."""

    _signals: dict[str, Signal] = field(default_factory=dict)
    _read: dict[str, int] = field(default_factory=dict)

    def known(self, signal: Signal) -> Signal:
        """Register a signal whose unread bits are to be reported."""
        self._signals.setdefault(signal.name, signal)
        return signal

    def reads(self, name: str) -> bool:
        """Whether an expression reads a bit of the signal of this name."""
        return name in self._read

    def unread(self) -> list[str]:
        """Slices of known signals that no expression reads."""
        slices: list[str] = []
        for signal in self._signals.values():
            read, top = self._read.get(signal.name, 0), signal.fmt.width
            while top:
                low = top
                while low and not read >> (low - 1) & 1:
                    low -= 1
                if low < top:
                    slices.append(_sliced(signal, top - 1, low))
                top = max(low - 1, 0)
        return slices

    def all(self, signal: Signal) -> str:
        """The whole signal."""
        return self.field(signal, signal.fmt.width - 1, 0)

    def field(self, signal: Signal, high: int, low: int) -> str:
        """Bits high..low, which the signal must have."""
        mask = ((1 << (high - low + 1)) - 1) << low
        self._read[signal.name] = self._read.get(signal.name, 0) | mask
        return _sliced(signal, high, low)

    def sign(self, signal: Signal) -> str:
        """The sign bit; constant 0 for an unsigned signal."""
        if not signal.fmt.signed:
            return "1'b0"
        return self.field(signal, signal.fmt.width - 1, signal.fmt.width - 1)

    def bit(self, signal: Signal, place: int) -> str:
        """One bit; above the width the sign."""
        if place >= signal.fmt.width:
            return self.sign(signal)
        return self.field(signal, place, place)

    def extended(self, signal: Signal, shift: int, width: int) -> str:
        """`width` bits of signal * 2**shift rounded down: extended above, or cut."""
        have, low = signal.fmt.width, max(-shift, 0)
        zeros = min(max(shift, 0), width)
        take = min(have - low, width - zeros)
        parts: list[str] = []
        if take <= 0 and zeros < width:
            low, take = have, 0
        more = width - zeros - max(take, 0)
        if more:
            sign = self.sign(signal)
            if not signal.fmt.signed:
                parts.append(literal(0, more))
            else:
                parts.append(sign if more == 1 else f"{{{more}{{{sign}}}}}")
        if take > 0:
            parts.append(self.field(signal, low + take - 1, low))
        if zeros:
            parts.append(literal(0, zeros))
        return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"

    def product(self, a: Signal, b: Signal, width: int) -> str:
        """The low `width` bits of a * b."""
        signed = a.fmt.signed or b.fmt.signed
        return f"{self._factor(a, signed, width)} * {self._factor(b, signed, width)}"

    def _factor(self, signal: Signal, signed: bool, width: int) -> str:
        have = signal.fmt.width
        text = self.field(signal, min(have, width) - 1, 0)
        if not signed:
            return text
        if signal.fmt.signed:
            return text if have <= width else f"$signed({text})"
        return f"$signed({{1'b0, {text}}})" if have < width else f"$signed({text})"


def _sliced(signal: Signal, high: int, low: int) -> str:
    if low == 0 and high == signal.fmt.width - 1:
        return signal.name
    place = f"{high}" if high == low else f"{high}:{low}"
    return f"{signal.name}[{place}]"


def cast_logic(
    bits: Bits, namer: Namer, name: str, node: GNode, source: GNode, signal: Signal
) -> tuple[list[str], str]:
    """Helper wires and the expression of a CAST node.

    Logic for rounding and overflow is printed only where the source's bounds need it.
    """
    drop = source.fmt.frac - node.fmt.frac
    found = limits(node, source)
    up = _increment(bits, signal, drop, node.quant)
    if not found.any:
        return _rounded_up(bits, namer, name, node, signal, drop, up)
    moved = Signal(namer.new(f"{name}_full"), found.full)
    width = moved.fmt.width
    value = _raised(bits.extended(signal, -drop, width), up, width)
    lines = [f"wire {moved.declared} = {value};"]
    bits.known(moved)
    return _limited(bits, namer, name, node, moved, (found.under, found.over), lines)


def _rounded_up(
    bits: Bits, namer: Namer, name: str, node: GNode, signal: Signal, drop: int, up: str
) -> tuple[list[str], str]:
    """A cast that meets no overflow; an increment is added at the width of its values alone."""
    width = node.fmt.width
    narrow = Fixed.for_raw(node.lo, node.hi, node.fmt.frac)
    if not up or narrow.width >= width:
        return [], _raised(bits.extended(signal, -drop, width), up, width)
    short = Signal(namer.new(f"{name}_short"), narrow)
    value = _raised(bits.extended(signal, -drop, narrow.width), up, narrow.width)
    return [f"wire {short.declared} = {value};"], bits.extended(bits.known(short), 0, width)


def _raised(text: str, up: str, width: int) -> str:
    if not up:
        return text
    return f"{text} + {up}" if width == 1 else f"{text} + {{{literal(0, width - 1)}, {up}}}"


def _increment(bits: Bits, signal: Signal, drop: int, quant: Quant) -> str:
    """The bit that rounding adds to the value rounded down; empty for none.

    `half` is the first bit dropped, `rest` whether any other dropped bit is set.
    """
    if drop <= 0 or quant is Quant.TRN or (quant is Quant.TRN_ZERO and not signal.fmt.signed):
        return ""
    top = min(drop, signal.fmt.width) - 1
    if quant is Quant.TRN_ZERO:
        return f"{bits.sign(signal)} & |{bits.field(signal, top, 0)}"
    half = bits.bit(signal, drop - 1)
    if half == "1'b0":
        return ""
    if quant is Quant.RND:
        return half
    top = min(drop - 1, signal.fmt.width) - 1
    rest = f"|{bits.field(signal, top, 0)}" if top >= 0 else "1'b0"
    if quant is Quant.RND_MIN_INF:
        return f"{half} & {rest}"
    tie = bits.bit(signal, drop) if quant is Quant.RND_CONV else bits.sign(signal)
    if quant is Quant.RND_INF:
        tie = f"~{tie}"
    return f"{half} & ({rest} | {tie})"


def _limited(
    bits: Bits, namer: Namer, name: str, node: GNode, moved: Signal,
    needed: tuple[bool, bool], lines: list[str],
) -> tuple[list[str], str]:  # fmt: skip
    width = node.fmt.width
    value = bits.extended(moved, 0, width)
    flags = {}
    for place, test in ((0, _below), (1, _above)):
        if needed[place]:
            flag = namer.new(f"{name}_{('low', 'high')[place]}")
            lines.append(f"wire {flag} = {test(bits, node, moved)};")
            flags[place] = flag
    if node.overflow is Overflow.SAT_ZERO:
        return lines, f"{' | '.join(flags.values())} ? {literal(0, width)} : {value}"
    least = node.fmt.raw_min
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -node.fmt.raw_max
    if 0 in flags:
        value = f"{flags[0]} ? {literal(least, width)} : {value}"
    if 1 in flags:
        value = f"{flags[1]} ? {literal(node.fmt.raw_max, width)} : {value}"
    return lines, value


def _above(bits: Bits, node: GNode, moved: Signal) -> str:
    """Whether a value is over the target's largest."""
    low = node.fmt.width - node.fmt.signed
    top = moved.fmt.width - 1 - moved.fmt.signed
    some = f"|{bits.field(moved, top, low)}"
    return f"~{bits.sign(moved)} & {some}" if moved.fmt.signed else some


def _below(bits: Bits, node: GNode, moved: Signal) -> str:
    """Whether a value, which can be negative, is under the target's smallest."""
    sign, low = bits.sign(moved), node.fmt.width - 1
    if not node.fmt.signed:
        return sign
    top = moved.fmt.width - 2
    outside = [f"~&{bits.field(moved, top, low)}"] if top >= low else []
    if node.overflow is Overflow.SAT_SYM:
        if low == 0:
            return sign
        outside.append(f"~|{bits.field(moved, low - 1, 0)}")
    return f"{sign} & ({' | '.join(outside)})"
