"""The kernel's cost equals the compiler's for the graph that the rules build, to the last bit.

The graph is `codegen`'s, its stages and areas are those of `codegen`'s scheduler under the same
prices; costs worked by hand say that it is the right graph.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import NAMES, expressions

from symtick.codegen import Fixed
from symtick.codegen.ir.graph import GOp
from symtick.codegen.ir.signed_digits import signed_digits
from symtick.codegen.scheduling.scheduler import schedule
from symtick.errors import InputError
from symtick.expr import OPCODES, SEARCH_OPS, Builder, Expression, Op, parse
from symtick.hwcost import model
from symtick.hwcost.search_model.export import search_cost as exported
from symtick.hwcost.search_model.graph import lowered, search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.kernel_api.evaluation import costs

pytestmark = pytest.mark.kernel
ADDITIVE = (Op.ADD, Op.SUB, Op.NEG, Op.MUL, Op.TANH)


@st.composite
def cost_tables(draw: st.DrawFn) -> SearchCost:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = len(OPCODES)
    # coarse delays make ties and exact fits in a tick common
    delays = rng.integers(0, 30, 2 * count) / draw(st.sampled_from([4.0, 7.0]))
    return SearchCost(
        period=draw(st.sampled_from([1.0, 2.5, 3.3])),
        chain=draw(st.booleans()),
        fuse=draw(st.booleans()),
        op_delay=tuple(delays[:count]),
        op_lut=tuple(rng.uniform(0, 300, count)),
        table_delay=tuple(delays[count : count + 3]),
        table_lut=tuple(rng.uniform(0, 90, 3)),
        factor_bits=draw(st.integers(1, 12)),
    )


@settings(max_examples=300, deadline=None)
@given(expression=expressions(leaves=25) | expressions(ADDITIVE, leaves=30), cost=cost_tables())
def test_the_kernel_equals_the_compiler(expression: Expression, cost: SearchCost) -> None:
    ticks, lut = costs([expression.to_program()], cost)
    assert (int(ticks[0]), float(lut[0])) == search_cost(expression, cost)


def some_expressions(seed: int, count: int) -> list[Expression]:
    """Sums of products, functions and constant factors over each other, nothing simplified."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        builder = Builder(NAMES)
        nodes = [builder.input(k) for k in range(3)]
        nodes += [builder.const(float(v)) for v in rng.choice([-1.0, 2.0, 0.3, 5.5, 1e-3], 2)]
        nodes.append(builder.const(rng.normal()))
        for _ in range(int(rng.integers(2, 24))):
            op = tuple(SEARCH_OPS)[int(rng.integers(2, len(SEARCH_OPS)))]
            places = rng.integers(max(0, len(nodes) - 9), len(nodes), SEARCH_OPS[op].arity)
            nodes.append(builder.op(op, *(nodes[k] for k in places.tolist())))
        found.append(builder.build([nodes[-1]]))
    return found


def real_tables() -> dict[str, SearchCost]:
    """What the devices export, and the unit model, with chaining and tables and without."""
    narrow, mixed = (Fixed(6, 4),) * 3, (Fixed(8, 4), Fixed(5, 5), Fixed(12, 8))
    found = {
        "open": exported(model("open", 200.0), narrow),
        "open, mixed": exported(model("open", 200.0), mixed),
        "open, fast": exported(model("open", 300.0), mixed),
        "published": exported(model("xcvu9p-hls4sr"), narrow),
    }
    for chain in (False, True):
        for fuse in (False, True):
            found[f"unit {chain} {fuse}"] = SearchCost.unit(3, chain=chain, fuse=fuse)
    for chain, fuse in ((False, True), (True, False)):
        found[f"open {chain} {fuse}"] = replace(found["open"], chain=chain, fuse=fuse)
    return found


