"""What the tests of all searches share."""

from __future__ import annotations

from typing import Any, TypeVar

from symtick.search.designs.front import FrontEntry
from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import Arrays

S = TypeVar("S", bound=Search[Any])


def restored(search: S, state: Arrays) -> S:
    """The search, after it has taken up a state."""
    search.restore(state)
    return search


def dominates(first: FrontEntry, second: FrontEntry) -> bool:
    """Whether `first` is nowhere worse in (score, ticks, cost) and somewhere better."""
    a, b = first.figures, second.figures
    return a != b and all(p <= q for p, q in zip(a, b, strict=True))
