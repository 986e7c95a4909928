"""Designs of real fronts: small distillations of several tasks, at any width of the inputs.

Two tasks are made here, from a seed: labels of a random smooth function of a few features. The
third is the jets example. Fronts are kept, so that a stopped benchmark goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.runs import LOGS, ROOT
from symtick.codegen import Fixed
from symtick.design_folder.folder import DesignSpec
from symtick.hwcost import model, search_cost
from symtick.search.data.dataset import Dataset, Scaler
from symtick.search.data.files import load_dataset
from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front
from symtick.search.distill.distill import Distiller
from symtick.search.distill.settings import DistillConfig
from symtick.search.teachers.train import train_mlp

DEVICE, CLOCK_MHZ = "open", 200.0
FRONTS = LOGS / "fronts"
_JETS = ROOT / "examples" / "jets" / "jets_sample.npz"
_ROWS = 4_000
_HIDDEN_SUMS = 6  # of the function that makes the labels


@dataclass(frozen=True)
class FrontTask:
    """Data to distil.

    Attributes:
        features: of a made task; 0 for the jets.
        classes: of a made task.
        seed: of a made task's data.
    """

    features: int = 0
    classes: int = 0
    seed: int = 0

    @property
    def name(self) -> str:
        """A Verilog identifier."""
        return f"made{self.features}x{self.classes}s{self.seed}" if self.features else "jets"


# areas were fitted with the first ones in view; the document reports the others
FITTED = (FrontTask(12, 3, 1), FrontTask(6, 2, 1))
HELD_OUT = (FrontTask(12, 3, 2), FrontTask(6, 2, 2), FrontTask())
TASKS = {task.name: task for task in (*FITTED, *HELD_OUT)}


def front(task: FrontTask, width: int, folder: Path = FRONTS) -> Front:
    """The front of a task with inputs of `fixed<width,1>`; it is searched for where none is kept.

    Raises:
        InputError: a kept front is damaged.
    """
    place = folder / f"{task.name}_{width}"
    if (place / "front.json").exists():
        return Front.load(place)
    data = _data(task)
    teacher = train_mlp(data, (16, 16), epochs=10, seed=1)
    formats = [Fixed(width, width - 1)] * data.X.shape[1]
    X = Scaler.fit(data.X).transform(data.X)
    problem = Problem.from_scores(X, teacher.logits(data.X), formats, labels=data.y)
    costs = model(DEVICE, CLOCK_MHZ)
    found = Distiller(problem, _config(), costs, search_cost(costs, formats)).run()
    place.mkdir(parents=True, exist_ok=True)
    found.save(place)
    return found


def spread(task: FrontTask, width: int, most: int) -> list[DesignSpec]:
    """At most `most` designs of a front, from the smallest to the largest in even steps."""
    entries = front(task, width).entries
    places = np.unique(np.linspace(0, len(entries) - 1, most).round().astype(int))
    return [
        DesignSpec(
            name=f"{task.name}_{width}_{entry.name}",
            expression=entry.expression,
            output_names=tuple(f"score_{n}" for n in range(len(entry.expression.outputs))),
            formats=(Fixed(width, width - 1),) * len(entry.expression.inputs),
            precision=entry.precision,
            device=DEVICE,
            clock_mhz=CLOCK_MHZ,
            widths=entry.widths,
        )
        for entry in (entries[k] for k in places)
    ]


def _config() -> DistillConfig:
    """A short search of both kinds: a layered form, a joint model."""
    base = DistillConfig(workers=1)
    layered = replace(base.layered, hidden=(5,), fit_steps=200, refit_steps=20, refined=0)
    return replace(
        base,
        joint=replace(base.joint, starts=1, rounds=6, method="gp", rows=_ROWS),
        layered=layered,
    )


def _data(task: FrontTask) -> Dataset:
    if not task.features:
        jets = load_dataset(_JETS, "train")
        return replace(jets, X=jets.X[:_ROWS], y=jets.labels[:_ROWS])
    rng = np.random.default_rng([task.seed, task.features, task.classes])
    X = rng.normal(size=(_ROWS, task.features))
    inner = X @ rng.normal(size=(task.features, _HIDDEN_SUMS)) / np.sqrt(task.features)
    scores = np.tanh(2.0 * inner) @ rng.normal(size=(_HIDDEN_SUMS, task.classes))
    scores += np.square(X) @ rng.normal(size=(task.features, task.classes)) / task.features
    y = np.argmax(scores - scores.mean(axis=0), axis=1)
    features = tuple(f"x{k}" for k in range(task.features))
    return Dataset(X, y, features, tuple(f"c{k}" for k in range(task.classes)))
