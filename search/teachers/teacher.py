"""Teachers: trained networks whose scores the search imitates.

A teacher on disk is a .npz of plain arrays and one JSON
text; nothing here unpickles.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.errors import InputError, counted
from symtick.files import write_bytes
from symtick.search.data.dataset import FloatArray, check_matrix
from symtick.search.torch_threads import one_thread

TeacherTask = Literal["classification", "regression"]

ACTIVATIONS: Mapping[str, type[nn.Module] | None] = {
    "linear": None,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
FORMAT = "symtick-teacher-1"
CHUNK = 65_536  # rows per forward pass: bounds the memory


class Teacher(Protocol):
    """What the search asks of a network."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name per input."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class; empty for regression."""
        ...

    @property
    def target_names(self) -> tuple[str, ...]:
        """One name per value; empty for classes."""
        ...

    @property
    def task(self) -> TeacherTask:
        """What the outputs mean."""
        ...

    def logits(self, X: npt.ArrayLike) -> FloatArray:
        """Rows (n, features) in the user's units to scores before softmax, float64 (n, K)."""
        ...


def check_outputs(what: str, outputs: int, wanted: int, task: TeacherTask) -> None:
    """Raise InputError where a network has another number of outputs than classes or targets."""
    if outputs == wanted or (task == "classification" and (outputs, wanted) == (1, 2)):
        return
    if task == "regression":
        raise InputError(
            f"the {what} has {counted(outputs, 'output')} for {counted(wanted, 'target')}: give "
            "one that has an output for each, in their order, or y with the values of each output"
        )
    raise InputError(
        f"the {what} has {counted(outputs, 'output')} for {wanted} classes: give one that has an "
        "output for each class (one is enough for two classes), or rows with labels of every class"
    )


@dataclass(frozen=True)
class Architecture:
    """A plain multilayer perceptron.

    Attributes:
        widths: inputs, hidden layers, outputs, such as (16, 64, 32, 32, 5).
        activations: one name of `ACTIVATIONS` per layer, the output layer's last.

    Raises:
        InputError: fewer than two widths, a width below 1, or an unknown activation.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or any(type(w) is not int or w < 1 for w in self.widths):
            raise InputError(f"widths must be two or more numbers from 1, not {self.widths!r}")
        if len(self.activations) != len(self.widths) - 1:
            raise InputError(
                f"{len(self.widths) - 1} layers need as many activations, not "
                f"{len(self.activations)}"
            )
        for name in self.activations:
            if name not in ACTIVATIONS:
                raise InputError(f"unknown activation {name!r}: use {', '.join(ACTIVATIONS)}")

    @classmethod
    def mlp(cls, widths: Sequence[int], activation: str = "relu") -> Architecture:
        """Hidden layers with one activation and a linear output layer."""
        return cls(tuple(widths), (activation,) * (len(widths) - 2) + ("linear",))

    def build(self) -> nn.Sequential:
        """The network, with torch's default random weights."""
        layers: list[nn.Module] = []
        for inputs, outputs, name in zip(
            self.widths, self.widths[1:], self.activations, strict=False
        ):
            layers.append(nn.Linear(inputs, outputs))
            activation = ACTIVATIONS[name]
            if activation is not None:
                layers.append(activation())
        return nn.Sequential(*layers)


def architecture_of(module: nn.Module) -> Architecture | None:
    """The plain perceptron that `module` is, or None if it is anything else."""
    if not isinstance(module, nn.Sequential):
        return None
    names = {kind: name for name, kind in ACTIVATIONS.items() if kind is not None}
    widths: list[int] = []
    activations: list[str] = []
    for layer in module:
        if type(layer) is nn.Linear:
            widths = widths or [layer.in_features]
            widths.append(layer.out_features)
            activations.append("linear")
        elif type(layer) in names and activations and activations[-1] == "linear":
            activations[-1] = names[type(layer)]
        elif not isinstance(layer, nn.Identity | nn.Dropout):
            return None
    return Architecture(tuple(widths), tuple(activations)) if activations else None


