"""The compiler as a whole: accuracy, determinism, small designs in full, and its errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from expression_samples import errors, random_expression, raw_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    Design,
    Fixed,
    GOp,
    Overflow,
    Precision,
    Quant,
    Width,
    compile_expression,
    lowered_scores,
)
from symtick.errors import DomainError, InputError, ResourceError, WidthError
from symtick.expr import Builder, Interval, Op, default_names, parse

MODEL = UnitModel()
seeds = st.integers(0, 2**32)


def compiled(text: str, *formats: str, **options: Any) -> Design:
    precision = options.pop("precision", Precision())
    fixed = [Fixed.parse(f) for f in formats]
    expression = parse(text, default_names(len(fixed)))
    return compile_expression(expression, fixed, MODEL, precision, name="top", **options)


# --- accuracy ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fmt", "frac"), [("fixed<6,3>", 6), ("ufixed<7,2>", 8), ("fixed<12,3>", 6), ("fixed<30,3>", 8)]
)
@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_designs_follow_the_expression_within_a_few_units(fmt: str, frac: int, seed: int) -> None:
    expression = random_expression(Random(seed))
    formats = [Fixed.parse(fmt)] * 3
    design = compile_expression(expression, formats, MODEL, Precision(term_frac=frac), name="top")
    raw = raw_samples(formats, 400, seed % 1000)
    worst = np.abs(errors(expression, design.graph, formats, raw)).max()
    assert worst <= 4 * 2.0**-frac
    design.graph.check()
    design.schedule.check(design.graph, MODEL)


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_scores_are_known_before_anything_is_compiled(seed: int) -> None:
    """Those of the lowered graph are the design's, at every latency and with widths too."""
    expression, formats = random_expression(Random(seed)), [Fixed.parse("fixed<6,3>")] * 3
    precision = Precision(term_frac=5)
    raw = raw_samples(formats, 300, seed % 1000)
    scores = lowered_scores(expression, formats, MODEL, precision)
    design = scores.design("top")
    assert design == compile_expression(expression, formats, MODEL, precision, name="top")
    wanted = scores.real_outputs(raw)
    for made in (design, scores.design("top", latency=design.schedule.latency + 1)):
        np.testing.assert_array_equal(made.real_outputs(raw), wanted)
    nodes = [k for k, n in enumerate(design.graph.nodes) if n.op is GOp.TABLE]
    widths = [Width(k, replace(f := design.graph.nodes[k].fmt, frac=f.frac - 1)) for k in nodes]
    coarse = lowered_scores(expression, formats, MODEL, precision, widths=widths)
    made = coarse.design("top")
    np.testing.assert_array_equal(made.real_outputs(raw), coarse.real_outputs(raw))
    assert made == compile_expression(
        expression, formats, MODEL, precision, name="top", widths=widths
    )


@pytest.mark.parametrize(
    ("text", "fmt"), [("sqrt(1 - cos(x0))", "fixed<16,4>"), ("sqrt(sin(x0)**2)", "ufixed<13,4>")]
)
def test_a_root_of_a_wave_follows_the_expression(text: str, fmt: str) -> None:
    design = compiled(text, fmt)
    raw = raw_samples([Fixed.parse(fmt)], 2000)
    assert np.abs(errors(parse(text), design.graph, [Fixed.parse(fmt)], raw)).max() <= 2.0**-6


@pytest.mark.parametrize("exponent", ["0.1*20", "log2(4)", "exp(0) + 1"])
def test_a_computed_exponent_is_its_float64_value(exponent: str) -> None:
    made = compiled(f"pow(x0, {exponent})", "fixed<8,3>")
    assert (made.graph, made.errors) == tuple(
        getattr(compiled("x0**2", "fixed<8,3>"), name) for name in ("graph", "errors")
    )
    assert str(made.expression) == "pow(x0, 2.0)"


