"""Islands on many machines, by dask.distributed.

Room: `search`. Every island is an `Engine`. An epoch of an island is a pure function: data,
settings, state and immigrants in; state, emigrants and front out. The client holds every state and
hands each island's emigrants to the next one between epochs, so that a lost worker costs its epoch
only, which is run again elsewhere with the same result; nothing depends on the number of workers.
What is run where, and again, is dask's business: a local cluster, or any scheduler's address, so
that those of dask-jobqueue (HTCondor, SLURM, PBS) work as well. Rows and settings travel to each
worker once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, ToolError
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.states import Arrays, State, read_state, write_state
from symtick.search.regression.regression import Task, make_engine, non_dominated

if TYPE_CHECKING:
    from distributed import Client, Future

FORMAT = "symtick-islands-1"
PATIENCE = 5  # times in a row that an epoch's data or workers may be lost

Sequences = npt.NDArray[np.int16]


@dataclass(frozen=True)
class IslandSettings:
    """How the islands live together.

    Attributes:
        islands: engines; a fixed number, so that workers change nothing but the time.
        epoch: generations between two migrations.
        migrants: people that each island sends to the next at the end of an epoch.
    """

    islands: int = 8
    epoch: int = 20
    migrants: int = 4

    def __post_init__(self) -> None:
        for name, least in (("islands", 1), ("epoch", 1), ("migrants", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be an integer from {least}, not {value!r}")


@dataclass(frozen=True, eq=False)
class Migrants:
    """People between two islands: token numbers, shape (n, length), -1 after the end; constants."""

    sequences: Sequences
    constants: tuple[npt.NDArray[np.float64], ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an island's epoch comes back with."""

    state: State
    front: tuple[Candidate, ...]
    emigrants: Migrants
    evaluations: int
    best_loss: float


def live(
    task: Task,
    settings: IslandSettings,
    number: int,
    state: Arrays | None,
    guests: Migrants | None,
    budget: int,
) -> Outcome:
    """One epoch of one island: a pure function, run wherever there is a worker.

    Args:
        task: rows, settings and the budget of all islands together.
        settings: of the islands.
        number: of this island.
        state: at the end of the last epoch, or None for the first.
        guests: people of the neighbour.
        budget: evaluations of the island in all.
    """
    engine = make_engine(_own(task, settings, number), state)
    room = max(0, budget - engine.stats().evaluations)
    if guests is not None and room and len(guests.sequences):
        engine.offer(guests.sequences[:room], guests.constants[:room])
    stats = engine.step(settings.epoch, 1, budget)
    sequences, constants, _ = engine.people(settings.migrants)
    return Outcome(
        engine.state(),
        tuple(engine.front()),
        Migrants(sequences, tuple(constants)),
        stats.evaluations,
        stats.best_loss,
    )


def _own(task: Task, settings: IslandSettings, number: int) -> Task:
    """The task of one island: its own seed, and every so-manieth guess."""
    seed = int(np.random.default_rng([task.config.seed, 7, number]).integers(2**62))
    return replace(
        task,
        config=replace(task.config, seed=seed, islands=1),
        guesses=task.guesses[number :: settings.islands],
    )


