"""Islands on many machines, by dask.distributed.

Every island is an `Engine`. An epoch of an island is a pure function: data, settings, state and
immigrants in; state, emigrants and front out. The client holds every state and hands each island's
emigrants to the next one between epochs, so that a lost worker costs its epoch only, which is run
again elsewhere with the same result; nothing depends on the number of workers. Dask decides where
an epoch runs: a local cluster, or any scheduler's address, so that those of
dask-jobqueue (HTCondor, SLURM, PBS) work as well. Rows and settings travel to each worker once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, ToolError
from symtick.search.evolution.engine import Engine
from symtick.search.kernel_api.candidate import Candidate, front_of
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import (
    Arrays,
    State,
    part_of,
    prefixed,
    read_state,
    refuse_earlier,
    restoring,
    values_of,
    with_values,
    write_state,
)
from symtick.search.regression.task import Task
from symtick.settings import Count, Natural, checked

if TYPE_CHECKING:
    from distributed import Client, Future

FORMAT = "symtick-islands-2"
PATIENCE = 5  # times in a row that an epoch's data or workers may be lost

Sequences = npt.NDArray[np.int16]


@checked
@dataclass(frozen=True)
class IslandSettings:
    """How the islands live together.

    Attributes:
        islands: engines; a fixed number, so that workers change nothing but the time.
        epoch: generations between two migrations.
        migrants: individuals that each island sends to the next at the end of an epoch.
    """

    islands: Count = 8
    epoch: Count = 20
    migrants: Natural = 4


@dataclass(frozen=True, eq=False)
class Migrants:
    """Individuals on their way: token numbers, shape (n, length), -1 after the end; constants."""

    sequences: Sequences
    constants: tuple[npt.NDArray[np.float64], ...]


@dataclass(frozen=True, eq=False)
class Epoch:
    """What an island's epoch comes back with."""

    state: State
    front: tuple[Candidate, ...]
    emigrants: Migrants
    evaluations: int
    passes: int
    best_loss: float


def live(
    task: Task,
    settings: IslandSettings,
    number: int,
    state: Arrays | None,
    guests: Migrants | None,
    budget: int | None,
) -> Epoch:
    """One epoch of one island: a pure function, run wherever there is a worker.

    Args:
        task: rows, settings and the budget of all islands together.
        settings: of the islands.
        number: of this island.
        state: at the end of the last epoch, or None for the first.
        guests: individuals of the neighbour.
        budget: evaluations of the island in all, or None for no limit.
    """
    engine = _engine(task, settings, number, state)
    room = None if budget is None else max(0, budget - engine.stats().evaluations)
    if guests is not None and room != 0 and len(guests.sequences):
        engine.offer(guests.sequences[:room], guests.constants[:room])
    stats = engine.step(settings.epoch, 1, budget)
    sequences, constants, _ = engine.individuals(settings.migrants)
    return Epoch(
        engine.state(),
        tuple(engine.front()),
        Migrants(sequences, tuple(constants)),
        stats.evaluations,
        stats.passes,
        stats.best_loss,
    )


def _engine(task: Task, settings: IslandSettings, number: int, state: Arrays | None) -> Engine:
    """The engine of one island: its own seed; guesses are dealt to the islands in turn."""
    seed = int(np.random.default_rng([task.config.seed, 7, number]).integers(2**62))
    others = task.others() | {"guesses": task.guesses[number :: settings.islands]}
    config = replace(task.config, seed=seed, islands=1)
    engine = Engine(task.rows, task.ranges, task.cost, config, **others)
    if state is not None:
        engine.restore(state)
    return engine


