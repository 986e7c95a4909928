"""The evolutionary search engine: typed settings, progress, front and state around the kernel.

Room: `search`; imports `expr` and `hwcost`. An `Engine` searches one output. It is advanced a few
generations at a time (`step`), so the caller can show progress, save the state, and stop. The same
seed gives the same front, whatever the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import BY_NAME, Interval, Op, Program
from symtick.hwcost.search_cost import SearchCost
from symtick.search import _kernel
from symtick.search.evaluation import Rows, cost_table, loss_number, pack

State = dict[str, npt.NDArray[np.generic]]
_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True)
class Limits:
    """Hard bounds on a candidate.

    Attributes:
        max_nodes: nodes of the tree.
        max_depth: levels of the tree; a sum of n terms is n levels deep.
        max_constants: constants of the tree.
        max_ticks: latency in ticks, by the search's cost model.
        max_lut: LUTs, by the search's cost model.
        max_magnitude: bound on every intermediate value over the input ranges.
    """

    max_nodes: int = 140
    max_depth: int = 64
    max_constants: int = 64
    max_ticks: int = 1_000_000
    max_lut: float = 1e12
    max_magnitude: float = 1e6


@dataclass(frozen=True)
class Moves:
    """Relative weights of the ways to make a child.

    Attributes:
        crossover: a sub-tree of one parent in place of one of the other.
        exchange: a summand of one parent added to the other, or in place of one of its own.
        add_term: a new term c*u(a*x+b) or c*u(a*x+b*y+d), the one of `trial_terms` that explains
            most of the residual.
        swap_term: a summand dropped and a new term added.
        drop_term: a summand dropped.
        jitter: constants moved at random.
        point: an operator or a leaf exchanged.
        feature: an input exchanged for another.
        replace: a sub-tree replaced by a new one.
        insert: an operator put in between.
        hoist: a sub-tree replaced by a part of itself.
        tune: constants tuned for longer.
    """

    crossover: float = 1.0
    exchange: float = 1.0
    add_term: float = 4.0
    swap_term: float = 5.0
    drop_term: float = 0.5
    jitter: float = 0.5
    point: float = 0.7
    feature: float = 0.5
    replace: float = 1.0
    insert: float = 0.7
    hoist: float = 0.3
    tune: float = 0.3


@dataclass(frozen=True)
class EngineConfig:
    """Settings of one search.

    Attributes:
        ops: names of the operators that may occur.
        seed: of every random choice, 0 .. 2**63-1.
        loss: `mse`, `mae` or `huber`.
        huber_delta: where Huber's loss turns linear.
        islands: separate populations; a fixed number, so that threads change nothing.
        population: people on an island, and births in a generation.
        tournament: people compared when a parent is chosen.
        elite_probability: chance that a parent comes from the island's Pareto archive.
        migration_interval: generations between migrations.
        migrants: people that leave an island for the next one.
        screen_rows: rows of the random subset on which candidates are scored and tuned.
        trial_terms: random terms compared for each `add_term`.
        interaction: chance that a new term reads two inputs.
        tune_iterations: Levenberg-Marquardt iterations for a new child.
        tune_probability: chance that a child of the other moves is tuned.
        limits: hard bounds.
        moves: weights of the ways to make a child.
    """

    ops: tuple[str, ...] = tuple(sorted(BY_NAME))
    seed: int = 0
    loss: str = "mse"
    huber_delta: float = 1.0
    islands: int = 4
    population: int = 32
    tournament: int = 4
    elite_probability: float = 0.6
    migration_interval: int = 8
    migrants: int = 2
    screen_rows: int = 1500
    trial_terms: int = 64
    interaction: float = 0.35
    tune_iterations: int = 10
    tune_probability: float = 0.5
    limits: Limits = field(default_factory=Limits)
    moves: Moves = field(default_factory=Moves)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ops", tuple(self.ops))
        if unknown := [name for name in self.ops if name not in BY_NAME]:
            raise InputError(
                f"unknown operator {unknown[0]!r}: there are {', '.join(sorted(BY_NAME))}"
            )
        if not self.ops:
            raise InputError("at least one operator must be allowed")
        loss_number(self.loss)
        counts = ("islands", "population", "tournament", "migration_interval", "screen_rows")
        _check_counts(self, counts, 1)
        _check_counts(self, ("migrants", "trial_terms", "tune_iterations", "seed"), 0)
        _check_counts(self.limits, ("max_nodes", "max_depth", "max_constants", "max_ticks"), 0)
        for name in ("elite_probability", "interaction", "tune_probability"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name} is a chance from 0 to 1, not {getattr(self, name)!r}")
        for owner, name in (
            (self, "huber_delta"),
            (self.limits, "max_lut"),
            (self.limits, "max_magnitude"),
        ):
            if not 0.0 < getattr(owner, name) < math.inf:
                raise InputError(f"{name} must be positive, not {getattr(owner, name)!r}")
        weights = _weights(self.moves)
        if not all(0.0 <= w < math.inf for w in weights) or not sum(weights) > 0.0:
            raise InputError("the weights of the moves must be finite, not negative, not all 0")


def _check_counts(owner: object, names: Sequence[str], least: int) -> None:
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
            raise InputError(f"{name} must be an integer from {least}, not {value!r}")


def _weights(moves: Moves) -> list[float]:
    return [float(getattr(moves, f.name)) for f in fields(moves)]


@dataclass(frozen=True)
class Stats:
    """Progress: generations, children scored, constant fits, children refused, best loss so far."""

    generation: int
    evaluations: int
    fits: int
    rejected: int
    best_loss: float


@dataclass(frozen=True)
class Candidate:
    """A program on the front with its mean loss over all rows and its cost."""

    program: Program
    loss: float
    ticks: int
    lut: float


class Engine:
    """A search for one output.

    Args:
        X: shape (rows, features).
        y: target, shape (rows,).
        ranges: interval of each input; candidates must be defined everywhere in it.
        cost: the cost table; `table_lut` has one entry for each input.
        config: settings.
        weights: weight of each row, or None for equal weights.
        guesses: programs to start from; those outside the limits are left out.

    Raises:
        InputError: data, ranges or settings are not acceptable.
    """

    def __init__(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        ranges: Sequence[Interval],
        cost: SearchCost,
        config: EngineConfig | None = None,
        *,
        weights: npt.ArrayLike | None = None,
        guesses: Sequence[Program] = (),
    ) -> None:
        self.config = config or EngineConfig()
        rows = Rows.make(X, y, weights)
        features = rows.X.shape[1]
        _check_ranges(rows.X, ranges)
        if len(cost.table_lut) != features:
            raise InputError(
                f"X has {features} features, the cost has tables for {len(cost.table_lut)}"
            )
        self._engine = _kernel.Engine(
            rows.X,
            rows.y,
            rows.weights,
            _settings(self.config),
            _breeding(self.config, ranges),
            cost_table(cost),
            pack(list(guesses), features),
        )

    def step(self, generations: int = 1, threads: int = 1) -> Stats:
        """Advance; releases the interpreter lock meanwhile.

        Raises:
            InputError: the limits and ranges rule out even a constant.
        """
        if generations < 1 or threads < 1:
            raise InputError("generations and threads must be at least 1")
        try:
            held = self._engine.step(generations, threads)
        except ValueError as error:
            raise InputError(f"the search cannot start: {error}") from None
        return Stats(
            held["generation"],
            held["evaluations"],
            held["fits"],
            held["rejected"],
            self._engine.best_loss(),
        )

    def front(self) -> list[Candidate]:
        """The Pareto front over (loss, ticks, LUT) so far, by ticks, then LUT."""
        return [
            Candidate(Program(ops, args, consts), loss, ticks, lut)
            for ops, args, consts, loss, ticks, lut in self._engine.front()
        ]

    def state(self) -> State:
        """Everything that a later run needs to go on exactly as this one would."""
        return dict(self._engine.save())

    @classmethod
    def restore(
        cls,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        ranges: Sequence[Interval],
        cost: SearchCost,
        config: EngineConfig | None,
        state: Mapping[str, npt.NDArray[np.generic]],
        *,
        weights: npt.ArrayLike | None = None,
        guesses: Sequence[Program] = (),
    ) -> Engine:
        """An engine that goes on from `state()`; the other arguments must be those of the first.

        Raises:
            InputError: the state is damaged, of another version, or belongs to other arguments.
        """
        engine = cls(X, y, ranges, cost, config, weights=weights, guesses=guesses)
        try:
            engine._load(state)
        except (ValueError, OverflowError) as error:
            raise InputError(f"cannot go on from the saved search: {error}") from None
        return engine

    def _load(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._engine.load(
            _checked(state, "words", np.uint64),
            _checked(state, "numbers", np.float64),
            _checked(state, "ops", np.uint8),
            _checked(state, "features", np.int32),
            _checked(state, "values", np.float64),
        )


def _checked(
    state: Mapping[str, npt.NDArray[np.generic]], name: str, kind: type[_Kind]
) -> npt.NDArray[_Kind]:
    if name not in state:
        raise InputError(f"the saved search lacks the array {name!r}")
    held = state[name]
    if held.ndim != 1 or held.dtype != kind:
        raise InputError(
            f"the saved array {name!r} must be one-dimensional {np.dtype(kind)}, "
            f"not {held.dtype} of shape {held.shape}"
        )
    return np.ascontiguousarray(held, kind)


def _check_ranges(X: npt.NDArray[np.float64], ranges: Sequence[Interval]) -> None:
    if len(ranges) != X.shape[1]:
        raise InputError(f"X has {X.shape[1]} features, but {len(ranges)} ranges are given")
    for k, (held, column) in enumerate(zip(ranges, X.T, strict=True)):
        if not (math.isfinite(held.lo) and math.isfinite(held.hi)):
            raise InputError(f"the range of input {k} must be finite, not {held}")
        if column.min() < held.lo or column.max() > held.hi:
            raise InputError(
                f"input {k} takes values in [{column.min():g}, {column.max():g}], "
                f"outside its range {held}: clip the data or widen the range"
            )


def _settings(config: EngineConfig) -> _kernel.EngineSettings:
    settings = _kernel.EngineSettings()
    for name in (
        "seed", "islands", "population", "tournament", "screen_rows", "trial_terms",
        "tune_iterations", "tune_probability", "migration_interval", "migrants",
        "elite_probability",
    ):  # fmt: skip
        setattr(settings, name, getattr(config, name))
    for bound in fields(config.limits):
        setattr(settings, bound.name, getattr(config.limits, bound.name))
    settings.max_ticks = min(config.limits.max_ticks, 2**31 - 1)
    settings.set_moves(_weights(config.moves))
    settings.set_loss(loss_number(config.loss), config.huber_delta)
    return settings


def _breeding(config: EngineConfig, ranges: Sequence[Interval]) -> _kernel.BreedSettings:
    breeding = _kernel.BreedSettings()
    names = {BY_NAME[name] for name in config.ops} | {Op.INPUT, Op.CONST}
    breeding.allowed = [op in names for op in Op]
    breeding.interaction = config.interaction
    breeding.set_ranges([r.lo for r in ranges], [r.hi for r in ranges])
    return breeding
