"""Functions made shorter and their constants simpler, where the description gets shorter."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from symtick.errors import InputError
from symtick.expr import Op, from_programs, tidied
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.losses import Loss
from symtick.search.kernel_api.rows import FREE, LITERAL, Rows
from symtick.search.parts.cancelling import cancelled, factored_out, multiplied_out
from symtick.search.parts.criterion import Criterion, price, simple_near
from symtick.search.parts.language import (
    Postfix,
    applied,
    arguments_of,
    const,
    constants_of,
    postfix_of,
    program_of,
    rebuilt,
    spans,
)

START = 0.0737  # of constants before their first fit: no simple number, which would be kept
BATCH = 100_000  # rows times functions that are fitted between two looks at the clock
_ROUNDS = 12
_ITERATIONS = 15
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Fitted:
    """A function with its loss and its description length."""

    function: Postfix
    loss: float
    length: float


class Polisher:
    """Fits and shortens functions. Simple numbers (`criterion.price`) are kept by every fit.

    Args:
        rows: the data.
        criterion: what is compared.
        loss: of the fits.
        delta: of the Huber loss.
        inputs: names of the inputs.
        budget: steps of fits that may be made, None for any.
        until: time of `time.monotonic` from which on no more are made, None for no end.

    Attributes:
        spent: steps that were made; one computes a function over the rows.
    """

    def __init__(
        self, rows: Rows, criterion: Criterion, loss: Loss, delta: float,
        inputs: tuple[str, ...], budget: int | None = None, until: float | None = None,
    ) -> None:  # fmt: skip
        self.rows, self.criterion, self.loss, self.delta = rows, criterion, loss, delta
        self.inputs, self.budget, self.spent, self.until = inputs, budget, 0, until

    def late(self) -> bool:
        """Whether its time is over."""
        return self.until is not None and time.monotonic() >= self.until

    def fitted(self, functions: Iterable[Postfix], iterations: int = _ITERATIONS) -> list[Fitted]:
        """The functions with constants tuned, as many as budget and time allow, at least one.

        Those without a finite loss are left out.
        """
        some = list(functions)
        if self.budget is not None:
            some = some[: max(0, self.budget - self.spent) // (iterations + 1)]
        count = len(some) if self.until is None else max(1, BATCH // len(self.rows.y))
        done: list[Fitted] = []
        for first in range(0, len(some), max(1, count)):
            if done and self.late():
                break
            done += self._tuned(some[first : first + count], iterations)
        return done

    def _tuned(self, some: Sequence[Postfix], iterations: int) -> list[Fitted]:
        kinds = [[FREE if price(v) is None else LITERAL for v in constants_of(f)] for f in some]
        fits = fit(
            [program_of(f) for f in some], self.rows, loss=self.loss, delta=self.delta,
            iterations=iterations, tolerance=_TOLERANCE, kinds=kinds,
        )  # fmt: skip
        self.spent += sum(1 + f.iterations for f in fits)
        return [
            self.scored(_with_constants(f, done.program.consts.tolist()), done.loss)
            for f, done in zip(some, fits, strict=True)
            if math.isfinite(done.loss)
        ]

    def scored(self, function: Postfix, loss: float) -> Fitted:
        """With its description length."""
        return Fitted(function, loss, self.criterion.length(function, loss))

    def scored_anew(self, functions: Sequence[Postfix]) -> list[Fitted]:
        """With their losses over the rows, constants as they are."""
        programs = [program_of(f) for f in functions]
        own = losses(programs, self.rows, loss=self.loss, delta=self.delta)
        return [self.scored(f, float(v)) for f, v in zip(functions, own, strict=True)]

    def polished(self, one: Fitted) -> Fitted:
        """Shortened, its constants simplified, its sums collected."""
        short = self.shortened(one)
        again = self.fitted([self.tidy(short.function)], 3 * _ITERATIONS)
        simple = self.simplified(min([short, *again], key=lambda f: f.length))
        tidy = self.tidy(simple.function)
        (last,) = self.scored_anew([tidy])
        return min(simple, last, key=lambda f: f.length)

    def shortened(self, one: Fitted) -> Fitted:
        """Parts left out one by one, as long as the description gets shorter."""
        for _ in range(_ROUNDS):
            shorter = dict.fromkeys(reductions(one.function))
            tried = dict.fromkeys(self.tidy(f) for f in shorter)
            best = min(self.fitted(tried), key=lambda f: f.length, default=one)
            if not best.length < one.length - 1e-9:
                break
            one = best
        return one

    def simplified(self, one: Fitted) -> Fitted:
        """Constants replaced by simple numbers near them, one by one; a lone one stays."""
        if len(one.function) == 1:
            return one
        places = [k for k, (op, _) in enumerate(one.function) if op is Op.CONST]
        for k in sorted(places, key=lambda p: _distance(one.function[p][1])):
            f = one.function
            tried = [(*f[:k], *const(v), *f[k + 1 :]) for v in simple_near(f[k][1])]
            one = min([one, *self.fitted(tried)], key=lambda f: f.length)
        return one

    def tidy(self, function: Postfix) -> Postfix:
        """Its sums and factors collected, those on both sides of a fraction's line left out."""
        made = cancelled(self._collected(function))
        short = self._collected(made) if len(made) < len(function) else made
        return quotients(short)

    def _collected(self, function: Postfix) -> Postfix:
        try:
            made = tidied(from_programs([program_of(function)], self.inputs))
        except InputError:  # a constant is beyond floating point
            return function
        return postfix_of(made.to_program())