@pytest.mark.parametrize("negative", [False, True])
def test_a_sum_may_have_more_terms_than_the_stack_has_frames(negative: bool) -> None:
    text = (" - " if negative else " + ").join(f"x{k % 7}*x{k % 5}" for k in range(1500))
    design = compiled(text, *["fixed<4,4>"] * 7, precision=Precision(term_frac=0))
    raw = raw_samples([Fixed(4, 0)] * 7, 50)
    assert not errors(parse(text), design.graph, [Fixed(4, 0)] * 7, raw).any()


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_sums_of_choices_of_sums_follow_the_expression(seed: int) -> None:
    random = Random(seed)

    def row() -> str:
        a, b, c = (random.choice((-12, -3, 1.5, 2.5, 5, 6, 7, 0.6875)) for _ in range(3))
        return f"({a}*x0 + {b}*x1 + {c})"

    text = f"7*max({row()}, x2) + 12*abs({row()}) + 2.5*{row()} + 12*x2"
    expression = parse(text, ("x0", "x1", "x2"))
    formats = [Fixed(random.randint(4, 6), random.randint(0, 5)) for _ in range(3)]
    for frac in (6, 10):
        design = compile_expression(expression, formats, MODEL, Precision(term_frac=frac), name="t")
        raw = raw_samples(formats, 300, seed % 1000)
        worst = np.abs(errors(expression, design.graph, formats, raw)).max()
        assert worst <= 4 * 2.0**-frac


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_splitting_for_a_fast_clock_changes_no_bit(seed: int) -> None:
    expression = random_expression(Random(seed))
    formats = [Fixed(7, 4)] * 3
    fast = SizedModel(budget_ns=1.7)
    slow = SizedModel(budget_ns=1e9)
    raw = raw_samples(formats, 200, seed % 1000)
    one, other = (
        compile_expression(expression, formats, model, Precision(), name="top")
        for model in (fast, slow)
    )
    got = errors(expression, one.graph, formats, raw)
    assert np.abs(got).max() <= 4 * 2.0**-6
    assert np.abs(got - errors(expression, other.graph, formats, raw)).max() <= 4 * 2.0**-6
    assert max(fast.delay(one.graph, k) for k in range(len(one.graph.nodes))) <= 1.7
    assert other.schedule.latency == 1


@pytest.mark.parametrize("width", [12, 16, 24, 32, 48])
def test_wide_inputs_are_as_exact(width: int) -> None:
    formats = [Fixed(width, width - 3)] * 2
    expression = parse("sin(x0)*exp(-x0) + 0.5*x1**2 - x0*x1; log(x0*x0 + 0.1) + 1/(2 + cos(x1))")
    design = compile_expression(expression, formats, MODEL, Precision(term_frac=8), name="top")
    raw = raw_samples(formats, 4000)
    assert np.abs(errors(expression, design.graph, formats, raw)).max() <= 3 * 2.0**-8


# Odd, clipped and periodic functions: each meets the chord of a wide piece in its middle.
@pytest.mark.parametrize(
    ("text", "fmt", "frac"),
    [
        ("cos(3.141592653589793*(x0 + x1))", "fixed<12,5>", 6),
        ("sin(3.141592653589793*(x0 + x1))", "fixed<12,5>", 6),
        ("sin(3.14159*x0)", "fixed<18,6>", 6),
        ("x0/(square(max(min(x0, 4), -4)) + 1)", "fixed<18,8>", 10),
    ],
)
def test_chords_are_held_to_the_whole_of_a_piece(text: str, fmt: str, frac: int) -> None:
    expression = parse(text)
    formats = [Fixed.parse(fmt)] * len(expression.inputs)
    design = compile_expression(expression, formats, MODEL, Precision(term_frac=frac), name="top")
    raw = raw_samples(formats, 20000)
    assert np.abs(errors(expression, design.graph, formats, raw)).max() <= 2 * 2.0**-frac


