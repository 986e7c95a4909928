"""Symbols of units that are known: the SI's, those in use beside them, and how they are spelt.

The SI Brochure, 9th edition, has the base units, the coherent derived ones (table 4), the prefixes
(table 7) and the non-SI units accepted for use (table 8).
"""

from __future__ import annotations

from collections.abc import Mapping

from symtick.errors import asked, nearest

DERIVED: Mapping[str, str] = {
    "N": "kg*m/s^2", "Pa": "kg/(m*s^2)", "J": "kg*m^2/s^2", "W": "kg*m^2/s^3", "Hz": "1/s",
    "C": "A*s", "V": "kg*m^2/(s^3*A)", "F": "s^4*A^2/(kg*m^2)", "ohm": "kg*m^2/(s^3*A^2)",
    "Ω": "ohm", "S": "s^3*A^2/(kg*m^2)", "Wb": "kg*m^2/(s^2*A)", "T": "kg/(s^2*A)",
    "H": "kg*m^2/(s^2*A^2)", "lm": "cd", "lx": "cd/m^2", "Bq": "1/s", "Gy": "m^2/s^2",
    "Sv": "m^2/s^2", "kat": "mol/s", "rad": "1", "sr": "1",
}  # fmt: skip
BASE = ("s", "m", "kg", "A", "K", "mol", "cd")
_PREFIXES = (
    "Q", "R", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "da", "d", "c", "m", "u", "µ", "μ", "n",
    "p", "f", "a", "z", "y", "r", "q",
)  # fmt: skip
_PREFIXED = frozenset((*BASE, *DERIVED, "g", "eV", "L", "l", "bar", "pc", "b", "bit", "B", "cal"))
_OTHERS = frozenset(
    (
        "min", "h", "d", "day", "week", "month", "yr", "year", "au", "ha", "t", "u", "Da", "Np",
        "dB", "deg", "arcmin", "arcsec", "degC", "degF", "atm", "torr", "Torr", "mmHg", "psi",
        "in", "ft", "yd", "mi", "nmi", "ly", "lb", "oz", "gal", "mph", "kn", "rpm", "G", "Oe",
        "dyn", "erg", "px", "pixel", "count", "counts", "byte", "EUR", "USD", "GBP", "JPY", "CHF",
        "CNY",
    )
)  # fmt: skip
_SPELLED: Mapping[str, str] = {
    "second": "s", "sec": "s", "metre": "m", "meter": "m", "kilogram": "kg", "kilo": "kg",
    "gram": "g", "ampere": "A", "amp": "A", "kelvin": "K", "mole": "mol", "candela": "cd",
    "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "hertz": "Hz", "coulomb": "C",
    "volt": "V", "farad": "F", "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H",
    "lumen": "lm", "lux": "lx", "becquerel": "Bq", "gray": "Gy", "sievert": "Sv", "katal": "kat",
    "radian": "rad", "steradian": "sr", "minute": "min", "hour": "h", "litre": "L", "liter": "L",
    "electronvolt": "eV", "parsec": "pc", "tonne": "t", "degree": "deg",
    "inch": "in", "foot": "ft", "mile": "mi", "pound": "lb", "euro": "EUR",
    "dollar": "USD",
}  # fmt: skip


def is_known(symbol: str) -> bool:
    """Whether it is a unit's symbol, with a prefix or without."""
    if symbol in _PREFIXED or symbol in _OTHERS:
        return True
    return any(symbol.startswith(p) and symbol[len(p) :] in _PREFIXED for p in _PREFIXES)


def meant(symbol: str) -> str:
    """`did you mean m (metre)? ` of a symbol that is not known, or nothing."""
    names = {name: f"{known} ({name})" for name, known in _SPELLED.items()}
    near = nearest(symbol, sorted({*_PREFIXED, *_OTHERS, *names}))
    return asked([names.get(name, name) for name in near])
