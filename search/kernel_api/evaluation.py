"""Typed access to the kernel's evaluation: values, losses, derivatives, intervals, cost.

Programs are `symtick.expr.Program`s; rows are packed once into `Rows`, which the kernel keeps
column by column in both precisions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Interval, Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.kernel_api.losses import Floats, Loss, loss_spec
from symtick.search.kernel_api.rows import Kinds, Rows, pack


def evaluate(
    programs: Sequence[Program], X: npt.ArrayLike, *, single: bool = False, threads: int = 1
) -> npt.NDArray[np.float32] | Floats:
    """Values of every program, shape (programs, rows); float32 arithmetic where `single`."""
    rows = Rows.make(X)
    population = pack(programs, rows.X.shape[1])
    shape = (len(programs), rows.X.shape[0])
    if single:
        out32 = np.empty(shape, np.float32)
        _kernel.evaluate32(population, rows.kernel, out32, threads)
        return out32
    out = np.empty(shape, np.float64)
    _kernel.evaluate64(population, rows.kernel, out, threads)
    return out


def losses(
    programs: Sequence[Program],
    rows: Rows,
    *,
    loss: Loss = "mse",
    delta: float = 1.0,
    single: bool = False,
    threads: int = 1,
) -> Floats:
    """Loss of every program as `loss_spec` defines it; infinity where a value is not finite.

    Args:
        programs: one output each.
        rows: the data.
        loss: a name of `LOSSES` or a callable.
        delta: of `huber`.
        single: float32 arithmetic (not for a callable).
        threads: that share the programs.
    """
    population, spec = pack(programs, rows.X.shape[1]), loss_spec(loss, delta, rows.y)
    return _kernel.losses(population, rows.kernel, spec, single, threads)


def scaled(
    programs: Sequence[Program], rows: Rows, *, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """Mean square loss, scale and offset, shape (programs,) each, of scale * value + offset.

    The scale and offset are the best ones (Keijzer, EuroGP 2003); the loss is infinite where a
    value is not finite.
    """
    population = pack(programs, rows.X.shape[1])
    scalings = _kernel.scalings(population, rows.kernel, threads)
    return scalings[:, 0], scalings[:, 1], scalings[:, 2]


class Derivatives:
    """Values and derivatives of programs over fixed rows, for optimisers outside the kernel.

    Args:
        X: shape (rows, features).
    """

    def __init__(self, X: npt.ArrayLike) -> None:
        self.rows = Rows.make(X)
        self._data = self.rows.kernel

    def values(self, programs: Sequence[Program]) -> Floats:
        """Values of every program, shape (programs, rows)."""
        out = np.empty((len(programs), self.rows.X.shape[0]))
        _kernel.evaluate64(pack(programs, self.rows.X.shape[1]), self._data, out, 1)
        return out

    def jacobian(self, program: Program, kinds: Kinds | None = None) -> tuple[Floats, Floats]:
        """Values, shape (rows,), and d value / d parameter, shape (rows, parameters).

        Without `kinds` a column for each CONST of the program in order of appearance; with them
        none for a literal, and one, the sum, at the first of those that are tied (see `pack`).
        """
        values, jac = _kernel.jacobian(self._packed(program, kinds), self._data)
        return values, jac.T

    def vjp(
        self, program: Program, seed: npt.ArrayLike, kinds: Kinds | None = None
    ) -> tuple[Floats, Floats]:
        """Values, and the sum over rows of seed * d value / d parameter, shape (parameters,)."""
        weights = np.ascontiguousarray(seed, np.float64)
        if weights.shape != (self.rows.X.shape[0],):
            raise InputError(f"the seed needs {self.rows.X.shape[0]} numbers, not {weights.shape}")
        return _kernel.vjp(self._packed(program, kinds), self._data, weights)

    def _packed(self, program: Program, kinds: Kinds | None) -> _kernel.Population:
        return pack([program], self.rows.X.shape[1], None if kinds is None else [kinds])


def cost_table(cost: SearchCost) -> _kernel.CostTable:
    """The kernel's copy of a cost table."""
    table = _kernel.CostTable()
    table.period = cost.period
    table.chain = cost.chain
    table.fuse = cost.fuse
    table.factor_bits = cost.factor_bits
    table.set(list(cost.op_delay), list(cost.op_lut), list(cost.table_delay), list(cost.table_lut))
    return table


def costs(programs: Sequence[Program], cost: SearchCost) -> tuple[npt.NDArray[np.int64], Floats]:
    """Ticks and LUTs of every program, as `search_cost` defines them."""
    return _kernel.costs(pack(programs, len(cost.table_lut)), cost_table(cost))


def intervals(
    programs: Sequence[Program], ranges: Sequence[Interval]
) -> list[list[Interval] | None]:
    """Interval of every node in postfix order, or None where an operator is undefined."""
    population = pack(programs, len(ranges))
    lo = np.array([r.lo for r in ranges], np.float64)
    hi = np.array([r.hi for r in ranges], np.float64)
    failed, low, high = _kernel.intervals(population, lo, hi)
    ends = np.cumsum([len(p.ops) for p in programs])
    return [
        None
        if at >= 0
        else [Interval(float(a), float(b)) for a, b in zip(low[s:e], high[s:e], strict=True)]
        for at, s, e in zip(failed, [0, *ends[:-1]], ends, strict=True)
    ]