def _with_constants(function: Postfix, values: Sequence[float]) -> Postfix:
    rest = iter(values)
    return tuple((op, next(rest) if op is Op.CONST else value) for op, value in function)


def reductions(function: Postfix) -> Iterator[Postfix]:
    """Shorter functions: a part is a constant or one of its arguments, a factor is 1 or shared."""
    starts = spans(function)
    for end, (op, value) in enumerate(function):
        head, tail = function[: starts[end]], function[end + 1 :]
        if op is Op.CONST:
            if price(value) is None:
                yield (*head, *const(math.copysign(1.0, value)), *tail)
            continue
        yield (*head, *const(START), *tail)
        parts = arguments_of(function, starts, end)
        for part in parts:
            yield (*head, *part, *tail)
        if op in (Op.ADD, Op.SUB):
            for joined in (*_joined(*parts), *factored_out(op, *parts)):
                yield (*head, *joined, *tail)
        if op in (Op.MUL, Op.DIV):
            whole = function[starts[end] : end + 1]
            if op is Op.DIV:
                for quotient in _over_one(*parts):
                    yield (*head, *quotient, *tail)
            for product in (*_one_scale(function, starts, end), *multiplied_out(whole)):
                yield (*head, *product, *tail)
        if op is Op.SUB:
            yield (*head, *applied(Op.MUL, const(-1.0), parts[1]), *tail)


def _joined(one: Postfix, other: Postfix) -> Iterator[Postfix]:
    """c*(a + b) and c*(a - b) of c*a and d*b."""
    factor, first = _scaled(one)
    second = _scaled(other)
    if factor is not None and second[0] is not None:
        for op in (Op.ADD, Op.SUB):
            yield applied(Op.MUL, const(factor), applied(op, first, second[1]))


def _one_scale(function: Postfix, starts: list[int], end: int) -> Iterator[Postfix]:
    """The product that ends at a place with the factor of one of its sums moved into another.

    In (a*f + b)*(c*g + d) or their quotient one of the four constants says nothing.
    """
    sums = [(e, up) for e, up in _factors(function, starts, end) if _sum_of(function, starts, e)]
    for (one, up), (other, down) in combinations(sums, 2):
        factor, _ = _sum_of(function, starts, other) or (1.0, function)
        taken = factor if up == down else 1.0 / factor
        made = list(function[: end + 1])
        for place, scale in ((one, taken), (other, 1.0 / factor)):
            for k in _scales(function, starts, place):
                made[k] = (Op.CONST, made[k][1] * scale)
        yield tuple(made[starts[end] :])