class Islands:
    """A search whose islands live on a cluster.

    Args:
        task: what is searched for; `config.islands` and `config.seed` are of each engine.
        settings: of the islands.
        client: of the cluster (`connected` makes one).
        checkpoint: a file that is replaced after each epoch, or None; where it is there, the
            search goes on from it.

    Raises:
        InputError: the checkpoint belongs to another task, or is damaged.
    """

    def __init__(
        self,
        task: Task,
        settings: IslandSettings,
        client: Client,
        checkpoint: Path | None = None,
    ) -> None:
        self._task, self._settings, self._client = task, settings, client
        self._checkpoint = checkpoint
        self._epochs: list[Epoch] = []
        self._states: list[Arrays | None] = [None] * settings.islands
        self._guests: list[Migrants | None] = [None] * settings.islands
        self.epoch = 0
        self._sent: Future | None = None
        if checkpoint is not None and checkpoint.exists():
            self._resume(checkpoint)

    @property
    def status(self) -> Status:
        """Where they stand."""
        best = min((e.best_loss for e in self._epochs), default=float("inf"))
        target = self._task.config.target_loss
        done = target is not None and best <= target
        evaluations = sum(e.evaluations for e in self._epochs)
        passes = sum(e.passes for e in self._epochs)
        return Status("islands", done, self.epoch, f"epoch {self.epoch}", best, evaluations, passes)

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """An epoch of every island within its share of the budget (rounded up), then the migration.

        An epoch whose worker is lost is run again. When this is interrupted, the islands stand as
        they did before it.

        Raises:
            ToolError: workers or data were lost `PATIENCE` times in a row.
        """
        if budget is not None and self.status.evaluations >= budget:
            return
        count = self._settings.islands
        epochs = self._gathered(count, None if budget is None else -(-budget // count))
        self._epochs = epochs
        self._states = [e.state for e in epochs]
        # each to the next one, the last to the first
        travelling = [e.emigrants for e in epochs]
        self._guests = [*travelling[-1:], *travelling[:-1]] if len(epochs) > 1 else [None]
        self.epoch += 1
        if self._checkpoint is not None:
            self._save(self._checkpoint)

    def front(self) -> Sequence[Candidate]:
        """What no candidate of any island beats."""
        return front_of(c for e in self._epochs for c in e.front)

    def state(self) -> State:
        """All islands' states and the individuals on their way, as arrays."""
        arrays: State = {"epoch": np.array([self.epoch])}
        for k, state in enumerate(self._states):
            arrays |= prefixed(state or {}, f"{k}:")
        for k, guests in enumerate(self._guests):
            if guests is not None:
                arrays[f"guests:{k}"] = guests.sequences
                arrays[f"constants:{k}"] = np.concatenate([np.zeros(0), *guests.constants])
                arrays[f"counts:{k}"] = np.array([len(c) for c in guests.constants], np.int64)
        return arrays

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged or of other islands.
        """
        for k in range(self._settings.islands):
            if own := part_of(state, f"{k}:"):
                self._states[k] = own
                self._guests[k] = _guests(state, k)
        self.epoch = int(state["epoch"][0])
        self._epochs = [self._known(k) for k, s in enumerate(self._states) if s is not None]

    def _known(self, number: int) -> Epoch:
        """What is known of an island without another epoch."""
        state = self._states[number]
        engine = _engine(self._task, self._settings, number, state)
        stats = engine.stats()
        none = Migrants(np.zeros((0, 0), np.int16), ())
        return Epoch(
            dict(state or {}),
            tuple(engine.front()),
            none,
            stats.evaluations,
            stats.passes,
            stats.best_loss,
        )

    def _save(self, path: Path) -> None:
        write_state(path, with_values(self.state(), format=FORMAT, key=self._key()))

    def _resume(self, path: Path) -> None:
        state = read_state(path)
        values = values_of(state)
        refuse_earlier(path, values.get("format"), FORMAT)
        if values.get("format") != FORMAT or values.get("key") != self._key():
            raise InputError(
                f"the checkpoint {path} belongs to other data or settings: resume with those that "
                "it was started with, or remove it"
            )
        self.restore(state)

    def _key(self) -> str:
        return f"{self._task.key()} {self._settings}"

    def _gathered(self, count: int, budget: int | None) -> list[Epoch]:
        """An outcome of each island, whatever workers are lost meanwhile."""
        epochs: dict[int, Epoch] = {}
        failures = 0
        while missing := [k for k in range(count) if k not in epochs]:
            sent = {self._submit(k, budget): k for k in missing}
            try:
                fresh = dict(_finished(sent))
            finally:
                self._client.cancel(list(sent), force=True)
            epochs |= fresh
            failures = 0 if fresh else failures + 1
            if len(fresh) < len(missing):
                self._sent = None  # it may be lost too
            if failures >= PATIENCE:
                raise ToolError(
                    f"the cluster lost its workers {PATIENCE} times in a row: see its logs"
                )
        return [epochs[k] for k in range(count)]

    def _submit(self, number: int, budget: int | None) -> Future:
        with warnings.catch_warnings():
            # states are a megabyte or so; dask would rather have them on a worker that may die
            warnings.filterwarnings("ignore", "Sending large graph")
            if self._sent is None:
                self._sent = self._client.scatter(self._task, broadcast=True, hash=False)
            return self._client.submit(
                live,
                self._sent,
                self._settings,
                number,
                self._states[number],
                self._guests[number],
                budget,
                pure=False,
            )


def _finished(sent: Mapping[Future, int]) -> Iterator[tuple[int, Epoch]]:
    """Outcomes as they come; what was lost with a worker is left out."""
    from distributed import KilledWorker, as_completed

    for future in as_completed(list(sent)):
        try:
            outcome = future.result()
        except (KilledWorker, CancelledError):
            continue
        yield sent[future], outcome


def _guests(arrays: Arrays, number: int) -> Migrants | None:
    try:
        sequences, constants, counts = (
            arrays[f"{name}:{number}"] for name in ("guests", "constants", "counts")
        )
    except KeyError:
        return None
    return Migrants(sequences, tuple(np.split(constants, np.cumsum(counts)[:-1])))
