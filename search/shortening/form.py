"""A formula as sums of terms with numbered constants, its values and its derivatives by them.

The structure is that of `symtick.expr.sums`: a sum is a constant plus factors times atoms, an atom
is an input or an operator on sums. Every factor and every constant that is not plain (a factor 1 or
-1, a constant 0) is a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from symtick.expr import Expression, Op, tidied
from symtick.expr.ops import OPS
from symtick.expr.sums import Atom, Sum, read_sums, write_sums
from symtick.search.data.dataset import FloatArray


@dataclass(frozen=True)
class SumPlan:
    """A sum by numbers: its constant's parameter, and per term a parameter and an atom."""

    const: int
    terms: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class AtomPlan:
    """An atom by numbers: its operator and its sums, or the input that it is."""

    op: Op
    args: tuple[int, ...]
    index: int


@dataclass(frozen=True)
class Swap:
    """An atom that gives way to a factor times another one, or times a kink of that.

    Attributes:
        atom: that goes.
        by: an atom that stands before it.
        factor: of what takes its place.
        op: of the kink: ABS or SQUARE of the distance from `knot`, MAX or MIN of it and `by`; None
            for `by` itself.
        knot: a value of `by`.
    """

    atom: int
    by: int
    factor: float
    op: Op | None = None
    knot: float = 0.0

    def values(self, of: FloatArray) -> FloatArray:
        """What takes the place, without the factor, of the values of `by`."""
        if self.op is None:
            return of
        if self.op in (Op.MAX, Op.MIN):
            return np.asarray(OPS[self.op].numpy(of, np.float64(self.knot)))
        return np.asarray(OPS[self.op].numpy(of - self.knot))