def test_more_fraction_bits_give_smaller_errors() -> None:
    expression = parse("sin(3*x0*x1)*x2 + tanh(x0 + x1)/(2 + x2)")
    formats = [Fixed(9, 8)] * 3
    for frac in (4, 8, 12):
        design = compile_expression(
            expression, formats, MODEL, Precision(term_frac=frac), name="top"
        )
        raw = raw_samples(formats, 2000)
        assert np.abs(errors(expression, design.graph, formats, raw)).max() <= 3 * 2.0**-frac


def test_table_entries_are_the_rounded_float64_values() -> None:
    design = compiled("sin(x0)*exp(-x0)", "fixed<9,3>")
    (table,) = (n for n in design.graph.nodes if n.op is GOp.TABLE)
    x = Fixed(9, 6).to_real(np.arange(-256, 256))
    exact = np.sin(x) * np.exp(-x)
    held = np.roll(table.contents, 256)
    assert np.array_equal(held, np.floor(exact * 2.0**table.fmt.frac + 0.5))


def test_the_output_format_rounds_and_saturates_as_asked() -> None:
    fmt = Fixed(6, 2)
    precision = Precision(output=fmt, quant=Quant.RND_CONV, overflow=Overflow.SAT_SYM)
    design = compiled("x0*x1", "fixed<6,3>", "fixed<6,3>", precision=precision)
    assert design.graph.output_formats == (fmt,)
    raw = np.array([[-32, -32], [31, -32], [5, 3], [4, 8]])
    assert design.graph.evaluate(raw).tolist() == [[31], [-31], [1], [2]]


def test_ranges_make_narrower_signals() -> None:
    wide = compiled("exp(x0)*x1", "fixed<8,3>", "fixed<8,3>")
    spans = [Interval(0.0, 1.0), Interval(1.0, 1.9)]
    narrow = compiled("exp(x0)*x1", "fixed<8,3>", "fixed<8,3>", ranges=spans)
    assert narrow.graph.output_formats[0].width < wide.graph.output_formats[0].width
    bounds = [(n.lo, n.hi) for n in narrow.graph.nodes if n.op is GOp.INPUT]
    assert sorted(bounds) == [(0, 32), (32, 61)]
    outside = [Interval(-99.0, 99.0), Interval(float("-inf"), 0.0)]
    clipped = compiled("x0 + x1", "fixed<8,3>", "fixed<8,3>", ranges=outside)
    assert sorted((n.lo, n.hi) for n in clipped.graph.nodes if n.op is GOp.INPUT) == [
        (-128, 0),
        (-128, 127),
    ]


# --- structure ---------------------------------------------------------------------------------


def dump(design: Design) -> list[str]:
    return str(design.graph).splitlines()


def test_terms_of_one_input_and_the_constant_are_one_table() -> None:
    design = compiled("0.3*(sin(x0) + x1) + x0*x0/7 - 2*exp(x1) + 1.5", "fixed<6,3>", "fixed<6,3>")
    assert dump(design) == [
        "%0 = input x0 : fixed<6,3> [-32, 31]",
        "%1 = table %0 [64] : ufixed<9,3> [88, 257]",
        "%2 = input x1 : fixed<6,3> [-32, 31]",
        "%3 = table %2 [64] : fixed<14,8> [-6093, -56]",
        "%4 = add %1 %3 : fixed<14,8> [-6005, 201]",
        "y0 = %4",
    ]


def test_factors_of_one_input_are_one_table() -> None:
    design = compiled("0.7*x1*sin(x0)/(2 + x0)", "ufixed<6,2>", "fixed<6,3>")
    kinds = [node.op for node in design.graph.nodes]
    assert kinds.count(GOp.TABLE) == 1 and kinds.count(GOp.MUL) == 1
    assert GOp.CONST not in kinds


