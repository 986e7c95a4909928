"""Common digits: linear forms of the same signals as additions that share their parts.

Coefficients are written in canonical signed digits. The pair of digits (two terms, their distance,
their signs) that the rows hold most often becomes a term of its own, and so on until no pair is
left twice: Hartley, IEEE Trans. Circuits Syst. II 43 (1996) 677; over all rows and signals of a
matrix with bounded depth: Hosangadi, Fallah and Kastner, IEEE TCAD 25 (2006) 2012, and
arXiv:2507.04535. What an addition costs follows from the true bounds of its operands: bits below
the higher of the two are wires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from symtick.codegen.ir.signed_digits import signed_digits

DigitPlace = tuple[int, int]  # term, exponent
Digits = dict[DigitPlace, int]  # digits: +1 or -1 by place
Coefficients = dict[int, int]  # coefficient by signal
DigitPair = tuple[int, int, int, int]  # term a, term b, b's exponent over a's, sign of the product


class Leaf(NamedTuple):
    """A signal.

    Attributes:
        lo: smallest raw value.
        hi: largest raw value.
        level: additions in a row after which it could have been ready.
    """

    lo: int
    hi: int
    level: int


class PairOrder(NamedTuple):
    """Which pair comes first.

    Attributes:
        worth: the pair that saves most bits of adders; else the one found most often.
        narrow: among equals, narrow adders first; else wide ones.
        seed: turns what is still equal.
    """

    worth: bool = False
    narrow: bool = True
    seed: int = 0


@dataclass
class AdderNode:
    """A signal (`pair` None) or the sum of two earlier terms.

    Attributes:
        form: coefficients of the signals.
        lo: smallest value.
        hi: largest value.
        level: additions in a row up to it.
        pair: what is added; the value is a + sign * 2**shift * b, times 2**-shift where shift < 0.
    """

    form: Coefficients
    lo: int
    hi: int
    level: int
    pair: DigitPair | None = None


def bounds(form: Mapping[int, int], leaves: Sequence[Leaf]) -> tuple[int, int]:
    """Smallest and largest value of a linear form."""
    lo = hi = 0
    for signal, factor in form.items():
        ends = factor * leaves[signal].lo, factor * leaves[signal].hi
        lo, hi = lo + min(ends), hi + max(ends)
    return lo, hi


def digits(form: Mapping[int, int]) -> Digits:
    """A linear form in canonical signed digits."""
    return {
        (signal, exponent): sign
        for signal, factor in form.items()
        for exponent, sign in signed_digits(factor)
    }


def least_depth(rows: Sequence[Digits], terms: Sequence[AdderNode]) -> int:
    """Fewest additions in a row by which every row can be summed."""
    return max((_weight(row, terms) - 1).bit_length() for row in rows)


def _weight(row: Digits, terms: Sequence[AdderNode]) -> int:
    # a balanced tree reaches depth D where the sum of 2**level is at most 2**D
    return sum(1 << terms[term].level for term, _ in row)


class DigitSharing:
    """Makes terms of the pairs that rows have in common; the rows then hold them.

    Args:
        terms: signals, and sums made before; grows.
        rows: digits over the terms; changed.
        leaves: the signals.
        depth: most additions in a row, at least `least_depth`; None for any number.
        choice: which pairs come first.
    """

    def __init__(
        self,
        terms: list[AdderNode],
        rows: Sequence[Digits],
        leaves: Sequence[Leaf],
        depth: int | None,
        choice: PairOrder,
    ) -> None:
        self.terms, self.rows = terms, rows
        self.leaves, self.choice = leaves, choice
        self.limit = None if depth is None else 1 << depth
        self.weights = [_weight(row, self.terms) for row in self.rows]
        self.where: dict[DigitPair, dict[int, int]] = {}  # occurrences by row
        self.count: dict[DigitPair, int] = {}
        self.changed: set[DigitPair] = set()  # counted since the best was last looked for
        self.levels = PairLevels()
        self.bits: dict[DigitPair, int] = {}
        for k, row in enumerate(self.rows):
            counted: Digits = {}
            for place, sign in row.items():
                self._counted(k, counted, place, sign, 1)
                counted[place] = sign

    def run(self) -> None:
        """Until no pair is left twice."""
        while (pair := self._best()) is not None:
            places = self._occurrences(pair)
            if len(places) < 2:
                # overlapping or too deep; digits of these terms only become fewer
                self.count[pair] = -(1 << 60)
            else:
                self._extract(pair, places)

    def _best(self) -> DigitPair | None:
        for pair in self.changed:
            if self.count[pair] > 1:
                self.levels.add(self._value(pair), pair)
        self.changed.clear()
        return self.levels.best(self._value, self._tie)

    def _value(self, pair: DigitPair) -> int:
        """What a pair is worth; 0 where it is not found twice."""
        count = self.count[pair]
        if count < 2:
            return 0
        return (count - 1) * self._bits(pair) if self.choice.worth else count

    def _tie(self, pair: DigitPair) -> tuple[int, int, DigitPair]:
        a, b, shift, sign = pair
        mixed = (a * 7919 + b * 104729 + shift * 1299709 + sign) * self.choice.seed
        bits = self._bits(pair)
        return bits if self.choice.narrow else -bits, mixed % 8191, pair

    def _bits(self, pair: DigitPair) -> int:
        """Bits of the adder of a pair."""
        bits = self.bits.get(pair)
        if bits is None:
            lo, hi = sum_bounds(self.terms, pair, self.leaves)
            bits = self.bits[pair] = adder_bits(lo, hi, *pair[2:])
        return bits

    def _counted(self, row: int, digits: Digits, place: DigitPlace, sign: int, by: int) -> None:
        """Count the pairs of one digit with all of a row's."""
        (term, at), where, count = place, self.where, self.count
        for (other, there), other_sign in digits.items():
            if (term, at) < (other, there):
                pair = (term, other, there - at, sign * other_sign)
            else:
                pair = (other, term, at - there, sign * other_sign)
            rows = where.get(pair)
            if rows is None:
                rows = where[pair] = {}
            left = rows.get(row, 0) + by
            if left:
                rows[row] = left
            else:
                del rows[row]
            total = count[pair] = count.get(pair, 0) + by
            if total > 1:
                self.changed.add(pair)

    def _occurrences(self, pair: DigitPair) -> list[tuple[int, DigitPlace, DigitPlace]]:
        """Where a pair stands without overlapping itself and without making a row too deep."""
        a, b, shift, sign = pair
        deep = self._deeper(pair)
        places = []
        for k in sorted(self.where[pair]):
            row, weight = self.rows[k], self.weights[k]
            used: set[DigitPlace] = set()
            for place in sorted(p for p in row if p[0] == a):
                other = (b, place[1] + shift)
                if row.get(other, 0) * row[place] != sign or place in used or other in used:
                    continue
                weight += deep
                if self.limit is not None and weight > self.limit:
                    break
                used |= {place, other}
                places.append((k, place, other))
        return places

    def _extract(
        self, pair: DigitPair, places: Sequence[tuple[int, DigitPlace, DigitPlace]]
    ) -> None:
        number = len(self.terms)
        self.terms.append(summed(self.terms, pair, self.leaves))
        low = min(0, pair[2])
        for k, place, other in places:
            row = self.rows[k]
            sign = row.pop(place)
            self._counted(k, row, place, sign, -1)
            other_sign = row.pop(other)
            self._counted(k, row, other, other_sign, -1)
            self.weights[k] += self._deeper(pair)
            self._counted(k, row, (number, place[1] + low), sign, 1)
            row[number, place[1] + low] = sign

    def _deeper(self, pair: DigitPair) -> int:
        """What a row's weight gains when a sum takes the place of its operands."""
        first, second = (self.terms[term].level for term in pair[:2])
        return (2 << max(first, second)) - (1 << first) - (1 << second)


