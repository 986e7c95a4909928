"""Settings of the evolutionary engine: hard limits, weights of the moves, and the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import BY_NAME, Interval
from symtick.search import _kernel
from symtick.search.grammar.grammar import Operator, Rules, Vocabulary
from symtick.search.kernel_api.losses import Loss, loss_spec


@dataclass(frozen=True)
class Limits:
    """Hard bounds on a candidate.

    Attributes:
        max_nodes: nodes of the tree.
        max_depth: levels of the tree; a sum of n terms is n levels deep.
        max_constants: constants of the tree that are tuned.
        max_ticks: latency in ticks, by the search's cost model.
        max_lut: LUTs, by the search's cost model.
        max_magnitude: bound on every intermediate value over the input ranges, where those are
            given.
    """

    max_nodes: int = 140
    max_depth: int = 64
    max_constants: int = 64
    max_ticks: int = 1_000_000
    max_lut: float = 1e12
    max_magnitude: float = 1e6

    def __post_init__(self) -> None:
        _check_counts(self, ("max_nodes", "max_depth", "max_constants", "max_ticks"), 0, 2**31 - 1)
        _check_positive(self, ("max_lut", "max_magnitude"))


@dataclass(frozen=True)
class Moves:
    """Relative weights of the ways to make offspring; 0 switches one off.

    Attributes:
        crossover: a sub-tree of one parent in place of one of the other (Koza 1992).
        one_point: both parents cut at one place of the region where they have the same shape
            (Poli, Langdon 1998).
        exchange: a summand of one parent added to the other, or in place of one of its own.
        add_term: a new term c*u(a*x+b) or c*u(a*x+b*y+d), the one of `trial_terms` that explains
            most of the residual; needs add, mul and free constants, as `swap_term` does.
        swap_term: a summand dropped and a new term added.
        drop_term: a summand dropped.
        jitter: constants moved at random.
        point: an operator or a leaf exchanged for another of its arity.
        operator: an operator exchanged for another of its arity.
        feature: an input exchanged for another.
        replace: a sub-tree replaced by a new one (uniform mutation).
        insert: an operator put in between.
        hoist: a sub-tree replaced by a part of itself (shrink mutation).
        rotate: an operator and one of its arguments change places (Cranmer 2023, PySR).
        tune: constants tuned for longer.
        match: a sub-tree replaced by the enumerated function that comes nearest to what would make
            the whole the target (semantic backpropagation: Pawlak, Wieloch, Krawiec 2015); needs a
            `library`, and takes an evaluation more than the others.
    """

    crossover: float = 1.0
    one_point: float = 0.0
    exchange: float = 1.0
    add_term: float = 4.0
    swap_term: float = 5.0
    drop_term: float = 0.5
    jitter: float = 0.5
    point: float = 0.7
    operator: float = 0.0
    feature: float = 0.5
    replace: float = 1.0
    insert: float = 0.7
    hoist: float = 0.3
    rotate: float = 0.0
    tune: float = 0.3
    match: float = 0.0

    def __post_init__(self) -> None:
        weights = [getattr(self, f.name) for f in fields(self)]
        if (
            not all(_number(w) for w in weights)
            or not all(0.0 <= w < math.inf for w in weights)
            or not sum(weights) > 0.0
        ):
            raise InputError("the weights of the moves must be finite, not negative, not all 0")

    def weights(self) -> list[float]:
        """In the kernel's order."""
        return [float(getattr(self, f.name)) for f in fields(self)]


