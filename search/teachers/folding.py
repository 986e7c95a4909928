"""Chains of dense layers, batch normalisations and activations as plain perceptrons.

In inference a batch normalisation is a factor and a shift of each number, which the dense layer
before it takes in, or the one behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.scoring import Signature, Standard
from symtick.search.teachers.teacher import Architecture, TorchTeacher

ENDS = ("softmax", "sigmoid")  # of a classifier: scores before them are imitated
Layer = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer: weight (outputs, inputs) and bias (outputs,), or none."""

    weight: npt.NDArray[Any]
    bias: npt.NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Affine:
    """factor * x + shift of each number, both (numbers,)."""

    factor: FloatArray
    shift: FloatArray

    @classmethod
    def normalisation(
        cls,
        mean: npt.ArrayLike,
        variance: npt.ArrayLike,
        gamma: npt.ArrayLike,
        beta: npt.ArrayLike,
        epsilon: float,
    ) -> Affine:
        """A batch normalisation in inference, by its running statistics."""
        factor = np.asarray(gamma, np.float64) / np.sqrt(np.asarray(variance, np.float64) + epsilon)
        return cls(factor, np.asarray(beta, np.float64) - factor * np.asarray(mean, np.float64))


Step = Dense | Affine | str  # a str is an activation


def folded(steps: Sequence[Step], origin: str) -> tuple[Architecture, list[Layer]]:
    """The plain perceptron that computes the same.

    Raises:
        InputError: sizes that do not fit, a normalisation without a dense layer to take it in, or
            an activation that a plain perceptron has not.
    """
    layers: list[list[Any]] = []  # weight, bias, activation
    pending: Affine | None = None
    for step in steps:
        if isinstance(step, Dense):
            layers.append([*_taking_in(step, pending, origin), "linear"])
            pending = None
        elif isinstance(step, Affine):
            if layers and layers[-1][2] == "linear" and pending is None:
                layers[-1][:2] = _scaled(layers[-1][0], layers[-1][1], step, origin)
            else:
                pending = _after(pending, step)
        elif layers and layers[-1][2] == "linear" and pending is None:
            layers[-1][2] = step
        elif step != "linear":
            raise InputError(
                f"{origin}: an activation {step!r} follows no dense layer: export the network to "
                "ONNX, which is read in any architecture"
            )
    if pending is not None or not layers:
        raise InputError(
            f"{origin} ends in a batch normalisation behind an activation, or has no dense layer: "
            "export the network to ONNX, which is read in any architecture"
        )
    widths = (layers[0][0].shape[1], *(weight.shape[0] for weight, _, _ in layers))
    shape = Architecture(tuple(map(int, widths)), tuple(name for _, _, name in layers))
    return shape, [(weight, bias) for weight, bias, _ in layers]


def _fits(first: int, second: int, origin: str) -> None:
    if first != second:
        raise InputError(
            f"{origin}: a layer of {first} numbers stands beside a normalisation of {second}"
        )


def _after(first: Affine | None, second: Affine) -> Affine:
    if first is None:
        return second
    return Affine(second.factor * first.factor, second.factor * first.shift + second.shift)


def _taking_in(layer: Dense, before: Affine | None, origin: str) -> Layer:
    if before is None:
        return layer.weight, layer.bias
    _fits(layer.weight.shape[1], len(before.factor), origin)
    bias = np.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return layer.weight * before.factor, bias + layer.weight @ before.shift


def _scaled(
    weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None, after: Affine, origin: str
) -> Layer:
    _fits(len(weight), len(after.factor), origin)
    whole = np.zeros(len(weight)) if bias is None else bias
    return weight * after.factor[:, None], whole * after.factor + after.shift


def perceptron(
    steps: Sequence[Step], signature: Signature, standard: Standard | None, origin: str
) -> TorchTeacher:
    """A chain as a teacher, without a softmax or sigmoid at the end of a classifier.

    Args:
        steps: the chain.
        signature: names of inputs and outputs.
        standard: mean and std of each feature, where the network reads (x - mean) / std.
        origin: what the network is, for messages.

    Raises:
        InputError: as `folded`, or it reads another number of features.
    """
    if signature.task == "classification" and steps and steps[-1] in ENDS:
        steps = steps[:-1]
    shape, layers = folded(steps, origin)
    features = len(signature.feature_names)
    if shape.widths[0] != features:
        raise InputError(
            f"{origin} reads {shape.widths[0]} features, but the data has {features}: give those "
            "that it was trained on"
        )
    mean, std = standard or (None, None)
    return TorchTeacher.wrap(
        filled(shape, layers, origin),
        signature.feature_names,
        signature.class_names,
        mean,
        std,
        signature.task,
        signature.target_names,
    )


def filled(shape: Architecture, layers: Sequence[Layer], origin: str) -> nn.Sequential:
    """The network with these weights (outputs, inputs) and biases; a missing bias is zero.

    Raises:
        InputError: another number of layers, shapes that do not fit, or numbers that are not
            finite.
    """
    module = shape.build()
    linears = [layer for layer in module if isinstance(layer, nn.Linear)]
    if len(linears) != len(layers):
        raise InputError(f"{origin} holds {len(layers)} layers, but {len(linears)} are expected")
    for index, (linear, (weight, bias)) in enumerate(zip(linears, layers, strict=True)):
        bias_values = np.zeros(linear.out_features) if bias is None else bias
        for parameter, value, name in (
            (linear.weight, weight, "weight"),
            (linear.bias, bias_values, "bias"),
        ):
            if value.shape != tuple(parameter.shape):
                raise InputError(
                    f"{origin}: the {name} of layer {index} has the shape {value.shape}, but the "
                    f"architecture {shape.widths} needs {tuple(parameter.shape)}"
                )
            if not np.isfinite(value).all():
                raise InputError(f"{origin}: the {name} of layer {index} is not finite")
            with torch.no_grad():
                parameter.copy_(torch.tensor(np.array(value, dtype=np.float32)))
    return module
