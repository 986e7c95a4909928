"""Construction of the search of one output: the engine alone, or the hybrid search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import SLICE, Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.rows import Rows


def make_search(
    rows: Rows,
    ranges: Sequence[Interval] | None,
    cost: SearchCost,
    engine: EngineConfig,
    hybrid: HybridConfig | None = None,
    **others: Any,
) -> Engine | HybridSearch:
    """The search.

    Args:
        rows, ranges, cost: as `Engine` takes them.
        engine: its settings.
        hybrid: settings of the hybrid search, whose engine's and seed are replaced; None for the
            engine alone.
        others: further arguments of `Engine`.

    Raises:
        InputError: as `Engine` and `HybridSearch`.
    """
    if hybrid is None:
        return Engine(rows, ranges, cost, engine, **others)
    generations = SLICE if hybrid.method == "gp" else hybrid.generations
    config = replace(hybrid, engine=engine, seed=engine.seed, generations=generations)
    return HybridSearch(rows, ranges, cost, config, **others)