def _over_one(above: Postfix, below: Postfix) -> Iterator[Postfix]:
    """Quotients whose two parts are divided by a factor in the lower one, which says nothing then.

    c/a/(f + b/a) of c/(a*f + b), and so where the factor is deeper in that sum.
    """
    if below[-1][0] not in (Op.ADD, Op.SUB):
        return
    starts = spans(below)
    pairs = (arguments_of(below, starts, k) for k, (op, _) in enumerate(below) if op is Op.MUL)
    found = [
        part[0][1] for pair in pairs for part in pair if len(part) == 1 and part[0][0] is Op.CONST
    ]
    for factor in dict.fromkeys(value for value in found if value):
        upper, lower = _divided(above, factor), _divided(below, factor)
        if upper is not None and lower is not None and len(lower) < len(below):
            yield applied(Op.DIV, upper, lower)


def _divided(function: Postfix, by: float) -> Postfix | None:
    """The function over a number, by its constants alone; None where they do not allow it."""
    op, value = function[-1]
    if op is Op.CONST:
        return const(value / by)
    if op not in (Op.ADD, Op.SUB, Op.MUL, Op.DIV):
        return None
    one, other = arguments_of(function, spans(function), len(function) - 1)
    first, second = _divided(one, by), None if op is Op.DIV else _divided(other, by)
    if op in (Op.ADD, Op.SUB):
        return None if first is None or second is None else applied(op, first, second)
    if first is not None:
        return other if op is Op.MUL and first == const(1.0) else applied(op, first, other)
    if second is not None:
        return one if second == const(1.0) else applied(op, one, second)
    return None


def _factors(
    function: Postfix, starts: list[int], end: int, up: bool = True
) -> Iterator[tuple[int, bool]]:
    """Ends of the factors of a product or quotient, and whether each multiplies."""
    op = function[end][0]
    if op not in (Op.MUL, Op.DIV):
        yield end, up
        return
    yield from _factors(function, starts, starts[end - 1] - 1, up)
    yield from _factors(function, starts, end - 1, up == (op is Op.MUL))


def _sum_of(function: Postfix, starts: list[int], end: int) -> tuple[float, Postfix] | None:
    """c and f of a sum or difference of c*f and a number; None of anything else."""
    if function[end][0] not in (Op.ADD, Op.SUB):
        return None
    one, other = arguments_of(function, starts, end)
    for number, term in ((one, other), (other, one)):
        factor, rest = _scaled(term)
        if factor and len(number) == 1 and number[0][0] is Op.CONST:
            return factor, rest
    return None


def _scales(function: Postfix, starts: list[int], end: int) -> list[int]:
    """Places of the constants that scale the sum: its number and the factor of its other part."""
    places: list[int] = []
    for last in (starts[end - 1] - 1, end - 1):
        ends = (last,) if function[last][0] is Op.CONST else (starts[last - 1] - 1, last - 1)
        places += [k for k in ends if function[k][0] is Op.CONST][:1]
    return places


def _scaled(function: Postfix) -> tuple[float | None, Postfix]:
    """Factor and rest of a product with a constant; no factor of anything else."""
    if function[-1][0] is Op.MUL:
        one, other = arguments_of(function, spans(function), len(function) - 1)
        for factor, rest in ((one, other), (other, one)):
            if len(factor) == 1 and factor[0][0] is Op.CONST:
                return factor[0][1], rest
    return None, function


def quotients(function: Postfix) -> Postfix:
    """With a/b in place of a*(1/b)."""
    if (Op.CONST, 1.0) not in function:
        return function

    def rule(op: Op, parts: list[Postfix]) -> Postfix | None:
        made = None
        for one, other in (parts, parts[::-1]) if op is Op.MUL else ():
            if other[-1][0] is Op.DIV and other[0] == (Op.CONST, 1.0):
                above, below = arguments_of(other, spans(other), len(other) - 1)
                if len(above) == 1:
                    made = applied(Op.DIV, one, below)
                    break
        return made

    return rebuilt(function, rule)


def _distance(value: float) -> float:
    """Of a constant from the next simple number, relative."""
    return min((abs(v - value) / abs(value) for v in simple_near(value)), default=1.0)
