"""Training the example teacher: a small perceptron on labels or real targets, seeded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.data.dataset import Dataset, FloatArray
from symtick.search.data.weighting import drawn_by_weight
from symtick.search.teachers.teacher import Architecture, TorchTeacher
from symtick.search.torch_threads import one_thread

TorchLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def train_mlp(
    dataset: Dataset,
    widths: Sequence[int] = (64, 32, 32),
    epochs: int = 40,
    seed: int = 0,
    batch: int = 512,
    learning_rate: float = 5e-3,
    weight_decay: float = 1e-2,
    activation: str = "relu",
) -> TorchTeacher:
    """A perceptron on standardised features, by AdamW and a one-cycle rate.

    The loss is the cross-entropy; of real targets the mean square on standardised ones, whose mean
    and spread the last layer then takes in, so that outputs are in the user's units.

    The same seed gives the same weights on one machine, whatever its number of cores.

    Args:
        dataset: rows with labels or real targets; with weights they are drawn by these.
        widths: the hidden layers.
        epochs: passes over the data.
        seed: of the first weights and of the order of the rows.
        batch: rows per step.
        learning_rate: the peak of the cycle.
        weight_decay: AdamW's.
        activation: of the hidden layers.

    Raises:
        InputError: no labels or targets, fewer than two classes, or settings out of range.
    """
    names = dataset.target_names
    if not names and len(dataset.class_names) < 2:
        raise InputError(f"a classifier needs two or more classes, not {dataset.class_names}")
    center, spread = np.zeros(len(names)), np.ones(len(names))
    if names:
        center, spread = dataset.targets.mean(axis=0), _spread(dataset.targets)
        goal = torch.tensor((dataset.targets - center) / spread, dtype=torch.float32)
    else:
        goal = torch.tensor(dataset.labels)
    sizes = (dataset.X.shape[1], *widths, len(names or dataset.class_names))
    drawn = slice(None) if dataset.weights is None else drawn_by_weight(dataset.weights, seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        teacher = TorchTeacher.wrap(
            Architecture.mlp(sizes, activation).build(),
            dataset.feature_names,
            dataset.class_names,
            dataset.X.mean(axis=0),
            _spread(dataset.X),
            "regression" if names else "classification",
            names,
        )
        inputs = torch.from_numpy(teacher.standardise(dataset.X))[drawn]
        fit_module(
            teacher.module,
            inputs,
            goal[drawn],
            nn.functional.mse_loss if names else nn.functional.cross_entropy,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
        )
    if names:
        _take_in(teacher.module, center, spread)
    return teacher


def _spread(columns: FloatArray) -> FloatArray:
    std = columns.std(axis=0)
    return np.where(std > 0, std, 1.0)  # a constant column carries nothing


def _take_in(module: nn.Module, center: FloatArray, spread: FloatArray) -> None:
    """Let the last layer give spread * output + center."""
    last = [layer for layer in module.modules() if isinstance(layer, nn.Linear)][-1]
    scale = torch.tensor(spread, dtype=torch.float32)
    with torch.no_grad():
        last.weight.mul_(scale[:, None])
        last.bias.mul_(scale).add_(torch.tensor(center, dtype=torch.float32))


def fit_module(
    module: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: TorchLoss,
    *,
    epochs: int,
    batch: int,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> None:
    """Train in place with torch's current random state; the caller seeds it.

    Args:
        module: what is trained.
        inputs, targets: rows, first axis the same.
        loss: (module(inputs), targets) -> scalar.

    Raises:
        InputError: epochs, batch or learning rate not positive.
    """
    if epochs < 1 or batch < 1 or not learning_rate > 0:
        raise InputError(
            f"epochs, batch and learning rate must be positive, not {epochs}, {batch}, "
            f"{learning_rate}"
        )
    steps = epochs * -(-len(inputs) // batch)
    optimiser = torch.optim.AdamW(
        module.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
    module.train()
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(inputs)), batch):
            optimiser.zero_grad()
            loss(module(inputs[rows]), targets[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    module.eval()
