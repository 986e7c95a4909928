"""What holds of every search: slices, front, state, budget, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_samples import classes, distiller, first, short, shortening
from engine_samples import KOZA, TOKENS, depth_cost, inputs, target
from search_samples import restored

from symtick.errors import InputError
from symtick.expr.templates import read_template
from symtick.search.distill.given_settings import GivenSettings
from symtick.search.evolution.engine import Engine
from symtick.search.hybrid.make import make_search
from symtick.search.hybrid.settings import HYBRID_METHODS, HybridConfig
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.search import Search, run
from symtick.search.kernel_api.states import read_state, with_values, write_state
from symtick.search.regression.enumerating import EnumerationSearch
from symtick.search.regression.islands import Epoch, Islands, IslandSettings, live
from symtick.search.regression.task import ENUMERATIONS, Task
from symtick.search.template.search import TemplateSearch
from symtick.search.template.task import TemplateTask

pytestmark = pytest.mark.kernel

X = inputs()
BUDGET = 2000


class LocalIslands(Islands):
    """Islands in this process, one after another."""

    def _gathered(self, count: int, budget: int | None) -> list[Epoch]:
        return [
            live(self._task, self._settings, k, self._states[k], self._guests[k], budget)
            for k in range(count)
        ]


def task(method: str) -> Task:
    return Task(X, target(X), ("u", "v"), depth_cost(2), TOKENS, method=method)


def engine() -> Search[Any]:
    return Engine(Rows.make(X, target(X)), None, depth_cost(2), TOKENS)


def hybrid(method: str) -> Search[Any]:
    config = replace(
        HybridConfig.symtick(KOZA), batch=30, generations=2, bidirectional=300, method=method
    )
    return make_search(Rows.make(X, target(X)), None, depth_cost(2), TOKENS, config)


def islands() -> Search[Any]:
    return LocalIslands(task("gp"), IslandSettings(islands=2, epoch=2), None)  # type: ignore[arg-type]


def joint(method: str) -> Search[Any]:
    config = short()
    config = replace(config, joint=replace(config.joint, method=method))
    return first(distiller(classes(400), config), "joint")[0]


def elimination() -> Search[Any]:
    return first(distiller(classes(400), short()), "layers")[0]


def template() -> Search[Any]:
    read = read_template("f(u)*g(v) + p", ("u", "v"))
    vocabularies = tuple(TOKENS.vocabulary(1, names) for names in read.arguments.values())
    return TemplateSearch(
        TemplateTask(
            read, X, target(X)[:, None], None, {}, vocabularies, (TOKENS.all_rules(),) * 2,
            TOKENS, HybridConfig(), depth_cost(2), depth_cost, by_complexity=False,
        )
    )  # fmt: skip


def template_designs() -> Search[Any]:
    given = GivenSettings(template="f(x0, x1); f(x1, x3); g(x2)", evaluations=1500, rows=200)
    return first(distiller(classes(400), replace(short(), given=given)), "template")[0]


SEARCHES: dict[str, Callable[[], Search[Any]]] = {
    "engine": engine,
    **{f"hybrid-{m}": partial(hybrid, m) for m in HYBRID_METHODS},
    **{m: partial(EnumerationSearch, task(m)) for m in ENUMERATIONS},
    "islands": islands,
    **{f"joint-{m}": partial(joint, m) for m in HYBRID_METHODS},
    "layers": elimination,
    "shortening": lambda: shortening(classes(400), short()),
    "template": template,
    "template-designs": template_designs,
}


def figures(search: Search[Any]) -> list[tuple[float, ...]]:
    return [item.figures for item in search.front()]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_resumed_search_is_the_uninterrupted_one(name: str, tmp_path: Path) -> None:
    whole, first = SEARCHES[name](), SEARCHES[name]()
    assert not first.status.done
    assert first.status.slices == first.status.evaluations == 0
    first.step(budget=BUDGET)
    write_state(tmp_path / "s.npz", with_values({}) | first.state())
    second = restored(SEARCHES[name](), read_state(tmp_path / "s.npz"))
    assert second.status == first.status
    assert figures(second) == figures(first)
    for search, slices in ((whole, 3), (second, 2)):
        run(search, BUDGET, max_slices=slices)
    assert second.status == whole.status
    assert figures(second) == figures(whole)
    assert second.status.evaluations > 0
    for key, array in whole.state().items():
        assert np.array_equal(second.state()[key], array), key


@pytest.mark.parametrize("name", SEARCHES)
def test_a_budget_is_kept_and_then_nothing_happens(name: str) -> None:
    search = SEARCHES[name]()
    status = run(search, 400, max_slices=4)
    assert status.evaluations <= 400
    assert status == search.status
    assert status.best_loss <= min((item.loss for item in search.front()), default=np.inf)
    search.step(budget=search.status.evaluations)
    assert search.status == status


@pytest.mark.parametrize("name", SEARCHES)
def test_a_state_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        SEARCHES[name]().restore({})


@pytest.mark.parametrize("name", SEARCHES)
def test_a_state_that_lacks_an_array_ends_in_no_other_error(name: str) -> None:
    search = SEARCHES[name]()
    search.step(budget=BUDGET)
    state, refused = search.state(), 0
    for lost in state:
        try:
            SEARCHES[name]().restore({key: a for key, a in state.items() if key != lost})
        except InputError:
            refused += 1
    assert refused > 0


def test_a_run_ends_when_it_is_asked_to() -> None:
    search = engine()
    assert run(search, 10**6, stop=lambda status: status.slices >= 5).slices == 5
    assert run(search, search.status.evaluations).slices == 5
    with pytest.raises(InputError, match="a run needs a budget or max_slices to end"):
        run(search)
