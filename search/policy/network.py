"""The recurrent network of a policy, in torch; the kernel draws sequences with its weights.

An LSTM reads, before each token, four one-hot codes (parent, sibling, previous token, number of
open slots) and scores all tokens. The same arithmetic stands in `search/kernel/policy/lstm.cpp`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from symtick.errors import InputError
from symtick.search import _kernel
from symtick.search.policy.settings import OBSERVED, NetworkSettings

Weights = dict[str, npt.NDArray[np.float32]]


class Network(nn.Module):
    """Logits of all tokens at every step.

    Args:
        tokens: size of the vocabulary.
        settings: its shape.
        seed: of the first weights.
    """

    def __init__(self, tokens: int, settings: NetworkSettings, seed: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.settings = settings
        units, layers = settings.hidden, settings.layers
        self.codes = 3 * (tokens + 1) + settings.open_bins
        self.cells = nn.LSTM(self.codes, units, num_layers=layers, batch_first=True)
        self.score = nn.Linear(units, tokens)
        learned = settings.learned_start
        self.start = nn.Parameter(torch.zeros(2, layers, units), requires_grad=learned)
        first = (0, tokens + 1, 2 * tokens + 2, 3 * tokens + 3, self.codes)
        seen = torch.zeros(self.codes)
        for k, name in enumerate(OBSERVED):
            seen[first[k] : first[k + 1]] = float(name in settings.observe)
        self.register_buffer("seen", seen, persistent=False)
        self._begin(seed)

    @torch.no_grad()
    def _begin(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 20])
        zeros = self.settings.start == "zeros"
        units, tokens = self.settings.hidden, self.tokens
        for parameter in self.cells.parameters():
            drawn = rng.uniform(-1.0, 1.0, tuple(parameter.shape)) / math.sqrt(units)
            parameter.copy_(torch.from_numpy(drawn * (not zeros)).float())
        drawn = rng.uniform(-1.0, 1.0, (tokens, units)) * math.sqrt(6.0 / (units + tokens))
        self.score.weight.copy_(torch.from_numpy(drawn * zeros).float())
        self.score.bias.zero_()

    def encode(self, read: tuple[npt.NDArray[np.int16], ...]) -> Tensor:
        """One-hot codes, (n, length, codes), of parent, sibling, previous and open, each
        (n, length)."""
        steps = self.tokens + 1
        places = [column.astype(np.int64) + 1 + k * steps for k, column in enumerate(read[:3])]
        bins = np.clip(read[3].astype(np.int64), 1, self.settings.open_bins) - 1
        where = torch.from_numpy(np.stack([*places, bins + 3 * steps], axis=2))
        codes = torch.zeros((*where.shape[:2], self.codes))
        return codes.scatter_(2, where, 1.0) * self.get_buffer("seen")

    def forward(self, codes: Tensor) -> Tensor:
        """Logits, (n, length, tokens)."""
        start = self.start.unsqueeze(2).expand(-1, -1, len(codes), -1).contiguous()
        states, _ = self.cells(codes, (start[0], start[1]))
        return self.score(states)  # type: ignore[no-any-return]

    def arrays(self) -> Weights:
        """Copies of all weights, by name."""
        return {
            name: parameter.detach().numpy().copy() for name, parameter in self.named_parameters()
        }

    @torch.no_grad()
    def take(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Use these weights.

        Raises:
            InputError: an array is missing, has another shape, or is not finite.
        """
        for name, parameter in self.named_parameters():
            array = weights.get(name)
            if array is None or array.shape != tuple(parameter.shape) or array.dtype != np.float32:
                what = "none" if array is None else f"{array.dtype} of shape {array.shape}"
                raise InputError(
                    f"weights {name!r}: float32 of {tuple(parameter.shape)}, not {what}"
                )
            if not np.isfinite(array.astype(np.float32)).all():
                raise InputError(f"weights {name!r} are not finite")
            parameter.copy_(torch.from_numpy(array.astype(np.float32)))

    def to_kernel(self) -> _kernel.PolicyWeights:
        """The weights as the kernel wants them."""
        weights = {name: value.detach().numpy() for name, value in self.named_parameters()}
        cells = {name.removeprefix("cells."): value for name, value in weights.items()}
        layers = range(self.settings.layers)
        square = [cells[f"weight_hh_l{k}"].T for k in layers]
        below = [cells[f"weight_ih_l{k}"].T for k in layers]
        recurrent = [
            np.concatenate([b, s]) if k else s
            for k, (b, s) in enumerate(zip(below, square, strict=True))
        ]
        return _kernel.PolicyWeights(
            self.tokens,
            self.settings.hidden,
            self.settings.open_bins,
            _flat(below[0] * self.get_buffer("seen").numpy()[:, None]),
            [_flat(matrix) for matrix in recurrent],
            [_flat(cells[f"bias_ih_l{k}"] + cells[f"bias_hh_l{k}"]) for k in layers],
            _flat(weights["start"][0]),
            _flat(weights["start"][1]),
            _flat(weights["score.weight"].T),
            _flat(weights["score.bias"]),
        )


def _flat(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(array, np.float32).ravel()
