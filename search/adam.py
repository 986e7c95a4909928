"""Adam (Kingma, Ba 2015, arXiv:1412.6980) for the few weights of a policy; its state is arrays.

Room: `search`. Torch's own brings its compiler along, which takes seconds to import.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from symtick.errors import InputError

_KEEP, _KEEP_SQUARES, _TINY = 0.9, 0.999, 1e-8


class Adam:
    """Descends along the gradients of the parameters, which `backward` left in them.

    Args:
        network: whose parameters are trained.
        rate: the learning rate.
    """

    def __init__(self, network: nn.Module, rate: float) -> None:
        self.rate = rate
        self._steps = 0
        self._held = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self._means = {n: torch.zeros_like(p) for n, p in self._held.items()}
        self._squares = {n: torch.zeros_like(p) for n, p in self._held.items()}

    def descend(self, loss: Tensor) -> None:
        """One step down from the parameters at which the loss was computed."""
        names = list(self._held)
        slopes = torch.autograd.grad(loss, [self._held[n] for n in names])
        self._steps += 1
        unbiased = 1.0 - _KEEP**self._steps
        root = math.sqrt(1.0 - _KEEP_SQUARES**self._steps)
        with torch.no_grad():
            for name, slope in zip(names, slopes, strict=True):
                mean, square = self._means[name], self._squares[name]
                mean.lerp_(slope, 1.0 - _KEEP)
                square.mul_(_KEEP_SQUARES).addcmul_(slope, slope, value=1.0 - _KEEP_SQUARES)
                spread = (square.sqrt() / root).add_(_TINY)
                self._held[name].addcdiv_(mean, spread, value=-self.rate / unbiased)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `restore` goes on exactly."""
        out: dict[str, npt.NDArray[Any]] = {"steps": np.array(self._steps, np.int64)}
        for part, held in (("mean", self._means), ("square", self._squares)):
            out |= {f"{part}/{name}": value.numpy().copy() for name, value in held.items()}
        return out

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take up a stored state.

        Raises:
            InputError: an array is missing or has another shape.
        """
        try:
            self._steps = int(arrays["steps"])
            for part, held in (("mean", self._means), ("square", self._squares)):
                for name, value in held.items():
                    value.copy_(torch.from_numpy(np.array(arrays[f"{part}/{name}"], np.float32)))
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"the saved training is damaged: {error}") from None
