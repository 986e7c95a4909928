"""A search of one slice: it makes its designs in one step."""

from __future__ import annotations

from abc import ABC, abstractmethod

from symtick.search.designs.front import FrontEntry
from symtick.search.kernel_api.states import Arrays, State, restoring, values_of, with_values


class OneSlice(ABC):
    """What searches of one slice share of the protocol: all but their status and their work."""

    def __init__(self) -> None:
        self._entries: list[FrontEntry] = []
        self._done = False

    @abstractmethod
    def _made(self) -> list[FrontEntry]:
        """The measured designs."""

    def front(self) -> list[FrontEntry]:
        """The measured designs, once there are any."""
        return self._entries

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """Make and measure the designs."""
        if self._done or (budget is not None and budget <= 0):
            return
        self._entries = self._made()
        self._done = True

    def state(self) -> State:
        """The entries."""
        return with_values({}, done=self._done, entries=[e.to_dict() for e in self._entries])

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        values = values_of(state)
        self._done = bool(values["done"])
        self._entries = [FrontEntry.from_dict(entry) for entry in values["entries"]]
