"""Logs of a fit: JSON lines, or scalars for TensorBoard."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from symtick.errors import InputError
from symtick.estimators.course.moments import Moment, Watcher
from symtick.estimators.course.tensorboard import Event, framed

SOON, LATE = 0.1, 1.0  # seconds between two records where the loss fell, and where it did not


def log_to(path: Path) -> Watcher:
    """The log that is written there.

    Args:
        path: a file that ends in `.jsonl`, to which is added, or a folder for TensorBoard.

    Raises:
        InputError: it is neither, or cannot be written.
    """
    if path.suffix not in ("", ".jsonl") or (path.suffix and path.is_dir()):
        raise InputError(
            f"log must be a file *.jsonl, or a folder for TensorBoard without a dot in its name, "
            f"not {path}"
        )
    try:
        return JsonLines(path) if path.suffix else TensorBoard(path)
    except OSError as error:
        raise InputError(f"cannot write the log {path}: {error.strerror}") from None


class _Log:
    """Records where a loss fell, now and then in between, and at the end of each target."""

    def __init__(self) -> None:
        self._last = -math.inf
        self._best = math.inf

    def __call__(self, moment: Moment) -> None:
        fell = moment.best_loss < self._best
        if moment.ended or moment.seconds - self._last >= (SOON if fell else LATE):
            self._last, self._best = moment.seconds, moment.best_loss
            self.record(moment)
        if moment.ended:
            self._last, self._best = -math.inf, math.inf

    def record(self, moment: Moment) -> None:
        raise NotImplementedError


class JsonLines(_Log):
    """A JSON object a line: target, seconds, evaluations, passes, best loss and the front.

    Args:
        path: of the file; what is there stays.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8")
        self._write({"event": "begin", "time": time.time()})

    def record(self, moment: Moment) -> None:
        best = moment.best_loss
        self._write(
            {
                "event": "end" if moment.ended else "progress",
                "target": moment.target,
                "seconds": round(moment.seconds, 3),
                "share": moment.share,
                "evaluations": moment.evaluations,
                "passes": moment.passes,
                "evaluations_per_second": round(moment.rate, 1),
                "best_loss": best if math.isfinite(best) else None,
                "front": moment.front.rows(),
            }
            | ({"ended": moment.ended} if moment.ended else {})
        )

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, allow_nan=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class TensorBoard(_Log):
    """Scalars by evaluations, and the front as text; each fit has a file of its own.

    Args:
        folder: where TensorBoard looks (`tensorboard --logdir`).
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = _new_file(folder).open("xb")
        self._write(Event(time.time(), 0, version="brain.Event:2"))

    def record(self, moment: Moment) -> None:
        tag = f"{moment.target}/" if moment.target else ""
        for name, value in _scalars(moment):
            self._write(Event(time.time(), moment.evaluations, f"{tag}{name}", value))
        text = moment.front.text().replace("\n", "\n    ")
        self._write(Event(time.time(), moment.evaluations, f"{tag}front", text=f"    {text}"))

    def _write(self, event: Event) -> None:
        self._file.write(framed(event.encoded()))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _scalars(moment: Moment) -> Iterator[tuple[str, float]]:
    if math.isfinite(moment.best_loss):
        yield "best_loss", moment.best_loss
        if moment.best_loss > 0.0:
            yield "log10_best_loss", math.log10(moment.best_loss)
    yield "evaluations_per_second", moment.rate
    yield "equations", float(len(moment.front.rows()))


def _new_file(folder: Path) -> Path:
    """A name as TensorBoard looks for, which is not there yet."""
    start = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
    number = 0
    while (path := folder / f"{start}.{number}").exists():
        number += 1
    return path
