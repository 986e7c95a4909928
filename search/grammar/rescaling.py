"""Formulas of scaled and shifted inputs in other units: factors move into constants around them.

Factors are meant to be powers of four, which move through products, quotients, roots and sums
without rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from symtick.expr import BY_NAME, Scaled, factored
from symtick.search.grammar.infix import Tree, Trees

_ROUNDED = 4  # last places that a tuned constant may be off 1 and still is 1


def rescaled(
    tree: Tree,
    inputs: Sequence[str],
    factors: Sequence[float],
    output: float,
    offsets: Sequence[float] = (),
) -> Tree:
    """`output` times the tree with input k replaced by factors[k] * (input k + offsets[k]).

    Args:
        tree: a formula; custom operators stay calls.
        inputs: names of the inputs.
        factors: of the inputs, not 0.
        output: of the whole, not 0.
        offsets: of the inputs; none by default.
    """
    shifts = dict(zip(inputs, offsets, strict=True)) if offsets else {}
    writer = _Writer(Trees(tuple(inputs)), dict(zip(inputs, factors, strict=True)), shifts)
    whole = writer.read(tree)
    return writer.written(Scaled(whole.factor * output, whole.node))


class _Writer:
    def __init__(
        self, builder: Trees, factors: dict[str, float], offsets: dict[str, float]
    ) -> None:
        self._builder, self._factors, self._offsets = builder, factors, offsets

    def read(self, tree: Tree) -> Scaled:
        """A tree as a factor of what is left of it."""
        if not tree.name:
            return Scaled(tree.value, None)
        if not tree.args:
            return self._input(tree, 0.0)
        if (sum_ := self._moved(tree)) is not None:
            return sum_
        args = [self.read(a) for a in tree.args]
        if tree.name in BY_NAME:
            form = factored(self._builder, BY_NAME[tree.name], args)
            if form is not None:
                return form
        return Scaled(1.0, self._builder.keep(Tree(tree.name, tuple(map(self.written, args)))))

    def _input(self, tree: Tree, more: float) -> Scaled:
        """An input plus a number, which its offset takes in."""
        factor = self._factors[tree.name]
        offset = self._offsets.get(tree.name, 0.0) + more / factor
        shifted = Tree("add", (tree, Tree("", value=offset))) if offset else tree
        return Scaled(factor, self._builder.keep(shifted))

    def _moved(self, tree: Tree) -> Scaled | None:
        """The sum or difference of an input that has an offset and a number; None of others."""
        if tree.name not in ("add", "sub"):
            return None
        sign = 1.0 if tree.name == "add" else -1.0
        first, second = tree.args
        if self._offsets.get(first.name) and not second.name:
            return self._input(first, sign * second.value)
        if self._offsets.get(second.name) and not first.name:
            form = self._input(second, sign * first.value)
            return Scaled(sign * form.factor, form.node)
        return None

    def written(self, form: Scaled) -> Tree:
        """The product; the factor goes into a constant where there is one to take it."""
        if form.node is None:
            return Tree("", value=form.factor)
        tree = self._builder.trees[form.node]
        taken = None if form.factor == 1.0 else _taken(tree, form.factor)
        return _times(form.factor, tree) if taken is None else taken


def _taken(tree: Tree, factor: float) -> Tree | None:
    """The tree times a factor, as a tree of no more tokens; None where no constant can take it."""
    if not tree.name:
        return Tree("", value=tree.value * factor)
    if tree.name in ("add", "sub"):
        sides = tuple(_taken(a, factor) for a in tree.args)
        return None if None in sides else Tree(tree.name, sides)  # type: ignore[arg-type]
    if tree.name == "neg":
        inner = _taken(tree.args[0], factor)
        return None if inner is None else Tree("neg", (inner,))
    if tree.name not in ("mul", "div"):
        return None
    left, right = tree.args
    if (first := _taken(left, factor)) is not None:
        return _product(tree.name, first, right)
    other = factor if tree.name == "mul" else 1.0 / factor
    second = _taken(right, other)
    return None if second is None else _product(tree.name, left, second)


def _product(name: str, left: Tree, right: Tree) -> Tree:
    """A product or quotient, without a factor of 1."""
    if not right.name and _one(right.value):
        return left
    return (
        right if name == "mul" and not left.name and _one(left.value) else Tree(name, (left, right))
    )


def _times(factor: float, tree: Tree) -> Tree:
    return tree if _one(factor) else Tree("mul", (Tree("", value=factor), tree))


def _one(value: float) -> bool:
    return abs(value - 1.0) <= _ROUNDED * math.ulp(1.0)
