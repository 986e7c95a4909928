"""Fuzz the compiler.

    python -m benchmarks.fuzz --designs 10000 --folder runs/fuzz

Each batch of cases leaves a file when it is done, so that a run that was stopped or killed goes on
where it was when it is started again. A case that fails is made smaller and kept in `failures/`;
from there it goes to `tests/benchmarks/fuzz/kept/`, whose cases every run of the tests repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.fuzz.cases import FuzzCase
from benchmarks.fuzz.checks import BY_TOOLS, checked
from benchmarks.fuzz.draw import draw
from benchmarks.fuzz.shrink import shrunk
from benchmarks.runs import say
from symtick.files import write_json

CPU = "CPU seconds"


def fuzz(folder: Path, seed: int, count: int, batch: int, rows: int) -> Counter[str]:
    """Run batches of cases, those apart that an earlier run has done; what all have shown.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    settings = {"seed": seed, "batch": batch, "vectors": rows}
    head = folder / "fuzz.json"
    if head.exists() and json.loads(head.read_text()) != settings:
        raise ValueError(f"{head} is of another run: {head.read_text()}")
    write_json(head, settings)
    total: Counter[str] = Counter()
    for start in range(0, count, batch):
        path = folder / "batches" / f"{start:06d}.json"
        if not path.exists():
            numbers = range(start, min(start + batch, count))
            write_json(path, _batch(folder, seed, numbers, rows))
        total.update(json.loads(path.read_text()))
        say(f"{min(start + batch, count)} of {count}: {_words(total)}")
    return total


def _batch(folder: Path, seed: int, numbers: range, rows: int) -> dict[str, float]:
    before = _cpu_seconds()
    cases = {number: draw(seed, number) for number in numbers}
    with TemporaryDirectory() as work:
        outcome = checked(cases, rows, Path(work) / "batch")
        for number, failure in outcome.failures.items():
            say(f"case {number} fails the check {failure.check}: {failure.text[:300]}")
            small = shrunk(cases[number], _Fails(failure.check, rows, Path(work) / "smaller"))
            kept: dict[str, Any] = {"check": failure.check, "text": failure.text,
                                    "case": small.to_json(), "drawn": [seed, number]}  # fmt: skip
            write_json(folder / "failures" / f"{seed}_{number}.json", kept)
    found = {"passed": outcome.passed, "vectors": outcome.vectors, "failed": len(outcome.failures)}
    return {**found, **outcome.refused, CPU: round(_cpu_seconds() - before, 1)}


def _cpu_seconds() -> float:
    """CPU time of this process and of all that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


class _Fails:
    """Whether a case fails a check."""

    def __init__(self, check: str, rows: int, work: Path) -> None:
        self.check, self.rows, self.work = check, rows, work

    def __call__(self, case: FuzzCase) -> bool:
        by_tools = self.check in BY_TOOLS
        outcomes = [
            checked({number: case}, self.rows, self.work, by_tools)
            for number in ((0, 45) if by_tools else (0,))  # which says what other tools run
        ]
        return any(f.check == self.check for o in outcomes for f in o.failures.values())


def _words(total: Counter[str]) -> str:
    return ", ".join(f"{count:g} {name}" for name, count in total.items())


def main() -> int:
    """Fuzz; 1 where a case fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--designs", type=int, default=10_000)
    parser.add_argument("--vectors", type=int, default=256, help="of each design at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=100, help="designs that share a build")
    parser.add_argument("--folder", type=Path, default=Path("runs/fuzz"))
    options = parser.parse_args()
    os.environ.setdefault("SYMTICK_CACHE", str(options.folder / "cache"))  # of no use elsewhere
    total = fuzz(options.folder, options.seed, options.designs, options.batch, options.vectors)
    return int(total["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
