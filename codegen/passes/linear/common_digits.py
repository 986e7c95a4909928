"""Common digits: linear forms of the same signals as additions that share their parts.

Coefficients are written in canonical signed digits. The pair of digits (two terms, their distance,
their signs) that the rows hold most often becomes a term of its own, and so on until no pair is
left twice: Hartley, IEEE Trans. Circuits Syst. II 43 (1996) 677; over all rows and signals of a
matrix with bounded depth: Hosangadi, Fallah and Kastner, IEEE TCAD 25 (2006) 2012, and
arXiv:2507.04535. What an addition costs follows from the true bounds of its operands: bits below
the higher of the two are wires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symtick.codegen.ir.fixed import Fixed
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
        self.live: set[DigitPair] = set()  # found twice or more
        self.sums: dict[DigitPair, tuple[int, AdderNode]] = {}
        for k, row in enumerate(self.rows):
            counted: Digits = {}
            for place, sign in row.items():
                self._counted(k, counted, place, sign, 1)
                counted[place] = sign

    def run(self) -> None:
        """Until no pair is left twice."""
        while self.live:
            pair = self._best()
            places = self._occurrences(pair)
            if len(places) < 2:
                # overlapping or too deep; digits of these terms only become fewer
                self.live.discard(pair)
                self.count[pair] = -(1 << 60)
            else:
                self._extract(pair, places)

    def _best(self) -> DigitPair:
        count = self.count
        if self.choice.worth:
            value = {pair: (count[pair] - 1) * self._sum(pair)[0] for pair in self.live}
        else:
            value = {pair: count[pair] for pair in self.live}
        most = max(value.values())
        return min((p for p, v in value.items() if v == most), key=self._tie)

    def _tie(self, pair: DigitPair) -> tuple[int, int, DigitPair]:
        a, b, shift, sign = pair
        mixed = (a * 7919 + b * 104729 + shift * 1299709 + sign) * self.choice.seed
        bits = self._sum(pair)[0]
        return bits if self.choice.narrow else -bits, mixed % 8191, pair

    def _sum(self, pair: DigitPair) -> tuple[int, AdderNode]:
        both = self.sums.get(pair)
        if both is None:
            both = self.sums[pair] = summed(self.terms, pair, self.leaves)
        return both

    def _counted(self, row: int, digits: Digits, place: DigitPlace, sign: int, by: int) -> None:
        """Count the pairs of one digit with all of a row's."""
        term, at = place
        for (other, there), other_sign in digits.items():
            if (term, at) < (other, there):
                pair = (term, other, there - at, sign * other_sign)
            else:
                pair = (other, term, at - there, sign * other_sign)
            rows = self.where.setdefault(pair, {})
            left = rows.get(row, 0) + by
            if left:
                rows[row] = left
            else:
                del rows[row]
            total = self.count[pair] = self.count.get(pair, 0) + by
            if total > 1:
                self.live.add(pair)
            else:
                self.live.discard(pair)

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
        self.terms.append(self._sum(pair)[1])
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
        before = sum(1 << self.terms[term].level for term in pair[:2])
        return (1 << self._sum(pair)[1].level) - before


def summed(
    terms: Sequence[AdderNode], pair: DigitPair, leaves: Sequence[Leaf]
) -> tuple[int, AdderNode]:
    """Bits of the adder of a pair, and the term that it makes."""
    a, b, shift, sign = pair
    up, over = max(0, -shift), max(0, shift)
    form = {signal: factor << up for signal, factor in terms[a].form.items()}
    for signal, factor in terms[b].form.items():
        form[signal] = form.get(signal, 0) + sign * (factor << over)
    lo, hi = bounds(form, leaves)
    return adder_bits(lo, hi, shift, sign), AdderNode(
        form, lo, hi, max(terms[a].level, terms[b].level) + 1, pair
    )


def adder_bits(lo: int, hi: int, shift: int, sign: int) -> int:
    """Bits of a sum that need logic: below the operand that starts higher, the other is copied.

    The low bits of what is subtracted are not wires.
    """
    free = shift if shift > 0 else -shift if sign > 0 else 0
    return max(1, Fixed.for_raw(lo, hi, 0).width - free)
