"""Enumeration: every function of a vocabulary, once, in order of size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.checks import check_budget
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.fitting import FitSettings
from symtick.search.kernel_api.losses import Loss, loss_spec
from symtick.search.kernel_api.rows import Rows, pack

UNDEFINED: int = _kernel.UNDEFINED  # the fingerprint of what divides by what is zero everywhere
MOST_ROWS: int = _kernel.MOST_ROWS  # rows that functions are told apart on, at most
_NO_LIMIT = _kernel.NO_LIMIT

Floats = npt.NDArray[np.float64]


def fingerprints(programs: Sequence[Program], features: int) -> npt.NDArray[np.uint64]:
    """One number for each program, equal where the rules of a field make two programs equal.

    The programs are evaluated in the integers modulo 2^61 - 1 at one random point: two rational
    functions of degree d that differ agree there with a chance of about d / 2^61 (Schwartz, J. ACM
    27 (1980) 701; Zippel, EUROSAM 1979). Other functions are random maps of their argument.

    Returns:
        shape (programs,); `UNDEFINED` for a division by what is zero everywhere.
    """
    return _kernel.fingerprints(pack(programs, features))


@dataclass(frozen=True)
class EnumerationStats:
    """What an enumeration did.

    Attributes:
        functions: new functions of each level, from the first.
        complete: last level of which nothing is missing.
        evaluations: vectors of values that were computed over the rows.
        known: candidates that the rules of a field told to be an earlier function.
        equal: candidates whose values were those of an earlier function.
        not_finite: candidates that were not finite, or too large, in some row.
        not_allowed: candidates of a new function that broke a rule.
    """

    functions: tuple[int, ...]
    complete: int
    evaluations: int
    known: int
    equal: int
    not_finite: int
    not_allowed: int


class Enumeration:
    """Every function that a vocabulary can write within the rules, once, in order of size.

    Functions are equal where the rules of a field make them equal, or their values agree to 1e-9 in
    every row. One is found wherever all parts of some form of it are finite on the rows.

    Args:
        X: the rows, shape (rows, features), at most `MOST_ROWS`.
        vocabulary: the tokens.
        rules: which forms are allowed. What only a whole expression can keep (`min_nodes`,
            `min_count`, the target's unit) is left to whoever uses the functions.
        cost: the cost table: of each function the form of fewest (ticks, LUT, nodes) is kept. None:
            the first one.
        max_level: most nodes of a tree; with `shared`, most operations.
        shared: a level is a number of operations, where what is used twice counts once, as in the
            square of x + 1.
        symbols: free constants that may stand in one function, 0 to 2, where the vocabulary has
            them. They are told apart by what tuning them could reach: x + c, but not x - c or x + c
            + c.
        max_functions: no more than these.
        largest: functions that exceed it in some row are left out.

    Raises:
        InputError: a setting is not acceptable.
    """

    def __init__(
        self,
        X: npt.ArrayLike,
        vocabulary: Vocabulary,
        rules: Rules,
        cost: SearchCost | None = None,
        *,
        max_level: int = 7,
        shared: bool = False,
        symbols: int = 0,
        max_functions: int = 1_000_000,
        largest: float = 1e9,
    ) -> None:
        rows = Rows.make(X)
        check_arguments(vocabulary)
        if len(rows.X) > MOST_ROWS:
            raise InputError(f"an enumeration takes at most {MOST_ROWS} rows, not {len(rows.X)}")
        for name, value in (("max_level", max_level), ("max_functions", max_functions)):
            if value < 1:
                raise InputError(f"{name} must be at least 1, not {value!r}")
        if not 0.0 < largest < math.inf:
            raise InputError(f"largest must be positive and finite, not {largest!r}")
        self._first_level = 0 if shared else 1
        table = None if cost is None else cost_table(cost)
        try:
            self._kernel = _kernel.Enumeration(
                rules.to_kernel(vocabulary, cost), rows.kernel, shared, max_level,
                max_functions, symbols, largest, table,
            )  # fmt: skip
        except ValueError as error:
            raise InputError(str(error)) from None

    def run(self, max_evaluations: int | None = None) -> bool:
        """Go on until there were so many evaluations in all, by default to the end.

        Returns:
            Whether there is something left to do. In steps or at once, the functions are the same.
        """
        return self._kernel.run(_NO_LIMIT if max_evaluations is None else max_evaluations)

    def __len__(self) -> int:
        return len(self._kernel)

    def program(self, number: int) -> Program:
        """A function, with custom operators written out; free constants have arbitrary values."""
        return Program(*self._kernel.program(number))

    def values(self) -> Floats:
        """Values of the functions over the rows, shape (functions, rows)."""
        return self._kernel.values()

    def levels(self) -> npt.NDArray[np.int64]:
        """Level at which each function was found, shape (functions,)."""
        return self._kernel.levels()

    def stats(self) -> EnumerationStats:
        """What was done so far."""
        counts = np.bincount(self.levels())[self._first_level :]
        functions = tuple(int(n) for n in counts)
        return EnumerationStats(functions, self._kernel.complete(), **self._kernel.stats())


class EnumeratedFront:
    """The best of all small functions for each cost, found in steps.

    Where the vocabulary has free constants, addition and multiplication, each function f stands for
    a*f, f+b and a*f+b too, whose constants are solved for; they are not counted in `max_level`.

    Args:
        X: shape (rows, features).
        y: target, shape (rows,).
        cost: the cost table.
        vocabulary: the tokens.
        rules: which expressions are allowed.
        weights: of the rows, or None for equal ones.
        loss: see `symtick.search.kernel_api.losses.loss_spec`.
        delta: of the Huber loss.
        max_level, shared, symbols, max_functions: see `Enumeration`.
        fits: functions of each level, best by least squares, whose constants are tuned further.
        fit: how.
        rows: functions are enumerated on so many rows at most, evenly spread; losses are of all.

    Raises:
        InputError: data or a setting is not acceptable.
    """

    def __init__(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        cost: SearchCost,
        vocabulary: Vocabulary,
        rules: Rules,
        *,
        weights: npt.ArrayLike | None = None,
        loss: Loss = "mse",
        delta: float = 1.0,
        max_level: int = 5,
        shared: bool = False,
        symbols: int = 1,
        max_functions: int = 200_000,
        fits: int = 100,
        fit: FitSettings | None = None,
        rows: int = 256,
    ) -> None:
        data = Rows.make(X, y, weights)
        check_arguments(vocabulary)
        spec = loss_spec(loss, delta, data.y)
        check_rows(rows)
        check_budget("fits", fits, 0)
        screen = data.spread(rows)
        self._leaves = leaves(vocabulary, symbols)
        self._begin = partial(
            Enumeration, screen.X, vocabulary, rules, cost, max_level=max_level, shared=shared,
            symbols=symbols, max_functions=max_functions,
        )  # fmt: skip
        self._enumeration: Enumeration | None = None
        self._arguments = (
            rules.to_kernel(vocabulary, cost), screen.kernel, data.kernel,
            cost_table(cost), spec, True, fits, (fit or FitSettings()).to_kernel(),
        )  # fmt: skip

    def run(self, max_evaluations: int | None = None) -> bool:
        """Go on until there were so many evaluations in all, by default to the last level.

        Where they do not do for the leaves, nothing is done. After Ctrl-C, it can go on.

        Returns:
            Whether there is something left to do.

        Raises:
            InputError: the number is out of its range.
        """
        if max_evaluations is not None:
            check_budget("max_evaluations", max_evaluations, 0)
            if max_evaluations < self._leaves:
                return True
        if self._enumeration is None:
            self._enumeration = self._begin()
        return self._enumeration.run(max_evaluations)

    def front(self) -> list[Candidate]:
        """The best of the functions so far, by ticks, then LUT."""
        if self._enumeration is None:
            return []
        self._enumeration.run(0)  # after Ctrl-C: what was found is put in order
        functions, _, _ = self._enumeration._kernel.front(*self._arguments)
        return candidates(functions)

    def stats(self) -> EnumerationStats:
        """What was done so far."""
        if self._enumeration is None:
            return EnumerationStats((), 0, 0, 0, 0, 0, 0)
        return self._enumeration.stats()


def candidates(
    listed: Sequence[
        tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], Floats, float, int, float]
    ],
) -> list[Candidate]:
    """What the kernel lists, as candidates."""
    return [
        Candidate(Program(ops, args, consts), loss, ticks, lut)
        for ops, args, consts, loss, ticks, lut in listed
    ]


def check_rows(rows: int) -> None:
    """Whether functions can be told apart on so many rows.

    Raises:
        InputError: they cannot.
    """
    if not 1 <= rows <= MOST_ROWS:
        raise InputError(f"rows must be from 1 to {MOST_ROWS}, not {rows!r}")


def check_arguments(vocabulary: Vocabulary) -> None:
    """Whether all functions of these tokens can be enumerated.

    Raises:
        InputError: a token has three arguments; bidirectional enumeration leaves such ones out.
    """
    for token in vocabulary.tokens:
        if token.arity > 2:
            raise InputError(
                f"{token.name} takes three arguments, of which there are too many combinations to "
                "enumerate: search with evolution, or leave it out"
            )


def leaves(vocabulary: Vocabulary, symbols: int = 0) -> int:
    """Evaluations that the leaves take, with which an enumeration begins."""
    fixed = sum(t.kind in ("input", "literal") for t in vocabulary.tokens)
    return fixed + symbols * any(t.kind == "constant" for t in vocabulary.tokens)