@dataclass(frozen=True)
class EngineConfig:
    """Settings of one search.

    The defaults suit fits of hardware functions: sums of tuned terms, simplified as they are bred.
    `HybridConfig.symtick()` has those for the search of an exact law.

    Attributes:
        ops: names of the operators that may occur.
        custom: further operators of one's own.
        literals: numbers that are tokens of their own and are not tuned.
        constants: whether there are free constants, which are tuned.
        complexity: complexity of tokens by name or group, 1 if not given.
        rules: what a candidate may look like; `limits` hold besides.
        simplify: candidates are simplified as they are bred and made of terms c*u(a*x+b). Without,
            they are trees of tokens, never rewritten; a search without free constants or with
            literals must be one without.
        seed: of every random choice, 0 .. 2**63-1.
        loss: a name of `losses.LOSSES`, or a callable (see `losses.loss_spec`).
        huber_delta: where Huber's loss turns linear.
        target_loss: the search ends at this loss, or None.
        islands: separate populations; a fixed number, so that threads change nothing.
        population: individuals on an island, and offspring in a generation; the oldest makes room
            (age regularisation, Real et al. 2019).
        tournament: individuals compared when a parent is chosen.
        tournament_best: chance that the best of them wins; the next has the same chance of what
            is left, and so on.
        lut_tournament: chance that a tournament admits no more LUTs than a drawn individual.
        elite_probability: chance that a parent comes from the island's Pareto archive.
        tick_elite_probability: chance that it else is the best of a random number of ticks.
        parsimony: scale of adaptive parsimony on ticks: in a tournament the loss is multiplied by
            exp(parsimony * share of the recent offspring that have as many ticks) (Cranmer 2023,
            PySR, there on complexity).
        parsimony_window: offspring that count as recent.
        patience: generations without a better candidate after which an island is founded anew, its
            archive kept; 0 for never.
        migration_interval: generations between migrations.
        migrants: individuals that leave an island for the next one.
        screen_rows: rows of the random subset on which candidates are scored and tuned.
        screen_interval: generations after which that subset is drawn anew, 0 for never.
        trial_terms: random terms compared for each `add_term`.
        interaction: chance that a new term reads two inputs.
        inner: chance that a crossover point is an operator and no leaf.
        founder_depth: most levels of the first trees (ramped half-and-half, Koza 1992), where they
            are no sums of terms.
        subtree_depth: most levels of a new sub-tree.
        tune_iterations: Levenberg-Marquardt iterations for new offspring.
        tune_probability: chance that offspring of the other moves are tuned.
        tune_repeats: fits of one shape from nearly the same constants, before it is no longer
            fitted from there.
        constant_bits: bits of the constants of candidates on the front, which are rounded and
            scored with these constants (see `rounding`); 0: as they were tuned.
        constant_fraction: these are bits after the point, else significant bits.
        library: evaluations that the functions for the move `match` may take, which are enumerated
            once the first individuals are there: no more than a quarter of the budget of that step.
        cache_size: functions that an island remembers, so that none is scored twice.
        copies: individuals of one function up to which offspring of a known function may join; 0:
            what was once tried is tried no more.
        limits: hard bounds.
        moves: weights of the ways to make offspring.
    """

    ops: tuple[str, ...] = tuple(sorted(BY_NAME))
    custom: tuple[Operator, ...] = ()
    literals: tuple[float, ...] = ()
    constants: bool = True
    complexity: Mapping[str, float] = field(default_factory=dict)
    rules: Rules | None = None
    simplify: bool = True
    seed: int = 0
    loss: Loss = "mse"
    huber_delta: float = 1.0
    target_loss: float | None = None
    islands: int = 4
    population: int = 32
    tournament: int = 4
    tournament_best: float = 1.0
    lut_tournament: float = 0.5
    elite_probability: float = 0.6
    tick_elite_probability: float = 0.0
    parsimony: float = 0.0
    parsimony_window: int = 20_000
    patience: int = 0
    migration_interval: int = 8
    migrants: int = 2
    screen_rows: int = 1500
    screen_interval: int = 0
    trial_terms: int = 64
    interaction: float = 0.35
    inner: float = 0.0
    founder_depth: int = 5
    subtree_depth: int = 3
    tune_iterations: int = 10
    tune_probability: float = 0.5
    tune_repeats: int = 4
    constant_bits: int = 0
    constant_fraction: bool = False
    library: int = 0
    cache_size: int = 1 << 14
    copies: int = 0
    limits: Limits = field(default_factory=Limits)
    moves: Moves = field(default_factory=Moves)

    def __post_init__(self) -> None:
        for name in ("ops", "custom", "literals"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.ops and not self.custom:
            raise InputError("at least one operator must be allowed")
        Vocabulary.of(self.ops, 1, self.constants, self.literals, self.custom)
        if self.simplify and (self.literals or not self.constants):
            raise InputError(
                "simplify=True merges constants: a search with literals or without free constants "
                "needs simplify=False"
            )
        _check_positive(self, ("huber_delta",))
        loss_spec(self.loss, self.huber_delta)
        for (least, most), names in _COUNTS.items():
            _check_counts(self, names, least, most)
        for name in ("elite_probability", "tick_elite_probability", "interaction", "inner",
                     "tune_probability", "tournament_best", "lut_tournament"):  # fmt: skip
            value = getattr(self, name)
            if not _number(value) or not 0.0 <= value <= 1.0:
                raise InputError(f"{name} is a chance from 0 to 1, not {value!r}")
        if not _number(self.parsimony) or not 0.0 <= self.parsimony < math.inf:
            raise InputError(f"parsimony must be finite and from 0, not {self.parsimony!r}")
        if self.target_loss is not None and not (
            _number(self.target_loss) and math.isfinite(self.target_loss)
        ):
            raise InputError(f"target_loss must be finite or None, not {self.target_loss!r}")

    def vocabulary(self, features: int, names: Sequence[str] | None = None) -> Vocabulary:
        """The tokens of a search over this number of inputs.

        Raises:
            InputError: an operator is unknown, or names clash.
        """
        return Vocabulary.of(
            self.ops,
            features,
            constants=self.constants,
            literals=self.literals,
            custom=self.custom,
            complexity=self.complexity,
            names=names,
        )

    def all_rules(self) -> Rules:
        """The rules with the limits in them."""
        rules, limits = self.rules or Rules(), self.limits
        ticks = limits.max_ticks if rules.max_ticks is None else rules.max_ticks
        return replace(
            rules,
            min_nodes=min(rules.min_nodes, limits.max_nodes),
            max_nodes=min(rules.max_nodes, limits.max_nodes),
            max_depth=min(rules.max_depth, limits.max_depth),
            max_constants=min(rules.max_constants, limits.max_constants),
            max_ticks=min(ticks, limits.max_ticks),
        )

    def to_kernel(self, target: npt.NDArray[np.float64]) -> _kernel.EngineSettings:
        """The kernel's settings of the course of a search.

        Raises:
            InputError: the loss does not take this target.
        """
        settings = _kernel.EngineSettings()
        for name in _SAME:
            setattr(settings, name, getattr(self, name))
        settings.max_lut = self.limits.max_lut
        settings.max_magnitude = self.limits.max_magnitude
        settings.target_loss = -math.inf if self.target_loss is None else self.target_loss
        settings.set_moves(self.moves.weights())
        settings.loss = loss_spec(self.loss, self.huber_delta, target)
        return settings

    def breeding(self, ranges: Sequence[Interval] | None) -> _kernel.BreedSettings:
        """The kernel's settings of new trees."""
        breeding = _kernel.BreedSettings()
        for name in ("interaction", "simplify", "inner", "subtree_depth"):
            setattr(breeding, name, getattr(self, name))
        intervals = ranges or ()
        breeding.set_ranges([r.lo for r in intervals], [r.hi for r in intervals])
        return breeding


# settings that the kernel has under the same names
_SAME = (
    "seed", "islands", "population", "tournament", "tournament_best", "lut_tournament",
    "library", "screen_rows", "screen_interval", "trial_terms", "tune_iterations",
    "tune_probability",
    "tune_repeats", "migration_interval", "migrants", "elite_probability",
    "tick_elite_probability", "parsimony", "parsimony_window", "cache_size", "copies",
    "founder_depth", "patience", "constant_bits", "constant_fraction",
)  # fmt: skip


# (least, most) of whole numbers: most is far above what a search can use, and fits in memory
_COUNTS = {
    (1, 10_000): ("islands", "tournament"),
    (1, 10_000_000): ("population", "cache_size", "parsimony_window"),
    (1, 2**62): ("migration_interval", "screen_rows"),
    (0, 2**62): ("screen_interval", "patience", "library"),
    (1, 24): ("founder_depth", "subtree_depth"),
    (0, 100_000): ("migrants", "trial_terms", "tune_iterations", "copies"),
    (1, 255): ("tune_repeats",),
    (0, 53): ("constant_bits",),
    (0, 2**63 - 1): ("seed",),
}


def _check_counts(owner: object, names: Sequence[str], least: int, most: int) -> None:
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be an integer from {least}, not {value!r}")
        if value > most:
            raise InputError(f"{name} must be an integer from {least} to {most}, not {value!r}")


def _check_positive(owner: object, names: Sequence[str]) -> None:
    for name in names:
        value = getattr(owner, name)
        if not _number(value) or not 0.0 < value < math.inf:
            raise InputError(f"{name} must be positive, not {value!r}")


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
