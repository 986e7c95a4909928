"""Progress as lines of text: when one is due, and how times are said."""

from __future__ import annotations

import time
from collections.abc import Callable

LINE_SECONDS = 10.0  # at least between two lines of one stage


def duration(seconds: float) -> str:
    """Seconds as a person says them: 8 s, 2 min 5 s, 1 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Lines:
    """Says a line for each stage of a long work, and one now and then in between.

    Args:
        say: prints it.
        every: seconds at least between two lines of one stage.
    """

    def __init__(self, say: Callable[[str], None], every: float = LINE_SECONDS) -> None:
        self._say, self._every, self._stage = say, every, ""
        self._start = self._said = time.monotonic()

    def tell(self, stage: str, text: str) -> None:
        """Say the text and the time that went by, if a line is due."""
        now = time.monotonic()
        if stage != self._stage or now - self._said >= self._every:
            self._stage, self._said = stage, now
            self._say(f"{text} ({duration(now - self._start)})")
