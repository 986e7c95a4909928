"""Products with a factor of one bit: values, formats, prices, and what is printed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from unit_model import SizedModel

from symtick.codegen import Area, Fixed, GOp, Graph, GraphBuilder, schedule
from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.passes.one_bit_factors import is_bit, product, without_one_bit_factors
from symtick.codegen.passes.pipeline import run_passes
from symtick.expr import parse
from symtick.hwcost import model

BITS = [Fixed(1, frac, signed) for frac in (-2, 0, 3) for signed in (False, True)]
FACTORS = [Fixed(w, f, s) for w in (1, 2, 4) for f in (-3, 0, 2) for s in (False, True)]


def of_two(one: Fixed, two: Fixed) -> Graph:
    builder = GraphBuilder(("a", "b"))
    x, y = builder.input(0, one), builder.input(1, two)
    return builder.build([builder.op(GOp.MUL, x, y)], ["p"])


def codes(fmt: Fixed) -> range:
    return range(fmt.raw_min, fmt.raw_max + 1)


@pytest.mark.parametrize("bit", BITS, ids=str)
def test_the_choice_has_the_product_s_value_and_format(bit: Fixed) -> None:
    for other, first in itertools.product(FACTORS, (True, False)):
        pair = (bit, other) if first else (other, bit)
        before = of_two(*pair)
        after = without_one_bit_factors(before)
        raw = np.array(list(itertools.product(codes(pair[0]), codes(pair[1]))))
        assert after.evaluate(raw).tolist() == before.evaluate(raw).tolist()
        old, new = (g.nodes[g.outputs[0]] for g in (before, after))
        assert (new.fmt, new.lo, new.hi) == (old.fmt, old.lo, old.hi)
        assert GOp.MUL not in {node.op for node in after.nodes}


@pytest.mark.parametrize("bit", BITS, ids=str)
def test_the_square_of_a_bit_is_the_bit(bit: Fixed) -> None:
    builder = GraphBuilder(("a",))
    x = builder.input(0, bit)
    before = builder.build([builder.op(GOp.MUL, x, x)], ["p"])
    after = without_one_bit_factors(before)
    raw = np.array([[v] for v in codes(bit)])
    assert after.evaluate(raw).tolist() == before.evaluate(raw).tolist()
    made = model("open", 200.0)
    assert sum(made.area(after, k).lut for k in range(len(after.nodes))) == 0.0


def test_wider_factors_stay_a_product() -> None:
    builder = GraphBuilder(("a", "b"))
    pair = builder.input(0, Fixed(2, 0)), builder.input(1, Fixed(3, 0))
    assert product(builder, *pair) == builder.op(GOp.MUL, *pair)


def test_a_signed_bit_is_priced_as_the_negation_that_it_becomes() -> None:
    made = model("xcvu13p-2", 200.0)
    for signed in (False, True):
        before = of_two(Fixed(1, 0, signed), Fixed(12, 4))
        after = without_one_bit_factors(before)
        areas, delays = (
            [[price(g, k) for k in range(len(g.nodes))] for g in (before, after)]
            for price in (made.area, made.delay)
        )
        assert sum(areas[0], Area()) == sum(areas[1], Area())
        assert sum(delays[0]) == sum(delays[1]) > 0.0


@pytest.mark.parametrize("device", ["open", "xcvu13p-2"])
@pytest.mark.parametrize("signed", [False, True])
def test_no_multiplication_by_a_bit_is_printed(device: str, signed: bool) -> None:
    """Neither where a port has one bit nor where its bounds leave one."""
    for width, lo, hi in ((1, None, None), (4, -1 if signed else 0, 0 if signed else 1)):
        builder = GraphBuilder(("a", "b"))
        x = builder.input(0, Fixed(width, 0, signed), lo, hi)
        made = builder.op(GOp.MUL, x, builder.input(1, Fixed(12, 4)))
        costs = model(device, 200.0)
        graph = run_passes(builder.build([made], ["p"]), costs)
        design = Design("top", parse("a*b", ["a", "b"]), graph, schedule(graph, costs), "model")
        code = [line.split("//")[0] for line in verilog_files(design)["rtl/top.v"].splitlines()]
        assert not any(" * " in line for line in code)


@pytest.mark.parametrize("budget", [0.45, 0.8, 1.3])
def test_a_product_that_is_halved_to_bits_has_none_of_one_bit(budget: float) -> None:
    for one, two in ((Fixed(4, 0), Fixed(3, 1)), (Fixed(3, 0, False), Fixed(5, 0))):
        before = of_two(one, two)
        after = run_passes(before, SizedModel(budget_ns=budget))
        raw = np.array(list(itertools.product(codes(one), codes(two))))
        assert after.evaluate(raw).tolist() == before.evaluate(raw).tolist()
        for node in after.nodes:
            if node.op is GOp.MUL:
                assert not any(is_bit(after.nodes[a]) for a in node.args)
