"""The search for laws from parts, in data with noise or without.

Parts of the target are compared with all functions of a library by linear regression, so that a
law is found whatever its factors and summands are, and noise only widens the choice:

    y = U(c1 g1 + c2 g2 + ... + c0)         sums, for every outer function U
    y = f * U(c1 g1 + c2 g2 + ... + c0)     with a factor f that is a monomial or a small sum

What comes nearest is fitted on all rows, constants inside functions too, and shortened. It is the
bidirectional enumeration's way back from the target, with least squares in place of look-ups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from symtick.expr import Op
from symtick.search.grammar.grammar import Rules
from symtick.search.parts.atoms import (
    Exponents,
    clear_of_zero,
    exponents_of,
    library,
    monomial_values,
)
from symtick.search.parts.interactions import interactions
from symtick.search.parts.language import (
    NEARLY_ONE,
    Floats,
    Language,
    Postfix,
    applied,
    const,
    leaf,
)
from symtick.search.parts.outer import outers
from symtick.search.parts.polish import START, Fitted, Polisher
from symtick.search.parts.scans import Singles, SumScan, nearest, products

ROWS = 256  # of the scans
FACTORS, BEST_FACTORS = 500, 3
FIRST = 4000  # functions g of the scan with one function: of one argument, then products
FITTED, EACH, POLISHED = 2000, 12, 16
DEEP = ("identity", "root")  # outer functions below which products are looked for
PASSES, PRODUCTS = 2, 24
PRODUCTS_OF = ((400, 1200), (1500, 150))  # so many monomials and functions of one argument
FURTHER = 6  # functions of a sum that has no factor, as long as they pay
LINEAR = 12  # most inputs of a sum of inputs alone
LONGER = 1.3  # times what is allowed that a function may have before it is shortened
POLISHING = 16_000  # steps of fits, after which no other function is polished
_BEND = 0.12  # of a logarithmic slope over the rows: what noise explains
_STEPS, _LONG = 12, 30  # of fits


@dataclass(frozen=True)
class Draft:
    """A function that may be fitted.

    Attributes:
        length: its description length, as far as the scan knows it.
        function: constants at `START`.
        group: factor, outer function and number of summands, of which the best are fitted.
    """

    length: float
    function: Postfix
    group: tuple[object, ...]


class Finder:
    """The search for one target.

    Args:
        polisher: fits, over all rows.
        language: what may be written.
        rules: which functions are allowed; longer ones are fitted only if they are not much longer.

    Attributes:
        computed: functions computed over the rows of the scans, and targets compared with them.
    """

    def __init__(self, polisher: Polisher, language: Language, rules: Rules) -> None:
        self.polisher, self.language = polisher, language
        self.largest = int(LONGER * rules.max_nodes), int(LONGER * rules.max_constants)
        rows = polisher.rows.spread(ROWS)
        self.X, self.y, self.weights = rows.X, rows.y, rows.weights
        self.outers = outers(language)
        self.drafts: list[Draft] = []
        mean = np.average(self.y, weights=self.weights)
        self.whole = float(np.sum(self.weights * (self.y - mean) ** 2))
        self.library = library(self.X, language)
        criterion = polisher.criterion
        self.prices = np.array([criterion.size(len(f) + 3, 1) for f in self.library.functions])
        self.computed = len(self.library.functions)

    def find(self) -> list[Fitted]:
        """Fitted and shortened functions, the shortest description first."""
        if not self.library.functions or not self.whole > 0.0:
            return []
        self._sums(None, np.ones(len(self.y)))
        for factor, values in self._factored():
            if self.polisher.late():
                break
            self._sums(factor, values)
        fitted = distinct(self.polisher.fitted(self._chosen(), _STEPS))
        freed = [freed_arguments(f.function) for f in fitted[: 4 * POLISHED]]
        fitted = distinct([*fitted, *self.polisher.fitted(freed, _LONG)])
        linear = self.polisher.fitted(self._linear())
        return distinct([*self._polished(fitted[:POLISHED]), *linear])

    def _linear(self) -> list[Postfix]:
        """Sums of inputs with factors, each with one input more than the last."""
        rows = self.polisher.rows
        inputs = [i for i in self.language.inputs if np.ptp(rows.X[:, i]) > 0.0]
        if not inputs:
            return []
        columns = rows.X[:, inputs].T
        centred = columns - columns.mean(axis=1, keepdims=True)
        values = (centred / np.std(columns, axis=1, keepdims=True)).astype(np.float32)
        scan = SumScan(terms=LINEAR, width=1, firsts=1)
        sums = scan.sums(values, np.zeros(len(inputs)), rows.y, rows.weights, len(rows.y))
        made = [_sum([leaf(inputs[p]) for p in terms.places]) for terms in sums]
        return [function for function in made if self.language.fits(function)]

    def _polished(self, fitted: Sequence[Fitted]) -> list[Fitted]:
        """Polished in this order, until that took enough steps; those that can become the best."""
        out: list[Fitted] = []
        most = self.polisher.spent + POLISHING
        for one in fitted:
            if out and (self.polisher.late() or self.polisher.spent >= most):
                break
            least = self.polisher.criterion.errors(one.loss)  # which shortening does not improve
            if least < min((f.length for f in out), default=math.inf):
                out.append(self.polisher.polished(one))
        return out

    def _draft(
        self, left: float, function: Postfix, constants: int, group: tuple[object, ...]
    ) -> float:
        criterion = self.polisher.criterion
        errors = 0.5 * criterion.rows * math.log(max(left / self.whole, 1e-13))
        length = errors + criterion.size(len(function), constants)
        if len(function) <= self.largest[0] and constants <= self.largest[1]:
            self.drafts.append(Draft(length, function, group))
        return length

    def _chosen(self) -> list[Postfix]:
        """The best drafts of each group."""
        counts: dict[tuple[object, ...], int] = {}
        chosen: dict[Postfix, None] = {}
        for draft in sorted(self.drafts, key=lambda d: d.length):
            counts[draft.group] = counts.get(draft.group, 0) + 1
            if counts[draft.group] <= EACH:
                chosen[draft.function] = None
        return list(chosen)[:FITTED]

    def _sums(self, factor: Postfix | None, values: Floats) -> None:
        """Sums of functions that are the target, or what is left of it without a factor."""
        rows = self.polisher.criterion.rows
        for outer in self.outers:
            taken, weights, keep = outer.targets(self.y, values[None, :], self.weights)
            if not len(keep):
                continue
            self.computed += 1
            z, w = taken[0], weights[0]
            base = float(np.sum(w * (z - np.average(z, weights=w)) ** 2))
            functions, singles = self._extended(z, w, deep=outer.name in DEEP, whole=factor is None)
            prices = np.array([self.polisher.criterion.size(len(f) + 3, 1) for f in functions])
            every = [*self.library.functions, *functions]
            values_of = np.vstack([self.library.values, singles])
            scan = SumScan(further=FURTHER if outer.name in DEEP and factor is None else 0)
            for terms in scan.sums(values_of, np.append(self.prices, prices), z, w, rows):
                made = outer.written(_sum([every[p] for p in terms.places]))
                if factor is not None:
                    made = applied(Op.MUL, factor, made)
                count = len(terms.places)
                group = (factor, outer.name, count)
                self._draft(terms.left * base, made, count + 1, group)

    def _extended(
        self, z: Floats, weights: Floats, *, deep: bool, whole: bool
    ) -> tuple[list[Postfix], Singles]:
        """Functions beyond the library for one target: a large monomial, products that come near.

        Products are looked for of the target and of what the best of them leaves; functions of
        two inputs that interact, where the target has no factor (`whole`).
        """
        pairs = self._power_law(z, weights)
        if deep and whole:
            pairs += interactions(self.X, z, weights, self.language)
        powers, units = self.library.monomials, self.library.units
        left = z
        for _ in range(PASSES if deep and powers.functions and units.functions else 0):
            self.computed += 1
            near: list[tuple[Postfix, Floats]] = []
            for m, n in PRODUCTS_OF:
                some, others = powers.values[:m], units.values[:n]
                for i, j in products(some, others, left, weights, PRODUCTS):
                    function = applied(Op.MUL, powers.functions[i], units.functions[j])
                    near.append((function, some[i].astype(float) * others[j]))
            pairs += near
            rests = [_residual(z, weights, v) for _, v in near]
            left = min(rests, key=lambda r: float(weights @ r**2), default=z)
        kept = [(f, (v - v.mean()) / np.std(v)) for f, v in pairs if np.std(v) > 0.0]
        values = np.array([v for _, v in kept], np.float32).reshape(len(kept), len(z))
        return [f for f, _ in kept], values

    def _factored(self) -> list[tuple[Postfix, Floats]]:
        """Drafts of a factor and an outer function of one function; the best factors."""
        factors = list(self._factors())
        if not factors:  # every input is 0 somewhere, and so is every sum of two
            return []
        values = np.stack([v for _, v in factors])
        functions = self.library.values[:FIRST]
        best: dict[int, float] = {}
        for outer in self.outers:
            z, w, keep = outer.targets(self.y, values, self.weights)
            if not len(keep):
                continue
            self.computed += len(keep)
            places, left = nearest(functions, z, w, 3)
            for k, row, rests in zip(keep.tolist(), places, left.tolist(), strict=True):
                for p, rest in zip(row.tolist(), rests, strict=True):
                    made = outer.written(_sum([self.library.functions[p]]))
                    made = applied(Op.MUL, factors[k][0], made)
                    length = self._draft(rest, made, 2, (outer.name,))
                    best[k] = min(best.get(k, math.inf), length)
        order = sorted(best, key=lambda k: best[k])[:BEST_FACTORS]
        pairs = [*self._power_law(self.y, self.weights), *(factors[k] for k in order)]
        return list({f: (f, v) for f, v in pairs}.values())

    def _factors(self) -> Iterator[tuple[Postfix, Floats]]:
        """Monomials, and sums of an input and an input or a product of two."""
        language = self.language
        columns = self.X[:, list(language.inputs)]
        divides = language.has(Op.DIV)
        signed = [not (divides and c) for c in clear_of_zero(columns)]
        for exponents in exponents_of(signed, 5, FACTORS):
            values = monomial_values(columns, exponents)
            if np.abs(values).min() > 1e-9 * np.abs(values).max():
                yield language.monomial(exponents), values
        inputs = [(leaf(i), self.X[:, i]) for i in language.inputs[:8]]
        pairs = [(applied(Op.MUL, f, g), u * v) for (f, u), (g, v) in combinations(inputs, 2)]
        for k, (f, u) in enumerate(inputs):
            for g, v in [*inputs[k + 1 :], *pairs[:20]]:
                for made, both in (
                    (applied(Op.ADD, f, g), u + v),
                    (language.difference(f, g), u - v),
                ):
                    away = np.abs(both).min() > 1e-9 * np.abs(both).max()
                    if away and language.fits(made):
                        yield made, both

    def _power_law(self, y: Floats, weights: Floats) -> list[tuple[Postfix, Floats]]:
        """The monomial in inputs that only scale y, where there is one."""
        columns = self.X[:, list(self.language.inputs)]
        if not (self.language.has(Op.DIV) and all(clear_of_zero(columns))):
            return []
        exponents = scaling_exponents(columns, y, weights)
        if not any(exponents):
            return []
        return [(self.language.monomial(exponents), monomial_values(columns, exponents))]


def _residual(z: Floats, weights: Floats, values: Floats) -> Floats:
    """What c*values + b leaves of z."""
    design = np.stack([np.ones(len(z)), values / max(float(np.abs(values).max()), 1e-300)], axis=1)
    root = np.sqrt(weights)
    solved = np.linalg.lstsq(design * root[:, None], z * root, rcond=None)[0]
    left: Floats = z - design @ solved
    return left


def _sum(parts: Sequence[Postfix]) -> Postfix:
    """c1*p1 + c2*p2 + ... + c0."""
    out = const(START)
    for part in parts:
        out = applied(Op.ADD, applied(Op.MUL, const(START), part), out)
    return out


def freed_arguments(function: Postfix) -> Postfix:
    """The function with a factor, to be tuned, on the argument of each of its functions."""
    out: list[tuple[Op, float]] = []
    for op, value in function:
        if op in (Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH):
            out += [(Op.CONST, NEARLY_ONE), (Op.MUL, 0.0)]
        out.append((op, value))
    return tuple(out)


def distinct(fitted: Sequence[Fitted]) -> list[Fitted]:
    """Those of different losses, the shortest of each, the shortest description first."""
    best: dict[float, Fitted] = {}
    for one in sorted(fitted, key=lambda f: f.length):
        best.setdefault(float(f"{one.loss:.6g}"), one)
    return list(best.values())


def scaling_exponents(X: Floats, y: Floats, weights: Floats) -> Exponents:
    """Exponents of the inputs that y is proportional to a power of; 0 of the others.

    The logarithm of y is fitted by a quadratic function of the inputs' logarithms. An input only
    scales y where its slope is an integer and hardly changes over the rows.

    Args:
        X: shape (rows, inputs), no zeros.
        y: shape (rows,).
        weights: of the rows.
    """
    logs = np.log(np.abs(X))
    logs -= logs.mean(axis=0)
    count = int(X.shape[1])
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    if np.count_nonzero(y) < 4 * (1 + count + len(pairs)):
        return (0,) * count
    squares = [logs[:, i] * logs[:, j] for i, j in pairs]
    design = np.stack([np.ones(len(y)), *logs.T, *squares], axis=1)
    root = np.sqrt(weights) * np.abs(y)  # equal errors of y weigh the same
    target = np.log(np.abs(np.where(y == 0.0, 1.0, y)))
    solved = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
    curved = np.zeros((count, count))
    for (i, j), value in zip(pairs, solved[1 + count :].tolist(), strict=True):
        curved[i, j] += value
        curved[j, i] += value
    slopes = solved[1 : 1 + count]
    bends = np.std(logs @ curved, axis=0)
    steady = (bends < _BEND) & (np.abs(slopes - np.rint(slopes)) < 2 * _BEND)
    return tuple(round(float(s)) if k else 0 for s, k in zip(slopes, steady, strict=True))
