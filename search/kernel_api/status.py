"""Where a search stands, for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """Where a source stands, for people.

    Attributes:
        name: the source.
        done: whether it is finished.
        slices: slices done.
        text: what it holds now, in a few words.
        loss: its best training loss so far.
    """

    name: str
    done: bool
    slices: int
    text: str
    loss: float
