"""Products that are DSP blocks with registers of their own: schedule, values, synthesis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Design, Fixed, GOp, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.expr import parse
from symtick.hwcost import estimate, load_device, model
from symtick.hwcost.models.model import OpenModel
from symtick.sim import yosys
from symtick.sim.verify import verify


def compiled(
    text: str, widths: dict[str, int], costs: OpenModel, latency: int | None = None
) -> Design:
    formats = [Fixed(width, 0) for width in widths.values()]
    return compile_expression(
        parse(text, list(widths)), formats, costs, Precision(term_frac=6), name="top",
        latency=latency,
    )  # fmt: skip


def costs_of(device: str, clock_mhz: float) -> OpenModel:
    made = model(device, clock_mhz)
    assert isinstance(made, OpenModel)
    return made


def test_a_product_longer_than_a_stage_is_one_block_between_registers() -> None:
    costs = costs_of("xcvu13p-2", 360.0)
    made = compiled("a*b", {"a": 18, "b": 18}, costs)
    area = estimate(made, costs).area
    assert (made.schedule.latency, area.lut, area.dsp) == (2, 0.0, 1.0)
    (number,) = (k for k, node in enumerate(made.graph.nodes) if node.op is GOp.MUL)
    assert made.schedule.stage[number] == 1
    text = verilog_files(made)["rtl/top.v"]
    assert f'(* use_dsp = "yes" *) wire signed [35:0] mul{number};' in text
    assert f"assign mul{number} = a_s1 * b_s1;" in text
    assert f"mul{number}_s2 <= mul{number};" in text


def test_what_lies_between_two_blocks_has_a_stage_of_its_own() -> None:
    costs = costs_of("xcvu13p-2", 360.0)
    made = compiled("(a*b + a)*c", {"a": 16, "b": 16, "c": 12}, costs)
    nodes, stage = made.graph.nodes, made.schedule.stage
    blocks = [k for k in range(len(nodes)) if costs.registered(made.graph, k)]
    assert blocks
    for k in blocks:
        assert all(stage[a] < stage[k] for a in nodes[k].args)
        assert all(stage[u] > stage[k] for u, n in enumerate(nodes) if k in n.args)


@pytest.mark.parametrize(
    ("width", "clock", "ticks", "dsp"),
    [(8, 200.0, 1, 0), (8, 360.0, 2, 0), (18, 200.0, 1, 1), (18, 540.0, 2, 1)],
)
def test_a_block_is_taken_where_it_is_sooner_or_cheaper(
    width: int, clock: float, ticks: int, dsp: int
) -> None:
    costs = costs_of("xcvu13p-2", clock)
    made = estimate(compiled("a*b", {"a": width, "b": width}, costs), costs)
    assert (made.ticks, made.area.dsp) == (ticks, dsp)


def test_a_product_wider_than_a_block_is_cut_into_blocks() -> None:
    costs = costs_of("xcvu13p-2", 360.0)
    for a, b, dsp in ((20, 30, 2.0), (32, 32, 4.0)):
        made = compiled("a*b", {"a": a, "b": b}, costs)
        area = estimate(made, costs).area
        assert (made.schedule.latency, area.dsp) == (3, dsp)
        raw = np.random.default_rng(0).integers([[-1 << 19] * 2], [[1 << 19] * 2], (500, 2))
        exact = raw[:, :1].astype(object) * raw[:, 1:].astype(object)
        assert (made.graph.evaluate(raw) == exact).all()


def test_there_is_no_block_beyond_its_own_clock() -> None:
    """544 MHz by AMD DS923, between the registers of the factors and that of the product."""
    costs = costs_of("xcvu13p-2", 560.0)
    made = compiled("a*b", {"a": 18, "b": 18}, costs)
    assert not any(costs.registered(made.graph, k) for k in range(len(made.graph.nodes)))
    assert estimate(made, costs).area.dsp == 0.0


def test_without_a_clock_a_block_takes_all_of_its_time() -> None:
    costs = costs_of("xcvu13p-2", 360.0)
    made = compiled("a*b", {"a": 18, "b": 18}, costs, latency=0)
    assert costs.device.dsp is not None
    assert max(made.schedule.arrival) == costs.device.dsp.delay_ns > costs.budget_ns


@pytest.mark.sim
def test_blocks_agree_bit_for_bit_in_the_measured_ticks(tmp_path: Path) -> None:
    costs = costs_of("xcvu13p-2", 360.0)
    made = compiled("(a*b + a)*c; b*c", {"a": 16, "b": 16, "c": 12}, costs)
    outcome = verify(made, tmp_path, 2000)
    outcome.check()
    assert outcome.measured_latency == made.schedule.latency


@pytest.mark.synth
@pytest.mark.parametrize(("device", "clock"), [("xcvu13p-2", 360.0), ("xc7z020-1", 250.0)])
def test_synthesis_makes_one_block_and_no_logic(device: str, clock: float, tmp_path: Path) -> None:
    """Yosys packs the registers into the block of the 7 series; of UltraScale+ it leaves them."""
    costs = costs_of(device, clock)
    made = compiled("a*b", {"a": 16, "b": 16}, costs)
    source = tmp_path / "top.v"
    source.write_text(verilog_files(made)["rtl/top.v"])
    family = load_device(device).family
    assert family is not None
    cells = yosys.synthesize([source], "top", tmp_path / "out", family)
    area = estimate(made, costs).area
    assert (cells.lut, cells.dsp) == (area.lut, area.dsp) == (0, 1)
    assert cells.ff == (0 if family == "xc7" else area.ff)
