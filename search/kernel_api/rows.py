"""Rows and programs as the kernel takes them: checked once, then packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Op, Program
from symtick.search import _kernel
from symtick.search.kernel_api.losses import Floats

FREE, LITERAL = 0, -1  # kinds of a constant: tuned, kept; from 1 on: tuned as one with its equals
Kinds = Sequence[int]  # of a program's constants in order of appearance


def _finite(name: str, values: npt.ArrayLike, ndim: int) -> Floats:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a rectangular array of numbers: {error}") from None
    if array.ndim != ndim:
        raise InputError(f"{name} must have {ndim} dimensions, not shape {array.shape}")
    if array.size == 0:
        raise InputError(f"{name} is empty: its shape is {array.shape}")
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise InputError(f"{name} holds {array[where]} at index {where}: only finite numbers")
    return array


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs, target and weights, checked: float64, shapes (rows, features), (rows,), (rows,)."""

    X: Floats
    y: Floats
    weights: Floats

    @classmethod
    def make(
        cls, X: npt.ArrayLike, y: npt.ArrayLike | None = None, weights: npt.ArrayLike | None = None
    ) -> Rows:
        """Check and convert.

        Raises:
            InputError: a shape is wrong, something is empty or not finite, or the weights are
                negative or all 0.
        """
        inputs = _finite("X", X, 2)
        rows = inputs.shape[0]
        target = np.zeros(rows) if y is None else _finite("y", y, 1)
        ones = np.broadcast_to(1.0, rows)  # takes no memory
        weight = ones if weights is None else _finite("weights", weights, 1)
        for name, values in (("y", target), ("weights", weight)):
            if values.shape[0] != rows:
                raise InputError(f"X has {rows} rows, {name} has {values.shape[0]}")
        if weight.min() < 0.0 or weight.sum() <= 0.0:
            raise InputError("weights must not be negative, and not all 0")
        return cls(inputs, target, weight)

    def spread(self, count: int) -> Rows:
        """So many of the rows that have weight at most, evenly spread; these where all do."""
        total = int(np.count_nonzero(self.weights))
        if total == len(self.y) <= count:
            return self
        count = min(count, total)
        chosen = np.arange(count) * total // count
        if total < len(self.y):
            chosen = np.flatnonzero(self.weights)[chosen]
        return Rows(self.X[chosen], self.y[chosen], self.weights[chosen])

    @cached_property
    def kernel(self) -> _kernel.Data:
        """The kernel's copy in columns of both precisions, made once; it is only read."""
        return _kernel.Data(self.X, self.y, self.weights)

    def __reduce__(self) -> tuple[type[Rows], tuple[Floats, Floats, Floats]]:
        return Rows, (self.X, self.y, self.weights)


def pack(
    programs: Sequence[Program], features: int, kinds: Sequence[Kinds] | None = None
) -> _kernel.Population:
    """The programs as the kernel holds them.

    Args:
        programs: one output each.
        features: inputs of the data.
        kinds: for each program the kinds of its constants, one for each CONST in order of
            appearance: `FREE`, `LITERAL`, or a number from 1 on that marks constants that are one
            parameter, with the first one's value. None: all free.

    Raises:
        InputError: a program is not well formed or reads an input beyond `features`; the kinds do
            not fit the constants.
    """
    population = _packed(programs, features)
    if kinds is None:
        return population
    counts = [places(p) for p in programs]
    if [len(k) for k in kinds] != counts:
        raise InputError(f"kinds must number {counts} of the programs' constants, not {kinds!r}")
    flat = [int(k) for each in kinds for k in each]
    if bad := [k for k in flat if not LITERAL <= k < 2**31]:
        raise InputError(f"a kind of a constant is an integer from -1, below 2**31, not {bad[0]}")
    return population.marked(np.array(flat, np.int32))


def places(program: Program) -> int:
    """How many CONST nodes a program has."""
    return int((program.ops == Op.CONST).sum())


def _packed(programs: Sequence[Program], features: int) -> _kernel.Population:
    sizes = np.array([len(p.ops) for p in programs], np.int64)
    counts = np.array([len(p.consts) for p in programs], np.int64)
    try:
        return _kernel.Population(
            _joined([p.ops for p in programs], np.uint8),
            _joined([p.args for p in programs], np.int32),
            _joined([p.consts for p in programs], np.float64),
            sizes,
            counts,
            features,
        )
    except ValueError as error:
        raise InputError(f"the kernel refuses the programs: {error}") from None


_Kind = TypeVar("_Kind", bound=np.generic)


def _joined(parts: Sequence[npt.NDArray[_Kind]], kind: type[_Kind]) -> npt.NDArray[_Kind]:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, kind)
