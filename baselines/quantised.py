"""A perceptron of a few bits, trained with its rounding: the network that da4ml turns into RTL.

Training uses the straight-through estimator (arXiv:1308.3432): the forward pass rounds, the
backward pass ignores the rounding. `QuantisedNet` is the result in whole numbers, and its `scores`
are exact; only the final scaling is floating point.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.data.dataset import (
    DataTask,
    FloatArray,
    Scaler,
    check_labels,
    check_targets,
)
from symtick.search.teachers.train import fit_module
from symtick.search.torch_threads import one_thread

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BitWidths:
    """Fixed-point formats, as (bits, integer bits) with the sign in both where there is one.

    Attributes:
        inputs: fraction bits of the inputs in [-1, 1): `inputs` + 1 bits in all.
        weights: ap_fixed<bits, integer>.
        activations: ap_ufixed<bits, integer>, truncated and saturated.
        bias_fraction: fraction bits of the biases.
    """

    inputs: int = 7
    weights: tuple[int, int] = (4, 2)
    activations: tuple[int, int] = (6, 3)
    bias_fraction: int = 6

    def __post_init__(self) -> None:
        for name, (bits, integer) in (("weights", self.weights), ("activations", self.activations)):
            if not 1 <= integer <= bits <= 16:
                raise InputError(f"{name} of <{bits},{integer}>: 1 <= integer <= bits <= 16")
        if not (1 <= self.inputs <= 15 and 0 <= self.bias_fraction <= 15):
            raise InputError(f"fraction bits out of range: {self.inputs}, {self.bias_fraction}")

    @property
    def weight_fraction(self) -> int:
        """Fraction bits of a weight."""
        return self.weights[0] - self.weights[1]

    @property
    def activation_fraction(self) -> int:
        """Fraction bits of an activation."""
        return self.activations[0] - self.activations[1]

    def sum_fraction(self, layer: int) -> int:
        """Fraction bits of a layer's exact sum."""
        incoming = self.inputs if layer == 0 else self.activation_fraction
        return max(self.bias_fraction, self.weight_fraction + incoming)


@dataclass(frozen=True, eq=False)
class QuantisedNet:
    """The trained network in whole numbers.

    Attributes:
        scaler: user's units to [-1, 1).
        bits: the formats.
        weights: per layer int64 (inputs, outputs), in units of 2^-weight_fraction.
        biases: per layer int64 (outputs,), in units of 2^-bias_fraction.
        center, spread: of values, per output: the network computes (value - center) / spread, and
            the way back stands outside, as the scaling of the inputs does; None for scores.
    """

    scaler: Scaler
    bits: BitWidths
    weights: tuple[Integers, ...]
    biases: tuple[Integers, ...]
    center: FloatArray | None = None
    spread: FloatArray | None = None

    def raw_inputs(self, X: npt.ArrayLike) -> Integers:
        """Rows (n, features) in the user's units to input words, rounded and saturated."""
        top = 2**self.bits.inputs
        rounded = np.floor(self.scaler.transform(X) * top + 0.5)
        return np.asarray(np.clip(rounded, -top, top - 1), dtype=np.int64)

    def raw_scores(self, words: Integers) -> Integers:
        """Input words (n, features) to output words (n, outputs), as the hardware computes."""
        values = words
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            incoming = self.bits.inputs if layer == 0 else self.bits.activation_fraction
            fraction = self.bits.sum_fraction(layer)
            total = (values @ weight) << (fraction - self.bits.weight_fraction - incoming)
            total = total + (bias << (fraction - self.bits.bias_fraction))
            if layer < last:
                cut = fraction - self.bits.activation_fraction
                values = np.clip(total >> cut, 0, 2 ** self.bits.activations[0] - 1)
        return np.asarray(total, dtype=np.int64)

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        """Scores before softmax, or values, of rows (n, features), float64 (n, outputs), exact."""
        words = self.raw_scores(self.raw_inputs(X))
        step = 2.0 ** -self.bits.sum_fraction(len(self.weights) - 1)
        return self.in_units(np.asarray(words * step, dtype=np.float64))

    def in_units(self, outputs: FloatArray) -> FloatArray:
        """What the hardware's outputs (n, outputs) stand for: scores, or values in their units."""
        if self.center is None or self.spread is None:
            return outputs
        return outputs * self.spread + self.center


