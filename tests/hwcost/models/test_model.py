"""Cost models against their stated rules: free operations, growth, and the clock budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Precision, compile_expression
from symtick.codegen.design import Design, in_dsp
from symtick.codegen.emit.hls import hls_files
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.codegen.scheduling.scheduler import schedule
from symtick.errors import InputError, ResourceError
from symtick.expr import Op, parse
from symtick.hwcost import CycleModel, OpenModel, estimate, model, search_cost
from symtick.hwcost.models.features import shape
from symtick.hwcost.models.model import Model


def _costs(made: Model, builder: GraphBuilder, node: int) -> tuple[float, float, float]:
    graph = builder.build([node], ["y"])
    area = made.area(graph, graph.outputs[0])
    return made.delay(graph, graph.outputs[0]), area.lut, area.dsp


@given(st.integers(2, 24), st.integers(2, 24))
def test_wires_are_free_and_sums_cost_a_lut_a_bit(a: int, b: int) -> None:
    made, g = model("open"), GraphBuilder(("a", "b"))
    x, y = g.input(0, Fixed(a, 0)), g.input(1, Fixed(b, 0))
    for free in (x, g.const(5, 2), g.scale(x, 3), g.cast(x, Fixed(1, 0), Quant.TRN, Overflow.WRAP)):
        assert _costs(made, g, free) == (0.0, 0.0, 0.0)
    delay, lut, dsp = _costs(made, g, g.op(GOp.ADD, x, y))
    assert lut == pytest.approx(max(a, b), abs=0.2)
    assert 1.0 < delay < 2.5 and dsp == 0.0


@given(st.integers(2, 24))
def test_next_to_zero_the_sign_decides(width: int) -> None:
    made, g = model("open"), GraphBuilder(("a",))
    x, zero = g.input(0, Fixed(width, 0)), g.const(0, 0)
    assert _costs(made, g, g.op(GOp.GE, x, zero)) == (0.0, 0.0, 0.0)
    rectified = g.op(GOp.MAX, zero, x)
    assert rectified == g.op(GOp.MAX, x, zero)
    delay, lut, _ = _costs(made, g, rectified)
    assert lut == width - 1  # as wide as what is not negative
    assert delay < _costs(made, g, g.op(GOp.MAX, x, g.const(1, 0)))[0]


def test_low_bits_of_one_operand_alone_are_wires() -> None:
    made, g = model("open"), GraphBuilder(("a", "b"))
    short, long = g.input(0, Fixed(12, 0)), g.input(1, Fixed(12, 8))
    apart = _costs(made, g, g.op(GOp.ADD, short, long))
    below = _costs(made, g, g.op(GOp.SUB, short, long))
    assert apart[1] < below[1]


def test_casts_cost_only_what_the_bounds_need() -> None:
    made, g = model("open"), GraphBuilder(("a",))
    small = g.input(0, Fixed(12, 4), -100, 100)
    fits = g.cast(small, Fixed(8, 4), Quant.TRN, Overflow.SAT)
    assert _costs(made, g, fits) == (0.0, 0.0, 0.0)
    rounded = _costs(made, g, g.cast(small, Fixed(8, 2), Quant.RND, Overflow.SAT))
    cut = _costs(made, g, g.cast(small, Fixed(5, 2), Quant.RND, Overflow.SAT))
    assert 0.0 < rounded[0] < cut[0] and rounded[1] < cut[1]


def test_tables_are_priced_by_their_contents() -> None:
    made, g = model("open"), GraphBuilder(("a",))
    x = g.input(0, Fixed(8, 0, False))
    steps = g.table(x, [k >> 4 for k in range(256)], Fixed(4, 0, False))
    noisy = g.table(x, [(k * 40503 >> 3) & 255 for k in range(256)], Fixed(8, 0, False))
    assert _costs(made, g, steps)[1] == 0.0
    assert _costs(made, g, noisy)[1] >= 20.0


def test_products_become_blocks_where_the_device_has_the_rule() -> None:
    g = GraphBuilder(("a", "b"))
    x, y = g.input(0, Fixed(8, 0)), g.input(1, Fixed(8, 0))
    product = g.op(GOp.MUL, x, y)
    assert _costs(model("open"), g, product)[2] == 0.0
    _, lut, dsp = _costs(model("xcvu9p-2"), g, product)
    assert (lut, dsp) == (0.0, 1.0)
    small = g.op(GOp.MUL, g.input(0, Fixed(4, 0)), g.input(1, Fixed(4, 0)))
    assert _costs(model("xcvu9p-2"), g, small)[2] == 0.0
    wide = g.op(GOp.MUL, g.input(0, Fixed(30, 0)), g.input(1, Fixed(30, 0)))
    assert _costs(model("xcvu9p-2"), g, wide)[2] == 4.0


def test_the_budget_is_what_registers_and_margin_leave() -> None:
    made = model("open", 200.0)
    assert 3.5 < made.budget_ns < 4.3
    assert model("xcvu9p-2", 360.0).budget_ns > 1.6
    with pytest.raises(InputError, match="ns that a table of four address bits takes"):
        model("open", 990.0)


@pytest.mark.parametrize(
    ("device", "clock", "kind", "complaint"),
    [
        ("open", 0.0, None, "a clock must lie in 0 to 1000 MHz"),
        ("open", float("nan"), None, "a clock must lie"),
        ("nothing", 200.0, None, "unknown device 'nothing'"),
        ("open", 200.0, "published", "device open is of kind 'open'"),
        ("xcvu9p-hls4sr", 100.0, None, "for 200 MHz, not 100 MHz"),
    ],
)
def test_bad_requests_are_named(
    device: str, clock: float, kind: str | None, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        model(device, clock, kind)


def _design(made: Model, latency: int | None = None) -> Design:
    g = GraphBuilder(("a", "b"))
    x, y = g.input(0, Fixed(6, 3)), g.input(1, Fixed(6, 3))
    total = g.op(GOp.ADD, g.table(x, [(k * k) % 64 for k in range(64)], Fixed(6, 0, False)), y)
    graph = g.build([total], ["y"])
    return Design("d", parse("a + b", ["a", "b"]), graph, schedule(graph, made, latency), made.name)


def test_estimate_adds_nodes_and_registers() -> None:
    made = model("open", 200.0)
    design = _design(made, latency=2)
    found = estimate(design, made)
    assert (found.ticks, found.ns, found.clock_mhz) == (2, 10.0, 200.0)
    assert found.area.ff == design.schedule.registers(design.graph) > 0
    assert found.area.lut == pytest.approx(sum(a.lut for a in found.by_node))
    with pytest.raises(ResourceError, match="stage 0 takes"):
        estimate(_design(made), model("unit", kind="unit", clock_mhz=900.0))


def test_published_operators_take_a_tick_each() -> None:
    made = model("xcvu9p-hls4sr")
    assert isinstance(made, CycleModel)
    assert estimate(_design(made), made).ticks == 2
    cost = search_cost(made, [Fixed(16, 10)] * 2)
    assert (cost.chain, cost.fuse, cost.period) == (False, False, 1.0)
    assert (cost.op_delay[Op.TANH], cost.op_delay[Op.ADD]) == (51.0, 1.0)
    narrow = search_cost(made, [Fixed(12, 6)] * 2, Fixed(12, 6))
    assert narrow.op_delay[Op.TANH] == 43.0


def test_search_costs_follow_the_model() -> None:
    made = model("open")
    assert isinstance(made, OpenModel)
    cost = search_cost(made, [Fixed(6, 3), Fixed(8, 3)])
    assert (cost.chain, cost.fuse, cost.period) == (True, True, made.budget_ns)
    assert cost.table_lut[0] == pytest.approx(8.0, rel=0.05)  # one LUT for each output bit
    assert cost.table_lut[1] > 2.0 * cost.table_lut[0]
    assert cost.table_delay[0] < cost.table_delay[1]
    # a table and a sum, or two sums, share a tick at 200 MHz; three sums do not
    adder = cost.op_delay[Op.ADD]
    assert cost.table_delay[0] + adder < cost.period and 2 * adder < cost.period < 3 * adder
    assert cost.op_delay[Op.MUL] > cost.op_delay[Op.DIV] > adder  # of the reciprocal's table


def test_an_adder_takes_in_a_small_table_that_it_alone_reads() -> None:
    """The second operand's only: the carry chain reads the first one, too."""
    device = model("open", 200.0)
    for address, absorbed in ((4, True), (5, True), (6, False)):
        text = "tanh(a) + tanh(1.5 * b)"
        design = compile_expression(
            parse(text, ["a", "b"]),
            [Fixed(address, address - 1)] * 2,
            device,
            Precision(),
            name="pair",
        )
        graph = design.graph
        (adder,) = (node for node in graph.nodes if node.op is GOp.ADD)
        found = estimate(design, device)
        alone = [device.area(graph, k).lut for k in range(len(graph.nodes))]
        first, second = adder.args
        assert found.by_node[first].lut == alone[first] > 0.0
        assert (found.by_node[second].lut < 0.5) == absorbed
        assert (found.by_node[second].lut == alone[second]) != absorbed