def test_a_hidden_layer_is_tables_sums_and_tables() -> None:
    text = "tanh(sin(x0) + exp(x1)) + square(cos(x0) - x1)"
    design = compiled(text, "fixed<5,1>", "fixed<5,1>", precision=Precision(term_frac=4))
    assert dump(design) == [
        "%0 = input x0 : fixed<5,1> [-16, 15]",
        "%1 = table %0 [32] : fixed<5,1> [-13, 13]",
        "%2 = input x1 : fixed<5,1> [-16, 15]",
        "%3 = table %2 [32] : ufixed<6,2> [6, 41]",
        "%4 = add %1 %3 : fixed<7,3> [-7, 54]",
        "%5 = cast %4 TRN WRAP : ufixed<6,2> [0, 63]",
        "%6 = table %5 [64] : fixed<6,2> [-7, 16]",
        "%7 = table %0 [32] : ufixed<7,1> [35, 64]",
        "%8 = sub %7 %2 : fixed<9,3> [-25, 128]",
        "%9 = table %8 [512] : ufixed<9,3> [0, 256]",
        "%10 = add %6 %9 : fixed<10,4> [-28, 320]",
        "y0 = %10",
    ]


def test_the_example_of_the_command_line() -> None:
    text = "sin(x0)*exp(-x0) + 0.5*x1**2 - x0*x1"
    precision = Precision(output=Fixed(12, 4))
    design = compiled(text, "fixed<6,3>", "fixed<6,3>", precision=precision)
    assert dump(design) == [
        "%0 = input x0 : fixed<6,3> [-32, 31]",
        "%1 = table %0 [64] : fixed<13,7> [-477, 2644]",
        "%2 = input x1 : fixed<6,3> [-32, 31]",
        "%3 = table %2 [64] : ufixed<10,4> [0, 512]",
        "%4 = mul %0 %2 : fixed<12,6> [-992, 1024]",
        "%5 = add %3 %1 : fixed<13,7> [-477, 3156]",
        "%6 = sub %5 %4 : fixed<14,8> [-1501, 4148]",
        "%7 = cast %6 RND WRAP : fixed<12,8> [-375, 1037]",
        "y0 = %7",
    ]


def test_constant_products_of_wide_signals_are_shifts_and_additions() -> None:
    design = compiled("0.75*x0", "fixed<16,3>", precision=Precision(term_frac=14))
    assert dump(design) == [
        "%0 = input x0 : fixed<16,3> [-32768, 32767]",
        "%1 = scale %0 -2 : fixed<16,1> [-32768, 32767]",
        "%2 = sub %0 %1 : fixed<19,4> [-163839, 163836]",
        "%3 = cast %2 TRN WRAP : fixed<18,3> [-131072, 131071]",
        "y0 = %3",
    ]


def test_shared_parts_are_computed_once() -> None:
    design = compiled("tanh(x0*x1); sin(x0*x1) + x0*x1", "fixed<5,2>", "fixed<5,2>")
    assert [node.op for node in design.graph.nodes].count(GOp.MUL) == 1


def test_exact_arithmetic_stays_exact() -> None:
    text = "max(x0, min(x1, abs(x0 - x1))); x0 + 2*x1 - 0.5*x0"
    design = compiled(text, "fixed<8,4>", "fixed<8,4>")
    formats = [Fixed(8, 4)] * 2
    raw = raw_samples(formats, 500)
    assert not errors(parse(text), design.graph, formats, raw).any()


def test_equal_designs_and_unused_inputs() -> None:
    one, other = (compiled("x0*x2 + 0.1", *["fixed<9,3>"] * 3) for _ in range(2))
    assert one == other
    assert one.graph.input_formats[1] is None


def test_constants_can_be_outputs() -> None:
    design = compiled("2.5; x0 - x0", "fixed<9,3>")
    assert design.graph.evaluate(np.zeros((2, 1), int)).tolist() == [[5, 0], [5, 0]]
    assert design.schedule.latency == 1


def test_latency_is_padded_or_left_out() -> None:
    assert compiled("x0*x1", "fixed<6,3>", "fixed<6,3>", latency=4).schedule.latency == 4
    free = compiled("tanh(x0*x1)*x0*x1", "fixed<6,3>", "fixed<6,3>", latency=0).schedule
    assert free.latency == 0 and set(free.stage) == {0}
    with pytest.raises(ResourceError, match="this design needs"):
        compiled("tanh(x0*x1)*x0*x1 + exp(x0 + x1)", "fixed<6,3>", "fixed<6,3>", latency=1)
    for latency in (2.5, -1, True):
        with pytest.raises(InputError, match=f"whole number, 0 or more ticks, not {latency}"):
            compiled("x0", "fixed<6,3>", latency=latency)


