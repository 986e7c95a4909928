"""ONNX networks that are chains of dense layers, which a run keeps and compare converts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.search.teachers.folding import Affine, Dense, Step

_PASSING = ("Identity", "Dropout")  # what changes nothing in inference
_FUNCTIONS = ("Relu", "Tanh", "Sigmoid", "Softmax")


def onnx_steps(model: Any, given: str, said: str) -> list[Step]:
    """Dense layers, normalisations and activations, where a network is a chain of them alone.

    Args:
        model: the ONNX model, in float32.
        given: name of its input, (rows, features).
        said: name of the output.

    Returns:
        The steps; nothing for any other network.
    """
    from onnx import numpy_helper

    held = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    steps: list[Step] = []
    current = given
    for node in model.graph.node:
        if current == said:
            break
        if node.op_type == "Identity" and node.input[0] in held:  # weights under another name
            held[node.output[0]] = held[node.input[0]]
            continue
        step = _step(node, current, held)
        if step is None:
            return []
        steps += step
        current = node.output[0]
    return steps if current == said else []


def _step(node: Any, current: str, held: dict[str, npt.NDArray[Any]]) -> list[Step] | None:
    """What a node does to the numbers before it; None where it is of another kind."""
    others = [name for name in node.input if name != current]
    if len(others) != len(node.input) - 1:
        return None
    kind, options = node.op_type, {a.name: a for a in node.attribute}
    if kind in _PASSING:
        return []
    if kind in _FUNCTIONS:
        return [kind.lower()]
    weights = [np.asarray(held[name], np.float64) for name in others if name in held]
    if len(weights) != len(others):
        return None
    first = node.input[0] == current
    if kind == "Gemm" and first and not _scaled(options):
        transposed = "transB" in options and options["transB"].i
        matrix = weights[0] if transposed else weights[0].T
        return [Dense(matrix, weights[1].ravel() if len(weights) > 1 else None)]
    if kind == "MatMul" and first and weights[0].ndim == 2:
        return [Dense(weights[0].T)]
    if kind == "Add" and weights[0].ndim == 1:
        return [Affine(np.ones(len(weights[0])), weights[0])]
    if kind == "BatchNormalization" and first:
        gamma, beta, mean, variance = weights
        epsilon = options["epsilon"].f if "epsilon" in options else 1e-5
        return [Affine.normalisation(mean, variance, gamma, beta, epsilon)]
    return None


def _scaled(options: dict[str, Any]) -> bool:
    """Whether a Gemm multiplies by more than its matrix, or transposes its rows."""
    factors = [options[name].f for name in ("alpha", "beta") if name in options]
    return any(factor != 1.0 for factor in factors) or ("transA" in options and options["transA"].i)
