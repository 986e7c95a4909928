"""Inputs as text states them: defaults beside names, steps, ranges, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Fixed, Overflow, Quant
from symtick.design_folder.compiling import compile_text
from symtick.design_folder.folder import read_spec
from symtick.design_folder.stated_inputs import read_inputs
from symtick.errors import InputError
from symtick.expr import Interval, to_text


def test_a_default_holds_for_what_has_no_format_of_its_own() -> None:
    found = read_inputs("a*b + c", ["b=fixed<12,3>", "ap_uint<10>"])
    assert found.expression.inputs == ("b", "a", "c")
    assert found.formats == (Fixed(12, 9), Fixed(10, 0, False), Fixed(10, 0, False))
    every = read_inputs("pt*cosh(eta)", ["q4.8"])
    assert every.expression.inputs == ("pt", "eta") and every.formats == (Fixed(12, 8),) * 2


def test_default_names_keep_their_order() -> None:
    found = read_inputs("x2 - x0", ["x2=fixed<4,1>", "fixed<8,2>"])
    assert found.expression.inputs == ("x0", "x1", "x2")
    assert found.formats == (Fixed(8, 6), Fixed(8, 6), Fixed(4, 3))


def test_steps_that_are_powers_of_two_move_the_point() -> None:
    found = read_inputs("pt - 3", ["ap_uint<16>"], lsbs=["pt=0.25"])
    assert found.formats == (Fixed(16, 2, False),) and found.steps == (1.0,)
    assert to_text(found.expression) == "pt - 3.0"
    # the word has 16 bits, whatever its format says of the point
    assert read_inputs("pt", ["fixed<16,3>"], lsbs=["1024"]).formats == (Fixed(16, -10),)


def test_other_steps_go_into_the_formula() -> None:
    found = read_inputs("cos(phi1 - phi2); phi1 > 1", ["ap_int<12>"], lsbs=["pi/2048"])
    assert found.formats == (Fixed(12, 0),) * 2
    assert found.steps == (math.pi / 2048,) * 2
    words = np.array([[100, -300], [651, 0], [652, 7]])
    wanted = np.cos((words[:, 0] - words[:, 1]) * math.pi / 2048)
    values = found.expression.evaluate(words)
    np.testing.assert_allclose(values[:, 0], wanted, rtol=1e-12)
    assert values[:, 1].tolist() == [0.0, 0.0, 1.0]


def test_ranges_are_in_the_units_of_the_formula() -> None:
    found = read_inputs(
        "log(pt) + eta + y", ["ap_uint<10>", "y=fixed<8,4>"], ["pt=2:400", "eta=0:2.5"],
        ["pt=0.5", "eta=0.01"],
    )  # fmt: skip
    spans = dict(zip(found.expression.inputs, found.ranges or (), strict=True))
    assert spans["pt"] == Interval(2.0, 400.0)
    assert (spans["eta"].lo, spans["eta"].hi) == (0.0, pytest.approx(250.0))
    assert spans["y"] == Interval(-8.0, 7.9375)


def test_hardware_computes_in_units(tmp_path: Path) -> None:
    formulas = "d = eta1 - eta2; dr = sqrt(d*d + (phi1 - phi2)**2); big = dr > 0.4"
    compile_text(
        formulas, ["ap_int<7>"], folder=tmp_path / "d", name="cone", lsbs=["0.0436"],
        outputs=["dr", "big"],
    )  # fmt: skip
    spec, design = read_spec(tmp_path / "d")
    assert spec.output_names == design.graph.output_names == ("dr", "big")
    words = np.random.default_rng(1).integers(-64, 64, (2000, 4))
    wanted = np.hypot(words[:, 0] - words[:, 1], words[:, 2] - words[:, 3]) * 0.0436
    found = design.real_outputs(words)
    assert np.abs(found[:, 0] - wanted).max() < 0.02
    far = np.abs(wanted - 0.4) > 0.02
    assert np.array_equal(found[far, 1], wanted[far] > 0.4)


def test_the_modes_of_an_output_are_stated_with_its_format(tmp_path: Path) -> None:
    compile_text("a*a", ["fixed<6,3>"], folder=tmp_path / "d", output_format="ap_fixed<5,3,AP_TRN>")
    precision = read_spec(tmp_path / "d")[0].precision
    assert precision.output == Fixed(5, 2)
    assert (precision.quant, precision.overflow) == (Quant.TRN, Overflow.SAT)


@pytest.mark.parametrize(
    ("text", "formats", "options", "message"),
    [
        ("a + b", ["a=fixed<8,3>"], {}, "no input format for b: add --input-format"),
        ("deta + dpih", ["deta=q3.5", "dphi=q3.5"], {}, r"for dpih: did you mean dphi\? else add"),
        ("a", ["q3.5"], {"lsbs": ["b=2"]}, "an lsb is given for 'b': there are a"),
        ("a", ["q3.5"], {"lsbs": ["a=two"]}, "the lsb of a must be a number .* not 'two'"),
        ("a", ["q3.5"], {"lsbs": ["0"]}, "the lsb of a must be positive, not 0"),
        ("a", ["q3.5"], {"lsbs": ["-1/4"]}, "must be positive"),
        ("a", ["q3.5"], {"lsbs": ["1", "2"]}, "two lsbs for all: 1 and 2"),
        ("a", ["q3.5"], {"input_ranges": ["0"]}, "'0' is not a range: write LO:HI"),
        ("a", ["q3.5"], {"input_ranges": ["0:b"]}, "'0:b' is not a range"),
        ("a", ["q3.5"], {"input_ranges": ["1:0"]}, "the range 1:0 of a begins above its end"),
        ("a", ["uint9"], {"input_ranges": ["1000:2000"]}, "of a is outside .* holds, 0 to 511"),
        ("a", ["uint9"], {"input_ranges": ["a=60:70"], "lsbs": ["0.1"]}, "holds, 0 to 51.1"),
        ("ab", ["q3.5"], {"input_ranges": ["ba=0:1"]}, "a range is given for 'ba'"),
        ("a", ["q3.5", "a=q1.2", "a=q1.3"], {}, "two input formats for a"),
        ("a", ["sin=q3.5", "q3.5"], {}, "'sin' cannot name an input"),
        ("m = a", ["m=q3.5", "q3.5"], {}, "'m' is read, or has a format, as an input"),
        ("m = a", ["q3.5"], {"outputs": ["n"]}, "no formula gives 'n'"),
    ],
)
def test_what_is_not_acceptable_is_named(
    text: str, formats: list[str], options: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_inputs(text, formats, **options)
