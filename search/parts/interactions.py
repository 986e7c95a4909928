"""Functions of products of two shifted inputs, for pairs of inputs that interact.

In columns that were centred, a product in a law is one of shifted inputs, which monomials do not
hold: `sin(k*(x0 + a)*(x1 + b))`. What cubic polynomials in one input each leave of the target
tells which inputs interact. For those pairs shifts and scales are on a grid, from which fits reach
what is between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np

from symtick.expr import Op
from symtick.search.parts.language import (
    FUNCTIONS,
    NEARLY_ONE,
    Floats,
    Language,
    Postfix,
    applied,
    const,
    leaf,
)

MOST_INPUTS = 20  # those with the strongest effects of their own, where there are more
MOST_PAIRS = 4
EACH = 3  # functions of a pair with each operator
LEAST = 10.0  # nats that the products of a pair must explain
_SHIFTS = (-1.8, -0.9, 0.0, 0.9, 1.8)  # of an input, in its standard deviations
_REACHES = {  # of the argument, in its standard deviations
    Op.SIN: (0.5, 1.0, 1.5, 2.2, 3.0, 4.0),
    Op.COS: (0.5, 1.0, 1.5, 2.2, 3.0, 4.0),
    Op.EXP: (-1.5, -0.5, 0.5, 1.5),
    Op.TANH: (0.7, 2.0),
}
_SPARE = 4  # rows for each term of the polynomials, at least
_NEW = 1e-4  # of a function's squares that the polynomials must leave


def interactions(
    X: Floats, z: Floats, weights: Floats, language: Language
) -> list[tuple[Postfix, Floats]]:
    """Functions of the pairs that interact most, with their values.

    Args:
        X: shape (rows, features).
        z: what is to be explained, shape (rows,).
        weights: of the rows.
        language: what may be written.
    """
    root = np.sqrt(weights / weights.mean())
    inputs = _strongest(X, z, root, [i for i in language.inputs if np.ptp(X[:, i]) > 0.0])
    degree = min(3, (len(z) // _SPARE - 1) // max(1, len(inputs)))
    if len(inputs) < 2 or degree < 1:
        return []
    units = _standard(X[:, inputs])
    plain = np.hstack([np.ones((len(z), 1)), *(units**k for k in range(1, degree + 1))])
    basis = np.linalg.qr(plain * root[:, None])[0]
    left = _outside(basis, (z * root)[None, :])[0]
    out: list[tuple[Postfix, Floats]] = []
    for i, j in _pairs(units, basis, left, root):
        made = list(_written(X, inputs[i], inputs[j], language))
        for op in dict.fromkeys(op for op, _, _ in made):
            some = [(f, v) for o, f, v in made if o is op]
            gains = _gains(np.array([v for _, v in some]) * root, basis, left)
            out += [some[k] for k in np.argsort(-gains, kind="stable")[:EACH] if gains[k] > 0.0]
    return out


def _standard(columns: Floats) -> Floats:
    out: Floats = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return out


def _strongest(X: Floats, z: Floats, root: Floats, inputs: Sequence[int]) -> list[int]:
    """The inputs whose own cubic polynomials explain most, in their order."""
    if len(inputs) <= MOST_INPUTS:
        return list(inputs)
    target = (z - np.average(z, weights=root**2)) * root
    shares: list[float] = []
    for unit in _standard(X[:, inputs]).T:
        powers = np.stack([unit**k for k in range(4)], axis=1)
        basis = np.linalg.qr(powers * root[:, None])[0]
        shares.append(float(np.sum((basis.T @ target) ** 2)))
    best = np.argsort(shares, kind="stable")[-MOST_INPUTS:]
    return sorted(inputs[k] for k in best)


def _pairs(units: Floats, basis: Floats, left: Floats, root: Floats) -> list[tuple[int, int]]:
    """Pairs of columns whose products explain most of what is left."""
    told: list[tuple[float, tuple[int, int]]] = []
    whole, free = float(left @ left), len(left) - basis.shape[1]
    for i, j in combinations(range(units.shape[1]), 2):
        u, v = units[:, i], units[:, j]
        made = _outside(basis, np.stack([u * v, u * u * v, u * v * v, u * u * v * v]) * root)
        rest = left - made.T @ np.linalg.lstsq(made.T, left, rcond=None)[0]
        share = max(float(rest @ rest) / whole, 1e-12) if whole > 0.0 else 1.0
        told.append((-0.5 * free * float(np.log(share)), (i, j)))
    best = sorted(told, key=lambda t: -t[0])[:MOST_PAIRS]
    return [pair for nats, pair in best if nats > LEAST]


def _outside(basis: Floats, functions: Floats) -> Floats:
    """What an orthonormal basis, shape (rows, terms), leaves of functions, shape (n, rows)."""
    out: Floats = functions - (functions @ basis) @ basis.T
    return out


def _gains(functions: Floats, basis: Floats, left: Floats) -> Floats:
    """Squares that each function takes of what is left, beside the basis."""
    finite = np.asarray(np.isfinite(functions).all(axis=1))
    free = _outside(basis, np.where(finite[:, None], functions, 0.0))
    squares = np.einsum("ij,ij->i", free, free)
    new = squares > _NEW * np.einsum("ij,ij->i", functions, functions)
    gains: Floats = np.where(new & finite, (free @ left) ** 2 / np.where(new, squares, 1.0), 0.0)
    return gains


def _written(X: Floats, i: int, j: int, language: Language) -> Iterator[tuple[Op, Postfix, Floats]]:
    """Functions of (x_i + a)*(x_j + b) on the grid, with their outer operators."""
    sides = [list(_shifted(X[:, k], k)) for k in (i, j)]
    for (f, u), (g, v) in product(*sides):
        inner, values = applied(Op.MUL, f, g), u * v
        if language.fits(inner):
            yield Op.MUL, inner, values
        for op, reaches in _REACHES.items():
            for reach in reaches if language.has(op) else ():
                scale = float(f"{reach / np.std(values):.3g}") * NEARLY_ONE
                made = applied(op, applied(Op.MUL, const(scale), inner))
                if language.fits(made):
                    yield op, made, FUNCTIONS[op](scale * values)


def _shifted(column: Floats, number: int) -> Iterator[tuple[Postfix, Floats]]:
    """The input plus constants: its standard deviations from its mean."""
    for shift in _SHIFTS:
        more = float(f"{shift * np.std(column) - np.mean(column):.3g}") * NEARLY_ONE
        yield applied(Op.ADD, leaf(number), const(more)), column + more
