"""A formula in the place of a module, and what a module sees and says on data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.errors import InputError, did_you_mean
from symtick.estimators.exports.torch_export import TorchExpression
from symtick.expr import Expression

Floats = npt.NDArray[np.float64]


class FormulaModule(nn.Module):
    """An expression as a module of tensors (..., inputs) to (..., outputs).

    Whole numbers stay as they are; the other constants are parameters.

    Args:
        expression: it.
        dtype: of the constants.
    """

    def __init__(self, expression: Expression, dtype: torch.dtype) -> None:
        super().__init__()
        whole = [v for v in expression.constants if v == round(v)]
        self.formula = TorchExpression(expression, whole, dtype)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The formula's values."""
        rows = values.reshape(-1, values.shape[-1])
        made = self.formula(rows).reshape(len(rows), -1)
        out: torch.Tensor = made.reshape(*values.shape[:-1], made.shape[-1])
        return out

    def tuned(self) -> Expression:
        """The expression with the constants as they are now."""
        return self.formula.tuned()


@dataclass(frozen=True, eq=False)
class Recording:
    """What a module saw and said: shapes (rows, inputs) and (rows, outputs)."""

    inputs: Floats
    outputs: Floats


def find_module(network: nn.Module, name: str) -> nn.Module:
    """A module of a network by the name that `named_modules` gives it.

    Raises:
        InputError: there is none.
    """
    known: dict[str, nn.Module] = {n: m for n, m in network.named_modules() if n}
    if name not in known:
        meant = did_you_mean(name, known)
        raise InputError(
            f"the network has no module {name!r}: {meant}it has {', '.join(known) or 'none'}"
        )
    return known[name]


def replace_module(network: nn.Module, name: str, module: nn.Module) -> None:
    """Put another module in the place of a named one."""
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)


def record(network: nn.Module, name: str, inputs: Sequence[torch.Tensor]) -> Recording:
    """What a module sees and says as the network computes these inputs.

    Args:
        network: it.
        name: of the module.
        inputs: arguments of the network, first axis the samples.

    Raises:
        InputError: there is no such module, it is not called, or it is no function of one tensor
            (..., inputs) to one (..., outputs) that are finite.
    """
    module, seen = find_module(network, name), list[tuple[torch.Tensor, torch.Tensor]]()

    def look(_: nn.Module, given: tuple[object, ...], said: object) -> None:
        if len(given) != 1 or not all(isinstance(t, torch.Tensor) for t in (given[0], said)):
            raise InputError(
                f"the module {name!r} has to take one tensor and return one: join its arguments "
                "with torch.cat before it"
            )
        seen.append((given[0], said))  # type: ignore[arg-type]

    hook = module.register_forward_hook(look)
    try:
        with torch.no_grad():
            network(*inputs)
    finally:
        hook.remove()
    if not seen:
        raise InputError(f"the module {name!r} is not called when the network computes its inputs")
    pairs = [(_rows(a), _rows(b)) for a, b in seen]
    given, said = (np.concatenate(side) for side in zip(*pairs, strict=True))
    if len(given) != len(said):
        raise InputError(
            f"the module {name!r} makes {len(said)} rows of {len(given)}: it has to be a function "
            "of the last axis alone"
        )
    if not (np.isfinite(given).all() and np.isfinite(said).all()):
        raise InputError(f"the module {name!r} sees or says values that are not finite")
    return Recording(given, said)


def _rows(values: torch.Tensor) -> Floats:
    flat = values.detach().reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1, 1)
    return flat.cpu().double().numpy()
