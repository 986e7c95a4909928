"""Losses by name and as callables, and which targets they take.

Losses over several outputs at once stand in `symtick.search.data.objective`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.search import _kernel

Floats = npt.NDArray[np.float64]
# loss(prediction, target, weights), float64 arrays of shape (rows,)
CustomLoss = Callable[[Floats, Floats, Floats], float]
Loss = str | CustomLoss

# in the order of the kernel's numbers
LOSSES = ("mse", "mae", "huber", "nrmse", "margin", "cross_entropy")


def loss_number(name: str) -> int:
    """The kernel's number of a built-in loss.

    Raises:
        InputError: the name is not one of `LOSSES`.
    """
    if name not in LOSSES:
        raise InputError(f"unknown loss {name!r}: there are {', '.join(LOSSES)}, or a callable")
    return LOSSES.index(name)


def loss_spec(loss: Loss, delta: float = 1.0, target: Floats | None = None) -> _kernel.Loss:
    """What the kernel takes for a loss; `target` is checked against it where given.

    With prediction f and target y, weighted means over the rows of

    - `mse`: (f - y)^2; `mae`: |f - y|;
    - `huber`: (f - y)^2 / 2 up to |f - y| = delta, then delta |f - y| - delta^2 / 2
      (Huber, Ann. Math. Stat. 35 (1964) 73);
    - `nrmse`: sqrt(mse) / standard deviation of y (of 1 where y is constant);
    - `margin`: max(0, 1 - y f), y -1 or 1 (the hinge: Cortes, Vapnik, Mach. Learn. 20 (1995) 273);
    - `cross_entropy`: log(1 + exp(f)) - y f, f the logit of a chance and y the true one, 0 to 1.

    A callable gets (prediction, target, weights), float64 arrays of shape (rows,), and returns a
    number from 0 to minimise; what is not finite counts as infinity. A negative one is refused:
    archives and tournaments weigh losses as parts of each other. It is called by any thread of the
    kernel's, one at a time, with the rows that are scored, which may be a part of all. What it
    raises is raised to the caller. It is not called where a prediction is not finite: that is an
    infinite loss.

    Raises:
        InputError: there is no such loss, delta is not positive, or a target is not possible.
    """
    if isinstance(loss, str):
        if not 0.0 < delta < math.inf:
            raise InputError(f"delta must be positive and finite, not {delta!r}")
        number = loss_number(loss)
        if target is not None:
            check_target(loss, target)
        return _kernel.Loss(number, delta)
    if not callable(loss):
        raise InputError(f"a loss is a name or a callable, not {loss!r}")
    return _kernel.Loss(_from_zero(loss), 1.0)


def _from_zero(loss: CustomLoss) -> CustomLoss:
    def called(prediction: Floats, target: Floats, weights: Floats) -> float:
        value = loss(prediction, target, weights)
        if -math.inf < value < 0.0:
            raise InputError(f"a loss must be a number from 0, not {value!r}: shift it or clip it")
        return value

    return called


def check_target(loss: Loss, target: Floats) -> None:
    """Whether the loss is defined for these targets.

    Raises:
        InputError: a target of `margin` is not -1 or 1, or one of `cross_entropy` not in [0, 1].
    """
    if loss == "margin":
        bad, wanted = np.abs(target) != 1.0, "-1 or 1"
    elif loss == "cross_entropy":
        bad, wanted = (target < 0.0) | (target > 1.0), "chances from 0 to 1"
    else:
        return
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"the loss {loss!r} takes targets {wanted}: y holds {target[row]} "
                         f"at index {row}")  # fmt: skip
