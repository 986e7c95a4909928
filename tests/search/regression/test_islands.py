"""Islands on a dask cluster: the result does not depend on the workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from symtick import SymbolicRegressor
from symtick.errors import InputError, ToolError
from symtick.expr import Expression
from symtick.hwcost import SearchCost
from symtick.search.cluster import connected
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.kernel_api.states import read_state, with_values, write_state
from symtick.search.regression.islands import (
    Epoch,
    Islands,
    IslandSettings,
    live,
)
from symtick.search.regression.regression import pursue
from symtick.search.regression.task import Task

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

SETTINGS = IslandSettings(islands=3, epoch=4, migrants=2)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two processes of one thread each."""
    with connected(2) as made:
        yield made


def task(penalty: Callable[[Expression], float] | None = None, **parameters: int) -> Task:
    X = np.random.default_rng(0).uniform(0.5, 2.0, size=(60, 2))
    return Task(
        X=X,
        y=np.sin(2 * X[:, 0]) / X[:, 1],
        names=("u", "v"),
        cost=SearchCost.unit(2),
        config=EngineConfig(
            ops=("add", "mul", "div", "sin"), population=16, limits=Limits(max_nodes=14), seed=4
        ),
        penalty=penalty,
        guesses=("u + v", "u*v"),
        **parameters,
    )


def by_hand(work: Task, epochs: int) -> list[Epoch]:
    """The same epochs and migrations in this process."""
    budget = -(-work.evaluations // SETTINGS.islands)
    held = [live(work, SETTINGS, k, None, None, budget) for k in range(SETTINGS.islands)]
    for _ in range(epochs - 1):
        guests = [held[k - 1].emigrants for k in range(SETTINGS.islands)]
        held = [
            live(work, SETTINGS, k, held[k].state, guests[k], budget)
            for k in range(SETTINGS.islands)
        ]
    return held


def same_states(search: Islands, wanted: list[Epoch]) -> bool:
    found = search.state()
    return all(
        np.array_equal(found[f"{k}:{name}"], array)
        for k, outcome in enumerate(wanted)
        for name, array in outcome.state.items()
    )


def test_equals_the_same_epochs_in_one_process(client: Client) -> None:
    work = task()
    search = Islands(work, SETTINGS, client)
    for _ in range(3):
        search.step(budget=work.evaluations)
    wanted = by_hand(work, 3)
    assert same_states(search, wanted)
    assert search.status.evaluations == sum(o.evaluations for o in wanted)
    assert search.status.best_loss == min(o.best_loss for o in wanted)
    front = search.front()
    every = [c for o in wanted for c in o.front]
    assert min(c.loss for c in front) == search.status.best_loss
    for one in every:
        assert any(c.loss <= one.loss and c.ticks <= one.ticks and c.lut <= one.lut for c in front)
    # islands differ, and individuals travelled
    assert len({o.front[-1].loss for o in by_hand(work, 1)}) > 1


def test_losing_workers_in_the_middle_of_an_epoch_changes_nothing(
    client: Client, tmp_path: Path
) -> None:
    deaths = 2  # the second one takes the last copy of the rows along

    def deadly(expression: Expression) -> float:
        for k in range(deaths):
            try:
                (tmp_path / f"armed{k}").rename(tmp_path / f"fired{k}")
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.01 * len(expression.nodes)

    work = task(deadly)
    search = Islands(work, SETTINGS, client)
    search.step(budget=work.evaluations)
    for k in range(deaths):
        (tmp_path / f"armed{k}").touch()
    search.step(budget=work.evaluations)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"fired{k}" for k in range(deaths)]
    search.step(budget=work.evaluations)
    assert same_states(search, by_hand(work, 3))


def test_a_checkpoint_goes_on_as_if_nothing_had_happened(client: Client, tmp_path: Path) -> None:
    work, path = task(), tmp_path / "islands.npz"
    first = Islands(work, SETTINGS, client, checkpoint=path)
    for _ in range(2):
        first.step(budget=work.evaluations)
    again = Islands(work, SETTINGS, client, checkpoint=path)
    assert again.epoch == 2 and again.status.evaluations == first.status.evaluations
    assert [c.loss for c in again.front()] == [c.loss for c in first.front()]
    again.step(budget=work.evaluations)
    assert same_states(again, by_hand(work, 3))
    other = replace(work, y=work.y + 1.0)
    with pytest.raises(InputError, match="belongs to other data or settings"):
        Islands(other, SETTINGS, client, checkpoint=path)
    old = with_values(read_state(path), format="symtick-islands-1", key="of then")
    write_state(tmp_path / "old.npz", old)
    with pytest.raises(InputError, match="written by an earlier version of symtick: start anew"):
        Islands(work, SETTINGS, client, checkpoint=tmp_path / "old.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="damaged"):
        Islands(work, SETTINGS, client, checkpoint=path)


def test_ctrl_c_keeps_the_front_of_the_last_epoch(
    client: Client, ctrl_c: Callable[[float], None]
) -> None:
    work = task(evaluations=10**8)
    search = Islands(work, SETTINGS, client)
    epochs: list[int] = []

    def interrupt(held: object, share: float) -> None:
        epochs.append(search.epoch)
        if len(epochs) == 2:
            ctrl_c(0.05)

    outcome = pursue(work, search, report=interrupt)
    assert outcome.interrupted and len(outcome.front) > 1
    assert same_states(search, by_hand(work, epochs[-1]))


def test_an_error_of_the_user_s_own_comes_back(client: Client) -> None:
    def wrong(expression: Expression) -> float:
        raise KeyError("no such table")

    with pytest.raises(KeyError, match="no such table"):
        Islands(task(wrong), SETTINGS, client).step(budget=1000)


def test_the_regressor_spends_its_budget_on_the_cluster(client: Client, tmp_path: Path) -> None:
    work = task()
    model = SymbolicRegressor(
        scheduler=client, islands=SETTINGS, unary_operators=["sin"], evaluations=900, max_nodes=14
    )
    model.fit(work.X, work.y)
    assert model.evaluations_ == (900,)
    twice = SymbolicRegressor(**(model.get_params() | {"evaluations": 450, "warm_start": True}))
    twice.fit(work.X, work.y).fit(work.X, work.y)
    assert twice.evaluations_ == (900,)
    assert np.isfinite(model.predict(work.X)).all()
    model.set_params(checkpoint=tmp_path, evaluations=300).fit(work.X, work.y)
    assert (tmp_path / "target0.npz").is_file()
    model.fit(work.X, work.y)  # from the checkpoint, with the budget on top
    assert model.evaluations_ == (600,)
    with pytest.raises(InputError, match="give n_workers or scheduler"):
        SymbolicRegressor(checkpoint=tmp_path).fit(work.X, work.y)


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(InputError, match="islands must be an integer from 1, not 0"):
        IslandSettings(islands=0)
    with (
        pytest.raises(ToolError, match=r"no scheduler at tcp://127\.0\.0\.1:1"),
        connected(scheduler="tcp://127.0.0.1:1", timeout=0.3),
    ):
        pass
