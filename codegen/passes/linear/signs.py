"""Signs of the sums in an adder graph, turned so that few are negated in the end.

a - b can as well be b - a, with the opposite sign in all that reads it; a + b can be turned where
one of its operands can: it is a difference then.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.passes.linear.common_digits import AdderNode

Output = tuple[int, int, int]  # term, exponent, sign


def oriented(
    terms: Sequence[AdderNode], outputs: Sequence[Output]
) -> tuple[list[AdderNode], list[Output]]:
    """The same network, its differences turned to suit the outputs, then to be narrow.

    Args:
        terms: signals first, then sums, operands before users.
        outputs: what is wanted; a negative sign stays where only a negation helps.
    """
    work = _Turning(terms, outputs)
    return work.terms(), [(k, shift, sign * work.turn[k]) for k, shift, sign in outputs]


class _Turning:
    def __init__(self, terms: Sequence[AdderNode], outputs: Sequence[Output]) -> None:
        self.before = terms
        self.uses = [0] * len(terms)
        for term in terms:
            for k in term.pair[:2] if term.pair else ():
                self.uses[k] += 1
        for k, *_ in outputs:
            self.uses[k] += 1
        wanted = {k: sign for k, _, sign in outputs}
        self.turn = [1] * len(terms)  # what is made is turn * term
        for k, term in enumerate(terms):
            if term.pair is not None:
                self.turn[k] = self._natural(k, wanted)
        for k, _, sign in outputs:
            if sign * self.turn[k] < 0 and self.uses[k] == 1 and self._can_turn(k):
                self._turn(k)

    def _signs(self, number: int) -> tuple[int, int]:
        pair = self.before[number].pair
        assert pair is not None
        a, b, _, sign = pair
        return self.turn[a], sign * self.turn[b]

    def _natural(self, number: int, wanted: dict[int, int]) -> int:
        first, second = self._signs(number)
        pair = self.before[number].pair
        assert pair is not None
        if first == second:
            return first
        # the low bits of what nothing is subtracted from are wires
        return wanted.get(number, first if pair[2] >= 0 else -first)

    def _can_turn(self, number: int, alone: bool = False) -> bool:
        """Whether a sum can have the other sign without changing one that another sum reads."""
        pair = self.before[number].pair
        if pair is None or (alone and self.uses[number] > 1):
            return False
        first, second = self._signs(number)
        return first != second or any(self._can_turn(k, True) for k in pair[:2])

    def _turn(self, number: int) -> None:
        pair = self.before[number].pair
        assert pair is not None
        first, second = self._signs(number)
        if first == second:
            # a + b with one of them turned is a difference, which has the sign that is wanted
            self._turn(next(k for k in pair[:2] if self._can_turn(k, True)))
        self.turn[number] = -self.turn[number]

    def terms(self) -> list[AdderNode]:
        """The terms as they are made now."""
        return [self._term(k, term) for k, term in enumerate(self.before)]

    def _term(self, number: int, term: AdderNode) -> AdderNode:
        if term.pair is None:
            return term
        a, b, shift, _ = term.pair
        first, second = (sign * self.turn[number] for sign in self._signs(number))
        pair = (a, b, shift, second) if first > 0 else (b, a, -shift, first)
        if self.turn[number] > 0:
            return AdderNode(term.form, term.lo, term.hi, term.level, pair)
        form = {signal: -factor for signal, factor in term.form.items()}
        return AdderNode(form, -term.hi, -term.lo, term.level, pair)
