"""What the distiller asks of a part of the search: to advance by a slice, and to be stored.

Room: `search`. Slices of different sources are independent of each other, so they can run side by
side, and each source's state can be stored alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from symtick.search.designs.front import FrontEntry
from symtick.search.kernel_api.states import Arrays, State
from symtick.search.kernel_api.status import Status


class Source(Protocol):
    """One part of the search; its state is a pure function of its settings and its slices."""

    @property
    def name(self) -> str:
        """Unique; also the name of its file in a checkpoint."""

    @property
    def status(self) -> Status:
        """Where it stands."""

    @property
    def entries(self) -> list[FrontEntry]:
        """Designs found and measured so far."""

    def step(self) -> None:
        """Advance by one slice; not called when done."""

    def state(self) -> tuple[State, dict[str, Any]]:
        """Arrays, and values for JSON, from which `restore` goes on exactly."""

    def restore(self, arrays: Arrays, values: Mapping[str, Any]) -> None:
        """Take up a stored state."""
