"""Constants of programs: tuned to rows, and rounded to what hardware can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le, Lt

from symtick.errors import InputError
from symtick.expr import Op, Program
from symtick.search import _kernel
from symtick.search.kernel_api.losses import Floats, Loss, loss_spec
from symtick.search.kernel_api.rows import Kinds, Rows, pack, places
from symtick.settings import Natural, Real, checked


@dataclass(frozen=True)
class Fit:
    """A program with tuned constants, its mean loss, and the iterations that it took."""

    program: Program
    loss: float
    iterations: int


@checked
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

    iterations: Annotated[Natural, Le(2**31 - 1)] = 50
    tolerance: Annotated[Real, Ge(0), Lt(1)] = 1e-10
    restarts: Annotated[Natural, Le(2**31 - 1)] = 0
    seed: Annotated[Natural, Lt(2**64)] = 0
    evaluations: Annotated[Natural, Le(2**31 - 1)] = 200

    def to_kernel(self) -> _kernel.FitSettings:
        """The kernel's copy."""
        settings = _kernel.FitSettings()
        settings.iterations, settings.tolerance = self.iterations, self.tolerance
        settings.restarts, settings.seed, settings.evaluations = (
            self.restarts,
            self.seed,
            self.evaluations,
        )
        return settings


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
    population, spec = pack(programs, rows.X.shape[1], kinds), loss_spec(loss, delta, rows.y)
    loss_of, consts, used = _kernel.fit(population, rows.kernel, spec, settings, threads)
    return _fits(programs, loss_of, consts, used)


def _fits(
    programs: Sequence[Program], loss_of: Floats, consts: Floats, used: npt.NDArray[np.int64]
) -> list[Fit]:
    # the kernel numbers constants by their place in the program
    parts = np.split(consts, np.cumsum([places(p) for p in programs])[:-1])
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
    population, spec = pack(programs, rows.X.shape[1], kinds), loss_spec(loss, delta, rows.y)
    loss_of, consts = _kernel.round_constants(
        population, rows.kernel, spec, settings, bits, fraction, threads
    )
    return _fits(programs, loss_of, consts, np.zeros(len(programs), np.int64))


def _with_constants(program: Program, consts: Floats) -> Program:
    """The program with one constant for each CONST, in order of appearance."""
    args = program.args.copy()
    args[program.ops == Op.CONST] = np.arange(len(consts), dtype=np.int32)
    return Program(program.ops, args, np.array(consts))
