"""Slices of searches, run in worker processes.

Python runs one thread at a time, so that searches need processes to use several cores. A worker
makes each part itself (`search.distill.parts`), takes the state that it has reached, runs a slice,
and gives the next state back: all that is known of a search is in the main process, which a worker
that is stopped takes nothing from.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from symtick.errors import ToolError
from symtick.search.designs.front import FrontEntry
from symtick.search.distill.parts import Ingredients, Parts, Recipe
from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import State

ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")
}
# Loky ends a worker that has grown by 0.3 GB since its first task: one that has made more parts.
KEPT = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"}
LOOKING = 1.0  # seconds between two looks at whether the main process is there


@dataclass(frozen=True, eq=False)
class Part:
    """A search and what it was made of."""

    recipe: Recipe
    search: Search[FrontEntry]


class Workers(Protocol):
    """What runs slices."""

    @property
    def count(self) -> int:
        """Slices that run at the same time."""

    def begin(self, part: Part) -> Future[Any]:
        """Start the next slice of a part, which does not change before `end`."""

    def end(self, part: Part, future: Future[Any]) -> None:
        """Bring a part to the end of its slice.

        Raises:
            ToolError: the process that ran it has ended.
        """

    def close(self) -> None:
        """Leave no slice running; every part is whole."""


def workers(ingredients: Ingredients) -> Workers:
    """As many as the distillation's settings ask for: processes, or one thread of this process."""
    count = ingredients.config.workers
    return _Here() if count == 1 else _Processes(ingredients, count)


def slices(parts: Sequence[Part], workers: Workers) -> Generator[Part, None, None]:
    """Slices of all parts until each is done: the part that had one, as they end.

    A part whose slice has ended joins the end of the queue, so that no worker waits for a round.
    """
    queue = [p for p in parts if not p.search.status.done]
    running: dict[Future[Any], Part] = {}
    try:
        while queue or running:
            while queue and len(running) < workers.count:
                part = queue.pop(0)
                running[workers.begin(part)] = part
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                part = running.pop(future)
                workers.end(part, future)
                if not part.search.status.done:
                    queue.append(part)
                yield part
    finally:
        if running:
            workers.close()


class _Here:
    """A thread of this process: a Ctrl-C in the main thread leaves its slice whole."""

    count = 1

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    def begin(self, part: Part) -> Future[Any]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        return self._thread.submit(part.search.step)

    def end(self, part: Part, future: Future[Any]) -> None:
        future.result()

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None


class _Processes:
    """Other processes, which are started with the first slice."""

    def __init__(self, ingredients: Ingredients, count: int) -> None:
        self._ingredients, self.count = ingredients, count
        self._processes: Any = None

    def begin(self, part: Part) -> Future[Any]:
        from loky import ProcessPoolExecutor

        if self._processes is None:
            self._processes = ProcessPoolExecutor(
                self.count, initializer=_prepare, initargs=(self._ingredients, os.getpid()),
                env={**ONE_THREAD, **KEPT},
            )  # fmt: skip
        with _no_interrupts():  # which a process that starts here takes over
            try:
                future: Future[Any] = self._processes.submit(
                    _stepped, part.recipe, part.search.state()
                )
            except BrokenProcessPool:
                raise _ended() from None
        return future

    def end(self, part: Part, future: Future[Any]) -> None:
        try:
            state = future.result()
        except BrokenProcessPool:
            raise _ended() from None
        take_up(part, state)

    def close(self) -> None:
        if self._processes is not None:
            self._processes.shutdown(wait=True, kill_workers=True)
            self._processes = None


def take_up(part: Part, state: State) -> None:
    """Bring a part to a state that it has reached elsewhere; it is never half there."""
    with _no_interrupts():
        part.search.restore(state)


def _ended() -> ToolError:
    return ToolError(
        "a worker process of the search ended, perhaps for want of memory: go on with fewer of "
        "them (workers: 1)"
    )


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Ctrl-C waits for the end of this block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in a worker ---------------------------------------------------------------------------------


class Made:
    """The parts that a process has made; slices of different parts may run in its threads."""

    def __init__(self, ingredients: Ingredients) -> None:
        threadpool_limits(1, user_api="blas")
        self.ingredients = ingredients
        self._parts = Parts(ingredients)
        self._made: dict[str, Search[FrontEntry]] = {}
        self._making = threading.Lock()

    def stepped(self, recipe: Recipe, state: State) -> State:
        """The state after the next slice of a part."""
        with self._making:
            if recipe.name not in self._made:
                self._made[recipe.name] = self._parts.made(recipe)
            search = self._made[recipe.name]
        search.restore(state)
        search.step()
        return search.state()


_own: list[Made] = []  # of this process


def _prepare(ingredients: Ingredients, main: int) -> None:
    threading.Thread(target=_end_with, args=(main,), daemon=True).start()
    _own[:] = [Made(ingredients)]


def _end_with(main: int) -> None:
    """End this process where its main one has been killed, which closes no pipe of it."""
    while os.getppid() == main:
        time.sleep(LOOKING)
    os._exit(1)


def _stepped(recipe: Recipe, state: State) -> State:
    return _own[0].stepped(recipe, state)
