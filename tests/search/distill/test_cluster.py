"""Distillations on a dask cluster: the front of one machine, whatever workers are lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from distill_samples import classes, distiller, short
from distributed import Client

from symtick import SymbolicDistiller
from symtick.errors import InputError, ToolError
from symtick.run.distilling import distill_job
from symtick.search.cluster import connected, connected_if
from symtick.search.designs.settings import TuningSettings
from symtick.search.distill.cluster import PATIENCE, Cluster, _stepped
from symtick.search.distill.distill import Progress
from symtick.search.distill.parts import Ingredients, Parts
from symtick.search.distill.workers import Part
from symtick.search.kernel_api.states import State

pytestmark = [pytest.mark.kernel, pytest.mark.slow]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two processes of one thread each."""
    with connected(2) as made:
        yield made


def ingredients() -> Ingredients:
    made = distiller(classes(), short())
    return Ingredients(
        made.problem, made.config, made.evaluator.model, made.evaluator.cost, made.evaluator.inputs
    )


def test_the_front_is_that_of_one_machine_though_a_worker_is_lost(client: Client) -> None:
    whole = distiller(classes(), short()).run()
    killed: list[int] = []

    def tell(progress: Progress) -> None:
        if not killed:
            killed.extend(list(client.run(os.getpid).values())[:1])
            os.kill(killed[0], signal.SIGKILL)

    assert distiller(classes(), short()).run(tell, client=client) == whole
    assert killed


def test_a_slice_whose_workers_are_lost_again_and_again_is_an_error(client: Client) -> None:
    own = ingredients()
    recipe = Parts(own).first()[-1]
    part = Part(recipe, Parts(own).made(recipe))
    cluster = Cluster(own, client)
    sent: list[State] = []

    class Lost:
        """A future whose worker is gone."""

        def add_done_callback(self, arrived: object) -> None:
            arrived(self)  # type: ignore[operator]

        def result(self) -> State:
            from distributed import KilledWorker

            raise KilledWorker("slice", None, 3)

    class Losing:
        """A cluster that loses every worker."""

        def scatter(self, value: object, **_: object) -> object:
            return value

        def submit(self, function: object, own: object, recipe: object, state: State, **_: object):  # noqa: ANN202
            sent.append(state)
            return Lost()

    cluster._client = Losing()  # type: ignore[assignment]
    with pytest.raises(ToolError, match="lost the workers of a slice 6 times"):
        cluster.end(part, cluster.begin(part))
    assert len(sent) == PATIENCE + 1
    assert all(state is sent[0] for state in sent)


def test_a_cluster_that_is_gone_when_a_slice_is_sent_again_is_told(client: Client) -> None:
    own = ingredients()
    recipe = Parts(own).first()[-1]
    part = Part(recipe, Parts(own).made(recipe))
    cluster = Cluster(own, client)
    outcome: Future[State] = Future()
    gone = client.submit(_raises_lost, pure=False)
    cluster._running[outcome] = gone
    cluster._client = None  # type: ignore[assignment]
    cluster._arrived(gone, outcome, recipe, part.search.state(), 1)
    with pytest.raises(AttributeError):
        outcome.result(timeout=5)


def _raises_lost() -> None:
    raise CancelledError


def test_an_error_in_a_worker_is_told(client: Client) -> None:
    own = ingredients()
    recipe = Parts(own).first()[-1]
    part = Part(recipe, Parts(own).made(recipe))
    good = part.search.state()
    cluster = Cluster(own, client)
    part.search.state = lambda: {}  # type: ignore[method-assign]
    with pytest.raises(InputError, match="cannot go on from the saved search"):
        cluster.end(part, cluster.begin(part))
    assert _stepped(own, recipe, good)


def test_a_scheduler_that_is_not_there_is_said() -> None:
    absent = connected(scheduler="tcp://127.0.0.1:1", timeout=1.0)
    with pytest.raises(ToolError, match=r"no scheduler at tcp://127\.0\.0\.1:1"), absent:
        pass
    with connected_if(None) as none:
        assert none is None


def test_an_estimator_and_a_job_search_on_a_cluster(client: Client, tmp_path: Path) -> None:
    problem = classes(400)
    X = problem.real(slice(0, 400))
    y = problem.targets[:400].argmax(axis=1)
    quick = replace(
        short(),
        joint=replace(short().joint, starts=0),
        layered=replace(short().layered, hidden=(2,), refined=0),
        shortening=replace(short().shortening, designs=0),
        tuning=TuningSettings(accuracy=None),
    )
    here, there = (
        SymbolicDistiller(config=quick, keep=0.8, scheduler=where).fit(X, y).front_
        for where in (None, client)
    )
    assert here == there
    np.savez(tmp_path / "rows.npz", X=X, y=y)
    search = {
        "starts": 0,
        "hidden": [2],
        "shorten": 0,
        "effort": 0.05,
    }
    job = {
        "name": "small", "data": {"path": "rows.npz"}, "choose": {"accuracy_share": 0.8},
        "search": search, "tune": {"accuracy": None},
    }  # fmt: skip
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job))
    address = client.scheduler.address
    runs = [
        distill_job(tmp_path / "job.yaml", tmp_path / name, scheduler=where)
        for name, where in (("here", None), ("there", address))
    ]
    assert runs[0].front == runs[1].front
