"""Typed access to the kernel's evaluation: values, losses, derivatives, fits, intervals, cost.

Room: `search`; imports `expr` and `hwcost`. Programs are `symtick.expr.Program`s; rows are packed
once into `Rows`, which the kernel keeps column by column in both precisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Interval, Op, Program
from symtick.hwcost.search_cost import SearchCost
from symtick.search import _kernel
from symtick.search.losses import Floats, Loss, loss_spec
from symtick.search.losses import loss_number as loss_number

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
        weight = np.ones(rows) if weights is None else _finite("weights", weights, 1)
        for name, held in (("y", target), ("weights", weight)):
            if held.shape[0] != rows:
                raise InputError(f"X has {rows} rows, {name} has {held.shape[0]}")
        if weight.min() < 0.0 or weight.sum() <= 0.0:
            raise InputError("weights must not be negative, and not all 0")
        return cls(inputs, target, weight)

    def to_kernel(self) -> _kernel.Data:
        """The kernel's copy."""
        return _kernel.Data(self.X, self.y, self.weights)


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
    held = _packed(programs, features)
    if kinds is None:
        return held
    counts = [_places(p) for p in programs]
    if [len(k) for k in kinds] != counts:
        raise InputError(f"kinds must number {counts} of the programs' constants, not {kinds!r}")
    flat = np.array([k for each in kinds for k in each], np.int32)
    if flat.size and flat.min() < LITERAL:
        raise InputError(f"a kind of a constant is -1 or more, not {flat.min()}")
    return held.marked(flat)


def _places(program: Program) -> int:
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


def evaluate(
    programs: Sequence[Program], X: npt.ArrayLike, *, single: bool = False, threads: int = 1
) -> npt.NDArray[np.float32] | Floats:
    """Values of every program, shape (programs, rows); float32 arithmetic where `single`."""
    rows = Rows.make(X)
    held = pack(programs, rows.X.shape[1])
    shape = (len(programs), rows.X.shape[0])
    if single:
        out32 = np.empty(shape, np.float32)
        _kernel.evaluate32(held, rows.to_kernel(), out32, threads)
        return out32
    out = np.empty(shape, np.float64)
    _kernel.evaluate64(held, rows.to_kernel(), out, threads)
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
    held, spec = pack(programs, rows.X.shape[1]), loss_spec(loss, delta, rows.y)
    return _kernel.losses(held, rows.to_kernel(), spec, single, threads)


