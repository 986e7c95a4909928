"""Ctrl-C: what is said at once, and what work in threads asks for.

Python raises KeyboardInterrupt in the main thread alone, and work that is under way may need a
while to end. A program says in the meantime that it has understood. A handler runs between any two
steps of the main thread: it takes no lock and imports nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STDERR = 2
_state = {"watched": False, "stopping": False}


def stopping() -> bool:
    """Whether Ctrl-C was pressed in an `announced` block that has not ended yet."""
    return _state["stopping"]


def watched() -> bool:
    """Whether such a block is open: a program that ends its own child processes."""
    return _state["watched"]


def say(text: str) -> None:
    """A line on stderr, from a handler too."""
    os.write(_STDERR, f"{text}\n".encode())


@contextmanager
def announced(word: Callable[[], bool]) -> Iterator[None]:
    """A block in which Ctrl-C calls `word`, and raises KeyboardInterrupt where that says so.

    Nothing changes in a thread that is not the main one, as no signal arrives there, and where
    SIGINT is ignored, as in a shell's background.
    """
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or before is None or before is signal.SIG_IGN:
        yield
        return

    def told(number: int, frame: FrameType | None) -> None:
        _state["stopping"] = True
        if word():
            raise KeyboardInterrupt

    outer = dict(_state)
    _state["watched"] = True
    signal.signal(signal.SIGINT, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _state.update(outer)
