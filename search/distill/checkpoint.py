"""Checkpoints: one file for each part of the search, replaced as a whole after each slice.

A file is a .npz of plain arrays and one JSON text, never a
pickle. Each part's file is complete in itself, so a process that is killed between two of them
leaves parts at different slices, from which all go on to the same result.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from symtick.codegen import Slice
from symtick.errors import InputError
from symtick.files import write_json
from symtick.search.data.problem import ACCURACY, Problem
from symtick.search.distill.settings import DistillConfig
from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import digest, read_state, refuse_earlier, write_state

FORMAT = "symtick-checkpoint-4"
HEAD = "checkpoint.json"


def fingerprint(
    problem: Problem, config: DistillConfig, model_name: str, slices: Sequence[Slice] = ()
) -> str:
    """A digest of everything that decides the result (the number of workers does not)."""
    words: dict[str, Any] = {
        "settings": replace(config, workers=1),
        "model": model_name,
        "kind": problem.kind,
        "formats": [str(f) for f in problem.formats],
        "inputs": problem.input_names,
        "outputs": problem.output_names,
        "held_out": problem.held_out,
    }
    if problem.chosen_by != ACCURACY:
        words["chosen_by"] = problem.chosen_by
    if slices:
        words["slices"] = [f"{part.word} {part.fmt}" for part in slices]
    arrays = [problem.raw, problem.targets, problem.soft, problem.labels]
    arrays += [part for part in (problem.truth, problem.weights) if part is not None]
    return digest(words, arrays, functions=False)


class Checkpoint:
    """A folder of states of searches.

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
        if isinstance(content, dict):
            refuse_earlier(path, content.get("format"), FORMAT)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputError(f"{path} is not a checkpoint of the format {FORMAT}")
        return content

    def save(self, search: Search[Any]) -> None:
        """Store the state of a search."""
        write_state(self._path(search), search.state())

    def load(self, search: Search[Any]) -> bool:
        """Restore a search where its file is there; whether it was.

        Raises:
            InputError: the file is damaged.
        """
        path = self._path(search)
        if not path.exists():
            return False
        try:
            search.restore(read_state(path))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged: {error}") from error
        return True

    def _path(self, search: Search[Any]) -> Path:
        return self.folder / f"{search.status.name}.npz"
