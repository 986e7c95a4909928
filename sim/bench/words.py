"""The files that a form's bench reads and writes, and the words of its ports.

It is copied beside a design with the benches that use it.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

Lane = dict[str, int]


class Ports:
    """The ports of one module, which may have a prefix where several stand side by side."""

    def __init__(self, dut: Any, prefix: str) -> None:
        self._dut, self._prefix = dut, prefix

    def get(self, *names: str) -> Any:
        """The first of these ports that there is; None without any."""
        found = (getattr(self._dut, f"{self._prefix}{name}", None) for name in names)
        return next((port for port in found if port is not None), None)


def read_jobs(kind: str) -> list[dict[str, Any]]:
    """What to drive and to compare, of each module with such ports: in job.json."""
    modules = json.loads(Path("job.json").read_text())["modules"]
    return [module for module in modules if module["kind"] == kind]


def read_rows(job: dict[str, Any], name: str) -> list[list[int]]:
    """Integers of a module's file, a vector on each line."""
    lines = (Path(job["folder"]) / name).read_text().splitlines()
    return [[int(word) for word in line.split()] for line in lines]


def packed(values: list[int], lanes: list[Lane], random: Random) -> int:
    """Values in one word, each from the bit `low` up, with anything in the bits between them."""
    word = 0
    for value, lane in zip(values, lanes, strict=True):
        own, room = lane["width"], lane["room"]
        bits = value & ((1 << own) - 1) | random.getrandbits(room) >> own << own
        word |= bits << lane["low"]
    return word


def read(line: Any, board: Any) -> int:
    """The bits of a port; a fault where one is undefined, and then 0."""
    try:
        return int(line.value)
    except ValueError:
        board.fault(f"{line._name} is undefined: {line.value}")
        return 0


def unpacked(word: int, lane: Lane) -> int:
    """The number in a lane, all bits of its room counted."""
    room = lane["room"]
    bits = word >> lane["low"] & ((1 << room) - 1)
    return bits - (1 << room) if lane["signed"] and bits >> (room - 1) else bits


def write(job: dict[str, Any], given: dict[int, list[int]], outcome: dict[str, Any]) -> None:
    """What came out, a line for each vector with its number in front, and what was seen of it."""
    lines = [f"{k} {' '.join(map(str, given[k]))}\n" for k in sorted(given)]
    folder = Path(job["folder"])
    (folder / "response.txt").write_text("".join(lines))
    (folder / "outcome.json").write_text(json.dumps(outcome, indent=2) + "\n")
    seen = f"{outcome['vectors']} vectors, latencies {outcome['latencies']}"
    word = "FAIL" if outcome["faults"] else "PASS"
    seen = f"{seen}, {outcome['faults']} faults {outcome['first_fault']}"
    print(f"{word}: {job['design']}, {seen}".rstrip())
