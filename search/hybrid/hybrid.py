"""The search that joins a policy and evolution: each feeds the other.

Room: `search`; imports `expr` and `hwcost`. Method: Mundhenk et al. 2021 (arXiv:2111.00053). A run
is a pure function of data, settings and seed; its state is a dict of plain arrays.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import (
    Expression,
    Interval,
    Op,
    Program,
    check_names,
    default_names,
    from_programs,
    parse,
    to_text,
)  # fmt: skip
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.enumeration.bidirectional import closed_forms
from symtick.search.evolution.engine import (
    Engine,
    Guess,
)
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate, Penalty
from symtick.search.kernel_api.checks import check_budget
from symtick.search.kernel_api.evaluation import (
    FREE,
    LITERAL,
    Rows,
    costs,
    intervals,
    losses,
    rounded,
)
from symtick.search.kernel_api.states import State, part_of
from symtick.search.policy.network import Weights
from symtick.search.policy.policy import Policy
from symtick.search.policy.training import (
    Batch,
    Trainer,
    make_trainer,
)

Floats = npt.NDArray[np.float64]
_NO_BUDGET = 1_000_000  # ticks from which on a limit is none


@dataclass(frozen=True)
class Progress:
    """Where a search stands.

    Attributes:
        steps: steps done.
        evaluations: candidates computed over all screening rows.
        drawn: sequences drawn from the policy, known ones too.
        restarts: times that the policy forgot everything.
        best_loss: the best loss so far.
        reward: of the best sequence of the last batch.
        done: whether the budget is used up or the target reached.
    """

    steps: int
    evaluations: int
    drawn: int
    restarts: int
    best_loss: float
    reward: float
    done: bool


class Reward:
    """Rewards in [0, 1] for losses: 1/(1 + NRMSE) (Petersen et al. 2021) where the loss is a mean
    square, 1/(1 + loss/loss of the constant mean) for any other; 0 for no loss at all.

    Args:
        rows: the data.
        config: of the loss.
    """

    def __init__(self, rows: Rows, config: HybridConfig) -> None:
        engine = config.engine
        self._root = engine.loss == "mse"
        mean = float(np.average(rows.y, weights=rows.weights))
        constant = Program(np.array([Op.CONST], np.uint8), np.zeros(1, np.int32), np.array([mean]))
        found = losses([constant], rows, loss=engine.loss, delta=engine.huber_delta)
        self._unit = float(found[0]) if 0.0 < found[0] < math.inf else 1.0

    def __call__(self, found: Floats) -> Floats:
        with np.errstate(over="ignore"):
            share = np.maximum(found, 0.0) / self._unit
        return np.asarray(1.0 / (1.0 + (np.sqrt(share) if self._root else share)))


class HybridSearch:
    """A search for one output by a policy, by evolution, or by both.

    Args:
        X: shape (rows, features).
        y: target, shape (rows,).
        ranges: interval of each input, or None, as `Engine` takes them.
        cost: the cost table.
        config: settings.
        max_evaluations: the budget, which is never exceeded; None for none. It can be changed
            later, as `budget`.
        weights: weight of each row, or None.
        guesses: candidates to start from, as `Engine` takes them.
        penalty: of an expression, as `Engine` takes it.
        names: names of the inputs.
        start: weights of a pre-trained policy, as `Policy.weights()` gives them.

    Raises:
        InputError: data or settings are not acceptable.
    """

    def __init__(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        ranges: Sequence[Interval] | None,
        cost: SearchCost,
        config: HybridConfig | None = None,
        *,
        max_evaluations: int | None = None,
        weights: npt.ArrayLike | None = None,
        guesses: Sequence[Guess] = (),
        penalty: Penalty | None = None,
        names: Sequence[str] | None = None,
        start: Weights | None = None,
    ) -> None:
        self.config = config or HybridConfig()
        if max_evaluations is not None:
            check_budget("max_evaluations", max_evaluations, 0)
        self.budget = max_evaluations
        self._rows = Rows.make(X, y, weights)
        self._reward = Reward(self._rows, self.config)
        self._engine_config = replace(self.config.engine, seed=self.config.seed)
        self._made_of = (X, y, ranges, cost, self._engine_config)
        self._others: dict[str, Any] = {
            "weights": weights, "guesses": guesses, "penalty": penalty, "names": names,
        }  # fmt: skip
        self.engine = Engine(*self._made_of, **self._others)
        self._cost, self._ranges = cost, ranges
        engine = self._engine_config
        written = engine.constant_bits and engine.custom  # their constants are not to be rounded
        self._exact = 0 if penalty is not None or written else self.config.closed_forms
        self._names = check_names(names) if names else default_names(self._rows.X.shape[1])
        self._formulas: list[Candidate] = []
        self._spent = 0  # evaluations that the engine knows nothing of
        self._start = start
        self._steps = self._drawn = self._restarts = self._stalled = 0
        self._last = 0.0
        self.policy: Policy | None = None
        self._trainer: Trainer | None = None
        if self.config.method != "gp":
            self._begin()

    def _begin(self) -> None:
        """A policy that has learned nothing (or what it was given)."""
        config, rules = self.config, self._engine_config.all_rules()
        if rules.max_ticks is not None and rules.max_ticks >= _NO_BUDGET:
            rules = replace(rules, max_ticks=None)
        seed = config.seed + 1_000_003 * self._restarts
        self.policy = Policy(
            self.engine.vocabulary, rules, config.network, config.priors, cost=self._cost, seed=seed
        )
        if self._start is not None:
            self.policy.take(self._start)
        self._trainer = make_trainer(self.policy, config.training, seed)

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
    def done(self) -> bool:
        """Whether the budget is used up or the target reached."""
        target = self.config.engine.target_loss
        reached = target is not None and self.best_loss <= target
        return reached or (self.budget is not None and self.evaluations >= self.budget)

    def step(self, threads: int = 1, generations: int | None = None) -> Progress:
        """One step; nothing happens once it is done.

        Args:
            threads: threads to use; they change nothing but the time.
            generations: of evolution in this step, where not as many as the settings say.
        """
        if self.done:
            return self.progress()
        count = self.config.generations if generations is None else generations
        before = self.state()
        try:
            self._step(count, threads)
        except BaseException:
            self._take(before)  # a step is done whole or not at all
            raise
        return self.progress()

    def _step(self, count: int, threads: int) -> None:
        if self._steps == 0 and self._exact:
            self._meet()
        elif self.policy is None:
            self._breed(count, threads)
        else:
            self._learn(self.policy, threads, count)
        self._steps += 1

    def run(self, threads: int = 1, max_steps: int | None = None) -> Progress:
        """Steps until it is done.

        Raises:
            InputError: there is neither a budget nor a number of steps to end it.
        """
        if self.budget is None and max_steps is None:
            raise InputError("a run needs max_evaluations or max_steps to end")
        while not self.done and (max_steps is None or self._steps < max_steps):
            self.step(threads)
        return self.progress()

    def progress(self) -> Progress:
        """Where it stands."""
        return Progress(
            self._steps, self.evaluations, self._drawn, self._restarts, self.best_loss,
            self._last, self.done,
        )  # fmt: skip

    def _meet(self) -> None:
        """The search from both ends, by a quarter of the budget at most: on data with noise it
        finds nothing."""
        config, most = self._engine_config, self._exact
        rules, limits = config.all_rules(), config.limits
        nodes = min(max(rules.max_nodes, self.config.closed_nodes), limits.max_nodes)
        found = closed_forms(
            self._rows.X, self._rows.y, self._cost, self.engine.vocabulary,
            replace(rules, max_nodes=nodes),
            weights=self._rows.weights, loss=config.loss, delta=config.huber_delta,
            max_evaluations=most if self.budget is None else min(most, self.budget // 4),
            enough=config.target_loss,
        )  # fmt: skip
        self._spent = found.evaluations
        front = found.front
        if config.constant_bits and config.constants:
            front = [self._rounded(c) for c in front]
        self._formulas = [c for c in front if self._allowed(c)]

    def _rounded(self, found: Candidate) -> Candidate:
        config, literals = self._engine_config, (0.0, 1.0, 2.0, *self._engine_config.literals)
        kinds = [LITERAL if v in literals else FREE for v in found.program.consts.tolist()]
        (fit,) = rounded(
            [found.program], self._rows, bits=config.constant_bits,
            fraction=config.constant_fraction, loss=config.loss, delta=config.huber_delta,
            kinds=[kinds],
        )  # fmt: skip
        ticks, lut = costs([fit.program], self._cost)
        return Candidate(fit.program, fit.loss, int(ticks[0]), float(lut[0]))

    def _allowed(self, found: Candidate) -> bool:
        """Whether what the search from both ends knows nothing of allows a formula."""
        limits = self._engine_config.limits
        if not math.isfinite(found.loss) or found.lut > limits.max_lut:
            return False
        if found.ticks > limits.max_ticks or self._ranges is None:
            return found.ticks <= limits.max_ticks
        held = intervals([found.program], self._ranges)[0]
        most = limits.max_magnitude
        return held is not None and all(-most <= i.lo and i.hi <= most for i in held)

    def _breed(self, generations: int, threads: int) -> None:
        budget = None if self.budget is None else self.budget - self._spent
        self.engine.step(generations, threads, budget)

    def _learn(self, policy: Policy, threads: int, generations: int) -> None:
        before = self.engine.stats()
        batch = self._sampled(policy, threads)
        if self.config.method == "hybrid" and not self.done:
            self._breed(generations, threads)
            sequences, _, found = self.engine.people(self.config.train_best)
            batch = batch.joined(Batch(sequences, self._reward(found)))
        assert self._trainer is not None
        if len(batch.rewards):
            self._trainer.step(batch)
        self._last = float(batch.rewards.max(initial=0.0))
        self._watch(before.evaluations, before.best_loss)

    def _sampled(self, policy: Policy, threads: int) -> Batch:
        """The policy's batch, scored; the engine has it now."""
        count = self.config.batch
        if self.budget is not None:
            count = min(count, self.budget - self.evaluations)
        first, self._drawn = self._drawn, self._drawn + count
        drawn = policy.sample(count, self.config.seed, first=first, threads=threads, at_least=0)
        if not len(drawn.sequences):  # none kept the rules, such as units: evolution goes on
            return Batch(np.zeros((0, 1), np.int16), np.zeros(0))
        planted = self.config.method == "hybrid" and self.config.replant
        put = self.engine.replant if planted else self.engine.offer
        return Batch(drawn.sequences, self._reward(put(drawn.sequences, None, threads)))

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
        return undominated([*self._formulas, *self.engine.front()])

    @property
    def best(self) -> Candidate | None:
        """The candidate with the smallest loss, or None so far."""
        return min(self.front(), key=lambda c: (c.loss, c.ticks, c.lut), default=None)

    # --- stopping and going on -----------------------------------------------------------------

    def state(self) -> State:
        """Everything that a later run needs to go on exactly as this one would."""
        out: State = {f"engine/{name}": held for name, held in self.engine.state().items()}
        counts = [self._steps, self._drawn, self._restarts, self._stalled]
        out["hybrid/counts"] = np.array(counts, np.int64)
        out["hybrid/settings"] = np.array(self._digest(), np.str_)
        out["hybrid/last"] = np.array(self._last)
        out["hybrid/spent"] = np.array(self._spent, np.int64)
        texts = [to_text(from_programs([c.program], self._names)) for c in self._formulas]
        out["hybrid/formulas"] = np.array(texts, np.str_)
        costs = [(c.loss, c.ticks, c.lut) for c in self._formulas]
        out["hybrid/costs"] = np.array(costs, np.float64).reshape(-1, 3)
        if self._trainer is not None:
            out |= {f"learned/{name}": held for name, held in self._trainer.state().items()}
        return out

    def _digest(self) -> str:
        """Of all settings, but for what a callable loss computes."""
        words = json.dumps([_plain(self.config), list(self._names)], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()

    @classmethod
    def restore(
        cls,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        ranges: Sequence[Interval] | None,
        cost: SearchCost,
        config: HybridConfig | None,
        state: Mapping[str, npt.NDArray[Any]],
        **others: Any,
    ) -> HybridSearch:
        """A search that goes on from `state()`; the other arguments must be those of the first.

        Raises:
            InputError: the state is damaged, or belongs to other arguments.
        """
        search = cls(X, y, ranges, cost, config, **others)
        if str(state.get("hybrid/settings")) != search._digest():
            raise InputError(
                "the saved search is damaged or belongs to other settings or names: go on with "
                "those that it was started with"
            )
        search._take(state)
        return search

    def _take(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        try:
            counts = [int(n) for n in state["hybrid/counts"]]
            self._steps, self._drawn, self._restarts, self._stalled = counts
            self._last, self._spent = float(state["hybrid/last"]), int(state["hybrid/spent"])
            self._formulas = [
                Candidate(parse(str(text), self._names).to_program(), float(a), int(b), float(c))
                for text, (a, b, c) in zip(
                    state["hybrid/formulas"], state["hybrid/costs"], strict=True
                )
            ]
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"cannot go on from the saved search: {error}") from None
        self.engine = Engine.restore(*self._made_of, part_of(state, "engine/"), **self._others)
        if self._trainer is not None:
            self._begin()
            self._trainer.restore(part_of(state, "learned/"))


def _plain(held: Any) -> Any:
    """Settings as JSON has them."""
    if isinstance(held, Expression):
        return str(held)
    if is_dataclass(held) and not isinstance(held, type):
        return {f.name: _plain(getattr(held, f.name)) for f in fields(held)}
    if isinstance(held, Mapping):
        return {str(name): _plain(value) for name, value in held.items()}
    if isinstance(held, (list, tuple)):
        return [_plain(value) for value in held]
    if isinstance(held, (str, bool, int, float, type(None))):
        return held
    return getattr(held, "__qualname__", "callable") if callable(held) else str(held)


def undominated(found: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other one beats in loss, ticks and LUTs, by ticks, then LUT."""
    order = sorted(found, key=lambda c: (c.ticks, c.lut, c.loss))
    kept: list[Candidate] = []
    for one in order:
        if not any(k.loss <= one.loss and k.lut <= one.lut for k in kept):
            kept.append(one)
    return kept