@dataclass(eq=False)
class Form:
    """A formula whose constants can be changed.

    Attributes:
        inputs: names of the inputs.
        atoms: those that an atom needs stand before it.
        sums: all sums, of atoms and of outputs.
        outputs: sum of each output.
        values: factors and constants, (parameters,).
        plain: which of them are no constants of the text: factors 1 and -1, constants 0.
        factor: which of them are factors, (parameters,).
    """

    inputs: tuple[str, ...]
    atoms: list[AtomPlan] = field(default_factory=list)
    sums: list[SumPlan] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    values: FloatArray = field(default_factory=lambda: np.zeros(0))
    plain: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    factor: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    @classmethod
    def of(cls, expression: Expression) -> Form:
        """The form of an expression; its sums are collected (`symtick.expr.tidied`)."""
        reading = _Reading(cls(expression.inputs))
        outputs = read_sums(tidied(expression))
        form = reading.form
        form.outputs = [reading.sum(s) for s in outputs]
        form.values = np.array(reading.values)
        form.factor = np.array(reading.factor, bool)
        form.plain = np.where(form.factor, np.abs(form.values) == 1.0, form.values == 0.0)
        return form

    def expression(self) -> Expression:
        """The expression, terms of factor 0 left out.

        Raises:
            InputError: a constant is not finite.
        """
        atoms: list[Atom] = []
        values = self.values.tolist()

        def made(place: int) -> Sum:
            plan = self.sums[place]
            terms = tuple((values[p], atoms[a]) for p, a in plan.terms if values[p] != 0.0)
            return Sum(values[plan.const], terms)

        for plan in self.atoms:
            atoms.append(Atom(plan.op, tuple(made(s) for s in plan.args), plan.index))
        # collected again: what was removed may leave sums of one term, constants and equal atoms
        return tidied(write_sums([made(s) for s in self.outputs], self.inputs))

    # --- changes -------------------------------------------------------------------------------

    def changed(self, values: FloatArray, plain: npt.NDArray[np.bool_]) -> Form:
        """The form with other constants; those that nothing reads any more are plain."""
        form = replace(self, values=values, plain=plain)
        read = np.zeros(len(values), bool)
        for plan in form.read():
            read[[plan.const, *(p for p, _ in plan.terms)]] = True
        plain |= ~read
        return form

    def swapped(self, swaps: Sequence[Swap], values: FloatArray) -> Form:
        """The form with these values and atoms replaced; all numbers keep what they stand for.

        No swap's `by` may be the atom of another.
        """
        atoms, sums = list(self.atoms), list(self.sums)
        numbers, plain, factor = values.tolist(), self.plain.tolist(), self.factor.tolist()

        def parameter(value: float, *, is_factor: bool, is_plain: bool) -> int:
            numbers.append(value)
            factor.append(is_factor)
            plain.append(is_plain)
            return len(numbers) - 1

        def added(const: float, *by: int) -> int:
            terms = tuple((parameter(1.0, is_factor=True, is_plain=True), a) for a in by)
            own = parameter(const, is_factor=False, is_plain=const == 0.0)
            sums.append(SumPlan(own, terms))
            return len(sums) - 1

        for swap in swaps:
            if swap.op in (Op.MAX, Op.MIN):
                atoms[swap.atom] = AtomPlan(swap.op, (added(0.0, swap.by), added(swap.knot)), 0)
            elif swap.op is not None:
                atoms[swap.atom] = AtomPlan(swap.op, (added(-swap.knot, swap.by),), 0)
            for place, plan in enumerate(sums):
                there = {a: p for p, a in plan.terms}
                p = there.get(swap.atom)
                if p is None:
                    continue
                numbers[p] *= swap.factor
                plain[p] = False
                if swap.op is None and swap.by in there:
                    numbers[there[swap.by]] += numbers[p]
                    plain[there[swap.by]] = False
                    numbers[p], plain[p] = 0.0, True
                elif swap.op is None:
                    terms = tuple((q, swap.by if q == p else a) for q, a in plan.terms)
                    sums[place] = SumPlan(plan.const, terms)
        made = replace(self, atoms=atoms, sums=sums, factor=np.array(factor))
        return made.changed(np.array(numbers), np.array(plain))

    def live(self) -> list[bool]:
        """Whether each atom has a part in an output."""
        live = [False] * len(self.atoms)
        pending = list(self.outputs)
        while pending:
            for p, a in self.sums[pending.pop()].terms:
                if not live[a] and not self._gone(p):
                    live[a] = True
                    pending += self.atoms[a].args
        return live

    def present(self, place: int) -> list[tuple[int, int]]:
        """The terms of a sum that are not dropped."""
        return [(p, a) for p, a in self.sums[place].terms if not self._gone(p)]

    def read(self) -> list[SumPlan]:
        """The sums that have a part in an output."""
        live = self.live()
        places = [s for k, atom in enumerate(self.atoms) if live[k] for s in atom.args]
        return [self.sums[s] for s in (*places, *self.outputs)]

    def _gone(self, p: int) -> bool:
        return bool(self.plain[p] and self.values[p] == 0.0)

    # --- values and derivatives ----------------------------------------------------------------

    def forward(self, X: FloatArray) -> tuple[FloatArray, list[tuple[FloatArray, ...]]]:
        """Values of all atoms (atoms, rows), and what the sums of each of them are."""
        values = np.zeros((len(self.atoms), len(X)))
        live = self.live()
        seen: list[tuple[FloatArray, ...]] = []
        with np.errstate(all="ignore"):
            for k, atom in enumerate(self.atoms):
                args = tuple(self.added(s, values) for s in atom.args) if live[k] else ()
                seen.append(args)
                if not live[k]:
                    continue
                if atom.op is Op.INPUT:
                    values[k] = X[:, atom.index]
                elif atom.op is Op.ADD:
                    values[k] = args[0]
                else:
                    values[k] = OPS[atom.op].numpy(*args)
        return values, seen

    def added(self, place: int, values: FloatArray) -> FloatArray:
        """A sum, (rows,), of the atoms' values (atoms, rows)."""
        plan = self.sums[place]
        whole = np.full(values.shape[1], self.values[plan.const])
        for p, a in plan.terms:
            if self.values[p] != 0.0:
                whole += self.values[p] * values[a]
        return whole

    def computed(self, values: FloatArray) -> FloatArray:
        """Outputs (rows, outputs) of the atoms' values."""
        with np.errstate(all="ignore"):
            return np.stack([self.added(s, values) for s in self.outputs], axis=1)

    def jacobian(
        self, values: FloatArray, seen: Sequence[tuple[FloatArray, ...]]
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes of each output by the atoms and by the parameters, in reverse mode.

        Args:
            values, seen: of `forward`.

        Returns:
            (atoms, outputs, rows) and (parameters, outputs, rows); 0 for parameters that are gone,
            and where a slope is not finite, as that of a root at 0 or by the factor of an atom
            that overflows.
        """
        values = np.where(np.isfinite(values), values, 0.0)
        shape = (len(self.outputs), values.shape[1])
        slopes = np.zeros((len(self.values), *shape))
        down = np.zeros((len(self.atoms), *shape))

        def through(place: int, slope: FloatArray, at: int | slice) -> None:
            plan = self.sums[place]
            slopes[plan.const][at] += slope
            for p, a in plan.terms:
                if not self._gone(p):
                    slopes[p][at] += slope * values[a]
                    down[a][at] += slope * self.values[p]

        with np.errstate(all="ignore"):
            for k, place in enumerate(self.outputs):
                through(place, np.ones(shape[1]), k)
            for k in range(len(self.atoms) - 1, -1, -1):
                atom = self.atoms[k]
                if atom.op is Op.ADD and seen[k]:
                    through(atom.args[0], down[k], slice(None))
                elif seen[k]:
                    parts = OPS[atom.op].partials(*seen[k], values[k])
                    for place, part in zip(atom.args, parts, strict=True):
                        finite = np.where(np.isfinite(part), part, 0.0)
                        through(place, down[k] * finite, slice(None))
        for slope in (down, slopes):
            slope[~np.isfinite(slope)] = 0.0
        return down, slopes

    # --- size ----------------------------------------------------------------------------------

    def owned(self) -> tuple[FloatArray, FloatArray]:
        """Nodes of the text that go with each atom, and with each term (by its parameter).

        An estimate: parts that are used elsewhere stay, constants that are equal count each.
        """
        sums = self.read()
        users = np.zeros(len(self.atoms), int)
        for plan in sums:
            for p, a in plan.terms:
                users[a] += not self._gone(p)
        with_atom = np.zeros(len(self.atoms))
        with_term = np.zeros(len(self.values))
        for k, atom in enumerate(self.atoms):
            if atom.op is not Op.INPUT:
                own = 0.0 if atom.op is Op.ADD else 1.0
                with_atom[k] = own + sum(self._sum_nodes(s, with_term) for s in atom.args)
            else:
                with_atom[k] = 1.0
            for_user = with_atom[k] if users[k] == 1 else 0.0
            for plan in sums:
                for p, a in plan.terms:
                    if a == k and not self._gone(p):
                        with_term[p] = for_user + (1.0 if self.plain[p] else 3.0)
        return with_atom, with_term

    def _sum_nodes(self, place: int, with_term: FloatArray) -> float:
        plan = self.sums[place]
        const = 0.0 if self.plain[plan.const] else 2.0
        return const - 1.0 + sum(float(with_term[p]) for p, _ in plan.terms)


@dataclass(eq=False)
class _Reading:
    form: Form
    values: list[float] = field(default_factory=list)
    factor: list[bool] = field(default_factory=list)
    atoms: dict[int, int] = field(default_factory=dict)

    def sum(self, part: Sum) -> int:
        terms = tuple((self._value(c, factor=True), self._atom(a)) for c, a in part.terms)
        self.form.sums.append(SumPlan(self._value(part.const, factor=False), terms))
        return len(self.form.sums) - 1

    def _value(self, value: float, *, factor: bool) -> int:
        self.values.append(value)
        self.factor.append(factor)
        return len(self.values) - 1

    def _atom(self, atom: Atom) -> int:
        if id(atom) not in self.atoms:
            args = tuple(self.sum(s) for s in atom.args)
            self.form.atoms.append(AtomPlan(atom.op, args, atom.index))
            self.atoms[id(atom)] = len(self.form.atoms) - 1
        return self.atoms[id(atom)]
