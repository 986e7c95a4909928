"""The normal form of a graph's values: integer tables over few signals each, added up.

A form is `(offset + sum of tables + sum of weights * wide signals) * 2**-frac`. A table is over one
to some signals and 0 wherever one of them has its least code; with that, equal functions have equal
forms. So sums may be associated, shared and merged into tables in any order: the form stays.

Operations that are not linear are in `operations`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import product as choices

import numpy as np

from symtick.sim.proof.signals import (
    COLUMN,
    JOINT,
    Codes,
    OutOfReachError,
    Signal,
    Space,
)

Key = tuple[int, ...]
PRODUCT = 1 << 20  # codes of two factors together that are listed
_LARGEST = 1 << 60


@dataclass(frozen=True, eq=False)
class Form:
    """A value; see the module.

    Attributes:
        space: where its signals are.
        frac: its last place is 2**-frac.
        offset: what it is where all signals have their least code, in units of the last place.
        tables: by signals in ascending order.
        wide: weights of signals that are not listed.
    """

    space: Space
    frac: int
    offset: int
    tables: Mapping[Key, Codes]
    wide: Mapping[int, int]

    @cached_property
    def support(self) -> Key:
        """The listed signals that it depends on."""
        return tuple(sorted({n for key in self.tables for n in key}))

    @cached_property
    def range(self) -> tuple[int, int]:
        """Bounds, exact where no two tables share a signal."""
        low = high = self.offset
        for part in self._groups():
            low, high = low + int(part.min()), high + int(part.max())
        for n, weight in self.wide.items():
            signal = self.space.signals[n]
            ends = weight * signal.lo, weight * (signal.lo + signal.size - 1)
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _groups(self) -> Iterable[Codes]:
        """Tables, those on common signals added up as far as they can be listed."""
        groups: list[tuple[Key, list[Key]]] = []
        for key in self.tables:
            joined, members = key, [key]
            for other in [g for g in groups if set(g[0]) & set(joined)]:
                union = tuple(sorted({*joined, *other[0]}))
                if self.space.size(union) <= JOINT:
                    joined, members = union, members + other[1]
                    groups.remove(other)
            groups.append((joined, members))
        for joined, members in groups:
            yield reduce(np.add, (_spread(self.space, self.tables[k], k, joined) for k in members))

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Its content without the offset, hashable."""
        tables = tuple(sorted((k, t.tobytes()) for k, t in self.tables.items()))
        return self.frac, tables, tuple(sorted(self.wide.items()))

    def at(self, frac: int) -> Form:
        """The same value with another last place, below or equal to its own."""
        if frac == self.frac:
            return self
        return replace(times(self, 1 << frac - self.frac), frac=frac)

    def values(self, support: Key) -> Codes:
        """The integers for all codes of listed signals; no wide ones may be in it."""
        if self.wide:
            raise OutOfReachError("it depends on a signal that is too wide to be listed")
        if abs(self.offset) + sum(_size(t) for t in self.tables.values()) > _LARGEST:
            raise OutOfReachError("its integers are too large")
        shape = tuple(self.space.signals[n].size for n in support)
        total = np.full(shape, self.offset, np.int64)
        for key, table in self.tables.items():
            total = total + _spread(self.space, table, key, support)
        return total


def constant(space: Space, value: int, frac: int) -> Form:
    """A form that is one number."""
    return Form(space, frac, value, {}, {})


def of_signal(signal: Signal, space: Space, frac: int) -> Form:
    """A signal as a form."""
    if not signal.listed:
        return Form(space, frac, 0, {}, {signal.number: 1})
    if signal.size == 1:
        return constant(space, signal.lo, frac)
    return Form(space, frac, signal.lo, {(signal.number,): signal.codes() - signal.lo}, {})


def _spread(space: Space, table: Codes, key: Key, support: Key) -> Codes:
    """A table as one over more signals."""
    shape = [space.signals[n].size if n in key else 1 for n in support]
    return table.reshape(shape)


def _size(table: Codes) -> int:
    """The largest magnitude of its integers."""
    return max(-int(table.min()), int(table.max()), 0) if table.size else 0


def _bounded(table: Codes, factor: int = 1) -> Codes:
    """A table that can be multiplied by an integer: with a product that int64 holds."""
    if _size(table) * abs(factor) > _LARGEST:
        raise OutOfReachError("its integers are too large")
    return table.astype(np.int64)


def of_terms(
    space: Space, frac: int, offset: int, tables: Mapping[Key, Codes], wide: Mapping[int, int]
) -> Form:
    """A form of tables and weights, without those that are 0."""
    kept = {k: _bounded(t) for k, t in tables.items() if t.any()}
    return Form(space, frac, offset, kept, {n: w for n, w in wide.items() if w})