class Islands:
    """A `Searcher` whose islands live on a cluster.

    Args:
        task: what is searched for; `config.islands` and `config.seed` are of each engine.
        settings: of the islands.
        client: of the cluster (`connected` makes one).
        state: a stored state to go on from.
        checkpoint: a file that is replaced after each epoch, or None.

    Raises:
        InputError: the checkpoint belongs to another task, or is damaged.
    """

    def __init__(
        self,
        task: Task,
        settings: IslandSettings,
        client: Client,
        state: Arrays | None = None,
        checkpoint: Path | None = None,
    ) -> None:
        self._task, self._settings, self._client = task, settings, client
        self._checkpoint = checkpoint
        self._held: list[Outcome] = []
        self._states: list[Arrays | None] = [None] * settings.islands
        self._guests: list[Migrants | None] = [None] * settings.islands
        self.epoch = 0
        self._sent: Future | None = None
        if checkpoint is not None and checkpoint.exists():
            self._resume(checkpoint)
        elif state is not None:
            self.restore(state)

    @property
    def evaluations(self) -> int:
        """Candidates that all islands computed."""
        return sum(o.evaluations for o in self._held)

    def step(self, threads: int, budget: int) -> None:
        """An epoch of every island within its share of the budget, then the migration.

        An epoch whose worker is lost is run again. When this is interrupted, the islands stand as
        they did before it.

        Raises:
            ToolError: workers or data were lost `PATIENCE` times in a row.
        """
        held = self._gathered(self._settings.islands, -(-budget // self._settings.islands))
        self._held = held
        self._states = [o.state for o in held]
        # each to the next one, the last to the first
        travelling = [o.emigrants for o in held]
        self._guests = [*travelling[-1:], *travelling[:-1]] if len(held) > 1 else [None]
        self.epoch += 1
        if self._checkpoint is not None:
            self._save(self._checkpoint)

    def front(self) -> Sequence[Candidate]:
        """What no candidate of any island beats."""
        return non_dominated([c for o in self._held for c in o.front])

    def best_loss(self) -> float:
        """Lowest loss of any island."""
        return min((o.best_loss for o in self._held), default=float("inf"))

    def state(self) -> State:
        """All islands' states and the people on their way, as arrays."""
        arrays: dict[str, npt.NDArray[Any]] = {"epoch": np.array([self.epoch])}
        for k, state in enumerate(self._states):
            arrays |= {f"{k}:{name}": held for name, held in (state or {}).items()}
        for k, guests in enumerate(self._guests):
            if guests is not None:
                arrays[f"guests:{k}"] = guests.sequences
                arrays[f"constants:{k}"] = np.concatenate([np.zeros(0), *guests.constants])
                arrays[f"counts:{k}"] = np.array([len(c) for c in guests.constants], np.int64)
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged or of other islands.
        """
        for k in range(self._settings.islands):
            own = {n.partition(":")[2]: a for n, a in arrays.items() if n.startswith(f"{k}:")}
            if own:
                self._states[k] = own
                self._guests[k] = _guests(arrays, k)
        self.epoch = int(arrays["epoch"][0])
        self._held = [self._known(k) for k, s in enumerate(self._states) if s is not None]

    def _known(self, number: int) -> Outcome:
        """What is known of an island without another epoch."""
        state = self._states[number]
        engine = make_engine(_own(self._task, self._settings, number), state)
        stats = engine.stats()
        none = Migrants(np.zeros((0, 0), np.int16), ())
        return Outcome(
            dict(state or {}), tuple(engine.front()), none, stats.evaluations, stats.best_loss
        )

    def _save(self, path: Path) -> None:
        values = {"format": FORMAT, "key": self._key()}
        write_state(path, self.state(), values)

    def _resume(self, path: Path) -> None:
        arrays, values = read_state(path)
        if values.get("format") != FORMAT or values.get("key") != self._key():
            raise InputError(
                f"the checkpoint {path} belongs to other data or settings: resume with those that "
                "it was started with, or remove it"
            )
        self.restore(arrays)

    def _key(self) -> str:
        return f"{self._task.key()} {self._settings}"

    def _gathered(self, count: int, budget: int) -> list[Outcome]:
        """An outcome of each island, whatever workers are lost meanwhile."""
        found: dict[int, Outcome] = {}
        failures = 0
        while missing := [k for k in range(count) if k not in found]:
            sent = {self._submit(k, budget): k for k in missing}
            try:
                fresh = dict(_finished(sent))
            finally:
                self._client.cancel(list(sent), force=True)
            found |= fresh
            failures = 0 if fresh else failures + 1
            if len(fresh) < len(missing):
                self._sent = None  # it may be lost too
            if failures >= PATIENCE:
                raise ToolError(
                    f"the cluster lost its workers {PATIENCE} times in a row: see its logs"
                )
        return [found[k] for k in range(count)]

    def _submit(self, number: int, budget: int) -> Future:
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


def _finished(sent: Mapping[Future, int]) -> Iterator[tuple[int, Outcome]]:
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


@contextmanager
def connected(
    workers: int | None = None, scheduler: Any = None, timeout: float = 60.0
) -> Iterator[Client]:
    """A client of a cluster, which is closed afterwards where it was started here.

    Args:
        workers: processes of a local cluster, where no scheduler is given; by default one per core.
        scheduler: address of a running scheduler (`tcp://host:8786`), a cluster or a client.
        timeout: seconds to wait for the scheduler to answer.

    Raises:
        InputError: dask.distributed is not installed.
        ToolError: there is no scheduler at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("islands need dask: pip install 'symtick[cluster]'") from None
    with ExitStack() as stack:
        if isinstance(scheduler, Client):
            yield scheduler
            return
        if scheduler is None:
            cluster: Any = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            )
        else:
            cluster = scheduler
        try:
            client = stack.enter_context(Client(cluster, timeout=timeout))
        except OSError as error:
            raise ToolError(f"there is no scheduler at {scheduler}: {error}") from None
        yield client
