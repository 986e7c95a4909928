"""The library: monomials, and monomials times functions of small arguments, with their values.

Nothing in it has a pole or is undefined on the rows, or divides by an input that changes its sign.
Where inputs have units, nothing in it adds what has different ones or takes a function of a unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, pairwise, product
from math import comb

import numpy as np
import numpy.typing as npt

from symtick.expr import Op
from symtick.search.parts.language import (
    FUNCTIONS,
    NEARLY_ONE,
    Floats,
    Language,
    Postfix,
    applied,
    const,
)

Exponents = tuple[int, ...]
Singles = npt.NDArray[np.float32]
MOST_UNITS = 1200
MOST_MONOMIALS, MOST_ARGUMENTS, MOST_ATOMS = 1500, 300, 16_000
MOST_PAIRS, MOST_FACTORS = 1000, 150  # of inputs that are added; of functions
SCALED = 60
_GROWTH = (-1.6, -0.4, 0.4, 1.6)  # of an exponential's argument, in its standard deviations
_ANGLES = (0.7, 1.4, 2.1, 2.8, 3.5, 4.2)  # of a sine's
_LARGEST = 1e12
_FLAT = 1e-7  # of the greatest absolute value: a spread that is rounding alone
_BLOCK = 256  # functions that are compared at once
_CLEAR = 1e-3  # an input's least absolute value over its greatest, from which on it may divide


@dataclass(frozen=True, eq=False)
class Functions:
    """Functions with their values as they are, shape (n, rows)."""

    functions: tuple[Postfix, ...]
    values: Singles

    @classmethod
    def of(cls, pairs: list[tuple[Postfix, Floats]], rows: int) -> Functions:
        """From pairs of function and values."""
        values = np.array([v for _, v in pairs], np.float32).reshape(len(pairs), rows)
        return cls(tuple(f for f, _ in pairs), values)


@dataclass(frozen=True, eq=False)
class Library:
    """Functions with their values.

    Attributes:
        functions: N of them.
        values: shape (N, rows), float32, each with mean 0 and mean square 1 over the rows.
        monomials: and
        units: functions of one argument, of which more products can be made.
    """

    functions: tuple[Postfix, ...]
    values: Singles
    monomials: Functions
    units: Functions


class _Collector:
    """Functions that are finite and different, their values with mean 0 and mean square 1."""

    def __init__(self, rows: int) -> None:
        self.functions: list[Postfix] = []
        self.values: list[Singles] = []
        self._known: set[int] = set()
        self._weights = np.random.default_rng(5).uniform(0.5, 1.5, rows)

    def add(self, pairs: Sequence[tuple[Postfix, Floats]]) -> list[bool]:
        """Of each function, given with its values, whether it is new."""
        new: list[bool] = []
        for first in range(0, len(pairs), _BLOCK):
            some = pairs[first : first + _BLOCK]
            new += self._added([f for f, _ in some], np.array([v for _, v in some]))
        return new

    def _added(self, functions: Sequence[Postfix], values: Floats) -> list[bool]:
        """Of each function, values of shape (n, rows), whether it is new."""
        largest = np.abs(values).max(axis=1)
        some = np.flatnonzero(largest <= _LARGEST)  # not where one is nan
        spreads = np.std(values[some], axis=1)
        varied = spreads > _FLAT * largest[some]
        some, spreads = some[varied], spreads[varied]
        shapes = values[some]
        shapes = (shapes - shapes.mean(axis=1, keepdims=True)) / spreads[:, None]
        squares = shapes**2
        marks = np.stack(
            [np.abs(np.einsum("ij,ij->i", shapes, self._weights * squares)),
             squares @ self._weights], axis=1,
        )  # fmt: skip
        new = [False] * len(functions)
        for k, row, mark in zip(some.tolist(), shapes, np.round(marks, 6).tolist(), strict=True):
            key = hash(tuple(mark))
            if key not in self._known:
                self._known.add(key)
                new[k] = True
                self.functions.append(functions[k])
                self.values.append(row.astype(np.float32))
        return new


def _spread(values: Floats) -> float:
    """Standard deviation of values; 0 where that is rounding alone, as of a constant column."""
    spread = float(np.std(values))
    return spread if spread > _FLAT * float(np.abs(values).max()) else 0.0


def exponents_of(signed: list[bool], largest: int, most: int) -> list[Exponents]:
    """Exponents of monomials in order of size; negative ones of inputs that are not `signed`.

    All of a size or none, as long as there are no more than `most`, but those of size 1 always.
    """
    out: list[Exponents] = []
    size = 1
    while size <= largest:
        some = _of_size(signed, size)
        new = list(islice(some, max(0, most - len(out)) + 1) if size > 1 else some)
        if size > 1 and len(out) + len(new) > most:
            break
        out += new
        size += 1
    return out


def _of_size(signed: list[bool], size: int) -> Iterator[Exponents]:
    count = len(signed)
    for used in range(1, min(count, size) + 1):
        for places in combinations(range(count), used):
            for parts in _compositions(size, used):
                for signs in product(*[(1,) if signed[p] else (1, -1) for p in places]):
                    out = [0] * count
                    for place, part, sign in zip(places, parts, signs, strict=True):
                        out[place] = sign * part
                    yield tuple(out)


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    for cuts in combinations(range(1, total), parts - 1):
        ends = (0, *cuts, total)
        yield tuple(b - a for a, b in pairwise(ends))


def clear_of_zero(X: Floats) -> list[bool]:
    """Whether each column keeps a sign and stays away from 0."""
    least, most = np.abs(X).min(axis=0), np.abs(X).max(axis=0)
    one_sign = (X.min(axis=0) > 0) | (X.max(axis=0) < 0)
    return [bool(s and a > _CLEAR * b) for s, a, b in zip(one_sign, least, most, strict=True)]


def library(X: Floats, language: Language) -> Library:
    """The library for these rows.

    Args:
        X: shape (rows, features).
        language: what may be written.
    """
    columns = X[:, list(language.inputs)]
    clear = clear_of_zero(columns)
    divides = language.has(Op.DIV)
    signed = [not (divides and c) for c in clear]
    found = _Collector(len(X))
    monomials = _monomials(signed)
    with np.errstate(all="ignore"):
        powers = [(language.monomial(e), monomial_values(columns, e)) for e in monomials]
        found.add(powers)
        units = [u for u in _units(columns, signed, language) if language.fits(u[0])]
        new = found.add(units)
        units = [u for u, n in zip(units, new, strict=True) if n or _squared_wave(u[0])]
        plain = [u for u in units if not any(op is Op.CONST for op, _ in u[0])]
        pairs = _by_length(list(_factors(columns, signed, language)), plain)
        while some := list(islice(pairs, min(_BLOCK, MOST_ATOMS - len(found.functions)))):
            found.add([(applied(Op.MUL, f, g), own * v) for (f, own), (g, v) in some])
    return Library(
        tuple(found.functions),
        np.array(found.values, np.float32).reshape(len(found.values), len(X)),
        Functions.of([p for p in powers if _ordinary(p[1])], len(X)),
        Functions.of([u for u in plain if _ordinary(u[1])][:MOST_UNITS], len(X)),
    )


def _by_length(
    factors: Sequence[tuple[Postfix, Floats]], functions: Sequence[tuple[Postfix, Floats]]
) -> Iterator[tuple[tuple[Postfix, Floats], tuple[Postfix, Floats]]]:
    """Every factor with every function, the shortest products first."""
    groups: dict[int, list[tuple[Postfix, Floats]]] = {}
    for one in functions:
        groups.setdefault(len(one[0]), []).append(one)
    for length in sorted({len(f) + n for f, _ in factors for n in groups}):
        for factor in factors:
            for one in groups.get(length - len(factor[0]), ()):
                yield factor, one


def _monomials(signed: list[bool]) -> list[Exponents]:
    """Small monomials; of many inputs squares and cubes, but few products."""
    small = exponents_of(signed, 6, MOST_MONOMIALS)
    count = len(signed)
    powers = [tuple(k * (i == j) for j in range(count)) for k in (2, 3) for i in range(count)]
    return list(dict.fromkeys([*small, *powers]))


def _squared_wave(function: Postfix) -> bool:
    """Whether it is the square of a sine or cosine: one is the other but for a factor and 1."""
    return (
        len(function) > 1 and function[-1][0] is Op.SQUARE and function[-2][0] in (Op.SIN, Op.COS)
    )


def _ordinary(values: Floats) -> bool:
    """Whether squares of products with these fit single precision."""
    sizes = np.abs(values)
    return bool(np.isfinite(values).all() and sizes.max() < 1e8 and sizes.max() > 1e-8)


def monomial_values(columns: Floats, exponents: Exponents) -> Floats:
    """Values of a monomial, shape (rows,)."""
    out = np.ones(len(columns))
    for column, exponent in zip(columns.T, exponents, strict=True):
        if exponent:
            out = out * column ** float(exponent)
    return out


def _arguments(
    columns: Floats, signed: list[bool], language: Language
) -> Iterator[tuple[Postfix, Floats]]:
    """What functions are applied to: inputs, sums and differences of few, small monomials."""
    inputs = [
        (language.monomial(e), monomial_values(columns, e))
        for e in exponents_of([True] * len(signed), 1, 0)
    ]
    yield from inputs
    few = comb(len(inputs), 2) <= MOST_PAIRS
    for (f, u), (g, v) in combinations(inputs, 2) if few else ():
        yield applied(Op.ADD, f, g), u + v
        yield language.difference(f, g), u - v
    count = 0
    for exponents in exponents_of(signed, 4, 8 * MOST_ARGUMENTS):
        size, most = sum(map(abs, exponents)), max(map(abs, exponents))
        if size == 2 or (size > 2 and most == 1):
            yield language.monomial(exponents), monomial_values(columns, exponents)
            count += 1
            if count >= MOST_ARGUMENTS:
                return


def _factors(
    columns: Floats, signed: list[bool], language: Language
) -> Iterator[tuple[Postfix, Floats]]:
    """What functions of one argument are multiplied by: small monomials and roots of them."""
    for exponents in exponents_of(signed, 3, MOST_FACTORS)[:MOST_FACTORS]:
        values = monomial_values(columns, exponents)
        function = language.monomial(exponents)
        yield function, values
        if sum(map(abs, exponents)) <= 2 and language.has(Op.SQRT) and (values > 0).all():
            yield applied(Op.SQRT, function), np.sqrt(values)


def _units(
    columns: Floats, signed: list[bool], language: Language
) -> Iterator[tuple[Postfix, Floats]]:
    """Functions of one argument."""
    for function, values in _arguments(columns, signed, language):
        sums = function[-1][0] in (Op.ADD, Op.SUB)
        if sums:
            yield function, values
            if language.has(Op.DIV) and all(clear_of_zero(values[:, None])):
                yield applied(Op.DIV, const(1.0), function), 1.0 / values
        for op in (Op.SQUARE, Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH):
            if not language.has(op) or (op is Op.SQUARE and not sums):
                continue
            made, own = applied(op, _plain(op, function, language)), FUNCTIONS[op](values)
            yield made, own
            if op in (Op.SIN, Op.COS) and language.has(Op.SQUARE):
                yield applied(Op.SQUARE, made), own**2
            if op is Op.EXP:
                yield applied(op, applied(Op.MUL, const(-1.0), function)), 1.0 / own
    yield from _scaled(columns, signed, language)


def _plain(op: Op, function: Postfix, language: Language) -> Postfix:
    """The argument of a logarithm or tangent, with a constant where it has a unit.

    For the others the grid of scaled arguments has those constants.
    """
    if op not in (Op.LOG, Op.TANH) or language.fits(applied(op, function)):
        return function
    return applied(Op.MUL, const(NEARLY_ONE), function)


def _scaled(
    columns: Floats, signed: list[bool], language: Language
) -> Iterator[tuple[Postfix, Floats]]:
    """Functions of scaled arguments, on a grid that fits from it can reach what is between."""
    arguments = list(_arguments(columns, signed, language))[:SCALED]
    for op, reaches in ((Op.EXP, _GROWTH), (Op.SIN, _ANGLES), (Op.COS, _ANGLES)):
        for function, values in arguments if language.has(op) else ():
            spread = _spread(values)
            for reach in reaches if spread > 0.0 else ():
                scale = float(f"{reach / spread:.3g}")
                yield (
                    applied(op, applied(Op.MUL, const(scale), function)),
                    FUNCTIONS[op](values * scale),
                )