def scaled(
    programs: Sequence[Program], rows: Rows, *, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    """Mean square loss, scale and offset, shape (programs,) each, of scale * value + offset.

    The scale and offset are the best ones (Keijzer, EuroGP 2003); the loss is infinite where a
    value is not finite.
    """
    held = pack(programs, rows.X.shape[1])
    found = _kernel.scalings(held, rows.to_kernel(), threads)
    return found[:, 0], found[:, 1], found[:, 2]


@dataclass(frozen=True)
class Fit:
    """A program with tuned constants, its mean loss, and the iterations that it took."""

    program: Program
    loss: float
    iterations: int


@dataclass(frozen=True)
class FitSettings:
    """How constants are tuned.

    Attributes:
        iterations: evaluations with derivatives from each start, at most.
        tolerance: a fit ends when the loss falls by less than this part of itself.
        restarts: further starts with random constants; the best of all is kept.
        seed: of these, 0 .. 2**64-1.
        evaluations: of a loss that is a callable, after the fit of the squares.
    """

    iterations: int = 50
    tolerance: float = 1e-10
    restarts: int = 0
    seed: int = 0
    evaluations: int = 200

    def __post_init__(self) -> None:
        for name, most in (
            ("iterations", 2**31), ("restarts", 2**31), ("seed", 2**64), ("evaluations", 2**31)
        ):  # fmt: skip
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < most:
                raise InputError(f"{name} must be an integer from 0, below {most}, not {value!r}")
        if not 0.0 <= self.tolerance < 1.0:
            raise InputError(f"tolerance must be a part from 0 to 1, not {self.tolerance!r}")

    def to_kernel(self) -> _kernel.FitSettings:
        """The kernel's copy."""
        held = _kernel.FitSettings()
        held.iterations, held.tolerance = self.iterations, self.tolerance
        held.restarts, held.seed, held.evaluations = self.restarts, self.seed, self.evaluations
        return held


def fit(
    programs: Sequence[Program],
    rows: Rows,
    *,
    loss: Loss = "mse",
    delta: float = 1.0,
    iterations: int = 50,
    tolerance: float = 1e-10,
    restarts: int = 0,
    seed: int = 0,
    evaluations: int = 200,
    kinds: Sequence[Kinds] | None = None,
    threads: int = 1,
) -> list[Fit]:
    """Tune the constants of every program from where they stand, and from `restarts` other places.

    Constants in which the output is linear are solved for; the others follow Levenberg and
    Marquardt (J. SIAM 11 (1963) 431), both with reweighted squares for losses that are none. For a
    callable the squares are fitted first, then a simplex (Nelder, Mead 1965) goes on within
    `evaluations`. The loss of the tuned program is never above that of the given one, unless that
    one is not finite. The same seed gives the same constants.

    Args:
        programs: one output each.
        rows: the data.
        loss: see `loss_spec`.
        delta: of `huber`.
        iterations: see `FitSettings`, as are the next four.
        tolerance: see there.
        restarts: see there.
        seed: see there.
        evaluations: see there.
        kinds: which constants are literals or tied, see `pack`.
        threads: that share the programs.

    Raises:
        InputError: a program, a target, a kind or a setting is not acceptable.
    """
    settings = FitSettings(iterations, tolerance, restarts, seed, evaluations).to_kernel()
    held, spec = pack(programs, rows.X.shape[1], kinds), loss_spec(loss, delta, rows.y)
    loss_of, consts, used = _kernel.fit(held, rows.to_kernel(), spec, settings, threads)
    return _fits(programs, loss_of, consts, used)


def _fits(
    programs: Sequence[Program], loss_of: Floats, consts: Floats, used: npt.NDArray[np.int64]
) -> list[Fit]:
    # the kernel numbers constants by their place in the program
    parts = np.split(consts, np.cumsum([_places(p) for p in programs])[:-1])
    return [
        Fit(_with_constants(p, part), float(value), int(count))
        for p, part, value, count in zip(programs, parts, loss_of, used, strict=True)
    ]


MAX_BITS = {False: 53, True: 64}


def rounded(
    programs: Sequence[Program],
    rows: Rows,
    *,
    bits: int,
    fraction: bool = False,
    loss: Loss = "mse",
    delta: float = 1.0,
    refit: int = 20,
    kinds: Sequence[Kinds] | None = None,
    threads: int = 1,
) -> list[Fit]:
    """The programs with constants that hardware can hold, and their loss with these.

    One constant after another, the one whose rounding harms least first, goes to the nearest number
    with `bits` significant bits; those that are left are tuned again after each. At the end a
    constant moves to a neighbour on its grid where that lowers the loss.

    Args:
        programs: one output each, tuned.
        rows: the data.
        bits: significant bits, 1 to 53, or, where `fraction`, bits after the point, -64 to 64.
        fraction: constants are multiples of 2**-bits, whatever their size.
        loss: see `loss_spec`.
        delta: of `huber`.
        refit: iterations of each fit of the constants that are left; 0 leaves them as they are.
        kinds: which constants are literals (they stay as they are) or tied, see `pack`.
        threads: that share the programs.

    Raises:
        InputError: a program, a target, a kind or `bits` is not acceptable.
    """
    least, most = -64 if fraction else 1, MAX_BITS[fraction]
    if isinstance(bits, bool) or not isinstance(bits, int) or not least <= bits <= most:
        raise InputError(f"bits must be an integer from {least} to {most}, not {bits!r}")
    settings = FitSettings(iterations=refit).to_kernel()
    held, spec = pack(programs, rows.X.shape[1], kinds), loss_spec(loss, delta, rows.y)
    loss_of, consts = _kernel.round_constants(
        held, rows.to_kernel(), spec, settings, bits, fraction, threads
    )
    return _fits(programs, loss_of, consts, np.zeros(len(programs), np.int64))


def _with_constants(program: Program, consts: Floats) -> Program:
    """The program with one constant for each CONST, in order of appearance."""
    args = program.args.copy()
    args[program.ops == Op.CONST] = np.arange(len(consts), dtype=np.int32)
    return Program(program.ops, args, np.array(consts))


class Derivatives:
    """Values and derivatives of programs over fixed rows, for optimisers outside the kernel.

    Args:
        X: shape (rows, features).
    """

    def __init__(self, X: npt.ArrayLike) -> None:
        self.rows = Rows.make(X)
        self._data = self.rows.to_kernel()

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
    table.const_mul_delay = cost.const_mul_delay
    table.const_mul_lut = cost.const_mul_lut
    table.set(list(cost.op_delay), list(cost.op_lut), list(cost.table_delay), list(cost.table_lut))
    return table


def costs(programs: Sequence[Program], cost: SearchCost) -> tuple[npt.NDArray[np.int64], Floats]:
    """Ticks and LUTs of every program, as `search_cost` defines them."""
    return _kernel.costs(pack(programs, len(cost.table_lut)), cost_table(cost))


def intervals(
    programs: Sequence[Program], ranges: Sequence[Interval]
) -> list[list[Interval] | None]:
    """Interval of every node in postfix order, or None where an operator is undefined."""
    held = pack(programs, len(ranges))
    lo = np.array([r.lo for r in ranges], np.float64)
    hi = np.array([r.hi for r in ranges], np.float64)
    failed, low, high = _kernel.intervals(held, lo, hi)
    ends = np.cumsum([len(p.ops) for p in programs])
    return [
        None
        if at >= 0
        else [Interval(float(a), float(b)) for a, b in zip(low[s:e], high[s:e], strict=True)]
        for at, s, e in zip(failed, [0, *ends[:-1]], ends, strict=True)
    ]
