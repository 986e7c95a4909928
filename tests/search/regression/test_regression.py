"""The stored state of a regression's search, and what it is valid for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.regression.task import Task

pytestmark = pytest.mark.kernel


def task(loss: Any, penalty: Any = None) -> Task:
    X = np.arange(6.0).reshape(3, 2)
    config = EngineConfig(ops=("add",), loss=loss)
    return Task(X, X[:, 0], ("a", "b"), SearchCost.unit(2), config, penalty=penalty)


def test_functions_of_one_name_have_a_key_each() -> None:
    losses = [
        lambda p, t, w: float(np.mean((p - t) ** 2)),
        lambda p, t, w: float(np.mean((p - t) ** 4)),
        lambda p, t, w: float(np.mean(np.abs(p - t))),
        lambda p, t, w, power=2: float(np.mean((p - t) ** power)),
        lambda p, t, w, power=4: float(np.mean((p - t) ** power)),
        lambda p, t, w: max(abs(a - b) for a, b in zip(p, t, strict=True)),
        "mse",
    ]
    assert len({task(loss).key() for loss in losses}) == len(losses)
    assert len({task("mse", p).key() for p in (None, lambda e: 0.0, lambda e: 1.0)}) == 3


def test_neither_the_budget_nor_the_object_counts() -> None:
    def made() -> Any:
        return lambda p, t, w: float(np.mean((p - t) ** 2))

    one = task(made())
    assert one.key() == task(made()).key() == replace(one, evaluations=7).key()