@pytest.mark.parametrize("name", real_tables())
def test_the_kernel_equals_the_compiler_under_the_tables_of_the_devices(name: str) -> None:
    cost = real_tables()[name]
    trees = some_expressions(len(name), 300)
    ticks, luts = costs([tree.to_program() for tree in trees], cost)
    for tree, tick, lut in zip(trees, ticks.tolist(), luts.tolist(), strict=True):
        assert (tick, lut) == search_cost(tree, cost), str(tree)


@pytest.mark.parametrize("name", ["open", "open, mixed", "published", "unit True True"])
def test_the_schedule_of_the_graph_has_those_ticks(name: str) -> None:
    cost = real_tables()[name]
    for tree in some_expressions(7, 25):
        graph, prices = lowered(tree, cost)
        graph.check()
        found = schedule(graph, prices)
        ticks, lut = costs([tree.to_program()], cost)
        if any(prices.delay(graph, k) for k in range(len(graph.nodes))):
            assert found.latency == ticks[0]
        assert sum(prices.area(graph, k).lut for k in range(len(graph.nodes))) == lut[0]


@settings(max_examples=200, deadline=None)
@given(
    value=st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-4000, 4000).map(lambda k: k / 64),
    bits=st.integers(1, 48),
)
def test_a_constant_factor_costs_the_adders_of_its_signed_digits(value: float, bits: int) -> None:
    cost = replace(SearchCost.unit(3), factor_bits=bits)
    builder = Builder(NAMES)
    signal = builder.op(Op.MUL, builder.input(0), builder.input(1))
    tree = builder.build([builder.op(Op.MUL, builder.const(value), signal)])
    ticks, lut = costs([tree.to_program()], cost)
    kept = Fraction(0)
    if abs(value) >= 2.0**-1022:
        exponent = bits - math.frexp(value)[1]
        kept = abs(Fraction(value)) * Fraction(2) ** exponent
    digits = max(1, len(signed_digits(math.floor(kept + Fraction(1, 2)))))
    assert (ticks[0], lut[0]) == (1 + math.ceil(math.log2(digits)), digits)
    graph, _ = lowered(tree, cost)
    assert sum(node.op in (GOp.ADD, GOp.SUB) for node in graph.nodes) == digits - 1


@given(st.floats(0.01, 100.0), st.integers(1, 12))
def test_a_factor_with_one_bit_is_the_least(value: float, bits: int) -> None:
    tree = parse(f"{value!r}*(x0*x1) + x2", NAMES)
    least, whole = (
        search_cost(tree, replace(SearchCost.unit(3), factor_bits=n)) for n in (1, bits)
    )
    assert least[0] <= whole[0] and least[1] <= whole[1]


