"""Runs of a benchmark: spread over processes, logged line by line, resumed after a stop."""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from symtick.errors import InputError
from symtick.search import _kernel

Record = dict[str, Any]  # of one run, as a line of a log
Result = Mapping[str, Any]  # a file in `results/`
ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LOGS = ROOT / "runs" / "benchmarks"
# one thread a run: wall times are then those of one core
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Keyed(Protocol):
    """A piece of work; `key` tells it from every other."""

    @property
    def key(self) -> Hashable: ...


_J = TypeVar("_J", bound=Keyed)


@dataclass(frozen=True)
class Log(Generic[_J]):
    """Results of runs, one JSON object a line, each written at once.

    Attributes:
        path: the file; it is created with its folder when the first row is appended.
        key: the key of the run that a row belongs to.
    """

    path: Path
    key: Callable[[Record], Hashable]

    def rows(self) -> list[Record]:
        """The rows so far; a last line that a kill cut short does not count.

        Raises:
            InputError: another line is damaged.
        """
        if not self.path.exists():
            return []
        *lines, rest = self.path.read_bytes().split(b"\n")
        try:
            records = [json.loads(line) for line in lines]
        except ValueError as error:
            raise InputError(f"{self.path} is damaged: {error}; remove it or the line") from None
        if rest:
            os.truncate(self.path, sum(len(line) + 1 for line in lines))
        return records

    def append(self, row: Record) -> None:
        """Add a row; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = (json.dumps(row, allow_nan=False) + "\n").encode()
        with self.path.open("ab", buffering=0) as file:
            file.write(line)
            os.fsync(file.fileno())

    def missing(self, jobs: Iterable[_J]) -> list[_J]:
        """Those jobs that have no row yet."""
        done = {self.key(row) for row in self.rows()}
        return [job for job in jobs if job.key not in done]


def run_all(
    jobs: Sequence[_J],
    work: Callable[[_J], Record],
    log: Log[_J],
    processes: int,
    show: Callable[[Record], None] = lambda row: None,
) -> list[Record]:
    """Do the runs that the log lacks, in `processes` processes of one thread each.

    Returns:
        The rows of all `jobs`, in the order of the log.

    Raises:
        InputError: fewer than one process.
    """
    if processes < 1:
        raise InputError(f"at least one process is needed, not {processes}")
    todo = log.missing(jobs)
    for name in _ONE_THREAD:
        os.environ[name] = "1"

    def keep(row: Record) -> None:
        log.append(row)
        show(row)

    if processes == 1:
        for job in todo:
            keep(work(job))
    else:
        _spread(todo, work, processes, keep)
    wanted = {job.key for job in jobs}
    return [row for row in log.rows() if log.key(row) in wanted]


def _spread(
    todo: Sequence[_J],
    work: Callable[[_J], Record],
    processes: int,
    keep: Callable[[Record], None],
) -> None:
    """Work in processes of their own; each row is kept as it comes."""
    with ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=_leave_with, initargs=(os.getpid(),)
    ) as pool:
        waiting: set[Future[Record]] = set()
        try:
            for job in todo:
                waiting.add(pool.submit(work, job))
                if len(waiting) > processes:
                    waiting = _settled(waiting, keep)
            while waiting:
                waiting = _settled(waiting, keep)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed without notice."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _settled(waiting: set[Future[Record]], keep: Callable[[Record], None]) -> set[Future[Record]]:
    done, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        keep(future.result())
    return rest


def machine() -> dict[str, Any]:
    """The machine and the versions that the runs were made with."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "isa": _kernel.isa(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "symtick": version("symtick"),
    }


def say(text: str) -> None:
    """Print progress on standard error, so that a table on standard output can be redirected."""
    print(text, file=sys.stderr, flush=True)