def _straight_through(value: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
    return value + (rounded - value).detach()


def _quantise(value: torch.Tensor, fraction: int, low: int, high: int) -> torch.Tensor:
    """Rounded to nearest on the grid 2^-fraction and clipped; the gradient passes inside."""
    scale = 2.0**fraction
    inside = value.clamp(low / scale, high / scale)
    return _straight_through(inside, torch.round(inside * scale) / scale)


class _QuantLinear(nn.Linear):
    def __init__(self, inputs: int, outputs: int, bits: BitWidths) -> None:
        super().__init__(inputs, outputs)
        self.bits = bits

    def grid(self) -> tuple[torch.Tensor, torch.Tensor]:
        half = 2 ** (self.bits.weights[0] - 1)
        weight = _quantise(self.weight, self.bits.weight_fraction, -half, half - 1)
        return weight, _quantise(self.bias, self.bits.bias_fraction, -(2**15), 2**15 - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, *self.grid())


class _QuantReLU(nn.Module):
    def __init__(self, bits: BitWidths) -> None:
        super().__init__()
        self.scale = 2.0**bits.activation_fraction
        self.top = (2.0 ** bits.activations[0] - 1) / self.scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = x.clamp(0.0, self.top)
        return _straight_through(inside, torch.floor(inside * self.scale) / self.scale)


def train_quantised(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    teacher_scores: npt.ArrayLike,
    hidden: Sequence[int] = (32, 16),
    bits: BitWidths | None = None,
    epochs: int = 80,
    seed: int = 0,
    batch: int = 512,
    learning_rate: float = 2e-2,
    weight_decay: float = 1e-2,
    soft: float = 0.5,
    task: DataTask = "classification",
) -> QuantisedNet:
    """Train a small perceptron with its rounding on labels or targets and on the teacher's outputs.

    The loss is the cross-entropy, of values the mean square on standardised ones.

    Args:
        X: rows (n, features) in the user's units.
        y: (n,) class numbers, or values (n, outputs).
        teacher_scores: (n, classes) scores before softmax, of two classes also (n, 1) before the
            sigmoid, or values (n, outputs).
        hidden: the hidden widths.
        bits: the formats; those of `BitWidths` by default.
        epochs, seed, batch, learning_rate, weight_decay: as `train_mlp`.
        soft: the share of the teacher's probabilities (or values) in the target; the rest is `y`.
        task: what the outputs are.

    Raises:
        InputError: bad data, or a share outside [0, 1].
    """
    if not 0.0 <= soft <= 1.0:
        raise InputError(f"the share of the teacher must lie in [0, 1], not {soft}")
    formats = bits or BitWidths()
    scores = np.array(teacher_scores, dtype=np.float32)
    scaler = Scaler.fit(X)
    empty = QuantisedNet(scaler, formats, (), ())
    words = empty.raw_inputs(X)
    if scores.ndim != 2 or len(scores) != len(words):
        raise InputError(f"{len(words)} rows with teacher scores of shape {scores.shape}")
    units: tuple[FloatArray, FloatArray] | None = None
    if task == "regression":
        wanted = check_targets(y, len(words), [f"y{k}" for k in range(scores.shape[1])])
        units = wanted.mean(axis=0), np.maximum(wanted.std(axis=0), 1e-30)
        mixed = soft * np.asarray(teacher_scores, np.float64) + (1.0 - soft) * wanted
        targets = torch.tensor((mixed - units[0]) / units[1], dtype=torch.float32)
    else:
        targets = _mixed(torch.tensor(scores), y, soft)
    inputs = torch.tensor(words * 2.0**-formats.inputs, dtype=torch.float32)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _network((words.shape[1], *hidden, scores.shape[1]), formats)
        fit_module(
            module,
            inputs,
            targets,
            nn.functional.mse_loss if units else _cross_entropy,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
        )
    network = _in_whole_numbers(module, scaler, formats)
    return replace(network, center=units[0], spread=units[1]) if units else network


def _mixed(scores: torch.Tensor, y: npt.ArrayLike, soft: float) -> torch.Tensor:
    """Class probabilities to learn, (n, classes); of one score the chance of the second class."""
    rows, outputs = scores.shape
    truth = torch.tensor(check_labels(y, rows, max(2, outputs)))
    if outputs == 1:
        return soft * torch.sigmoid(scores) + (1.0 - soft) * truth[:, None].float()
    one_hot = nn.functional.one_hot(truth, outputs).float()
    return soft * torch.softmax(scores, dim=1) + (1.0 - soft) * one_hot


def _cross_entropy(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy with these probabilities; of one score that of two classes."""
    if scores.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(scores, targets)
    return nn.functional.cross_entropy(scores, targets)


def _network(widths: Sequence[int], bits: BitWidths) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [_QuantLinear(inputs, outputs, bits), _QuantReLU(bits)]
    return nn.Sequential(*layers[:-1])


def _in_whole_numbers(module: nn.Sequential, scaler: Scaler, bits: BitWidths) -> QuantisedNet:
    weights: list[Integers] = []
    biases: list[Integers] = []
    with torch.no_grad():
        for layer in module:
            if isinstance(layer, _QuantLinear):
                weight, bias = layer.grid()
                weights.append(_words(weight.T, bits.weight_fraction))
                biases.append(_words(bias, bits.bias_fraction))
    return QuantisedNet(scaler, bits, tuple(weights), tuple(biases))


def _words(value: torch.Tensor, fraction: int) -> Integers:
    return np.rint(value.double().numpy() * 2.0**fraction).astype(np.int64)
