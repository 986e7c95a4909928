"""The search methods that are compared: one function for each, all of one form.

A method gets a `MethodTask` and returns its front with what it took. It asks `task.solved` about
every member of its front that fits the training points, and stops as soon as one is the law; it
never sees the test points or the law itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.search.task import JudgeClock, MethodResult, MethodTask, node_cost, pursue, texts
from symtick.search.enumeration.bidirectional import bidirectional_front
from symtick.search.enumeration.enumeration import EnumeratedFront
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.rows import Rows

FIRST_PASS = 30_000  # evaluations of the first pass of an enumeration
LEVELS = 30


def _rules(task: MethodTask) -> Rules:
    return Rules(max_nodes=task.max_nodes, trig_in_trig=False, inverse_of_inverse=False)


def _ops(task: MethodTask) -> tuple[str, ...]:
    return (*task.tokens.ops, *task.tokens.extra)


def joined(task: MethodTask, config: HybridConfig) -> MethodResult:
    """A search with a policy in it, by its settings."""
    cost = node_cost(task.X.shape[1])
    search = HybridSearch(Rows.make(task.X, task.y), None, cost, replace(config, seed=task.seed))
    return pursue(task, search)


def _tokens(task: MethodTask) -> dict[str, Any]:
    return {
        "literals": task.tokens.literals,
        "constants": task.tokens.constants,
        "loss": task.loss,
    }


def _policy(task: MethodTask, method: str) -> MethodResult:
    config = HybridConfig.petersen2021(_ops(task), **_tokens(task))
    return joined(task, replace(config, training=replace(config.training, method=method)))


def rspg(task: MethodTask) -> MethodResult:
    """The policy alone by the risk-seeking policy gradient, with its published settings."""
    return _policy(task, "rspg")


def vpg(task: MethodTask) -> MethodResult:
    """As `rspg`, by the vanilla policy gradient."""
    return _policy(task, "vpg")


def pqt(task: MethodTask) -> MethodResult:
    """As `rspg`, by priority-queue training."""
    return _policy(task, "pqt")


def hybrid_published(task: MethodTask) -> MethodResult:
    """Policy and evolution together, with the settings of Mundhenk et al. 2021."""
    return joined(task, HybridConfig.mundhenk2021(_ops(task), **_tokens(task)))


def hybrid(task: MethodTask) -> MethodResult:
    """Policy and evolution, with our settings; bidirectional enumeration first, on exact data."""
    ours = HybridConfig.symtick(_ops(task), **_tokens(task))
    return joined(task, ours if task.exact else replace(ours, bidirectional=0))


def hybrid_alone(task: MethodTask) -> MethodResult:
    """As `hybrid`, without the bidirectional enumeration."""
    ours = HybridConfig.symtick(_ops(task), **_tokens(task))
    return joined(task, replace(ours, bidirectional=0))


def gp(task: MethodTask) -> MethodResult:
    """As `hybrid`, without the bidirectional enumeration and the policy: evolution alone."""
    ours = HybridConfig.symtick(_ops(task), **_tokens(task))
    return joined(task, replace(ours, bidirectional=0, method="gp"))


def _vocabulary(task: MethodTask) -> Vocabulary:
    return Vocabulary.of(
        _ops(task), task.X.shape[1], task.tokens.constants, task.tokens.literals, names=task.inputs
    )


def enumeration(task: MethodTask) -> MethodResult:
    """Every function in order of size.

    Begun anew with four times the evaluations until it has the law; all passes count.
    """
    watch = JudgeClock(task)
    cost, vocabulary, rules = node_cost(task.X.shape[1]), _vocabulary(task), _rules(task)
    spent, budget = 0, min(task.max_evaluations, FIRST_PASS)
    while True:
        enumerated = EnumeratedFront(
            task.X, task.y, cost, vocabulary, rules, loss=task.loss, max_level=LEVELS,
            max_functions=task.max_evaluations,
        )  # fmt: skip
        enumerated.run(budget)
        candidates = enumerated.front()
        spent += enumerated.stats().evaluations
        longer = min(4 * budget, task.max_evaluations - spent)
        if watch.solved(texts(candidates, task)) or longer <= budget:
            break
        budget = longer
    front = tuple(text for text, _ in texts(candidates, task))
    return MethodResult(front, spent, watch.stop())


def bidirectional(task: MethodTask) -> MethodResult:
    """Bidirectional enumeration: enumerated parts, and what is left of the target."""
    watch = JudgeClock(task)
    front, stats = bidirectional_front(
        task.X, task.y, node_cost(task.X.shape[1]), _vocabulary(task), _rules(task),
        loss=task.loss, max_evaluations=task.max_evaluations,
    )  # fmt: skip
    found = texts(front, task)
    watch.solved(found)
    return MethodResult(tuple(text for text, _ in found), stats.evaluations, watch.stop())


METHODS: dict[str, Callable[[MethodTask], MethodResult]] = {
    "rspg": rspg,
    "vpg": vpg,
    "pqt": pqt,
    "gp": gp,
    "hybrid-published": hybrid_published,
    "hybrid-alone": hybrid_alone,
    "hybrid": hybrid,
    "enumeration": enumeration,
    "closed-forms": bidirectional,
}
BEST = "hybrid"  # what stands for symtick where methods are not compared
