"""Terms as trees."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import inputs, program

from symtick.expr import Builder, Op
from symtick.search.joint.trees import (
    bare,
    below,
    from_list,
    grown,
    number,
    read,
    replaced,
    summands,
    to_list,
    values_of_trees,
    written,
)

pytestmark = pytest.mark.kernel
X = inputs(50)
TEXTS = (
    "x0",
    "tanh(2.0*x0 - 0.5*x1 + 0.25)",
    "-(3.0 + x2*1.5)*2.0",
    "1.0 - exp(-(x1*3.0 - 1.0)**2)",
    "max(x0, x1) - min(x2, 0.5)*x3",
    "x0*x1 + 2.0*tanh(x2) - abs(x3 - 0.25)",
)


@pytest.mark.parametrize("text", TEXTS)
def test_reading_and_writing_keep_the_values(text: str) -> None:
    whole = program(text)
    tree = read(whole)
    rows = values_of_trees([tree, read(whole, short=False)], X)
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-12)
    assert tree.size <= len(whole.ops)
    assert read(written(tree)) == tree == from_list(to_list(tree))
    builder = Builder(("x0", "x1", "x2", "x3"))
    made = builder.build([grown(builder, tree)])
    np.testing.assert_allclose(made.evaluate(X)[:, 0], rows[0], atol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_a_tree_is_a_weighted_sum_of_its_summands(text: str) -> None:
    tree = read(program(text))
    parts = values_of_trees(summands(tree), X)
    columns = np.vstack([parts, np.ones(len(X))]).T
    (whole,) = values_of_trees([tree], X)
    weights, *_ = np.linalg.lstsq(columns, whole, rcond=None)
    np.testing.assert_allclose(columns @ weights, whole, atol=1e-9)
    assert all(bare(part) == part and not part.constant for part in summands(tree))


def test_constants_are_folded_and_stand_at_the_right() -> None:
    assert read(program("(x0 + 1.0) + 2.0")) == read(program("3.0 + x0"))
    assert read(program("2.0*(x0*3.0)")) == read(program("x0*6.0"))
    assert read(program("x0*0.0 + tanh(0.0)")) == number(0.0)
    assert read(program("x0*1.0 + 0.0")).op is Op.INPUT
    assert read(program("tanh(x0) + x1*2.0")).letters == 4


@pytest.mark.parametrize(
    "text",
    [
        "x0 + exp(800.0)*2.0",
        "(x0*1e200)*1e200",
        "x0 + 1.0/(x1*0.0)",
        "sqrt(0.0 - 4.0)*x0",
        "exp(900.0)",
    ],
)
def test_no_constant_is_folded_to_what_is_no_number(text: str) -> None:
    tree = read(program(text))
    values = values_of_trees([tree], X)  # the kernel refuses constants that are not finite
    assert not np.isfinite(values).all()
    assert read(written(tree)) == tree


def test_every_node_can_be_replaced() -> None:
    tree = read(program("tanh(2.0*x0 - 0.5*x1 + 0.25)"))
    ways = list(below(tree))
    assert len(ways) == 6  # two sums, two products, two inputs
    for way, part in ways:
        assert replaced(tree, way, part) == tree
        shorter = replaced(tree, way, number(0.125))
        assert shorter.size < tree.size
    assert replaced(tree, ways[0][0], number(0.0)) == number(0.0)
