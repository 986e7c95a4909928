"""What the tests of all searches share."""

from __future__ import annotations

from typing import Any, TypeVar

from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import Arrays

S = TypeVar("S", bound=Search[Any])


def restored(search: S, state: Arrays) -> S:
    """The search, after it has taken up a state."""
    search.restore(state)
    return search
