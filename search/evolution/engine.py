"""The evolutionary search engine: progress, front, exchange of candidates and state.

An `Engine` searches one output. It is advanced a few generations at a time (`step`), so the caller
can show progress, save the state, and stop. Candidates can be put in (`offer`, `replant`) and taken
out (`individuals`), which other searches do. The same seed and calls give the same front, whatever
the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Expression, Interval, Program, from_programs
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import sequences_of
from symtick.search.kernel_api.candidate import Candidate, Penalty
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State

Floats = npt.NDArray[np.float64]
Guess = Program | Expression | str
_Kind = TypeVar("_Kind", bound=np.generic)
_NO_LIMIT = _kernel.NO_LIMIT
SLICE = 5  # generations between two looks at the keyboard


@dataclass(frozen=True)
class EngineStats:
    """Progress so far.

    Attributes:
        generation: generations of every island.
        evaluations: candidates computed over all screening rows.
        cache_hits: offspring of a known function, which are no evaluations.
        fits: fits of constants.
        rejected: offspring that broke a rule or a limit.
        passes: all that was computed over rows: evaluations, terms that were tried, and steps of
            fits, each with derivatives.
        best_loss: best mean loss over all rows, penalties included.
    """

    generation: int
    evaluations: int
    cache_hits: int
    fits: int
    rejected: int
    passes: int
    best_loss: float


class Engine:
    """A search for one output.

    Args:
        rows: inputs, target and weights, of which there is no other copy while the engine lives.
        ranges: interval of each input; candidates must be defined everywhere in it. None: they
            need only be finite on the rows.
        cost: the cost table; `table_lut` has one entry for each input.
        config: settings.
        guesses: candidates to start from, as programs, expressions or text; those that break a
            rule or a limit are left out.
        penalty: of an expression, a number from 0; it is added to the loss of each candidate that
            would enter the front. It must depend on nothing else. An exception in it ends the
            step, after which the engine is of no more use.
        names: names of the inputs, in guesses and in what `penalty` gets; x0, x1, ... by default.

    Raises:
        InputError: data, ranges or settings are not acceptable, or a guess cannot be written with
            the vocabulary.
    """

    def __init__(
        self,
        rows: Rows,
        ranges: Sequence[Interval] | None,
        cost: SearchCost,
        config: EngineConfig | None = None,
        *,
        guesses: Sequence[Guess] = (),
        penalty: Penalty | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.config = config or EngineConfig()
        features = rows.X.shape[1]
        if ranges is not None:
            _check_ranges(rows.X, ranges)
        if len(cost.table_lut) != features:
            raise InputError(
                f"X has {features} features, the cost has tables for {len(cost.table_lut)}"
            )
        self.vocabulary = self.config.vocabulary(features, names)
        self._engine = _kernel.Engine(
            rows.kernel,
            self.config.to_kernel(rows.y),
            self.config.breeding(ranges),
            self.config.all_rules().to_kernel(self.vocabulary, cost),
            cost_table(cost),
            _sequences([self._written(guess) for guess in guesses]),
            None if penalty is None else self._of_arrays(penalty),
        )

    def step(
        self, generations: int = SLICE, threads: int = 1, budget: int | None = None
    ) -> EngineStats:
        """Advance; releases the interpreter lock meanwhile.

        Args:
            generations: how many.
            threads: threads to use; they change nothing but the time.
            budget: end after this many evaluations since the search began. The number is never
                exceeded; offspring of a known function cost none. Screening rows are not
                drawn anew where scoring all individuals again would not fit in.

        The first step whose budget allows it makes the library of the move `match`, from a quarter
        of that budget at most and after the first individuals.

        Raises:
            InputError: rules, limits and ranges leave no first expression, or none has a finite
                loss.
        """
        if generations < 1 or threads < 1:
            raise InputError("generations and threads must be at least 1")
        most = _NO_LIMIT if budget is None else budget
        if not 0 <= most <= _NO_LIMIT:
            raise InputError(f"budget must not be negative, not {budget!r}")
        try:
            self._engine.step(generations, threads, most)
        except ValueError as error:
            raise InputError(f"the search cannot go on: {error}") from None
        return self.stats()

    def stats(self) -> EngineStats:
        """Progress so far."""
        return EngineStats(**self._engine.stats(), best_loss=self._engine.best_loss())

    @property
    def status(self) -> Status:
        """Where it stands."""
        stats, target = self.stats(), self.config.target_loss
        done = target is not None and stats.best_loss <= target
        text = f"generation {stats.generation}"
        return Status(
            "evolution",
            done,
            stats.generation,
            text,
            stats.best_loss,
            stats.evaluations,
            stats.passes,
        )

    def front(self) -> list[Candidate]:
        """The Pareto front over (loss, ticks, LUT) so far, by ticks, then LUT."""
        return [
            Candidate(
                Program(ops, args, consts),
                loss,
                ticks,
                lut,
                tuple(tokens.tolist()),
                tuple(free.tolist()),
            )
            for ops, args, consts, loss, ticks, lut, tokens, free in self._engine.front()
        ]

    def offer(
        self,
        sequences: npt.ArrayLike,
        constants: Sequence[npt.ArrayLike] | None = None,
        threads: int = 1,
    ) -> Floats:
        """Score candidates; those that keep the rules join the front and the islands.

        Free constants are tuned from the values given. They are dealt to the islands in turn, and
        each takes the place of the oldest there.

        Args:
            sequences: token numbers of `vocabulary`, shape (n, length), filled up with -1.
            constants: values of the free constants of each; the vocabulary's start value where
                there are none.
            threads: threads to use; they change nothing but the time.

        Returns:
            Loss of each on the rows that candidates are scored on at present (all of them, where
            there are no more than `screen_rows`), shape (n,); infinity where a sequence breaks a
            rule or a value is not finite.

        Raises:
            InputError: a row is not one whole expression, or the arrays do not match.
        """
        return self._deal(sequences, constants, False, threads)

    def replant(
        self,
        sequences: npt.ArrayLike,
        constants: Sequence[npt.ArrayLike] | None = None,
        threads: int = 1,
    ) -> Floats:
        """`offer` to islands that are cleared of their individuals before; the front stays.

        An island that gets none that is fit to live is founded anew by the next step.
        """
        return self._deal(sequences, constants, True, threads)

    def individuals(self, most: int) -> tuple[npt.NDArray[np.int16], list[Floats], Floats]:
        """The best different functions among individuals and archives.

        Returns:
            Sequences, shape (n, length), filled up with -1, n at most `most`; the values of the
            free constants of each; their losses, shape (n,), as `offer` gives them.
        """
        sequences, constants, counts, losses = self._engine.individuals(most)
        return sequences, np.split(constants, np.cumsum(counts)[:-1]) if len(counts) else [], losses

    def state(self) -> State:
        """Everything that a later run needs to go on exactly as this one would."""
        return dict(self._engine.save())

    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of an engine of the same arguments.

        A difference in data, ranges, costs, guesses or any setting is found out. Code is not
        compared: of a penalty only whether there is one, of a loss only that it is a callable.

        Raises:
            InputError: the state is damaged, of another version, or belongs to other arguments.
        """
        try:
            self._engine.load(
                _checked(state, "words", np.uint64),
                _checked(state, "numbers", np.float64),
                _checked(state, "ops", np.uint8),
                _checked(state, "features", np.int32),
                _checked(state, "values", np.float64),
            )
        except (ValueError, OverflowError) as error:
            raise InputError(f"cannot go on from the saved search: {error}") from None

    def _deal(
        self,
        sequences: npt.ArrayLike,
        constants: Sequence[npt.ArrayLike] | None,
        replant: bool,
        threads: int,
    ) -> Floats:
        rows = np.ascontiguousarray(sequences, np.int16)
        if rows.ndim != 2:
            raise InputError(f"sequences have shape (n, length), not {rows.shape}")
        values = [()] * len(rows) if constants is None else constants
        if len(values) != len(rows):
            raise InputError(f"{len(rows)} sequences have {len(values)} lists of constants")
        try:
            return self._engine.offer(rows, *_flat(values), replant, threads)
        except ValueError as error:
            raise InputError(f"the candidates cannot be read: {error}") from None

    def _written(self, guess: Guess) -> tuple[npt.NDArray[np.int16], Floats]:
        if isinstance(guess, Program):
            guess = from_programs([guess], self.vocabulary.inputs)
        return self.vocabulary.sequence(guess)

    def _of_arrays(self, penalty: Penalty) -> Callable[..., float]:
        names = self.vocabulary.inputs

        def called(
            ops: npt.NDArray[np.uint8], args: npt.NDArray[np.int32], consts: Floats
        ) -> float:
            return float(penalty(from_programs([Program(ops, args, consts)], names)))

        return called


