"""Ctrl-C: what is said at once, and what work in threads asks for.

Python raises KeyboardInterrupt in the main thread alone, and work that is under way may need a
while to end. A program says in the meantime that it has understood. A handler runs between any two
steps of the main thread: it takes no lock and imports nothing. SIGTERM, by which batch systems and
`timeout` end a program, is taken as Ctrl-C is.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STDERR = 2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_state = {"watched": False, "stopping": False}


def stopping() -> bool:
    """Whether an interrupt came in an `announced` block that has not ended yet."""
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

    SIGTERM does the same. Nothing changes in a thread that is not the main one, as no signal
    arrives there, nor for a signal that is ignored, as SIGINT is in a shell's background. A process
    that was forked in the block ends by SIGTERM as any other: so do pools end theirs.
    """
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {n: h for n, h in found.items() if h is not None and h is not signal.SIG_IGN}
    if threading.current_thread() is not threading.main_thread() or not before:
        yield
        return
    process = os.getpid()

    def told(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM and os.getpid() != process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        _state["stopping"] = True
        if word():
            raise KeyboardInterrupt

    outer = dict(_state)
    _state["watched"] = True
    for number in before:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.update(outer)