def test_without_chords_there_is_one_table() -> None:
    precision = Precision(term_frac=10, wide_bits=6, chords=False)
    design = compiled("exp(x0 + x1)", "fixed<10,1>", "fixed<10,1>", precision=precision)
    assert not {GOp.MUL, GOp.DIGIT_ROW} & {node.op for node in design.graph.nodes}
    exact = compiled(
        "exp(x0 + x1)", "fixed<10,1>", "fixed<10,1>", precision=Precision(10, wide_bits=11)
    )
    assert not {GOp.MUL, GOp.DIGIT_ROW} & {node.op for node in exact.graph.nodes}
    chords = compiled("exp(x0 + x1)", "fixed<14,1>", "fixed<14,1>", precision=Precision(10))
    assert {GOp.MUL, GOp.DIGIT_ROW} & {node.op for node in chords.graph.nodes}


def test_a_function_without_a_slope_is_computed_in_steps() -> None:
    design = compiled("sin(sqrt(abs(x0 + x1)))", "fixed<12,2>", "fixed<12,2>")
    rows = np.random.default_rng(3).integers(-2048, 2048, (2000, 2))
    rows[:50] = np.arange(-25, 25)[:, None] // np.array([1, 2])
    total = np.abs(rows.sum(axis=1) / 1024.0)
    (fmt,) = design.graph.output_formats
    found = fmt.to_real(design.graph.evaluate(rows)[:, 0])
    # a root costs a few units next to 0, where its slope is taken as bounded
    assert np.abs(found - np.sin(np.sqrt(total))).max() < 3 * 2.0**-6


# --- time --------------------------------------------------------------------------------------


def _sums_in_products(builder: Builder, part: int, level: int) -> int:
    wave = builder.op(Op.SIN, builder.input(level % 2))
    return builder.op(Op.MUL, builder.const(0.9), builder.op(Op.ADD, wave, part))


def _shared_lines(builder: Builder, part: int, level: int) -> int:
    return builder.op(Op.ADD, part, builder.op(Op.MUL, builder.const(0.01), part))


def _shared_kinks(builder: Builder, part: int, level: int) -> int:
    less = builder.op(Op.MUL, builder.const(0.7 + level / 1000), part)
    return builder.op(Op.MIN, builder.op(Op.ABS, part), less)


@pytest.mark.parametrize("fmt", [Fixed(6, 3), Fixed(16, 15)])
@pytest.mark.parametrize("step", [_sums_in_products, _shared_lines, _shared_kinks])
def test_time_does_not_double_with_every_level(
    step: Callable[[Builder, int, int], int], fmt: Fixed
) -> None:
    """40 levels: looked at once for each way from the output, a part is met 2**40 times."""
    builder = Builder(("x0", "x1"))
    top = builder.input(0)
    for level in range(40):
        top = step(builder, top, level)
    expression, formats = builder.build([top]), [fmt] * 2
    design = compile_expression(expression, formats, MODEL, Precision(), name="top")
    raw = raw_samples(formats, 500)
    assert np.abs(errors(expression, design.graph, formats, raw)).max() <= 4 * 2.0**-6


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("1/x0", r"in 1\.0/x0|in 1/x0.*\(x0 is in \[-4, 3\.9\d*\]\): division by a value"),
        ("1/(x0 - 0.3)", r"division by a value that can be anywhere in .*which contains 0; guard"),
        ("x1/(x0 + x1)", r"in x1/\(x0 \+ x1\): division by a value"),
        ("tanh(1/x0)", r"division by a value"),
        ("log(x0)", r"in log\(x0\).*log of a value.*contains 0 or negative"),
        ("log(x0 + x1)", r"in log\(x0 \+ x1\): log of a value"),
        ("sqrt(x0)", r"sqrt of a value.*contains negative numbers"),
        ("x0 > log(-2.8)", r"in log\(-2\.8\).*log of a value.*contains 0 or negative"),
        ("where(log(-1.1) >= -2, x0, 1)", r"in log\(-1\.1\).*log of a value"),
        ("x0 > acosh(0.5)", r"in acosh\(0\.5\)"),
        ("x0 >= sqrt(-3)", r"in sqrt\(-3\): sqrt of a value"),
        ("exp(exp(exp(3*x0)))", r"is not finite where x0 is 0\.6875; guard it"),
        ("exp(exp(exp(x0 + x1)))", r"exp\(exp\(x0 \+ x1\)\) overflows: its values"),
        ("pow(x0, log(-4))", r"in pow\(x0, log\(-4\)\): the exponent is nan, not a number"),
        ("exp(8*x0 + 30)", r"a table entry reaches .* bits after the point over the limit of 56"),
    ],
)
def test_undefined_values_are_named(text: str, pattern: str) -> None:
    with pytest.raises(DomainError, match=pattern):
        compiled(text, "fixed<7,3>", "fixed<7,3>")


