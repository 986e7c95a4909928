"""The reference by hls4ml's symbolic way: equal to hls4ml itself, and built by its stated rules."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

from benchmarks.baselines.symbolic_hls4ml import (
    FUNCTIONS,
    TYPE,
    CutPoint,
    LutFunction,
    compile_symbolic,
    raw_inputs,
)
from symtick.codegen import Design, Fixed
from symtick.errors import InputError
from symtick.expr import parse, to_sympy
from symtick.hwcost import model
from symtick.sim.verify import verify

# signs before and inside sums, products of sums, powers, quotients, constants out of the type's
# range, arguments outside a table's, values that wrap
TEXTS = (
    "-1.81387019*tanh(2.12247801*(-4.65633869*tanh(-2.79978585*x0 - 1.7703228)) + 2.5179975) + 1.3",
    "exp(-square(x1*5.835 + 5.344))*2.1308 + x0*x1/3 - square(x0 - x1)*40.5 - 3*cube(x0)",
    "x0 - tanh(x1*x0*7 - 0.45)*(exp(x1) - x0*1.25)*(x0 + x1) - 0.45",
    "-x0 + 2*x1 - 0.5",
    "31.9*x0 + 31.9*x1 - x0*x1*x0*x1",
)
INPUTS = ("x0", "x1")


def design(texts: tuple[str, ...], cut: CutPoint) -> Design:
    names = [f"y{k}" for k in range(len(texts))]
    found = parse(texts, INPUTS)
    return compile_symbolic(found, model("open"), name="symbolic", output_names=names, cut=cut)


def words(rows: int, size: int = 1600) -> np.ndarray:
    return np.random.default_rng(0).integers(-size, size, (rows, len(INPUTS)))


@pytest.mark.sim
@pytest.mark.slow
def test_it_equals_hls4ml_bit_for_bit(tmp_path: Path) -> None:
    luts = {
        f"{name}_lut": {
            "math_func": name,
            "table_size": FUNCTIONS[name].table_size,
            "range_start": FUNCTIONS[name].range_start,
            "range_end": FUNCTIONS[name].range_end,
        }
        for name in ("tanh", "exp")
    }
    named = {sympy.tanh: sympy.Function("tanh_lut"), sympy.exp: sympy.Function("exp_lut")}
    expression = parse(TEXTS, INPUTS)
    printed = []
    for k in range(len(TEXTS)):
        item = to_sympy(expression, k)
        for plain, table in named.items():
            item = item.replace(plain, table)
        printed.append(str(item))
    job = {"expressions": printed, "inputs": len(INPUTS), "lut_functions": luts}
    (tmp_path / "job.json").write_text(json.dumps(job))
    raw = np.concatenate([words(2000), words(500, 30_000)])
    np.save(tmp_path / "inputs.npy", (raw / 1024).astype(np.float32))
    script = Path(__file__).with_name("hls4ml_symbolic_run.py")
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    wanted = np.load(tmp_path / "outputs.npy") * 1024
    found = design(TEXTS, CutPoint.CONVERSIONS).graph.evaluate(raw)
    assert (found == wanted).all()
    assert len(np.unique(found)) > 1000


@pytest.mark.sim
def test_its_cpp_and_verilog_equal_its_integers(tmp_path: Path) -> None:
    made = design(TEXTS[:2], CutPoint.RESULTS)
    assert made.schedule.latency > 4
    verify(made, tmp_path, 500).check()


@pytest.mark.parametrize("cut", CutPoint)
def test_ports_have_the_one_type_and_results_are_cut_to_it(cut: CutPoint) -> None:
    graph = design(TEXTS[:2], cut).graph
    assert set(graph.output_formats) == set(graph.input_formats) == {TYPE}
    # a product of two values of the type, or exact ones of products
    widest = max(node.fmt.width for node in graph.nodes)
    assert widest <= 36 if cut is CutPoint.RESULTS else widest > 50


def test_both_ways_differ_by_the_bits_that_are_cut_only() -> None:
    text = ("0.37*x0*x1 + 1.21*x0 - 0.77*x1",)
    raw = words(500)
    exact, short = (design(text, cut).graph.evaluate(raw) for cut in CutPoint)
    assert (exact != short).any()
    assert np.abs(exact - short).max() <= 4


def test_samples_are_chosen_by_floor_and_held_at_the_ends() -> None:
    lut = LutFunction(lambda v: v, -2.0, 2.0, 16)
    made = compile_symbolic(
        parse("tanh(x0)"), model(kind="unit"), name="symbolic", output_names=["y"],
        functions={"tanh": lut},
    )  # fmt: skip
    raw = np.arange(-4096, 4096)[:, None]
    found = made.graph.evaluate(raw)[:, 0] / 1024
    wanted = [min(max(math.floor(v * 4) / 4, -2.0), 1.75) for v in raw[:, 0] / 1024]
    assert found.tolist() == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [("x0/x1", "the power -1 of x1"), ("sqrt(x0)", "power 1/2"), ("log(x0)", "no table for log")],
)
def test_what_it_cannot_compile_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compile_symbolic(
            parse(text, INPUTS), model(kind="unit"), name="symbolic", output_names=["y"],
            functions={"tanh": FUNCTIONS["tanh"]},
        )  # fmt: skip


def test_a_table_must_have_a_step_that_is_a_power_of_two() -> None:
    with pytest.raises(InputError, match="not a power of two apart"):
        _ = LutFunction(math.tanh, -3.0, 3.0).places


def test_inputs_are_floored_and_wrapped_into_the_type() -> None:
    graph = design(("x0 + x1",), CutPoint.RESULTS).graph
    found = raw_inputs(np.array([[0.99999, -0.0001], [32.0, -33.0]]), graph)
    assert found.tolist() == [[1023, -1], [-32768, 31744]]
    with pytest.raises(InputError, match="shape"):
        raw_inputs(np.zeros((3, 5)), graph)
    assert Fixed.parse("fixed<16,6>") == TYPE
