"""Graph = formula: how far the lowered outputs can be from the formula, in real units.

The formula is evaluated once for all inputs, as a sum of tables of real intervals over the signals
of the graph's normal forms. A function of a sum of many inputs becomes a table over the graph's own
sum, widened by how far that sum can be from the formula's. What is left between an output and its
formula is a sum of tables, whose ends add up to a bound. It holds for all inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from symtick.codegen.ir.fixed import Fixed
from symtick.expr import Expression, Op
from symtick.expr.node import Node
from symtick.sim.proof.forms import PRODUCT, Form, Key
from symtick.sim.proof.reals import RULES, Enclosure, Reals, applied
from symtick.sim.proof.signals import OutOfReachError, Signal, Space

_LINEAR = (Op.ADD, Op.SUB, Op.NEG)


@dataclass(frozen=True, eq=False)
class RealForm:
    """A sum of tables of intervals: each key of signals once, () for a number."""

    space: Space
    tables: Mapping[Key, Enclosure]

    @property
    def support(self) -> Key:
        """The signals that it depends on."""
        return tuple(sorted({n for key in self.tables for n in key}))

    def on(self, support: Key) -> Enclosure:
        """Its interval for all codes of some signals."""
        parts = [_spread(self.space, t, key, support) for key, t in self.tables.items()]
        return reduce(RULES[Op.ADD], parts, Enclosure.exactly(np.zeros(1)))

    def grouped(self) -> RealForm:
        """Tables on common signals added up, as far as they can be listed together."""
        groups: list[tuple[Key, RealForm]] = []
        for key, table in sorted(self.tables.items(), key=lambda item: -len(item[0])):
            form = RealForm(self.space, {key: table})
            for other in list(groups):
                union = tuple(sorted({*key, *other[0]}))
                if set(key) & set(other[0]) and self.space.size(union) <= PRODUCT:
                    groups.remove(other)
                    key, form = union, summed(form, other[1])
            groups.append((key, form))
        total: dict[Key, Enclosure] = {}
        for key, form in groups:
            whole = form.on(key)
            total[key] = RULES[Op.ADD](total[key], whole) if key in total else whole
        return RealForm(self.space, total)

    def ends(self) -> tuple[float, float]:
        """Bounds of its value."""
        low = high = np.longdouble(0)
        for table in self.grouped().tables.values():
            both = RULES[Op.ADD](Enclosure(*(np.array([v]) for v in (low, high))),
                                 Enclosure(*(np.array([v]) for v in (table.lo.min(), table.hi.max()))))  # noqa: E501  # fmt: skip
            low, high = both.lo[0], both.hi[0]
        return float(np.nextafter(float(low), -np.inf)), float(np.nextafter(float(high), np.inf))


def _spread(space: Space, table: Enclosure, key: Key, support: Key) -> Enclosure:
    shape = [space.signals[n].size if n in key else 1 for n in support] or [1]
    lo = table.lo.reshape(shape)
    return Enclosure(lo, lo if table.hi is table.lo else table.hi.reshape(shape))


def summed(a: RealForm, b: RealForm) -> RealForm:
    """a + b."""
    tables = dict(a.tables)
    for key, table in b.tables.items():
        tables[key] = RULES[Op.ADD](tables[key], table) if key in tables else table
    return RealForm(a.space, tables)


def scaled(form: RealForm, factor: Enclosure) -> RealForm:
    """A form times a number."""
    return RealForm(form.space, {k: RULES[Op.MUL](t, factor) for k, t in form.tables.items()})


def real(form: Form) -> RealForm:
    """A form of integers as real numbers."""
    scale = np.ldexp(np.longdouble(1), -form.frac)
    tables: dict[Key, Enclosure] = {(): Enclosure.exactly(np.full(1, form.offset) * scale)}
    tables |= {
        k: Enclosure.exactly(t.astype(np.longdouble) * scale) for k, t in form.tables.items()
    }
    for n, weight in form.wide.items():
        signal = form.space.signals[n]
        ends = sorted((weight * signal.lo, weight * (signal.lo + signal.size - 1)))
        low, high = (np.full(1, v, np.longdouble) * scale for v in ends)
        tables[()] = RULES[Op.ADD](tables[()], Enclosure(low, high))
    return RealForm(form.space, tables)


@dataclass
class Formula:
    """The formula's values over the signals of a space.

    Attributes:
        space: the signals.
        formats: of what the expression reads.
    """

    space: Space
    formats: Sequence[Fixed]

    def outputs(self, expression: Expression) -> list[RealForm | str]:
        """The form of each output; why there is none where it is out of reach."""
        values: list[RealForm | str] = []
        for k, node in enumerate(expression.nodes):
            args = [values[a] for a in node.args]
            late = next((a for a in args if isinstance(a, str)), None)
            try:
                forms = [a for a in args if isinstance(a, RealForm)]
                values.append(late if late is not None else self._value(node, forms))
            except OutOfReachError as error:
                values.append(f"{node.op.name.lower()} (formula node {k}): {error}")
        return [values[k] for k in expression.outputs]

    def _value(self, node: Node, args: Sequence[RealForm]) -> RealForm:
        if node.op is Op.INPUT:
            return self._input(node.index)
        if node.op is Op.CONST:
            return RealForm(self.space, {(): Enclosure.exactly(np.full(1, node.value))})
        if node.op in _LINEAR:
            minus = scaled(args[-1], Enclosure.exactly(np.full(1, -1.0)))
            return (
                minus
                if node.op is Op.NEG
                else summed(args[0], minus if node.op is Op.SUB else args[1])
            )
        for one, other in (args, args[::-1]) if node.op is Op.MUL else ():
            if not other.support:
                return scaled(one, other.on(()))
        if node.op is Op.DIV and not args[1].support:
            return scaled(args[0], RULES[Op.DIV](Enclosure.exactly(np.ones(1)), args[1].on(())))
        return self._listed(node, args)

    def _input(self, index: int) -> RealForm:
        signal = self.space.known.get(("input", index))
        if signal is None:  # the graph does not read it
            fmt = self.formats[index]
            signal = self.space.signal(("input", index), "input", fmt.raw_min, 1 << fmt.width)
        if not signal.listed:
            raise OutOfReachError("an input has too many values to be listed")
        codes = signal.codes().astype(np.longdouble)
        value = codes * np.ldexp(np.longdouble(1), -self.formats[index].frac)
        return RealForm(self.space, {(signal.number,): Enclosure.exactly(value)})

    def _listed(self, node: Node, args: Sequence[RealForm]) -> RealForm:
        """A function of forms for all codes, of their signals or of sums that are like them."""
        support = tuple(sorted({n for a in args for n in a.support}))
        if self.space.size(support) > PRODUCT:
            if node.op is Op.MUL and (made := self._multiplied(*args)) is not None:
                return made
            args = [self._on_sum(a) if len(a.support) > 1 else a for a in args]
            support = tuple(sorted({n for a in args for n in a.support}))
        if self.space.size(support) > PRODUCT:
            raise OutOfReachError("its arguments have too many values together to be listed")
        values = applied(node, [a.on(support) for a in args])
        if np.isnan(values.lo).any() or np.isnan(values.hi).any():
            raise OutOfReachError("it is not shown to be defined for all inputs")
        return RealForm(self.space, {support: values})

    def _multiplied(self, a: RealForm, b: RealForm) -> RealForm | None:
        """A product term by term; None where two terms have too many values together."""
        total = RealForm(self.space, {})
        for k, s in a.tables.items():
            for m, t in b.tables.items():
                union = tuple(sorted({*k, *m}))
                if self.space.size(union) > PRODUCT:
                    return None
                part = RULES[Op.MUL](
                    _spread(self.space, s, k, union), _spread(self.space, t, m, union)
                )
                total = summed(total, RealForm(self.space, {union: part}))
        return total

    def _on_sum(self, form: RealForm) -> RealForm:
        """A form as a table over the sum of the graph that is most like it."""
        best: tuple[float, Signal, float, tuple[float, float]] | None = None
        for signal in [s for s in self.space.signals if s.kind == "sum" and s.listed]:
            if not set(form.support) & set(signal.of.support):
                continue
            core = real(signal.of)
            slope = _slope(form, core)
            rest = summed(form, scaled(core, Enclosure.exactly(np.full(1, -slope))))
            ends = rest.ends()
            if slope and (best is None or ends[1] - ends[0] < best[0]):
                best = ends[1] - ends[0], signal, slope, ends
        if best is None:
            raise OutOfReachError("the graph has no sum that is like its argument")
        _, signal, slope, (low, high) = best
        line = RULES[Op.MUL](
            Enclosure.exactly(signal.codes().astype(np.longdouble)),
            Enclosure.exactly(np.full(1, slope)),
        )
        whole = RULES[Op.ADD](
            line, Enclosure(np.full(1, low, np.longdouble), np.full(1, high, np.longdouble))
        )
        least, most = form.ends()
        clipped = Enclosure(np.clip(whole.lo, least, most), np.clip(whole.hi, least, most))
        return RealForm(self.space, {(signal.number,): clipped})


def _slope(form: RealForm, core: RealForm) -> float:
    """The factor with which a sum is most like a form, from what each does along single signals."""
    over = under = 0.0
    for n in set(form.support) & set(core.support):
        a, b = (_along(f, n) for f in (form, core))
        over, under = over + float(a @ b), under + float(b @ b)
    return over / under if under else 0.0


def _along(form: RealForm, number: int) -> Reals:
    """The mean of a form over all other signals, its own mean taken off."""
    total = np.zeros(form.space.signals[number].size, np.longdouble)
    for key, table in form.tables.items():
        if number in key:
            middle = (table.lo + table.hi) / 2
            axes = tuple(axis for axis, n in enumerate(key) if n != number)
            total = total + middle.mean(axis=axes)
    return np.asarray(total - total.mean())


def unfolded(form: RealForm, kept: Iterable[int]) -> RealForm:
    """Tables over a sum as a line of that sum, written out, and what the line leaves.

    Sums that the formula is a table over are kept.
    """
    wanted = set(kept)
    while True:
        found = next(
            (k for k in form.tables
             if len(k) == 1 and form.space.signals[k[0]].kind == "sum" and k[0] not in wanted),
            None,
        )  # fmt: skip
        if found is None:
            return form
        signal, table = form.space.signals[found[0]], form.tables[found]
        codes = signal.codes().astype(np.longdouble)
        centred = codes - codes.mean()
        middle = (table.lo + table.hi) / 2
        slope = Enclosure.exactly(
            np.full(1, (centred @ (middle - middle.mean())) / (centred @ centred))
        )
        line = RULES[Op.MUL](Enclosure.exactly(codes), slope)
        rest = RULES[Op.SUB](table, line)
        ends: dict[Key, Enclosure] = {
            (): Enclosure(*(np.array([v]) for v in (rest.lo.min(), rest.hi.max())))
        }
        others = {k: t for k, t in form.tables.items() if k != found}
        form = summed(RealForm(form.space, others), scaled(real(signal.of), slope))
        form = summed(form, RealForm(form.space, ends))


def anchored(form: RealForm) -> RealForm:
    """The same with tables that are 0 at the least code of each signal, as those of a `Form` are.

    The middles of the intervals are taken apart so; what that leaves of each interval is a number.
    """
    total = RealForm(form.space, {})
    for key, table in form.tables.items():
        parts: dict[Key, Any] = {(): (table.lo + table.hi) / 2}
        for axis, n in enumerate(key):
            least = {k: part.take([0], axis) for k, part in parts.items()}
            parts = {**least, **{(*k, n): part - least[k] for k, part in parts.items()}}
        made = {k: Enclosure.exactly(part.reshape([form.space.signals[n].size for n in k] or [1]))
                for k, part in parts.items()}  # fmt: skip
        whole = RealForm(form.space, made)
        rest = RULES[Op.SUB](table, whole.on(key)) if key else RULES[Op.SUB](table, made[()])
        ends = Enclosure(*(np.array([v]) for v in (rest.lo.min(), rest.hi.max())))
        total = summed(summed(total, whole), RealForm(form.space, {(): ends}))
    return total


def farthest(made: Form, wanted: RealForm) -> float:
    """A bound of the difference between an output and its formula, for all inputs."""
    kept = [n for n in wanted.support if made.space.signals[n].kind == "sum"]
    minus = scaled(anchored(wanted), Enclosure.exactly(np.full(1, -1.0)))
    gap = summed(unfolded(real(made), kept), minus)
    low, high = gap.ends()
    return max(-low, high)
