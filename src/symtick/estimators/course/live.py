"""What is seen while a fit runs: a display in a terminal or notebook, or lines."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from html import escape
from importlib import import_module
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from symtick.estimators.course.moments import Moment, Watcher

FIRST, EVERY = 1.0, 0.5  # seconds before anything is shown, and between two updates


def display() -> Watcher | None:
    """The display of this program: in a notebook or a terminal; None elsewhere.

    Fits in other processes and threads than the main ones show nothing: there may be many at once.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or multiprocessing.parent_process() is not None:
        return None
    if _in_notebook():
        return NotebookDisplay()
    return TerminalDisplay(Console(stderr=True)) if sys.stderr.isatty() else None


def _in_notebook() -> bool:
    """Whether a kernel of Jupyter's runs this program."""
    loaded = sys.modules.get("IPython")
    shell = None if loaded is None else loaded.get_ipython()
    return getattr(shell, "kernel", None) is not None


class Lines:
    """Prints a line for each tenth of the budget, and one at the end."""

    def __init__(self) -> None:
        self._target, self._told = "", 0

    def __call__(self, moment: Moment) -> None:
        if moment.target != self._target:
            self._target, self._told = moment.target, 0
        tenth = int(10 * moment.share)
        if tenth > self._told or moment.ended:
            self._told = tenth
            why = f" (end: {moment.ended})" if moment.ended else ""
            print(f"{moment.line}{why}", flush=True)

    def close(self) -> None:
        pass


class _Paced:
    """Shows a moment now and then, and nothing of short fits."""

    def __init__(self) -> None:
        self._next = FIRST

    def __call__(self, moment: Moment) -> None:
        if moment.seconds >= self._next and not moment.ended:
            self.show(moment)
            self._next = moment.seconds + EVERY

    def show(self, moment: Moment) -> None:
        raise NotImplementedError


class TerminalDisplay(_Paced):
    """The line of progress and the front so far, redrawn in place and gone at the end.

    Args:
        console: of the terminal.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._live: Live | None = None

    def show(self, moment: Moment) -> None:
        shown = Group(
            Text(moment.line), Text(moment.front.text(), no_wrap=True, overflow="ellipsis")
        )
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(shown, refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()


class NotebookDisplay(_Paced):
    """The line of progress, the plot and the typeset front so far; gone at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: Any = None

    def show(self, moment: Moment) -> None:
        self._put(f"<div>{escape(moment.line)}</div>{moment.front.html()}")

    def _put(self, page: str) -> None:
        display = import_module("IPython.display")  # there: its kernel runs this
        if self._handle is None:
            self._handle = display.display(display.HTML(page), display_id=True)
        else:
            self._handle.update(display.HTML(page))

    def close(self) -> None:
        if self._handle is not None:
            self._put("")
