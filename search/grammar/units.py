"""Physical units: names to exponents, for the rules that keep a candidate's dimensions right.

A unit is a product of powers of symbols. The SI's coherent derived units are products of its base
units; any other symbol is a base unit of its own: `GeV`, `px` or `EUR`, and also `km`, which is
another unit than `m`: convert the data first. A symbol that is not known (`unit_names`) stands in
brackets, `[furlong]`, so that no slip becomes a unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symtick.errors import InputError
from symtick.search.grammar.unit_names import DERIVED, is_known, meant

_WORD = re.compile(r"\s*(?:([^\W\d]\w*|\[[^\W\d]\w*\])|(\d+)|(\*\*|[*/^()\-]))")

Powers = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Unit:
    """A product of powers of base units, e.g. `Unit.parse("kg*m/s^2")`.

    Attributes:
        powers: symbol and exponent of each base unit that occurs, by symbol; none of them is 0.
    """

    powers: Powers = ()

    @classmethod
    def parse(cls, text: str) -> Unit:
        """Read a unit: symbols, `1`, `*`, `/`, `^` or `**` with a rational exponent, brackets.

        An exponent is an integer or stands in brackets: `m^2`, `s^-1`, `V/Hz^(1/2)`. The empty
        text is the unit of plain numbers. As in arithmetic, `/` binds one factor: `m/s*kg` is
        `m*kg/s`.

        Raises:
            InputError: the text is outside this grammar, or a symbol without brackets is not known;
                the message shows the place.
        """
        return cls() if not text.strip() else _Reader(text).whole()

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for symbol, power in other.powers:
            powers[symbol] = powers.get(symbol, Fraction(0)) + power
        return Unit(tuple(sorted((s, p) for s, p in powers.items() if p)))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, exponent: Fraction | int) -> Unit:
        return Unit(tuple((s, p * exponent) for s, p in self.powers if exponent))

    def __str__(self) -> str:
        powers = [(s if is_known(s) else f"[{s}]", p) for s, p in self.powers]
        parts = [s if p == 1 else f"{s}^{p}" if p.denominator == 1 else f"{s}^({p})"
                 for s, p in powers]  # fmt: skip
        return "*".join(parts) or "1"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.words = self._split()
        self.at = 0

    def _split(self) -> list[str]:
        words: list[str] = []
        place, text = 0, self.text.rstrip()
        while place < len(text):
            word = _WORD.match(text, place)
            if not word:
                raise InputError(f"cannot read the unit {text!r} at {text[place:].strip()[:10]!r}")
            words.append("^" if word[3] == "**" else word[1] or word[2] or word[3])
            place = word.end()
        return [*words, ""]

    def whole(self) -> Unit:
        unit = self._product()
        if self.words[self.at]:
            raise self._error("an operator")
        return unit

    def _error(self, wanted: str) -> InputError:
        word = self.words[self.at]
        return InputError(
            f"cannot read the unit {self.text!r}: {wanted} is wanted, not "
            f"{repr(word) if word else 'the end'}"
        )

    def _take(self, *words: str) -> str:
        if self.words[self.at] not in words:
            return ""
        self.at += 1
        return self.words[self.at - 1]

    def _product(self) -> Unit:
        unit = self._power()
        while operator := self._take("*", "/"):
            factor = self._power()
            unit = unit * factor if operator == "*" else unit / factor
        return unit

    def _power(self) -> Unit:
        unit = self._factor()
        return unit ** self._exponent() if self._take("^") else unit

    def _factor(self) -> Unit:
        if self._take("("):
            unit = self._product()
            self._closed()
            return unit
        word = self.words[self.at]
        if word == "1":
            self.at += 1
            return Unit()
        own = word.startswith("[")
        if not own and not word.isidentifier():
            raise self._error("a unit's symbol or 1")
        self.at += 1
        word = word.strip("[]")
        if word in DERIVED:
            return Unit.parse(DERIVED[word])
        if not own and not is_known(word):
            raise InputError(
                f"unknown unit {word!r}: {meant(word)}One of your own stands in brackets, [{word}]"
            )
        return Unit(((word, Fraction(1)),))

    def _closed(self) -> None:
        if not self._take(")"):
            raise self._error("a closing bracket")

    def _exponent(self) -> Fraction:
        if not self._take("("):
            return Fraction(self._integer())
        exponent = Fraction(self._integer())
        if self._take("/"):
            below = self._integer()
            if not below:
                raise InputError(f"cannot read the unit {self.text!r}: an exponent divides by 0")
            exponent /= below
        self._closed()
        return exponent

    def _integer(self) -> int:
        sign = -1 if self._take("-") else 1
        word = self.words[self.at]
        if not word.isdigit():
            raise self._error("an integer exponent")
        self.at += 1
        return sign * int(word)


def _read(unit: Unit | str) -> Unit:
    return unit if isinstance(unit, Unit) else Unit.parse(unit)


@dataclass(frozen=True)
class Units:
    """Units of a problem's inputs and of its target.

    The rules: what is added, subtracted or compared (min, max) has equal units; products, quotients
    and powers add, subtract and scale exponents; exp, log, sin, cos and tanh take plain numbers. A
    free constant may have any unit, as in PySR's dimensional analysis (Cranmer 2023,
    arXiv:2305.01582); literals are plain numbers.

    Attributes:
        inputs: unit of each input.
        target: unit of the result; None where it may have any.
    """

    inputs: tuple[Unit, ...]
    target: Unit | None = None

    @classmethod
    def parse(cls, inputs: Sequence[Unit | str], target: Unit | str | None = None) -> Units:
        """Units from text.

        Raises:
            InputError: a text is not a unit.
        """
        return cls(tuple(_read(u) for u in inputs), None if target is None else _read(target))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The base units that occur, sorted."""
        symbols = {s for unit in self.inputs for s, _ in unit.powers}
        return tuple(sorted(symbols | {s for s, _ in (self.target or Unit()).powers}))

    def exponents(self, unit: Unit) -> list[float]:
        """Exponents of `unit` in the order of `symbols`."""
        powers = dict(unit.powers)
        return [float(powers.get(symbol, 0)) for symbol in self.symbols]
