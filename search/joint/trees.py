"""Terms as trees: written short, taken apart into summands, cut at a node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from symtick.expr import OPS, Builder, Op, Program, arity
from symtick.search.data.dataset import FloatArray
from symtick.search.kernel_api.evaluation import evaluate

Way = tuple[int, ...]  # from a root down to a node: which argument each time


class Tree(NamedTuple):
    """A node with all below it; `number` is that of an input, or the value of a constant."""

    op: Op
    number: float = 0.0
    args: tuple[Tree, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether it is a number."""
        return self.op is Op.CONST

    @property
    def size(self) -> int:
        """Its nodes."""
        return 1 + sum(a.size for a in self.args)

    @property
    def letters(self) -> int:
        """Its nodes without the inputs, which are there anyway."""
        return int(np.count_nonzero(written(self).ops != Op.INPUT))


def number(value: float) -> Tree:
    """A constant."""
    return Tree(Op.CONST, float(value))


def made(op: Op, *args: Tree) -> Tree:
    """An operation, written short: constants folded, and at the right of sums and products.

    What is no finite number is left as it stands: the kernel takes no such constants.
    """
    if all(a.constant for a in args):
        with np.errstate(all="ignore"):
            value = float(OPS[op].numpy(*(np.float64(a.number) for a in args)))
        return number(value) if math.isfinite(value) else Tree(op, 0.0, args)
    if op is Op.SUB and args[1].constant:
        op, args = Op.ADD, (args[0], number(-args[1].number))
    if op not in (Op.ADD, Op.MUL):
        return Tree(op, 0.0, args)
    left, right = args[::-1] if args[0].constant else args
    if right.constant and right.number == (0.0 if op is Op.ADD else 1.0):
        return left
    if right.constant and right.number == 0.0:
        return right
    if right.constant and left.op is op and left.args[1].constant:
        return made(op, left.args[0], made(op, left.args[1], right))
    return Tree(op, 0.0, (left, right))


def read(program: Program, short: bool = True) -> Tree:
    """A postfix program as a tree; as it stands where it is not to be `short`."""
    stack: list[Tree] = []
    for code, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        op = Op(code)
        if op is Op.INPUT:
            stack.append(Tree(op, arg))
        elif op is Op.CONST:
            stack.append(number(program.consts[arg]))
        else:
            args = tuple(stack[-arity(op) :])
            stack[-arity(op) :] = [made(op, *args) if short else Tree(op, 0.0, args)]
    return stack[0]


@lru_cache(maxsize=1 << 12)
def written(tree: Tree) -> Program:
    """The tree as a postfix program, whose arrays are not to be changed."""
    nodes = list(_postfix(tree))
    values = [node.number for node in nodes if node.constant]
    args, constants = [], 0
    for node in nodes:
        args.append(int(node.number) if node.op is Op.INPUT else constants * node.constant)
        constants += node.constant
    return Program(
        np.array([n.op for n in nodes], np.uint8), np.array(args, np.int32), np.array(values, float)
    )


def values_of_trees(trees: Sequence[Tree], X: FloatArray) -> FloatArray:
    """Values of each tree, (trees, rows)."""
    if not trees:
        return np.zeros((0, len(X)))
    return np.asarray(evaluate([written(t) for t in trees], X), np.float64)


def with_constants(tree: Tree, values: Iterator[float]) -> Tree:
    """The tree with other constants, in the order of its program."""
    args = tuple(with_constants(a, values) for a in tree.args)
    return number(next(values)) if tree.constant else Tree(tree.op, tree.number, args)


def grown(builder: Builder, tree: Tree) -> int:
    """The tree's nodes in an expression that is being built."""
    if tree.op is Op.INPUT:
        return builder.input(int(tree.number))
    if tree.constant:
        return builder.const(tree.number)
    return builder.op(tree.op, *(grown(builder, a) for a in tree.args))


def bare(tree: Tree) -> Tree:
    """Without the factor, the sign and the constant that a readout gives anyway."""
    while True:
        if tree.op in (Op.ADD, Op.MUL) and tree.args[1].constant:
            tree = tree.args[0]
        elif tree.op is Op.SUB and tree.args[0].constant:
            tree = tree.args[1]
        elif tree.op is Op.NEG:
            tree = tree.args[0]
        else:
            return tree


def summands(tree: Tree) -> list[Tree]:
    """The bare terms of which the tree is a weighted sum."""
    tree = bare(tree)
    if tree.op in (Op.ADD, Op.SUB):
        return [part for a in tree.args for part in summands(a)]
    return [] if tree.constant else [tree]


def below(tree: Tree, way: Way = ()) -> Iterator[tuple[Way, Tree]]:
    """All nodes under the root that are no constants."""
    for k, a in enumerate(tree.args):
        if not a.constant:
            yield (*way, k), a
            yield from below(a, (*way, k))


def replaced(tree: Tree, way: Way, by: Tree) -> Tree:
    """The tree with another node at the end of a way, written short."""
    if not way:
        return by
    args = (replaced(a, way[1:], by) if k == way[0] else a for k, a in enumerate(tree.args))
    return made(tree.op, *args)


def to_list(tree: Tree) -> list[Any]:
    """The tree for JSON."""
    return [int(tree.op), tree.number, [to_list(a) for a in tree.args]]


def from_list(content: list[Any]) -> Tree:
    """The inverse of `to_list`."""
    op, value, args = content
    return Tree(Op(op), value, tuple(from_list(a) for a in args))


def _postfix(tree: Tree) -> Iterator[Tree]:
    for a in tree.args:
        yield from _postfix(a)
    yield tree
