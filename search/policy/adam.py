"""Torch's Adam for the few weights of a policy, with a state of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from symtick.errors import InputError

_PARTS = ("step", "exp_avg", "exp_avg_sq")


class Adam:
    """Descends along the gradients of a network's parameters (Kingma, Ba 2015, arXiv:1412.6980).

    Args:
        network: whose parameters are trained.
        rate: the learning rate.
    """

    def __init__(self, network: nn.Module, rate: float) -> None:
        self._held = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self._torch = torch.optim.Adam(self._held.values(), lr=rate)

    def descend(self, loss: Tensor) -> None:
        """One step down from the parameters at which the loss was computed."""
        self._torch.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._torch.step()

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `restore` goes on exactly."""
        out: dict[str, npt.NDArray[Any]] = {}
        for name, parameter in self._held.items():
            moments = self._torch.state[parameter]
            for part in _PARTS:
                value = (
                    moments[part].numpy().copy() if moments else np.zeros(_shape(part, parameter))
                )
                out[f"{part}/{name}"] = value.astype(np.float32)
        return out

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take up a stored state.

        Raises:
            InputError: an array is missing or has another shape.
        """
        for name, parameter in self._held.items():
            for part in _PARTS:
                array = arrays.get(f"{part}/{name}")
                if array is None or array.shape != _shape(part, parameter):
                    raise InputError(f"the saved training is damaged: {part} of {name}")
                self._torch.state[parameter][part] = torch.from_numpy(array.astype(np.float32))


def _shape(part: str, parameter: Tensor) -> tuple[int, ...]:
    return () if part == "step" else tuple(parameter.shape)
