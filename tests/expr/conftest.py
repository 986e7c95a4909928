"""Random expressions for the tests of the language."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from symtick.expr import OPS, Builder, Expression, arity

Grow = Callable[..., Expression]


def _grown(random: Random, size: int = 14, inputs: int = 3, outputs: int = 2) -> Expression:
    """A random graph of operations, every operator alike, with shared parts."""
    builder = Builder(tuple(f"x{k}" for k in range(inputs)))
    held = [builder.input(k) for k in range(inputs)]
    held += [builder.const(random.choice((0.0, -0.0, 1.0, -2.5, 1e-7, 1 / 3, -3e20, 7.0)))]
    for _ in range(size):
        op = random.choice(list(OPS))
        held.append(builder.op(op, *(random.choice(held[-8:]) for _ in range(arity(op)))))
    return builder.build(random.sample(held[-4:], outputs))


@pytest.fixture(scope="session")
def grow() -> Grow:
    """Makes a random expression from a `Random`."""
    return _grown
