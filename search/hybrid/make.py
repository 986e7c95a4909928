"""Construction of the search of one output: the engine alone, or the hybrid search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import SLICE, Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.settings import HybridConfig


def make_search(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    ranges: Sequence[Interval] | None,
    cost: SearchCost,
    engine: EngineConfig,
    hybrid: HybridConfig | None = None,
    **others: Any,
) -> Engine | HybridSearch:
    """The search.

    Args:
        X, y, ranges, cost: as `Engine` takes them.
        engine: its settings.
        hybrid: settings of the hybrid search, whose engine's and seed are replaced; None for the
            engine alone.
        others: further arguments of `Engine`.

    Raises:
        InputError: as `Engine` and `HybridSearch`.
    """
    if hybrid is None:
        return Engine(X, y, ranges, cost, engine, **others)
    generations = SLICE if hybrid.method == "gp" else hybrid.generations
    config = replace(hybrid, engine=engine, seed=engine.seed, generations=generations)
    return HybridSearch(X, y, ranges, cost, config, **others)
