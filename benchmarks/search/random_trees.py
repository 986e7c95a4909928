"""Random expressions for the benchmarks of speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.expr import Builder, Expression, Op, Program

FEATURES = 10
ARITHMETIC = (Op.ADD, Op.SUB, Op.MUL, Op.DIV)
EIGHT = (*ARITHMETIC, Op.EXP, Op.LOG, Op.SIN, Op.COS)


def random_tree(rng: np.random.Generator, ops: Sequence[Op], size: int) -> Expression:
    """A random tree of about `size` nodes; two leaves of three are inputs."""
    builder = Builder(tuple(f"x{k}" for k in range(FEATURES)))

    def grow(left: int) -> int:
        if left <= 1:
            if rng.random() < 2 / 3:
                return builder.input(int(rng.integers(FEATURES)))
            return builder.const(float(rng.uniform(0.5, 2.0)))
        choice = [op for op in ops if left > 2 or op not in ARITHMETIC] or list(ops)
        op = choice[int(rng.integers(len(choice)))]
        if op not in ARITHMETIC:
            return builder.op(op, grow(left - 1))
        first = int(rng.integers(1, max(2, left - 1)))
        return builder.op(op, grow(first), grow(left - 1 - first))

    return builder.build([grow(size)])


def programs_of(
    rng: np.random.Generator, ops: Sequence[Op], size: int, count: int
) -> list[tuple[Expression, Program]]:
    """Random trees of exactly `size` nodes, and their programs."""
    pairs: list[tuple[Expression, Program]] = []
    while len(pairs) < count:
        tree = random_tree(rng, ops, size)
        program = tree.to_program()
        if len(program.ops) == size:
            pairs.append((tree, program))
    return pairs
