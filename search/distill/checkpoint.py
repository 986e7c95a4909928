"""Checkpoints: one file for each part of the search, replaced as a whole after each slice.

Room: `search`; imports `symtick.files`. A file is a .npz of plain arrays and one JSON text, never a
pickle. Each part's file is complete in itself, so a process that is killed between two of them
leaves parts at different slices, from which all go on to the same result.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from symtick.errors import InputError
from symtick.expr import Expression
from symtick.files import write_json
from symtick.search.data.problem import Problem
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.stage import Source
from symtick.search.kernel_api.states import read_state, write_state

FORMAT = "symtick-checkpoint-1"
HEAD = "checkpoint.json"


def fingerprint(problem: Problem, config: DistillConfig, model_name: str) -> str:
    """A digest of everything that decides the result (the number of threads does not)."""
    settings = asdict(config)
    settings.pop("threads")
    words = {
        "settings": settings,
        "model": model_name,
        "kind": problem.kind,
        "formats": [str(f) for f in problem.formats],
        "inputs": problem.input_names,
        "outputs": problem.output_names,
        "held_out": problem.held_out,
    }
    digest = hashlib.sha256(json.dumps(words, sort_keys=True, default=_plain).encode())
    for array in (problem.raw, problem.targets, problem.soft, problem.labels):
        digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _plain(held: object) -> object:
    if isinstance(held, Fraction):
        return str(held)
    if isinstance(held, Expression):
        return str(held)
    raise InputError(
        f"a checkpoint cannot know whether {held!r} is the same when it is resumed: use settings "
        "that are plain values, such as a loss by its name"
    )


class Checkpoint:
    """A folder of source states.

    Args:
        folder: made where it is missing.
        key: the `fingerprint` of the run.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.key = key

    def begin(self, resume: bool) -> None:
        """Mark the folder as this run's.

        Raises:
            InputError: it holds a run and `resume` is false, or holds another run or none.
        """
        head = self.folder / HEAD
        if not resume:
            if head.exists():
                raise InputError(f"{self.folder} holds a checkpoint: resume it or remove it")
            write_json(head, {"format": FORMAT, "key": self.key})
            return
        if self._head().get("key") != self.key:
            raise InputError(
                f"the checkpoint in {self.folder} belongs to other data or settings: resume with "
                "those that it was started with"
            )

    def _head(self) -> dict[str, Any]:
        path = self.folder / HEAD
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            raise InputError(f"there is no checkpoint in {self.folder}") from None
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputError(f"{path} is not a checkpoint of the format {FORMAT}")
        return content

    def save(self, source: Source) -> None:
        """Store one source's state."""
        arrays, values = source.state()
        write_state(self._path(source), arrays, values)

    def load(self, source: Source) -> bool:
        """Restore a source where its file is there; whether it was.

        Raises:
            InputError: the file is damaged.
        """
        path = self._path(source)
        if not path.exists():
            return False
        arrays, values = read_state(path)
        try:
            source.restore(arrays, values)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged: {error}") from error
        return True

    def _path(self, source: Source) -> Path:
        return self.folder / f"{source.name}.npz"