class PairLevels:
    """Pairs by what they are worth; those of the highest worth are put in order, no others."""

    def __init__(self) -> None:
        self._new: dict[int, list[DigitPair]] = {}
        self._ordered: dict[int, list[tuple[int, int, DigitPair]]] = {}
        self._values: list[int] = []  # a heap of all that there is, negative

    def add(self, value: int, pair: DigitPair) -> None:
        """Enter a pair; where it was worth something else before, that is not taken back."""
        if value not in self._new:
            self._new[value] = []
            self._ordered[value] = []
            heappush(self._values, -value)
        self._new[value].append(pair)

    def best(
        self, value: Callable[[DigitPair], int],
        order: Callable[[DigitPair], tuple[int, int, DigitPair]],
    ) -> DigitPair | None:  # fmt: skip
        """The first pair in order of those that are worth most now; None where there is none.

        Args:
            value: what a pair is worth now.
            order: among those that are worth the same, the same for ever.
        """
        while self._values:
            most = -self._values[0]
            ordered = self._ordered[most]
            for pair in self._new[most]:
                if value(pair) == most:
                    heappush(ordered, order(pair))
            self._new[most].clear()
            while ordered and value(ordered[0][2]) != most:
                heappop(ordered)
            if ordered:
                return ordered[0][2]
            heappop(self._values)
            del self._new[most], self._ordered[most]
        return None


def sum_bounds(
    terms: Sequence[AdderNode], pair: DigitPair, leaves: Sequence[Leaf]
) -> tuple[int, int]:
    """Smallest and largest value of the sum of a pair."""
    a, b, shift, sign = pair
    first, second = terms[a], terms[b]
    if not first.form.keys().isdisjoint(second.form):
        return bounds(_sum_form(terms, pair), leaves)
    up, over = max(0, -shift), max(0, shift)
    low, high = (second.lo, second.hi) if sign > 0 else (-second.hi, -second.lo)
    return (first.lo << up) + (low << over), (first.hi << up) + (high << over)


def _sum_form(terms: Sequence[AdderNode], pair: DigitPair) -> Coefficients:
    a, b, shift, sign = pair
    up, over = max(0, -shift), max(0, shift)
    form = {signal: factor << up for signal, factor in terms[a].form.items()}
    for signal, factor in terms[b].form.items():
        form[signal] = form.get(signal, 0) + sign * (factor << over)
    return form


def summed(terms: Sequence[AdderNode], pair: DigitPair, leaves: Sequence[Leaf]) -> AdderNode:
    """The term that a pair makes."""
    level = max(terms[pair[0]].level, terms[pair[1]].level) + 1
    lo, hi = sum_bounds(terms, pair, leaves)
    return AdderNode(_sum_form(terms, pair), lo, hi, level, pair)


def adder_bits(lo: int, hi: int, shift: int, sign: int) -> int:
    """Bits of a sum that need logic: below the operand that starts higher, the other is copied.

    The low bits of what is subtracted are not wires.
    """
    free = shift if shift > 0 else -shift if sign > 0 else 0
    if lo < 0:
        width = max((-lo - 1).bit_length(), hi.bit_length() if hi > 0 else 0) + 1
    else:
        width = hi.bit_length()
    return max(1, width - free)
