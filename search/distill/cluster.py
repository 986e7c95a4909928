"""Slices of searches on many machines, by dask.distributed.

A slice is a pure function of a part's recipe and state. Both stay in the main process until its
outcome is there, so that a lost worker costs its slices only, which are run again elsewhere. What
all parts share, such as rows, travels to each worker once.
"""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

from symtick.errors import ToolError
from symtick.search.distill.parts import Ingredients, Recipe
from symtick.search.distill.workers import Made, Part, take_up
from symtick.search.kernel_api.states import State

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as Remote

PATIENCE = 5  # times that a slice is sent again


class Cluster:
    """The workers of a cluster, as `search.distill.workers.Workers`.

    Args:
        ingredients: of the distillation.
        client: of the cluster, which stays open.
    """

    def __init__(self, ingredients: Ingredients, client: Client) -> None:
        self._ingredients, self._client = ingredients, client
        self._sent: Any = None
        self._running: dict[Future[Any], Remote] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def count(self) -> int:
        """Threads of all workers that are there now."""
        return max(1, int(sum(self._client.nthreads().values())))

    def begin(self, part: Part) -> Future[Any]:
        """Send the next slice of a part."""
        outcome: Future[Any] = Future()
        self._closed = False
        self._send(outcome, part.recipe, part.search.state(), PATIENCE)
        return outcome

    def end(self, part: Part, future: Future[Any]) -> None:
        """Bring a part to the end of its slice.

        Raises:
            ToolError: its workers were lost too often.
        """
        take_up(part, future.result())

    def close(self) -> None:
        """Recall what is running."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
            self._running.clear()
        self._client.cancel(running, force=True)
        self._sent = None

    def _send(self, outcome: Future[Any], recipe: Recipe, state: State, left: int) -> None:
        with self._lock, warnings.catch_warnings():
            if self._closed:
                return
            # a state is small, and only here is it safe
            warnings.filterwarnings("ignore", "Sending large graph")
            if self._sent is None:
                self._sent = self._client.scatter(self._ingredients, broadcast=True, hash=False)
            remote = self._client.submit(_stepped, self._sent, recipe, state, pure=False)
            self._running[outcome] = remote
        remote.add_done_callback(lambda r: self._arrived(r, outcome, recipe, state, left))

    def _arrived(
        self, remote: Remote, outcome: Future[Any], recipe: Recipe, state: State, left: int
    ) -> None:
        from distributed import KilledWorker

        with self._lock:
            if self._running.pop(outcome, None) is None:
                return  # recalled
        try:
            try:
                outcome.set_result(remote.result())
            except (KilledWorker, CancelledError):
                if not left:
                    raise _lost() from None
                with self._lock:
                    self._sent = None  # it may be lost, too
                self._send(outcome, recipe, state, left - 1)
        except Exception as error:  # who waits for the outcome is told, whatever it is
            outcome.set_exception(error)


def _lost() -> ToolError:
    return ToolError(
        f"the cluster lost the workers of a slice {PATIENCE + 1} times: see its logs, then go on "
        "with --resume"
    )


# --- in a worker ---------------------------------------------------------------------------------

_own: list[Made] = []  # of this process
_making = threading.Lock()


def _stepped(ingredients: Ingredients, recipe: Recipe, state: State) -> State:
    with _making:
        if not _own or _own[0].ingredients is not ingredients:
            _own[:] = [Made(ingredients)]
        made = _own[0]
    return made.stepped(recipe, state)