@pytest.mark.parametrize(("clock", "depth"), [(200.0, "one LUT"), (50.0, "two LUTs")])
def test_tables_of_a_design_that_is_one_lut_deep_share_nothing(clock: float, depth: str) -> None:
    """F7 and F8 join what they need where no other logic is deeper; a sum in the tick is."""
    device = model("open", clock)
    design = compile_expression(
        parse("tanh(a) + tanh(1.5 * b)", ["a", "b"]),
        [Fixed(8, 7)] * 2,
        device,
        Precision(),
        name="pair",
    )
    graph = design.graph
    (adder,) = (node for node in graph.nodes if node.op is GOp.ADD)
    first = adder.args[0]
    counted = shape(graph.nodes[first])
    assert counted.address == 8 and counted.luts != counted.joined
    factors = device.device.table_factor
    expected = {
        "one LUT": counted.joined * factors[6],
        "two LUTs": device.table_luts(counted),
    }
    assert estimate(design, device).by_node[first].lut == pytest.approx(expected[depth], rel=0.05)


@pytest.mark.parametrize(
    ("device", "said", "bound"), [("open", "no", "fabric"), ("xcvu9p-2", "yes", "dsp")]
)
def test_emitted_products_say_what_the_estimate_counts(device: str, said: str, bound: str) -> None:
    g, costs = GraphBuilder(("a", "b")), model(device, 100.0)
    graph = g.build([g.op(GOp.MUL, *(g.input(k, Fixed(6, 2)) for k in range(2)))], ["y"])
    plan = schedule(graph, costs, None)
    formula = parse("a*b", ["a", "b"])
    design = Design("d", formula, graph, plan, costs.name, in_dsp=in_dsp(graph, costs))
    assert (estimate(design, costs).area.dsp > 0) == (said == "yes")
    text = verilog_files(design)["rtl/d.v"]
    assert f'(* use_dsp = "{said}" *) wire signed [11:0] mul2;' in text
    assert '(* shreg_extract = "no" *)\nmodule d (' in text
    body = hls_files(design)["firmware/d.cpp"].splitlines()
    place = next(k for k, line in enumerate(body) if " mul2 = a * b;" in line)
    assert body[place + 1] == f"    #pragma HLS BIND_OP variable=mul2 op=mul impl={bound}"


def test_a_table_of_cycles_does_not_say_what_products_are_made_of() -> None:
    g = GraphBuilder(("a", "b"))
    graph = g.build([g.op(GOp.MUL, *(g.input(k, Fixed(6, 2)) for k in range(2)))], ["y"])
    assert in_dsp(graph, model("xcvu9p-hls4sr")) == (None,) * 3
