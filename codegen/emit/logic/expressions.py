"""The logic of a design in no language: signals, and expressions of exact width over them.

Emitters of languages print these. Modulo 2**width all operations of the graph are exact, because a
node's width holds its value, so that an expression is bits, of a stated number, and its printer has
to ask no rule of a language about mixed signs and widths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from symtick.codegen.ir.fixed import Fixed


@dataclass(frozen=True)
class Signal:
    """A named vector and its format; `port` where it is an input of the module."""

    name: str
    fmt: Fixed
    port: bool = False


@dataclass(frozen=True)
class Expression:
    """Bits of a stated number; one bit is a condition, too."""


@dataclass(frozen=True)
class Literal(Expression):
    """`width` bits of an integer."""

    raw: int
    width: int


@dataclass(frozen=True)
class Bit(Expression):
    """A constant bit."""

    value: int


@dataclass(frozen=True)
class Field(Expression):
    """Bits high..low of a signal, which has them."""

    signal: Signal
    high: int
    low: int


@dataclass(frozen=True)
class Extended(Expression):
    """`width` bits of signal * 2**shift rounded down: extended above by its sign, or cut."""

    signal: Signal
    shift: int
    width: int

    def parts(self) -> tuple[int, Field | None, int]:
        """Bits of the sign above, the signal's own bits, and zeros below."""
        have, low = self.signal.fmt.width, max(-self.shift, 0)
        zeros = min(max(self.shift, 0), self.width)
        take = max(min(have - low, self.width - zeros), 0)
        own = Field(self.signal, low + take - 1, low) if take else None
        return self.width - zeros - take, own, zeros


@dataclass(frozen=True)
class Magnitude(Expression):
    """The absolute value of a signed signal, extended as by `Extended`."""

    value: Extended


@dataclass(frozen=True)
class Product(Expression):
    """The low `width` bits of a * b."""

    a: Signal
    b: Signal
    width: int

    @property
    def signed(self) -> bool:
        """Whether a factor can be negative."""
        return self.a.fmt.signed or self.b.fmt.signed

    def own(self, signal: Signal) -> Field:
        """The bits of a factor that count."""
        return Field(signal, min(signal.fmt.width, self.width) - 1, 0)


@dataclass(frozen=True)
class Sum(Expression):
    """a + b, of one width, which the sum has too."""

    a: Expression
    b: Expression


@dataclass(frozen=True)
class Difference(Expression):
    """a - b, of one width, which the difference has too."""

    a: Expression
    b: Expression


@dataclass(frozen=True)
class Negative(Expression):
    """-a, of the width of a."""

    a: Expression


@dataclass(frozen=True)
class Raised(Expression):
    """A value and one more where a bit is set, of the value's width."""

    value: Extended
    bit: Expression


@dataclass(frozen=True)
class Joined(Expression):
    """The bits of `high`, then those of `low`."""

    high: Expression
    low: Expression


@dataclass(frozen=True)
class Complement(Expression):
    """All bits turned."""

    a: Expression


@dataclass(frozen=True)
class Both(Expression):
    """Whether both bits are set."""

    a: Expression
    b: Expression


@dataclass(frozen=True)
class Either(Expression):
    """Whether one of the bits is set."""

    bits: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf(Expression):
    """Whether a bit of a field is set."""

    field: Field


@dataclass(frozen=True)
class AllOf(Expression):
    """Whether every bit of a field is set."""

    field: Field


@dataclass(frozen=True)
class Compared(Expression):
    """A comparison, `<` or `>=`, of two signals at a width that holds both."""

    a: Extended
    symbol: str
    b: Extended

    @property
    def signed(self) -> bool:
        """Whether one of them can be negative."""
        return self.a.signal.fmt.signed or self.b.signal.fmt.signed


@dataclass(frozen=True)
class Choice(Expression):
    """`then` where a bit is set, else `other`."""

    test: Expression
    then: Expression
    other: Expression


@dataclass(frozen=True)
class Limited(Expression):
    """A value, or the bound beyond which a bit says that it lies, the upper one first."""

    bounds: tuple[tuple[Expression, Literal], ...]
    value: Extended


@dataclass(frozen=True)
class Lookup(Expression):
    """The entry of a table at an address."""

    table: str
    address: Field


@dataclass(frozen=True)
class Assignment:
    """A signal and what drives it."""

    target: Signal
    value: Expression


def whole(signal: Signal) -> Field:
    """All bits of a signal."""
    return Field(signal, signal.fmt.width - 1, 0)


def sign(signal: Signal) -> Expression:
    """The sign bit; constant 0 for an unsigned signal."""
    top = signal.fmt.width - 1
    return Field(signal, top, top) if signal.fmt.signed else Bit(0)


def bit(signal: Signal, place: int) -> Expression:
    """One bit; above the width the sign."""
    return sign(signal) if place >= signal.fmt.width else Field(signal, place, place)


def reads(expression: Expression) -> Iterator[Field]:
    """The fields of signals that an expression reads."""
    if isinstance(expression, Field):
        yield expression
    elif isinstance(expression, Extended):
        yield from _extension(expression)
    elif isinstance(expression, Product):
        yield from (expression.own(expression.a), expression.own(expression.b))
    else:
        for part in _parts(expression):
            yield from reads(part)
    if isinstance(expression, Magnitude):
        yield from reads(sign(expression.value.signal))


def _extension(value: Extended) -> Iterator[Field]:
    above, own, _ = value.parts()
    if above:
        yield from reads(sign(value.signal))
    if own is not None:
        yield own


def _parts(expression: Expression) -> Iterator[Expression]:
    """The expressions that one is made of."""
    for slot in fields(expression):
        value = getattr(expression, slot.name)
        if isinstance(expression, Limited) and slot.name == "bounds":
            value = tuple(part for pair in value for part in pair)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expression):
                yield part
