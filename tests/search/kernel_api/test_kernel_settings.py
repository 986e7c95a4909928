"""Every setting of the kernel's structs comes from Python, which alone has defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.enumeration.bidirectional import bidirectional_front
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.fitting import FitSettings

pytestmark = pytest.mark.kernel

VOCABULARY = Vocabulary.of(("add", "sin"), 2)
COST = SearchCost.unit(2)
X = np.random.default_rng(0).uniform(0.5, 1.5, (20, 2))


def search_both_ends() -> None:
    bidirectional_front(X, X[:, 0], COST, VOCABULARY, Rules(), max_evaluations=50)


MADE: dict[str, Callable[[], object]] = {
    "EngineSettings": lambda: EngineConfig().to_kernel(X[:, 0]),
    "BreedSettings": lambda: EngineConfig().breeding([Interval(0.0, 2.0)] * 2),
    "FitSettings": lambda: FitSettings().to_kernel(),
    "CostTable": lambda: cost_table(COST),
    "RuleSettings": lambda: Rules(max_ticks=4).to_kernel(VOCABULARY, COST),
    "LibrarySettings": search_both_ends,
}


def recording(kind: type, names: set[str]) -> type:
    """A kind of these settings that notes what is set."""

    def note(self: Any, name: str, value: object) -> None:
        names.add(name)
        kind.__setattr__(self, name, value)

    def get(self: Any, name: str) -> object:
        if name.startswith("set"):
            names.add(name)
        return kind.__getattribute__(self, name)

    return type(kind.__name__, (kind,), {"__setattr__": note, "__getattribute__": get})


def settable(kind: type) -> set[str]:
    return {
        name
        for name, value in vars(kind).items()
        if getattr(value, "fset", None) is not None or name.startswith("set")
    }


def test_every_struct_of_settings_is_looked_at() -> None:
    assert {n for n in vars(_kernel) if n.endswith(("Settings", "Table"))} == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_python_sets_every_field(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, names = getattr(_kernel, name), set[str]()
    monkeypatch.setattr(_kernel, name, recording(kind, names))
    MADE[name]()
    assert settable(kind) and names == settable(kind)


def test_rules_without_a_limit_on_ticks_lack_the_cost_table_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, names = _kernel.RuleSettings, set[str]()
    monkeypatch.setattr(_kernel, "RuleSettings", recording(kind, names))
    Rules().to_kernel(VOCABULARY)
    assert settable(kind) - names == {"cost"}
