"""What a warm start needs of a target's last search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from symtick.search.evolution.settings import EngineConfig
from symtick.search.kernel_api.candidate import Penalty
from symtick.search.kernel_api.losses import Loss
from symtick.search.kernel_api.states import Arrays


@dataclass(frozen=True, eq=False)
class Memory:
    """What a warm start needs of a target: what was searched for, the start, and where it stood."""

    key: str
    guesses: tuple[str, ...]
    state: Arrays | None
    loss: Loss = EngineConfig.loss
    penalty: Penalty | None = None

    def same(self, loss: Loss, penalty: Penalty | None) -> bool:
        """Whether these are the very loss and penalty; names of losses just equal."""
        return _same(self.loss, loss) and _same(self.penalty, penalty)


def _same(one: object, other: object) -> bool:
    if isinstance(one, partial) and isinstance(other, partial):
        return one.func is other.func and one.args == other.args
    return one is other or (isinstance(one, str) and one == other)
