"""Gradient descent on the constants of `Layers`.

Adam (arXiv:1412.6980) over fixed batches in a fixed order with a cosine schedule: nothing is random
here, and nothing depends on the number of threads. The steps are the kernel's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.search import _kernel
from symtick.search.data.objective import CALIBRATION, SHARPNESS
from symtick.search.data.problem import Problem
from symtick.search.layered.codes import Singles
from symtick.search.layered.layers import INNER, OUTER, Layers

# of the squared hidden sums, for values in shares of the loss: keeps them where functions bend
DECAY = 1e-4
WARM_UP = 0.1
MEMORY = (0.9, 0.995)
CROSS_ENTROPY, CHOICE, SQUARES = range(3)  # the kernel's numbers of losses
SHAPE_NUMBERS = {"tanh": 0, "gauss": 1, "sin": 2}  # and of inner functions
PARAMS = (*INNER, *OUTER, "bias")


def minimised(layers: Layers, problem: Problem, by_class: bool) -> _kernel.LayeredGoal:
    """What a fit makes small, in the arithmetic of the form's grid.

    The penalty of the hidden sums is a share of the loss of values, which may become small.

    Args:
        layers: the form.
        problem: gives the loss, and the size of each output.
        by_class: `choice` is the loss.
    """
    values, grid = problem.kind == "values", layers.grid
    loss = SQUARES if values else CHOICE if by_class else CROSS_ENTROPY
    spread = np.asarray(problem.spread, np.float32)
    frac, bits = (None, 0) if grid is None else (grid.term_frac, grid.address_bits)
    return _kernel.LayeredGoal(loss, SHARPNESS, CALIBRATION, spread, DECAY, values, frac, bits)


class FormArrays(NamedTuple):
    """A form as the kernel takes it: kinds of inner functions, masks and constants."""

    kind: npt.NDArray[np.int8]
    inner: Singles
    outer: Singles
    params: list[Singles]


def form_arrays(layers: Layers) -> FormArrays:
    """The form's own numbers, with the kernel's of the inner functions."""
    numbers = np.array([SHAPE_NUMBERS[name] for name in layers.shapes], np.int8)
    inner, outer = (np.ascontiguousarray(mask) for mask in (layers.inner, layers.outer))
    params = [np.ascontiguousarray(layers.params[name]) for name in PARAMS]
    return FormArrays(numbers[layers.kind], inner, outer, params)


def fit(
    layers: Layers,
    rows: _kernel.LayeredRows,
    problem: Problem,
    steps: int,
    rate: float,
    *,
    by_class: bool = False,
    first: int = 0,
) -> None:
    """Descend in place.

    Args:
        layers: the form.
        rows: batches, taken in turn from number `first` on.
        problem: gives the loss, and the size of each output.
        steps: number of steps.
        rate: largest step of a constant; of alpha and bias in units of the outputs' sizes.
        by_class: `choice` is the loss.
        first: batch to begin with.
    """
    sizes = np.array([rate * _schedule(step / steps) for step in range(steps)])
    goal = minimised(layers, problem, by_class)
    found = _kernel.descend_layers(*form_arrays(layers), rows, goal, sizes, MEMORY, first)
    layers.params |= dict(zip(PARAMS, found, strict=True))


def _schedule(progress: float) -> float:
    return min(progress / WARM_UP, 1.0) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 0.002
