"""Bidirectional enumeration before a search, under the engine's rules, limits and ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.enumeration.bidirectional import bidirectional_front
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Vocabulary
from symtick.search.kernel_api.candidate import Candidate, front_of
from symtick.search.kernel_api.evaluation import costs, intervals, losses
from symtick.search.kernel_api.fitting import rounded
from symtick.search.kernel_api.limits import FINITE, as_limit
from symtick.search.kernel_api.rows import FREE, LITERAL, Rows
from symtick.settings import within

ROWS = 8192  # that formulas are looked for on


def exact_laws(
    rows: Rows,
    ranges: Sequence[Interval] | None,
    cost: SearchCost,
    config: EngineConfig,
    vocabulary: Vocabulary,
    *,
    max_nodes: int,
    budget: int,
) -> tuple[list[Candidate], int]:
    """Formulas that are the target, and the evaluations that they took.

    They are looked for on some of the rows, where there are many, and scored on all.

    Args:
        rows: the data.
        ranges: interval of each input, or None.
        cost: the cost table.
        config: rules, limits, loss and constants.
        vocabulary: the tokens.
        max_nodes: most nodes, where the rules allow fewer.
        budget: most evaluations.
    """
    rules, limits = config.all_rules(), config.limits
    nodes = min(max(rules.max_nodes, max_nodes), limits.max_nodes)
    some = rows.spread(ROWS)
    front, stats = bidirectional_front(
        some.X, some.y, cost, vocabulary, replace(rules, max_nodes=nodes), weights=some.weights,
        loss=config.loss, delta=config.huber_delta, max_evaluations=budget,
        enough=config.target_loss,
    )  # fmt: skip
    if len(some.y) < len(rows.y):
        programs = [c.program for c in front]
        own = losses(programs, rows, loss=config.loss, delta=config.huber_delta)
        front = front_of(
            replace(c, loss=float(v)) for c, v in zip(front, own, strict=True) if math.isfinite(v)
        )
    if config.constant_bits and config.constants:
        front = [_rounded(c, config.constant_bits, rows, cost, config) for c in front]
    return [c for c in front if _allowed(c, ranges, config)], stats.evaluations


def _rounded(
    candidate: Candidate, bits: int, rows: Rows, cost: SearchCost, config: EngineConfig
) -> Candidate:
    literals = (0.0, 1.0, 2.0, *config.literals)
    kinds = [LITERAL if v in literals else FREE for v in candidate.program.consts.tolist()]
    (fit,) = rounded(
        [candidate.program], rows, bits=bits, fraction=config.constant_fraction,
        loss=config.loss, delta=config.huber_delta, kinds=[kinds],
    )  # fmt: skip
    ticks, lut = costs([fit.program], cost)
    return Candidate(fit.program, fit.loss, int(ticks[0]), float(lut[0]))


def _allowed(candidate: Candidate, ranges: Sequence[Interval] | None, config: EngineConfig) -> bool:
    """Whether limits and ranges, which the enumeration does not know, allow a formula."""
    limits = config.limits
    if not math.isfinite(candidate.loss) or not within(candidate.lut, limits.max_lut):
        return False
    if not within(candidate.ticks, limits.max_ticks) or ranges is None:
        return within(candidate.ticks, limits.max_ticks)
    bounds = intervals([candidate.program], ranges)[0]
    most = as_limit(limits.max_magnitude, FINITE)
    return bounds is not None and all(-most <= i.lo and i.hi <= most for i in bounds)
