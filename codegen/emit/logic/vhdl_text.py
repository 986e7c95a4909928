"""Expressions and declarations in VHDL-93, with ieee.numeric_std.

A signal is `signed` or `unsigned` as its format is, one unsigned bit `std_logic`; ports are
`std_logic_vector`. Conversions between these stand where a value is read in another way. The width
of every operand is stated by `resize`, which extends here and never cuts, for it keeps the sign of
what it cuts: slices do that.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.emit.logic.expressions import (
    AllOf,
    AnyOf,
    Bit,
    Both,
    Choice,
    Compared,
    Complement,
    Difference,
    Either,
    Expression,
    Extended,
    Field,
    Joined,
    Limited,
    Literal,
    Lookup,
    Magnitude,
    Negative,
    Product,
    Raised,
    Signal,
    Sum,
    bit,
    sign,
    whole,
)
from symtick.codegen.ir.fixed import Fixed

BIT_OF = "bit_of"  # the function that makes a bit of a condition
_INTEGER = 1 << 31  # VHDL's integers are below it
_CONDITIONS = Both | Either | AnyOf | AllOf | Compared


def is_scalar(fmt: Fixed) -> bool:
    """Whether a signal of a format is one bit rather than a vector."""
    return fmt.width == 1 and not fmt.signed


def signal_type(fmt: Fixed) -> str:
    """The type of a signal inside the architecture."""
    return "std_logic" if is_scalar(fmt) else f"{kind(fmt)}({fmt.width - 1} downto 0)"


def port_type(fmt: Fixed) -> str:
    """The type of a port."""
    return "std_logic" if is_scalar(fmt) else f"std_logic_vector({fmt.width - 1} downto 0)"


def kind(fmt: Fixed) -> str:
    """`signed` or `unsigned`."""
    return "signed" if fmt.signed else "unsigned"


def constant(raw: int, fmt: Fixed) -> str:
    """The value of a constant of a format."""
    return f"'{raw}'" if is_scalar(fmt) else _literal(raw, fmt.width, kind(fmt))


def value(expression: Expression, fmt: Fixed) -> str:
    """What drives a signal of a format: an expression, or several with their conditions."""
    cases = [(_all(tests), part) for tests, part in _cases(_simple(expression))]
    if is_scalar(fmt) and len(cases) == 1 and isinstance(cases[0][1], _CONDITIONS):
        return f"'1' when {_condition(cases[0][1])} else '0'"
    texts = [
        (test, _bit(part) if is_scalar(fmt) else _vector(part, kind(fmt))) for test, part in cases
    ]
    return " else ".join(f"{text} when {test}" if test else text for test, text in texts)


def shown(source: Signal) -> str:
    """A signal as the value of an output port."""
    if source.port or is_scalar(source.fmt):
        return source.name
    return f"std_logic_vector({source.name})"


def places(ports: Sequence[Signal], word: str) -> list[tuple[str, str]]:
    """Each port's name and its bits of a word that holds all, the first port's the highest."""
    rows, low = [], sum(port.fmt.width for port in ports)
    for port in ports:
        low -= port.fmt.width
        bits = f"{low}" if is_scalar(port.fmt) else f"{low + port.fmt.width - 1} downto {low}"
        rows.append((port.name, f"{word}({bits})"))
    return rows


def _cases(expression: Expression) -> list[tuple[list[Expression], Expression]]:
    """(bits that must be set, value) of a choice, the first that holds counts; the last always."""
    match expression:
        case Choice(test, then, other):
            upper = [([test, *tests], part) for tests, part in _cases(then)]
            return [*upper, *_cases(other)]
        case Complement(Choice() as inner):
            return [(tests, Complement(part)) for tests, part in _cases(inner)]
        case Limited(bounds, inside):
            return [*(([flag], end) for flag, end in bounds), ([], inside)]
    return [([], expression)]


def _simple(expression: Expression) -> Expression:
    """An expression without constant bits in its conditions."""
    match expression:
        case Complement(Bit(known)):
            return Bit(1 - known)
        case Both(first, second):
            a, b = _simple(first), _simple(second)
            if Bit(0) in (a, b):
                return Bit(0)
            return b if a == Bit(1) else a if b == Bit(1) else Both(a, b)
        case Either(bits):
            parts = tuple(part for part in map(_simple, bits) if part != Bit(0))
            if Bit(1) in parts:
                return Bit(1)
            return Either(parts) if len(parts) > 1 else parts[0] if parts else Bit(0)
        case Raised(base, up):
            simple = _simple(up)
            return base if simple == Bit(0) else Raised(base, simple)
    return expression


# -- conditions


def _all(bits: list[Expression]) -> str:
    return " and ".join(_inner(test) if len(bits) > 1 else _condition(test) for test in bits)


def _inner(expression: Expression) -> str:
    text = _condition(expression)
    return f"({text})" if isinstance(expression, Both | Either) else text


def _condition(expression: Expression) -> str:
    """A bit as a boolean."""
    match expression:
        case Complement(AnyOf(field)):
            return f"{_unsigned(field)} = 0" if _several(field) else f"{_place(field)} = '0'"
        case Complement(AllOf(field)):
            return f"(not {_unsigned(field)}) /= 0" if _several(field) else f"{_place(field)} = '0'"
        case Complement(Field() as field):
            return f"{_place(field)} = '0'"
        case AnyOf(field):
            return f"{_unsigned(field)} /= 0" if _several(field) else f"{_place(field)} = '1'"
        case AllOf(field):
            return f"(not {_unsigned(field)}) = 0" if _several(field) else f"{_place(field)} = '1'"
        case Both(first, second):
            return f"{_inner(first)} and {_inner(second)}"
        case Either(bits):
            return " or ".join(_inner(part) for part in bits)
        case Compared(a, symbol, b):
            own = "signed" if expression.signed else "unsigned"
            return f"{_vector(a, own)} {symbol} {_vector(b, own)}"
    return f"{_bit(expression)} = '1'"


def _several(field: Field) -> bool:
    return field.high > field.low


def _unsigned(field: Field) -> str:
    return _field(field, "unsigned")


# -- single bits


def _bit(expression: Expression) -> str:
    """An expression of one bit as a `std_logic`."""
    match expression:
        case Bit(known):
            return f"'{known}'"
        case Literal(raw, _):
            return f"'{raw & 1}'"
        case Field():
            return _place(expression)
        case Extended(signal):
            above, own, _ = expression.parts()
            return _bit(sign(signal) if above else own or Bit(0))
        case Magnitude(inner) | Negative(inner):
            return _bit(inner)
        case Sum(a, b) | Difference(a, b) | Raised(a, b):
            return f"{_bit(a)} xor {_bit(b)}"
        case Product(a, b, _):
            return f"{_bit(bit(a, 0))} and {_bit(bit(b, 0))}"
        case Complement(inner):
            return f"not {_bit(inner)}"
        case Lookup():
            return f"{_lookup(expression)}(0)"
    return f"{BIT_OF}({_condition(expression)})"


def _place(field: Field) -> str:
    """A field of one bit."""
    scalar = is_scalar(field.signal.fmt)
    return field.signal.name if scalar else f"{field.signal.name}({field.low})"


# -- vectors


def _vector(expression: Expression, own: str) -> str:
    """An expression as a `signed` or an `unsigned`."""
    match expression:
        case Literal(raw, width):
            return _literal(raw, width, own)
        case Field():
            return _field(expression, own)
        case Extended():
            return _extended(expression, own)
        case Magnitude(inner):
            return _magnitude(inner, own)
        case Product():
            return _product(expression, own)
        case Sum(a, b):
            return f"{_vector(a, own)} + {_vector(b, own)}"
        case Difference(a, b):
            return f"{_vector(a, own)} - {_vector(b, own)}"
        case Negative(inner):
            return _as("signed", f"-{_vector(inner, 'signed')}", own)
        case Raised(base, up):
            return _raised(base, up, own)
        case Complement(inner):
            return f"not {_vector(inner, own)}"
        case Joined(high, low):
            return _joined(high, low, own)
        case Lookup():
            return _as("unsigned", _lookup(expression), own)
    raise TypeError(f"{type(expression).__name__} is no vector of VHDL")


def _as(have: str, text: str, wanted: str) -> str:
    return text if have == wanted else f"{wanted}({text})"


def _literal(raw: int, width: int, own: str) -> str:
    pattern = raw & ((1 << width) - 1)
    number = pattern - (1 << width) if own == "signed" and pattern >> (width - 1) else pattern
    if -_INTEGER < number < _INTEGER:
        return f"to_{own}({number}, {width})"
    digits = f'x"{pattern & ((1 << width // 4 * 4) - 1):0{width // 4}x}"'
    if rest := width % 4:
        digits = f'"{pattern >> (width - rest):0{rest}b}" & {digits}'
    return f"{own}'({digits})"


def _field(field: Field, own: str) -> str:
    signal = field.signal
    if is_scalar(signal.fmt):
        return f'{own}\'("" & {signal.name})'
    full = field == whole(signal)
    text = signal.name if full else f"{signal.name}({field.high} downto {field.low})"
    return f"{own}({text})" if signal.port else _as(kind(signal.fmt), text, own)


def _extended(extended: Extended, own: str) -> str:
    signal, width = extended.signal, extended.width
    above, field, zeros = extended.parts()
    if field is None and (zeros == width or not signal.fmt.signed):
        return _literal(0, width, own)
    have = kind(signal.fmt)
    # all of it is the sign, or the bits are the signal's own
    inner = field or Field(signal, signal.fmt.width - 1, signal.fmt.width - 1)
    text = _field(inner, have if above or zeros else own)
    if not above and not zeros:
        return text
    if inner.high - inner.low + 1 < width:
        text = f"resize({text}, {width})"
    if zeros:
        text = f"shift_left({text}, {zeros})"
    return _as(have, text, own)


def _magnitude(extended: Extended, own: str) -> str:
    """The magnitude of all of a signal's bits, of which the upper ones can then be left out."""
    signal, width = extended.signal, extended.width
    all_bits = Extended(signal, extended.shift, max(width, signal.fmt.width + extended.shift))
    text = f"abs({_extended(all_bits, 'signed')})"
    if all_bits.width == width:
        return _as("signed", text, own)
    return _as("unsigned", f"resize(unsigned({text}), {width})", own)


