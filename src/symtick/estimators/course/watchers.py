"""Who is told of the course of a fit, by the parameters `verbose` and `log`."""

from __future__ import annotations

from pathlib import Path

from symtick.estimators.course.live import Lines, display
from symtick.estimators.course.logs import log_to
from symtick.estimators.course.moments import Watcher


def watchers(verbose: str | int, log: Path | None) -> list[Watcher]:
    """The watchers.

    Args:
        verbose: `auto` for what this program can display; else whether lines are printed.
        log: file or folder of a log, or None.

    Raises:
        InputError: the log cannot be written.
    """
    shown = display() if verbose == "auto" else Lines() if verbose else None
    return [w for w in (shown, None if log is None else log_to(log)) if w is not None]
