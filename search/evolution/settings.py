"""Settings of the evolutionary engine: limits, move weights, population and selection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated

import numpy as np
import numpy.typing as npt
from annotated_types import Le, Lt
from pydantic import InstanceOf, SkipValidation, Strict

from symtick.errors import InputError
from symtick.expr import USUAL_NAMES, Interval
from symtick.search import _kernel
from symtick.search.grammar.grammar import Operator, Rules, Vocabulary
from symtick.search.kernel_api.limits import FINITE, as_limit
from symtick.search.kernel_api.losses import Loss, loss_spec
from symtick.settings import (
    Chance,
    Count,
    Flag,
    Natural,
    NotNegative,
    Positive,
    Real,
    Texts,
    checked,
    tightest,
)

# upper ends are far above what a search can use, and fit the kernel's numbers and the memory
Size = Annotated[Natural, Le(2**31 - 1)]
Groups = Annotated[Count, Le(10_000)]
Few = Annotated[Natural, Le(100_000)]
MOST_INDIVIDUALS = 10_000_000
Many = Annotated[Count, Le(MOST_INDIVIDUALS)]
Period = Annotated[Count, Le(2**62)]
Levels = Annotated[Count, Le(24)]


@checked
@dataclass(frozen=True)
class Limits:
    """Hard bounds on a candidate.

    Attributes:
        max_nodes: nodes of the tree.
        max_depth: levels of the tree; a sum of n terms is n levels deep.
        max_constants: constants of the tree that are tuned.
        max_ticks: latency in ticks, by the search's cost model, or None.
        max_lut: LUTs, by the search's cost model, or None.
        max_magnitude: bound on every intermediate value over the input ranges, where those are
            given; None for any finite value.
    """

    max_nodes: Size = 140
    max_depth: Size = 64
    max_constants: Size = 64
    max_ticks: Size | None = None
    max_lut: Positive | None = None
    max_magnitude: Positive | None = 1e6


@checked
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

    crossover: NotNegative = 1.0
    one_point: NotNegative = 0.0
    exchange: NotNegative = 1.0
    add_term: NotNegative = 4.0
    swap_term: NotNegative = 5.0
    drop_term: NotNegative = 0.5
    jitter: NotNegative = 0.5
    point: NotNegative = 0.7
    operator: NotNegative = 0.0
    feature: NotNegative = 0.5
    replace: NotNegative = 1.0
    insert: NotNegative = 0.7
    hoist: NotNegative = 0.3
    rotate: NotNegative = 0.0
    tune: NotNegative = 0.3
    match: NotNegative = 0.0

    def __post_init__(self) -> None:
        if not any(self.weights()):
            raise InputError("the weights of the moves must not all be 0")

    def weights(self) -> list[float]:
        """In the kernel's order."""
        return [float(getattr(self, f.name)) for f in fields(self)]


@checked
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
        seed: of every random choice, from 0 to 2**63-1.
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
            archive kept; None for never.
        migration_interval: generations between migrations.
        migrants: individuals that leave an island for the next one.
        screen_rows: rows of the random subset on which candidates are scored and tuned.
        screen_interval: generations after which that subset is drawn anew, None for never.
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
            scored with these constants (see `rounding`); None: as they were tuned.
        constant_fraction: these are bits after the point, else significant bits.
        library: evaluations that the functions for the move `match` may take, which are enumerated
            once the first individuals are there: no more than a quarter of the budget of that step.
        cache_size: functions that an island remembers, so that none is scored twice.
        copies: individuals of one function up to which offspring of a known function may join; 0:
            what was once tried is tried no more.
        limits: hard bounds.
        moves: weights of the ways to make offspring.
    """

    ops: Texts = tuple(sorted(USUAL_NAMES))
    custom: Annotated[tuple[InstanceOf[Operator], ...], Strict(False)] = ()
    literals: Annotated[tuple[Real, ...], Strict(False)] = ()
    constants: Flag = True
    complexity: Mapping[str, Real] = field(default_factory=dict)
    rules: Rules | None = None
    simplify: Flag = True
    seed: Annotated[Natural, Lt(2**63)] = 0
    loss: Annotated[Loss, SkipValidation] = "mse"
    huber_delta: Positive = 1.0
    target_loss: Real | None = None
    islands: Groups = 4
    population: Many = 32
    tournament: Groups = 4
    tournament_best: Chance = 1.0
    lut_tournament: Chance = 0.5
    elite_probability: Chance = 0.6
    tick_elite_probability: Chance = 0.0
    parsimony: NotNegative = 0.0
    parsimony_window: Many = 20_000
    patience: Period | None = None
    migration_interval: Period = 8
    migrants: Few = 2
    screen_rows: Period = 1500
    screen_interval: Period | None = None
    trial_terms: Few = 64
    interaction: Chance = 0.35
    inner: Chance = 0.0
    founder_depth: Levels = 5
    subtree_depth: Levels = 3
    tune_iterations: Few = 10
    tune_probability: Chance = 0.5
    tune_repeats: Annotated[Count, Le(255)] = 4
    constant_bits: Annotated[Count, Le(53)] | None = None
    constant_fraction: Flag = False
    library: Annotated[Natural, Le(2**62)] = 0
    cache_size: Many = 1 << 14
    copies: Few = 0
    limits: Limits = field(default_factory=Limits)
    moves: Moves = field(default_factory=Moves)

    def __post_init__(self) -> None:
        if not self.ops and not self.custom:
            raise InputError("at least one operator must be allowed")
        Vocabulary.of(self.ops, 1, self.constants, self.literals, self.custom)
        if self.simplify and (self.literals or not self.constants):
            raise InputError(
                "simplify=True merges constants: a search with literals or without free constants "
                "needs simplify=False"
            )
        loss_spec(self.loss, self.huber_delta)

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
        return replace(
            rules,
            min_nodes=min(rules.min_nodes, limits.max_nodes),
            max_nodes=min(rules.max_nodes, limits.max_nodes),
            max_depth=min(rules.max_depth, limits.max_depth),
            max_constants=min(rules.max_constants, limits.max_constants),
            max_ticks=tightest(rules.max_ticks, limits.max_ticks),
        )

    def to_kernel(self, target: npt.NDArray[np.float64]) -> _kernel.EngineSettings:
        """The kernel's settings of the course of a search.

        Raises:
            InputError: the loss does not take this target.
        """
        settings = _kernel.EngineSettings()
        for name in _SAME:
            setattr(settings, name, getattr(self, name))
        settings.target_loss = -math.inf if self.target_loss is None else self.target_loss
        for name in ("patience", "screen_interval", "constant_bits"):
            setattr(settings, name, getattr(self, name) or 0)
        settings.max_lut = as_limit(self.limits.max_lut, math.inf)
        settings.max_magnitude = as_limit(self.limits.max_magnitude, FINITE)
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
    "library", "screen_rows", "trial_terms", "tune_iterations",
    "tune_probability",
    "tune_repeats", "migration_interval", "migrants", "elite_probability",
    "tick_elite_probability", "parsimony", "parsimony_window", "cache_size", "copies",
    "founder_depth", "constant_fraction",
)  # fmt: skip