@dataclass(frozen=True, eq=False)
class TorchTeacher:
    """A torch module behind a standardisation of its inputs.

    Attributes:
        module: maps float32 (n, features) to scores before softmax (n, K).
        feature_names, class_names: names of inputs and classes.
        mean, std: float64 (features,); the module sees (x - mean) / std.
        task: what the outputs mean.
        target_names: of a regression, one for each output.

    Raises:
        InputError: sizes that do not fit, a std that is not positive, or a module that ends in
            a softmax.
    """

    module: nn.Module
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    mean: FloatArray
    std: FloatArray
    task: TeacherTask = "classification"
    target_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        size = len(self.feature_names)
        for name, value in (("mean", self.mean), ("std", self.std)):
            if value.shape != (size,) or not np.isfinite(value).all():
                raise InputError(f"{name} must hold {size} finite numbers, one per feature")
        if not (self.std > 0).all():
            name = self.feature_names[int(np.argmin(self.std))]
            raise InputError(f"the std of {name!r} is {self.std.min()}, but must be positive")
        if isinstance(self.module, nn.Sequential) and len(self.module):
            last = self.module[-1]
            if isinstance(last, nn.Softmax | nn.LogSoftmax):
                raise InputError(
                    f"the module ends in {type(last).__name__}: give it without (module[:-1]), "
                    "as scores before softmax are imitated"
                )

    @classmethod
    def wrap(
        cls,
        module: nn.Module,
        feature_names: Sequence[str],
        class_names: Sequence[str] = (),
        mean: npt.ArrayLike | None = None,
        std: npt.ArrayLike | None = None,
        task: TeacherTask = "classification",
        target_names: Sequence[str] = (),
    ) -> TorchTeacher:
        """Any module given in Python; without mean and std it sees the raw features.

        Raises:
            InputError: as the class.
        """
        size = len(feature_names)
        return cls(
            module,
            tuple(feature_names),
            tuple(class_names),
            np.zeros(size) if mean is None else np.array(mean, dtype=np.float64),
            np.ones(size) if std is None else np.array(std, dtype=np.float64),
            task,
            tuple(target_names),
        )

    @property
    def architecture(self) -> Architecture:
        """The widths and activations of a plain perceptron.

        Raises:
            InputError: the module is something else.
        """
        shape = architecture_of(self.module)
        if shape is None:
            raise InputError(
                f"a {type(self.module).__name__} is not a plain perceptron (an nn.Sequential of "
                f"Linear and {', '.join(n for n in ACTIVATIONS if n != 'linear')}): it can "
                "teach, but it can be neither saved nor converted here"
            )
        return shape

    def layers(self) -> list[tuple[FloatArray, FloatArray]]:
        """Weights (outputs, inputs) and biases (outputs,) of each layer of a plain perceptron.

        Raises:
            InputError: as `architecture`.
        """
        _ = self.architecture
        linears = [layer for layer in self.module.modules() if isinstance(layer, nn.Linear)]
        return [
            (
                np.array(layer.weight.detach().cpu().numpy(), dtype=np.float64),
                np.zeros(layer.out_features)
                if layer.bias is None
                else np.array(layer.bias.detach().cpu().numpy(), dtype=np.float64),
            )
            for layer in linears
        ]

    def standardise(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """What the module sees of rows (n, features), float32.

        Raises:
            InputError: bad data, or another number of features.
        """
        matrix = check_matrix(X, self.feature_names)
        return ((matrix - self.mean) / self.std).astype(np.float32)

    def logits(self, X: npt.ArrayLike) -> FloatArray:
        """Scores before softmax, float64 (n, K), computed in the module's type.

        Raises:
            InputError: bad data, or a module that answers with another shape or with NaN.
        """
        kinds = [p.dtype for p in self.module.parameters() if p.is_floating_point()]
        inputs = torch.from_numpy(self.standardise(X)).to(kinds[0] if kinds else torch.float32)
        training = self.module.training
        self.module.eval()
        try:
            with torch.inference_mode(), one_thread():
                parts = [self._answer(chunk) for chunk in torch.split(inputs, CHUNK)]
                scores = torch.cat(parts).double().cpu().numpy()
        finally:
            self.module.train(training)
        self._check_scores(scores, len(inputs))
        return np.asarray(scores, dtype=np.float64)

    def _answer(self, rows: torch.Tensor) -> torch.Tensor:
        name = type(self.module).__name__
        try:
            answer = self.module(rows)
        except RuntimeError as error:  # torch's own, of shapes that do not fit
            raise InputError(
                f"the {name} fails on rows of {rows.shape[1]} features: {error}; give the features "
                "that it was trained on"
            ) from error
        if not isinstance(answer, torch.Tensor):
            raise InputError(
                f"the {name} answers with a {type(answer).__name__}, not with a tensor of scores: "
                "give a module whose forward returns the scores alone"
            )
        return answer

    def _check_scores(self, scores: npt.NDArray[Any], rows: int) -> None:
        if scores.ndim != 2 or len(scores) != rows:
            raise InputError(
                f"the module maps {rows} rows to shape {scores.shape}, not to (rows, outputs)"
            )
        names = self.class_names if self.task == "classification" else self.target_names
        check_outputs("module", scores.shape[1], len(names), self.task)
        if not np.isfinite(scores).all():
            row = int(np.argwhere(~np.isfinite(scores))[0, 0])
            raise InputError(f"the module's scores of row {row} are not finite")

    def save(self, path: Path | str) -> None:
        """Write a .npz of plain arrays and one JSON text.

        Raises:
            InputError: not a plain perceptron, or a name that does not end in .npz.
        """
        file = Path(path)
        if file.suffix != ".npz":
            raise InputError(f"a teacher is saved as .npz, not as {file.name!r}")
        shape = self.architecture
        meta = {
            "format": FORMAT,
            "widths": shape.widths,
            "activations": shape.activations,
            "feature_names": self.feature_names,
            "class_names": self.class_names,
            "task": self.task,
            "target_names": self.target_names,
        }
        arrays: dict[str, Any] = {"meta": np.array(json.dumps(meta))}
        for index, (weight, bias) in enumerate(self.layers()):
            arrays[f"weight_{index}"] = weight.astype(np.float32)
            arrays[f"bias_{index}"] = bias.astype(np.float32)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, mean=self.mean, std=self.std, **arrays)
        write_bytes(file, buffer.getvalue())