def test_guards_are_understood() -> None:
    spans = [Interval(0.5, 2.0), Interval(-1.0, 1.0)]
    compiled("1/x0 + log(x0) + sqrt(x0)", "fixed<7,3>", "fixed<7,3>", ranges=spans)
    compiled("1/max(x0, 0.1) + log(x0*x0 - x0 + 0.5) + x1/(square(x0 + x1) + 0.01)",
             "fixed<7,3>", "fixed<7,3>")  # fmt: skip


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="1 inputs need as many formats, not 0"):
        compile_expression(parse("x0"), [], MODEL, Precision(), name="top")
    with pytest.raises(InputError, match="1 inputs need as many ranges, not 2"):
        compiled("x0", "fixed<7,3>", ranges=[Interval(0, 1)] * 2)
    with pytest.raises(WidthError, match=r"input x0: .* is over the limit of 48 bits"):
        compile_expression(parse("x0"), [Fixed(49, 0)], MODEL, Precision(), name="top")
    with pytest.raises(InputError, match="'1x' cannot name"):
        compile_expression(parse("x0"), [Fixed(9, 0)], MODEL, Precision(), name="1x")
    with pytest.raises(InputError, match="port names must differ"):
        compiled("x0", "fixed<7,3>", output_names=["x0"])
    with pytest.raises(InputError, match="2 outputs need as many names, not 1"):
        compiled("x0; x0", "fixed<7,3>", output_names=["a"])
    builder = Builder(("x0", "x1"))
    top = builder.input(0)
    for _ in range(80):
        top = builder.op(Op.SIN, builder.op(Op.ADD, top, builder.input(1)))
    with pytest.raises(InputError, match="nested more than 150"):
        compile_expression(builder.build([top]), [Fixed(7, 3)] * 2, MODEL, Precision(), name="top")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("term_frac", 99), ("table_bits", 17), ("wide_bits", 0), ("guard_bits", -1),
        ("term_frac", 6.5), ("table_bits", True), ("guard_bits", "2"),
    ],
)  # fmt: skip
def test_precision_is_checked(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{field} must be an integer from .* not {value!r}"):
        Precision(**{field: value})


def test_an_output_format_over_the_limit_is_refused() -> None:
    with pytest.raises(WidthError, match="over the limit of 48 bits"):
        Precision(output=Fixed(60, 3))


def test_symmetric_saturation_is_kept_where_the_format_stays() -> None:
    fmt = Fixed(5, 4)
    precision = Precision(output=fmt, overflow=Overflow.SAT_SYM)
    design = compile_expression(parse("x0"), [fmt], UnitModel(), precision, name="d")
    assert design.graph.evaluate(np.arange(-16, 16)[:, None])[:, 0].tolist() == [
        -15,
        *range(-15, 16),
    ]
