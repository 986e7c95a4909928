"""Ctrl-C: what is said at once, and what work in threads asks for.

Python raises KeyboardInterrupt in the main thread alone, and work that is under way may need a
while to end. A program says in the meantime that it has understood.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_stopping = threading.Event()


def stopping() -> bool:
    """Whether Ctrl-C was pressed in an `announced` block that has not ended yet."""
    return _stopping.is_set()


@contextmanager
def announced(say: Callable[[], None]) -> Iterator[None]:
    """A block in which Ctrl-C calls `say` before KeyboardInterrupt is raised.

    In a thread that is not the main one nothing changes, as no signal arrives there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(number: int, frame: FrameType | None) -> None:
        _stopping.set()
        say()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _stopping.clear()
