"""Where the terms of a joint model come from: a policy and evolution, each fed by the other.

In each round both see the model as it stands. The policy writes short terms, whose constants are
fitted to the working residual (`Slope.working`) of one direction of the outputs; the best of them
found the islands of an engine that breeds on that residual; and the policy learns from both, by
what each term would take from the joint loss for its price. It is one policy for all outputs and
rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from symtick.expr import Interval, Op, Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.dataset import FloatArray
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules
from symtick.search.joint.settings import JointSettings
from symtick.search.joint.trees import Tree, bare, number, read, summands, written
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.states import Arrays, State

if TYPE_CHECKING:  # what loads torch is imported where there is a policy
    from symtick.search.policy.policy import Policy, Sequences
    from symtick.search.policy.training import Trainer

FOUNDERS = 24  # of the policy's terms that join the islands
LEARNED = 60  # bred terms that join the policy's batch
FIT_ROWS = 1500
FIT_STEPS = 20
OUTLIER = 4.0  # deviations of a working residual at which it is cut
SPREAD = 2.0  # of the constants from which those of the policy's terms are fitted
MOST_CONSTANTS = 5
NESTED = {"tanh": {"tanh": 0, "exp": 0}, "exp": {"tanh": 0, "exp": 0}}

Rewards = Callable[[Sequence[Tree]], FloatArray]


@dataclass(frozen=True, eq=False)
class Wanted:
    """What terms are looked for.

    Attributes:
        X: rows, (rows, inputs).
        target: the working residual, (rows,).
        weights: of the rows.
        guesses: terms to begin with.
        rewards: of terms.
    """

    X: FloatArray
    target: FloatArray
    weights: FloatArray
    guesses: Sequence[Tree]
    rewards: Rewards

    def __post_init__(self) -> None:
        mean = np.average(self.target, weights=self.weights)
        most = OUTLIER * np.sqrt(np.average(np.square(self.target - mean), weights=self.weights))
        object.__setattr__(self, "target", np.clip(self.target - mean, -most, most))


@dataclass(eq=False)
class _Batch:
    """Sequences, the trees that they are once fitted, and the values of their constants."""

    sequences: Sequences = field(default_factory=lambda: np.zeros((0, 1), np.int16))
    trees: list[Tree] = field(default_factory=list)
    constants: list[FloatArray] = field(default_factory=list)


class Proposals:
    """The source of terms of one start.

    Args:
        settings: of the joint search.
        engine: settings of the evolution, with operators and limits.
        ranges: of the inputs.
        cost: the search's table.
        seed: of every random choice.
    """

    def __init__(
        self,
        settings: JointSettings,
        engine: EngineConfig,
        ranges: Sequence[Interval],
        cost: SearchCost,
        seed: int,
    ) -> None:
        self.evaluations = 0
        self._settings, self._engine, self._ranges = settings, engine, ranges
        self._cost, self._seed = cost, seed
        self._vocabulary = engine.vocabulary(len(ranges))
        self._drawn = 0
        self._policy: Policy | None = None
        self._trainer: Trainer | None = None
        if settings.method != "gp":
            self._begin()

    def _begin(self) -> None:
        from symtick.search.policy.policy import Policy
        from symtick.search.policy.training import make_trainer

        settings = self._settings
        rules = Rules(
            max_nodes=settings.letters,
            max_constants=MOST_CONSTANTS,
            nested=NESTED,
            inverse_of_inverse=False,
            constant_arguments=False,
            needs_input=True,
            max_ticks=self._engine.limits.max_ticks,
        )
        self._policy = Policy(
            self._vocabulary, rules, settings.network, settings.priors, cost=self._cost,
            seed=self._seed,
        )  # fmt: skip
        self._trainer = make_trainer(self._policy, settings.training, self._seed)

    def made(self, wanted: Wanted, rng: np.random.Generator, budget: int | None) -> list[Tree]:
        """Terms, bare; those of a sum in single, too.

        Args:
            wanted: see there.
            rng: of this round.
            budget: most evaluations of all rounds together, or None.
        """
        drawn, bred = _Batch(), _Batch()
        if self._policy is not None:
            drawn = self._written(self._policy, wanted, rng, budget)
        others: list[Tree] = []
        if self._settings.method != "policy":
            bred, others = self._bred(drawn, wanted, int(rng.integers(2**62)), budget)
        self._learn(drawn, bred, wanted.rewards)
        terms = [part for t in (*bred.trees, *others) for part in (t, *summands(t))]
        return [t for t in dict.fromkeys([*drawn.trees, *terms]) if not t.constant]

    def _left(self, budget: int | None, most: int) -> int:
        return most if budget is None else max(0, min(most, budget - self.evaluations))

    def _written(
        self, policy: Policy, wanted: Wanted, rng: np.random.Generator, budget: int | None
    ) -> _Batch:
        """Terms of the policy with fitted constants."""
        count = self._left(budget, self._settings.batch)
        if not count:
            return _Batch()
        samples = policy.sample(count, self._seed, first=self._drawn, at_least=0)
        self._drawn += count
        if not len(samples.sequences):
            return _Batch()
        sequences = np.unique(samples.sequences, axis=0)
        starts = [_scaled(read(self._vocabulary.program(s), short=False), rng) for s in sequences]
        rows = Rows.make(wanted.X[:FIT_ROWS], wanted.target[:FIT_ROWS], wanted.weights[:FIT_ROWS])
        fits = fit(starts, rows, iterations=FIT_STEPS)
        self.evaluations += len(fits)
        kept = [k for k, f in enumerate(fits) if np.isfinite(f.loss)]
        trees = [bare(read(fits[k].program)) for k in kept]
        return _Batch(sequences[kept], trees, [fits[k].program.consts[:-2] for k in kept])

    def _bred(
        self, drawn: _Batch, wanted: Wanted, seed: int, budget: int | None
    ) -> tuple[_Batch, list[Tree]]:
        """The best individuals of an engine that begins with the policy's best; its front."""
        most = self._left(budget, 2**62)
        if not most:
            return _Batch(), []
        engine = Engine(
            Rows.make(wanted.X, wanted.target, wanted.weights), self._ranges, self._cost,
            replace(self._engine, seed=seed), guesses=[written(g) for g in wanted.guesses],
        )  # fmt: skip
        if len(drawn.sequences):
            rewards = wanted.rewards(drawn.trees)
            best = np.argsort(-rewards, kind="stable")[: min(FOUNDERS, most)]
            engine.offer(drawn.sequences[best], [drawn.constants[k] for k in best.tolist()])
        engine.step(self._settings.generations, budget=most)
        self.evaluations += engine.stats().evaluations
        sequences, constants, _ = engine.individuals(LEARNED)
        trees = [
            bare(read(self._vocabulary.program(s, c)))
            for s, c in zip(sequences, constants, strict=True)
        ]
        return _Batch(sequences, trees), [bare(read(c.program)) for c in engine.front()]

    def _learn(self, drawn: _Batch, bred: _Batch, rewards: Rewards) -> None:
        trees = [*drawn.trees, *bred.trees]
        if self._trainer is None or not trees:
            return
        from symtick.search.policy.training import SequenceBatch

        of = rewards(trees)
        most = float(of.max())
        shares = of / most if most > 0.0 else of
        ends = len(drawn.trees)
        batch = SequenceBatch(drawn.sequences, shares[:ends])
        self._trainer.step(batch.joined(SequenceBatch(bred.sequences, shares[ends:])))

    def state(self) -> State:
        """What the policy has learned, and the counters."""
        counts: State = {"counts": np.array([self.evaluations, self._drawn], np.int64)}
        return counts if self._trainer is None else counts | self._trainer.state()

    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        self.evaluations, self._drawn = state["counts"].tolist()
        if self._trainer is not None:
            self._trainer.restore(state)


def _scaled(tree: Tree, rng: np.random.Generator) -> Program:
    """A factor times the tree and a constant, its own constants drawn anew."""
    product = Tree(Op.MUL, 0.0, (tree, number(1.0)))
    program = written.__wrapped__(Tree(Op.ADD, 0.0, (product, number(0.0))))
    program.consts[:-2] = SPREAD * rng.standard_normal(len(program.consts) - 2)
    return program
