"""The hybrid search: a policy and evolution, each of which feeds the other.

Method: Mundhenk et al. 2021 (arXiv:2111.00053). A run is a pure function of data, settings and
seed; its state is a dict of plain arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from symtick.errors import InputError
from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import Engine, Guess
from symtick.search.hybrid.exact import exact_laws
from symtick.search.hybrid.reward import Reward
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate, Penalty, from_arrays, to_arrays
from symtick.search.kernel_api.checks import check_budget
from symtick.search.kernel_api.pareto import non_dominated
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, digest, part_of, prefixed, restoring

if TYPE_CHECKING:  # what loads torch is imported where there is a policy
    from symtick.search.policy.network import Weights
    from symtick.search.policy.policy import Policy
    from symtick.search.policy.training import SequenceBatch, Trainer


@dataclass(frozen=True)
class HybridStats:
    """Progress so far.

    Attributes:
        steps: steps done.
        evaluations: candidates computed over all screening rows.
        drawn: sequences drawn from the policy, known ones too.
        restarts: times that the policy forgot everything.
        best_loss: the best loss so far.
        reward: of the best sequence of the last batch.
    """

    steps: int
    evaluations: int
    drawn: int
    restarts: int
    best_loss: float
    reward: float


class HybridSearch:
    """A search for one output by a policy, by evolution, or by both.

    Args:
        rows: inputs, target and weights.
        ranges: interval of each input, or None, as `Engine` takes them.
        cost: the cost table.
        config: settings.
        guesses: candidates to start from, as `Engine` takes them.
        penalty: of an expression, as `Engine` takes it.
        names: names of the inputs.
        start: weights of a pre-trained policy, as `Policy.weights()` gives them.

    Raises:
        InputError: data or settings are not acceptable.
    """

    def __init__(
        self,
        rows: Rows,
        ranges: Sequence[Interval] | None,
        cost: SearchCost,
        config: HybridConfig | None = None,
        *,
        guesses: Sequence[Guess] = (),
        penalty: Penalty | None = None,
        names: Sequence[str] | None = None,
        start: Weights | None = None,
    ) -> None:
        self.config = config or HybridConfig()
        self._rows = rows
        self._engine_config = replace(self.config.engine, seed=self.config.seed)
        self._make_engine = partial(
            Engine, rows, ranges, cost, self._engine_config,
            guesses=guesses, penalty=penalty, names=names,
        )  # fmt: skip
        self.engine = self._make_engine()
        self._cost, self._ranges = cost, ranges
        engine = self._engine_config
        written = engine.constant_bits and engine.custom  # their constants are not to be rounded
        self._exact = 0 if penalty is not None or written else self.config.bidirectional
        self._digest = digest([self.config, self.engine.vocabulary.inputs])
        self._formulas: list[Candidate] = []
        self._spent = 0  # evaluations that the engine knows nothing of
        self._start = start
        self._steps = self._drawn = self._restarts = self._stalled = 0
        self._last = 0.0
        self.policy: Policy | None = None
        self._trainer: Trainer | None = None
        if self.config.method != "gp":
            self._begin()

    def _begin(self, *, taught: bool = True) -> None:
        """A new policy; where `taught`, it knows what it was given or what pre-training teaches."""
        from symtick.search.policy.policy import Policy
        from symtick.search.policy.pretraining import pretrain
        from symtick.search.policy.training import make_trainer

        config, rules = self.config, self._engine_config.all_rules()
        seed = config.seed + 1_000_003 * self._restarts
        self.policy = Policy(
            self.engine.vocabulary, rules, config.network, config.priors, cost=self._cost, seed=seed
        )
        if self._start is not None:
            self.policy.take(self._start)
        elif config.pretrain is not None and taught:
            pretrain(self.policy, config.pretrain)
        self._trainer = make_trainer(self.policy, config.training, seed)

    @cached_property
    def _reward(self) -> Reward:
        return Reward(self._rows, self.config.engine)

    # --- the course ----------------------------------------------------------------------------

    @property
    def evaluations(self) -> int:
        """Candidates computed over all screening rows so far."""
        return self._spent + self.engine.stats().evaluations

    @property
    def best_loss(self) -> float:
        """The smallest loss so far."""
        return min([self.engine.stats().best_loss, *(c.loss for c in self._formulas)])

    @property
    def status(self) -> Status:
        """Where it stands."""
        best, target = self.best_loss, self.config.engine.target_loss
        done = target is not None and best <= target
        text = f"{self._drawn} sequences drawn"
        passes = self._spent + self.engine.stats().passes
        return Status(self.config.method, done, self._steps, text, best, self.evaluations, passes)

    def step(
        self, generations: int | None = None, threads: int = 1, budget: int | None = None
    ) -> HybridStats:
        """One step, whole or not at all; nothing happens once it is done.

        Args:
            generations: of evolution in this step; None: as many as the settings say.
            threads: threads to use; they change nothing but the time.
            budget: evaluations in all, which are never exceeded; None for no limit.

        Raises:
            InputError: the budget is no number from 0.
        """
        if budget is not None:
            check_budget("budget", budget, 0)
        if self.status.done or (budget is not None and self.evaluations >= budget):
            return self.stats()
        count = self.config.generations if generations is None else generations
        before = self.state()
        try:
            self._step(count, threads, budget)
        except BaseException:
            self.restore(before)
            raise
        return self.stats()

    def _step(self, count: int, threads: int, budget: int | None) -> None:
        if self._steps == 0 and self._exact:
            # a quarter of the budget: on data with noise it finds nothing
            most = self._exact if budget is None else min(self._exact, budget // 4)
            self._formulas, self._spent = self._laws(most)
        elif self.policy is None:
            self._breed(count, threads, budget)
        else:
            self._learn(self.policy, count, threads, budget)
        self._steps += 1

    def stats(self) -> HybridStats:
        """Progress so far."""
        return HybridStats(
            self._steps, self.evaluations, self._drawn, self._restarts, self.best_loss, self._last
        )

    def _laws(self, budget: int) -> tuple[list[Candidate], int]:
        return exact_laws(
            self._rows, self._ranges, self._cost, self._engine_config, self.engine.vocabulary,
            max_nodes=self.config.bidirectional_nodes, budget=budget,
        )  # fmt: skip

    def _breed(self, generations: int, threads: int, budget: int | None) -> None:
        self.engine.step(generations, threads, None if budget is None else budget - self._spent)

    def _learn(self, policy: Policy, generations: int, threads: int, budget: int | None) -> None:
        from symtick.search.policy.training import SequenceBatch

        before = self.engine.stats()
        batch = self._sampled(policy, threads, budget)
        spent = budget is not None and self.evaluations >= budget
        if self.config.method == "hybrid" and not spent and not self.status.done:
            self._breed(generations, threads, budget)
            sequences, _, losses = self.engine.individuals(self.config.train_best)
            batch = batch.joined(SequenceBatch(sequences, self._reward(losses)))
        assert self._trainer is not None
        if len(batch.rewards):
            self._trainer.step(batch)
        self._last = float(batch.rewards.max(initial=0.0))
        self._watch(before.evaluations, before.best_loss)

    def _sampled(self, policy: Policy, threads: int, budget: int | None) -> SequenceBatch:
        """The policy's batch, scored; the engine has it now."""
        from symtick.search.policy.training import SequenceBatch

        count = self.config.batch
        if budget is not None:
            count = min(count, budget - self.evaluations)
        first, self._drawn = self._drawn, self._drawn + count
        drawn = policy.sample(count, self.config.seed, first=first, threads=threads, at_least=0)
        if not len(drawn.sequences):  # none kept the rules, such as units: evolution goes on
            return SequenceBatch(np.zeros((0, 1), np.int16), np.zeros(0))
        planted = self.config.method == "hybrid" and self.config.replant
        put = self.engine.replant if planted else self.engine.offer
        return SequenceBatch(drawn.sequences, self._reward(put(drawn.sequences, None, threads)))

    def _watch(self, evaluations: int, best: float) -> None:
        """A policy that writes the same again and again begins anew."""
        now = self.engine.stats()
        fresh = now.evaluations - evaluations
        idle = now.best_loss >= best and fresh * 100 < self.config.batch
        self._stalled = self._stalled + 1 if idle else 0
        if self.config.patience and self._stalled >= self.config.patience:
            self._stalled = 0
            self._restarts += 1
            self._begin()

    # --- what was found ------------------------------------------------------------------------

    def front(self) -> list[Candidate]:
        """The Pareto front over (loss, ticks, LUT) so far, by ticks, then LUT."""
        return non_dominated([*self._formulas, *self.engine.front()], lambda c: c.figures)

    # --- stopping and going on -----------------------------------------------------------------

    def state(self) -> State:
        """Everything that a later run needs to go on exactly as this one would."""
        counts = [self._steps, self._drawn, self._restarts, self._stalled, self._spent]
        own: State = {
            "counts": np.array(counts, np.int64),
            "settings": np.array(self._digest, np.str_),
            "last": np.array(self._last),
        }
        own |= prefixed(to_arrays(self._formulas), "formulas/")
        out = prefixed(self.engine.state(), "engine/") | prefixed(own, "hybrid/")
        return out if self._trainer is None else out | prefixed(self._trainer.state(), "learned/")

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of a search of the same arguments.

        Raises:
            InputError: the state is damaged, or belongs to other arguments.
        """
        own = part_of(state, "hybrid/")
        if str(own.get("settings")) != self._digest:
            raise InputError(
                "the saved search is damaged or belongs to other settings or names: go on with "
                "those that it was started with"
            )
        counts = [int(n) for n in own["counts"]]
        self._steps, self._drawn, self._restarts, self._stalled, self._spent = counts
        self._last = float(own["last"])
        self._formulas = from_arrays(part_of(own, "formulas/"))
        self.engine = self._make_engine()  # after an exception in a step it is of no more use
        self.engine.restore(part_of(state, "engine/"))
        if self._trainer is not None:
            self._begin(taught=False)  # its weights are in the state
            self._trainer.restore(part_of(state, "learned/"))