def _product(product: Product, own: str) -> str:
    have = "signed" if product.signed else "unsigned"
    factors = [_factor(product, signal) for signal in (product.a, product.b)]
    text = f"{factors[0][0]} * {factors[1][0]}"
    width = factors[0][1] + factors[1][1]
    if width > product.width:
        return _as("unsigned", f"resize({_as(have, text, 'unsigned')}, {product.width})", own)
    return _as(have, text if width == product.width else f"resize({text}, {product.width})", own)


def _factor(product: Product, signal: Signal) -> tuple[str, int]:
    """A factor and its width."""
    own = product.own(signal)
    width = own.high - own.low + 1
    if product.signed and not signal.fmt.signed and width < product.width:
        return f"signed(resize({_field(own, 'unsigned')}, {width + 1}))", width + 1
    return _field(own, "signed" if product.signed else "unsigned"), width


def _raised(base: Extended, up: Expression, own: str) -> str:
    """A bit is no negative number, so that it has a zero above it where there is room."""
    if own == "signed" and base.width == 1:
        return f'signed({_extended(base, "unsigned")} + unsigned\'("" & {_bit(up)}))'
    above = "'0'" if own == "signed" else '""'
    return f"{_extended(base, own)} + {own}'({above} & {_bit(up)})"


def _joined(high: Expression, low: Expression, own: str) -> str:
    parts = [(_width(part) == 1, part) for part in (high, low)]
    texts = [_bit(part) if single else _vector(part, "unsigned") for single, part in parts]
    text = " & ".join(texts)
    if all(single for single, _ in parts):
        return f"{own}'({text})"
    return _as("unsigned", f"unsigned'({text})", own)


def _width(expression: Expression) -> int:
    match expression:
        case Literal(_, width) | Extended(_, _, width):
            return width
        case Field(_, high, low):
            return high - low + 1
        case Joined(high, low):
            return _width(high) + _width(low)
        case Bit():
            return 1
    raise TypeError(f"{type(expression).__name__} has no width of its own")


def _lookup(lookup: Lookup) -> str:
    return f"{lookup.table}(to_integer({_unsigned(lookup.address)}))"