def from_values(space: Space, frac: int, support: Key, values: Codes) -> Form:
    """The form of a function that is listed for all codes of some signals."""
    # what is 0 at the least codes has up to twice the size for each signal
    parts: dict[Key, Codes] = {(): _bounded(values, 1 << len(support))}
    for axis, n in enumerate(support):
        split: dict[Key, Codes] = {}
        for key, part in parts.items():
            least = part.take([0], axis)
            split[key] = least
            if part.shape[axis] > 1:
                split[(*key, n)] = part - least
        parts = split
    offset = int(parts.pop(()).reshape(-1)[0])
    tables = {k: t.reshape([space.signals[n].size for n in k]) for k, t in parts.items()}
    return of_terms(space, frac, offset, tables, {})


def times(form: Form, weight: int) -> Form:
    if not weight:
        return constant(form.space, 0, form.frac)
    tables = {k: _bounded(t, weight) * weight for k, t in form.tables.items()}
    wide = {n: w * weight for n, w in form.wide.items()}
    return of_terms(form.space, form.frac, form.offset * weight, tables, wide)


def added(a: Form, b: Form, sign: int = 1) -> Form:
    """a + b, or a - b."""
    frac = max(a.frac, b.frac)
    left, right = a.at(frac), times(b.at(frac), sign)
    tables = dict(left.tables)
    for key, table in right.tables.items():
        tables[key] = tables[key] + table if key in tables else table
    wide = dict(left.wide)
    for n, weight in right.wide.items():
        wide[n] = wide.get(n, 0) + weight
    return of_terms(a.space, frac, left.offset + right.offset, tables, wide)


def multiplied(a: Form, b: Form) -> Form:
    """a * b, term by term."""
    space, frac = a.space, a.frac + b.frac
    total = constant(space, a.offset * b.offset, frac)
    for one, other in ((a, b), (b, a)):
        rest = replace(times(replace(one, offset=0), other.offset), frac=frac)
        total = added(total, rest)
    for (k, s), (m, t) in choices(a.tables.items(), b.tables.items()):
        union = tuple(sorted({*k, *m}))
        if space.size(union) <= PRODUCT:
            values = _spread(space, _bounded(s, _size(t)), k, union) * _spread(space, t, m, union)
            total = added(total, from_values(space, frac, union, values))
        else:
            raise OutOfReachError("it is a product of signals that are too wide together")
    for one, other in ((a, b), (b, a)):
        for n, weight in one.wide.items():
            for key, table in other.tables.items():
                total = added(total, _scaled_signal(space, frac, n, weight, key, table))
    for (one_wide, v), (other_wide, w) in choices(a.wide.items(), b.wide.items()):
        low, high = sorted((one_wide, other_wide))
        made = _product_signal(space, ("product", low, high), low, _span(space, high))
        total = added(total, Form(space, frac, 0, {}, {made.number: v * w}))
    return total


def _scaled_signal(
    space: Space, frac: int, number: int, weight: int, key: Key, table: Codes
) -> Form:
    """A table times a wide signal: a wide signal of its own, for the table without its divisor."""
    divisor = int(np.gcd.reduce(table, axis=None))
    core = table // divisor
    ends = int(core.min()), int(core.max())
    made = _product_signal(space, ("scaled", number, key, core.tobytes()), number, ends)
    return Form(space, frac, 0, {}, {made.number: weight * divisor})


def _span(space: Space, number: int) -> tuple[int, int]:
    signal = space.signals[number]
    return signal.lo, signal.lo + signal.size - 1


def _product_signal(space: Space, key: object, number: int, ends: tuple[int, int]) -> Signal:
    corners = [p * q for p in _span(space, number) for q in ends]
    low, high = min(corners), max(corners)
    return space.signal(key, "product", low, max(high - low + 1, COLUMN + 1))


def named(form: Form) -> tuple[Signal, int, Form]:
    """A form as `weight * signal + offset`: the signal, the weight, and the part it names."""
    if len(form.wide) == 1 and not form.tables:
        ((n, weight),) = form.wide.items()
        return form.space.signals[n], weight, replace(form, offset=0)
    divisor = math.gcd(*(int(np.gcd.reduce(t, axis=None)) for t in form.tables.values()),
                       *form.wide.values())  # fmt: skip
    lead = form.tables[min(form.tables)].reshape(-1) if form.tables else list(form.wide.values())
    first = next(int(v) for v in lead if v)
    weight = divisor if first > 0 else -divisor
    tables = {k: t // weight for k, t in form.tables.items()}
    wide = {n: w // weight for n, w in form.wide.items()}
    core = Form(form.space, 0, 0, tables, wide)
    low, high = core.range
    signal = form.space.signal(("sum", core.key), "sum", low, high - low + 1, core)
    return signal, weight, core