@st.composite
def shared_expressions(draw: st.DrawFn) -> Expression:
    """Up to some 700 nodes as a tree; arguments are drawn from what there is, so much is shared."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ops = draw(st.sampled_from([tuple(SEARCH_OPS), ADDITIVE, (Op.ADD, Op.SUB, Op.NEG, Op.MUL)]))
    leaves = int(rng.integers(2, 12))
    builder = Builder(NAMES)
    nodes = [
        builder.input(int(rng.integers(3))) if rng.random() < 0.8 else builder.const(rng.normal())
        for _ in range(leaves)
    ]
    sizes = [1] * leaves
    limit = int(rng.choice([30, 120, 700]))
    while sizes[-1] < limit // 3 and len(nodes) < limit:
        op = ops[int(rng.integers(len(ops)))]
        # mostly the newest two of three, so that the size grows
        places = [
            max(0, len(nodes) - 1 - int(rng.exponential(2.0))) for _ in range(SEARCH_OPS[op].arity)
        ]
        size = 1 + sum(sizes[k] for k in places)
        if size <= limit:
            nodes.append(builder.op(op, *(nodes[k] for k in places)))
            sizes.append(size)
        else:
            break
    return builder.build([nodes[-1]])


@settings(max_examples=300, deadline=None)
@given(expression=shared_expressions(), cost=cost_tables())
def test_the_kernel_equals_the_compiler_on_large_and_shared_trees(
    expression: Expression, cost: SearchCost
) -> None:
    ticks, lut = costs([expression.to_program()], cost)
    assert (int(ticks[0]), float(lut[0])) == search_cost(expression, cost)


@pytest.mark.parametrize("terms", [2, 3, 4, 5, 9, 24, 25, 26, 300])
def test_long_sums_equal_the_compiler(terms: int) -> None:
    """Terms that arrive at many different times, beyond what the kernel keeps on the stack."""
    rng = np.random.default_rng(terms)
    builder = Builder(NAMES)
    x = [builder.input(k) for k in range(3)]
    total = builder.op(Op.MUL, x[0], x[1])
    for _ in range(terms - 1):
        term = builder.op(Op.MUL, x[int(rng.integers(3))], builder.op(Op.SIN, x[0]))
        for _ in range(int(rng.integers(4))):
            term = builder.op(Op.MUL, term, builder.op(Op.ADD, x[1], builder.const(rng.normal())))
        total = builder.op(Op.ADD if rng.random() < 0.7 else Op.SUB, total, term)
    expression = builder.build([total])
    for chain in (False, True):
        unit = SearchCost.unit(3, chain=chain)
        delays = tuple(np.round(rng.uniform(0.05, 0.6, len(OPCODES)), 2))
        luts = tuple(rng.uniform(0, 9, len(OPCODES)))
        cost = SearchCost(1.0, chain, True, delays, luts, (0.2,) * 3, unit.table_lut)
        ticks, lut = costs([expression.to_program()], cost)
        assert (int(ticks[0]), float(lut[0])) == search_cost(expression, cost)


def test_programs_without_inputs_cost_nothing_or_their_operators() -> None:
    builder = Builder(())
    held = builder.build([builder.op(Op.ADD, builder.const(1.5), builder.const(2.0))])
    for fuse, expected in ((True, (0, 0.0)), (False, (1, 1.0))):
        cost = SearchCost.unit(0, fuse=fuse)
        ticks, lut = costs([held.to_program()], cost)
        assert (int(ticks[0]), float(lut[0])) == search_cost(held, cost) == expected


def of(text: str, **kind: bool) -> tuple[int, float]:
    return search_cost(parse(text, NAMES), SearchCost.unit(3, **kind))


@pytest.mark.parametrize(
    ("text", "ticks", "lut"),
    [
        ("x0", 0, 0),
        ("2.5", 0, 0),
        ("sin(3*x0) + square(x0) - 4", 1, 1),  # one table
        ("x0 + x1", 1, 1),  # bare inputs are free
        ("sin(x0) + x1 + cos(x0)", 2, 2),  # one table of x0, one adder
        ("x0 + x1 + 3", 2, 2),  # the constant makes a table of x0
        ("sin(x0) + sin(x1) + sin(x2)", 3, 5),
        ("x0*x1 + x1*x2", 2, 3),
        ("x0*x1 + 2", 2, 2),  # no table for the constant: an adder
        ("-(x0*x1)", 2, 2),
        ("x0 - x1*x2", 2, 2),
        ("3*(x0*x1)", 2, 2),  # 4 - 1
        ("(x0*x1)/4", 1, 1),  # a shift
        ("(x0*x1)/5", 4, 5),  # 256 - 64 + 16 - 4 + 1
        ("-0.7*(x0*x1)", 4, 5),
        ("0*(x0*x1)", 1, 1),
        ("0.7*(sin(x0)*x1)", 2, 2),  # in the table of the sine
        ("0.7*(sin(x0) + cos(x1))", 2, 3),
        ("0.7*(sin(x0) + x1)", 5, 6),  # a bare input does not take it
        ("0.7*tanh(x0*x1)", 2, 2),
        ("tanh(0.7*(x0*x1) + 2)", 2, 2),  # below the function too
        ("tanh(x0 + x1 + 2)", 2, 2),
        ("abs(tanh(-square(x0 + x1)))", 2, 2),
        ("sin(tanh(x0 + x1)) - 1", 3, 3),  # functions of each other
        ("max(tanh(x0 + x1), x2)", 3, 3),
        ("square(x0 + x1)", 2, 2),
        ("-x0 - x1", 2, 2),  # all negative
        ("-(x0*x1) - tanh(x0 + x2)", 3, 4),  # but for a table
        ("tanh(x0*x1) + x0*x2 + 3", 3, 4),
        ("x0/x1", 2, 2),  # a product with a table
        ("x0*x1/sin(x2)", 2, 3),
        ("sin(x2)/(x0*x1)", 3, 4),  # two tables and a product after one
        ("3/(x0*x1)", 2, 2),
        ("x2/exp(x0 + x1)", 3, 3),  # one table of 1/exp
        ("x2/(x0*x1 + 2)", 4, 4),  # the divisor is read as it is
        ("tanh(x0 + x1)*tanh(x0 + x1)", 3, 3),  # shared: paid once
        ("(x0*x1 + x2) * (x0*x1 + x2 + sin(x0))", 4, 5),  # a shared sum is not flattened
        ("sin(x0)/cos(x1)", 2, 3),
        ("max(x0*x1, 0)", 2, 2),
        ("where(x0 > x1, x2, 3)", 2, 2),
        ("where(x0 > 0.5, x1*x2, 2*x1)", 2, 4),  # a table of x0 and of x1, a product, a choice
        ("where(x0 > 0.5, x0, 2*x0)", 1, 1),  # one table
    ],
)
def test_costs_worked_by_hand(text: str, ticks: int, lut: float) -> None:
    assert of(text) == (ticks, lut)


def test_operators_beyond_the_search_s_cost_what_defines_them() -> None:
    assert of("tan(x0*x1)") == of("sin(x0*x1)/cos(x0*x1)")


def test_without_fusion_every_distinct_node_is_paid_once() -> None:
    assert of("sin(2*x0) + sin(2*x0)", fuse=False) == (3, 3.0)


def test_late_terms_join_the_sum_last() -> None:
    # the product chain takes 3, the three tables 1: ((t + t) + t) is ready with it
    assert of("tanh(tanh(x0*x1)) + sin(x0) + sin(x1) + sin(x2)")[0] == 4


def test_operators_share_a_tick_while_they_fit() -> None:
    base = SearchCost.unit(3, chain=True)
    delays = list(base.op_delay)
    delays[Op.ADD] = 0.4
    delays[Op.MUL] = 2.5
    cost = SearchCost(1.0, True, True, tuple(delays), base.op_lut, (0.5,) * 3, base.table_lut)
    assert search_cost(parse("sin(x0) + sin(x1)", NAMES), cost)[0] == 1  # 0.5 + 0.4
    assert search_cost(parse("sin(x0) + sin(x1) + sin(x2)", NAMES), cost)[0] == 2
    assert search_cost(parse("x0*x1", NAMES), cost)[0] == 3  # ceil(2.5)
    assert search_cost(parse("sin(x0)*x1", NAMES), cost)[0] == 4  # from the start of a tick
    assert search_cost(parse("x0*x1 + x2", NAMES), cost)[0] == 3  # in the last half tick


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": 0.0}, "period"),
        ({"op_delay": (1.0,)}, "op_delay needs 39 entries"),
        ({"table_lut": (1.0,)}, "one entry for each input"),
        ({"op_lut": (float("nan"),) * 18}, "op_lut must hold finite"),
        ({"factor_bits": 0}, "factor_bits"),
    ],
)
def test_bad_tables_are_refused(change: dict[str, object], message: str) -> None:
    base = SearchCost.unit(3)
    with pytest.raises(InputError, match=message):
        SearchCost(**{**base.__dict__, **change})  # type: ignore[arg-type]


def test_the_number_of_inputs_must_match() -> None:
    with pytest.raises(InputError, match="3 inputs, the cost has tables for 2"):
        search_cost(parse("x0", NAMES), SearchCost.unit(2))
