"""Expressions and declarations in Verilog, every vector extended and cut by hand."""

from __future__ import annotations

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
    sign,
)


def vector(signal: Signal) -> str:
    """`signed [7:0] ` and the like; a one-bit unsigned signal is a scalar."""
    if signal.fmt.width == 1 and not signal.fmt.signed:
        return ""
    return f"{'signed ' if signal.fmt.signed else ''}[{signal.fmt.width - 1}:0] "


def declared(signal: Signal) -> str:
    """Vector and name."""
    return vector(signal) + signal.name


def literal(raw: int, width: int) -> str:
    """A sized literal with the bits of `raw`, decimal where that is short."""
    pattern = raw & ((1 << width) - 1)
    return f"{width}'d{pattern}" if width <= 20 else f"{width}'h{pattern:x}"


def sliced(field: Field) -> str:
    """A field of a signal."""
    high, low = field.high, field.low
    if low == 0 and high == field.signal.fmt.width - 1:
        return field.signal.name
    return f"{field.signal.name}[{high if high == low else f'{high}:{low}'}]"


def text(expression: Expression) -> str:
    """An expression; its operands are in brackets where they need them."""
    match expression:
        case Literal(raw, width):
            return literal(raw, width)
        case Bit(value):
            return f"1'b{value}"
        case Field():
            return sliced(expression)
        case Extended():
            return _extended(expression)
        case Magnitude(value):
            return _magnitude(value)
        case Product(a, b, width):
            return f"{_factor(expression, a)} * {_factor(expression, b)}"
        case Sum(first, second):
            return f"{text(first)} + {text(second)}"
        case Difference(first, second):
            return f"{text(first)} - {text(second)}"
        case Negative(first):
            return f"-{text(first)}"
        case Raised(value, up):
            return f"{text(value)} + {_counted(up, value.width)}"
        case Joined(high, low):
            return f"{{{text(high)}, {text(low)}}}"
        case Lookup(table, address):
            return f"{table}({text(address)})"
    return _condition(expression)


def _condition(expression: Expression) -> str:
    """What asks bits, or chooses by one."""
    match expression:
        case Complement(first):
            return f"~{_bracketed(first)}"
        case Both(first, second):
            return f"{text(first)} & {_bracketed(second)}"
        case Either(bits):
            return " | ".join(text(part) for part in bits)
        case AnyOf(field):
            return f"|{sliced(field)}"
        case AllOf(field):
            return f"&{sliced(field)}"
        case Compared(a, symbol, b):
            pair = [f"$signed({text(p)})" if expression.signed else text(p) for p in (a, b)]
            return f"{pair[0]} {symbol} {pair[1]}"
        case Choice(test, then, other):
            return f"{text(test)} ? {_bracketed(then)} : {_bracketed(other)}"
        case Limited(bounds, value):
            return "".join(f"{text(flag)} ? {text(end)} : " for flag, end in bounds) + text(value)
    raise TypeError(f"{type(expression).__name__} has no Verilog")


def _bracketed(expression: Expression) -> str:
    inner = text(expression)
    return f"({inner})" if isinstance(expression, Choice | Either | Both) else inner


def _extended(value: Extended) -> str:
    above, own, zeros = value.parts()
    parts: list[str] = []
    if above:
        top = text(sign(value.signal))
        if not value.signal.fmt.signed:
            parts.append(literal(0, above))
        else:
            parts.append(top if above == 1 else f"{{{above}{{{top}}}}}")
    if own is not None:
        parts.append(sliced(own))
    if zeros:
        parts.append(literal(0, zeros))
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _magnitude(value: Extended) -> str:
    top = sign(value.signal)
    return f"({text(value)} ^ {{{value.width}{{{text(top)}}}}}) + {_counted(top, value.width)}"


def _counted(up: Expression, width: int) -> str:
    """A bit as a number of `width` bits."""
    return _bracketed(up) if width == 1 else f"{{{literal(0, width - 1)}, {text(up)}}}"


def _factor(product: Product, signal: Signal) -> str:
    own = sliced(product.own(signal))
    if not product.signed:
        return own
    if signal.fmt.signed:
        return own if signal.fmt.width <= product.width else f"$signed({own})"
    short = signal.fmt.width < product.width
    return f"$signed({{1'b0, {own}}})" if short else f"$signed({own})"