def _flat(values: Sequence[npt.ArrayLike]) -> tuple[Floats, npt.NDArray[np.int64]]:
    arrays = [np.asarray(v, np.float64).ravel() for v in values]
    return np.concatenate([*arrays, np.zeros(0)]), np.array([len(v) for v in arrays], np.int64)


def _sequences(
    guesses: Sequence[tuple[npt.NDArray[np.int16], Floats]],
) -> tuple[npt.NDArray[np.int16], Floats, npt.NDArray[np.int64]]:
    return sequences_of([row for row, _ in guesses]), *_flat([values for _, values in guesses])


def _checked(state: Arrays, name: str, kind: type[_Kind]) -> npt.NDArray[_Kind]:
    if name not in state:
        raise InputError(f"the saved search lacks the array {name!r}")
    array = state[name]
    if array.ndim != 1 or array.dtype != kind:
        raise InputError(
            f"the saved array {name!r} must be one-dimensional {np.dtype(kind)}, "
            f"not {array.dtype} of shape {array.shape}"
        )
    return np.ascontiguousarray(array, kind)


def _check_ranges(X: npt.NDArray[np.float64], ranges: Sequence[Interval]) -> None:
    if len(ranges) != X.shape[1]:
        raise InputError(f"X has {X.shape[1]} features, but {len(ranges)} ranges are given")
    for k, (bounds, column) in enumerate(zip(ranges, X.T, strict=True)):
        if not (math.isfinite(bounds.lo) and math.isfinite(bounds.hi)):
            raise InputError(f"the range of input {k} must be finite, not {bounds}")
        if column.min() < bounds.lo or column.max() > bounds.hi:
            raise InputError(
                f"input {k} takes values in [{column.min():g}, {column.max():g}], "
                f"outside its range {bounds}: clip the data or widen the range"
            )
