"""Errors asked for at the outputs: kept, measured where they are largest, and refused if not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Fixed, Graph, Precision, lower
from symtick.design_folder.compiling import Compiled, compile_text
from symtick.design_folder.folder import read_spec
from symtick.design_folder.output_error import (
    Measurement,
    Tolerance,
    _alone,
    read_tolerances,
    within,
)
from symtick.errors import AccuracyError, InputError
from symtick.expr import Expression, parse
from symtick.hwcost import model


def compiled(folder: Path, text: str, formats: list[str], *errors: str, **options: object
             ) -> Compiled:  # fmt: skip
    return compile_text(text, formats, folder=folder / "d", errors=errors, **options)  # type: ignore[arg-type]


def graph_of(expression: Expression, formats: list[Fixed], precision: Precision) -> Graph:
    names = [f"y{k}" for k in range(len(expression.outputs))]
    return lower(expression, formats, model(), precision, names).graph


@pytest.mark.parametrize("error", ["0.2", "0.01", "0.0004"])
def test_a_root_keeps_an_absolute_error_down_to_zero(tmp_path: Path, error: str) -> None:
    made = compiled(tmp_path, "hypot(a, b)", ["fixed<8,3>"], error)
    raw = np.indices((256, 256)).reshape(2, -1).T - 128
    wanted = np.hypot(*(raw.T / 32))
    worst = np.abs(made.design.real_outputs(raw)[:, 0] - wanted).max()
    assert worst <= float(error)
    assert made.errors[0].size == pytest.approx(worst, rel=1e-6)  # every row was measured
    assert read_spec(tmp_path / "d")[0].precision.strict


def test_a_relative_error_counts_from_a_hundredth_of_the_largest_value(tmp_path: Path) -> None:
    made = compiled(tmp_path, "exp(a)", ["fixed<10,4>"], "2%")
    raw = np.arange(-512, 512)[:, None]
    wanted = np.exp(raw[:, 0] / 64)
    gaps = np.abs(made.design.real_outputs(raw)[:, 0] - wanted)
    assert (gaps <= 0.02 * np.maximum(wanted, 0.01 * wanted.max())).all()
    assert made.errors[0].share <= 1.0


def test_the_largest_error_is_found_beside_the_largest_share(tmp_path: Path) -> None:
    made = compiled(tmp_path, "expm1(a - b)", ["fixed<10,2>"], "0.1%")
    raw = np.indices((1024, 1024), dtype=np.int64).reshape(2, -1).T[::7] - 512
    wanted = np.expm1((raw[:, 0] - raw[:, 1]) / 256)
    worst = np.abs(made.design.real_outputs(raw)[:, 0] - wanted).max()
    assert made.errors[0].size > 0.9 * worst


@pytest.mark.parametrize("text", ["pow(abs(a*b), 0.25)", "(a*a + b*b)**0.3"])
def test_small_powers_keep_an_error_down_to_zero(tmp_path: Path, text: str) -> None:
    made = compiled(tmp_path, text, ["fixed<8,2>"], "0.05")
    raw = np.indices((256, 256)).reshape(2, -1).T - 128
    wanted = parse(text, ("a", "b")).evaluate(raw / 64)[:, 0]
    assert np.abs(made.design.real_outputs(raw)[:, 0] - wanted).max() <= 0.05


def test_no_more_bits_are_spent_than_an_error_needs(tmp_path: Path) -> None:
    for error in (0.3, 0.02, 0.001):
        made = compiled(tmp_path / str(error), "sin(a)*b + tanh(b)", ["fixed<9,3>"], str(error))
        precision = read_spec(tmp_path / str(error) / "d")[0].precision
        places = precision.term_fracs[0]
        expression, formats = made.design.expression, [Fixed(9, 6)] * 2
        raw = np.random.default_rng(0).integers(-256, 256, (20_000, 2))
        worst = []
        for fewer in (0, 2):
            coarser = Precision(term_fracs=(places - fewer,), strict=True)
            graph = graph_of(expression, formats, coarser)
            found = graph.output_formats[0].to_real(graph.evaluate(raw)[:, 0])
            worst.append(np.abs(found - expression.evaluate(raw / 64)[:, 0]).max())
        assert worst[0] <= error < worst[1]


def test_each_output_has_its_own_error(tmp_path: Path) -> None:
    made = compiled(tmp_path, "p = a*b; q = p*p + 3*a; r = a/(b*b + 1)", ["fixed<9,4>"],
                    "0.05", "q=2", outputs=["p", "q", "r"])  # fmt: skip
    assert [t and t.text for t in made.tolerances] == ["0.05", "2", "0.05"]
    places = read_spec(tmp_path / "d")[0].precision.term_fracs
    assert places[1] < places[2]
    raw = np.random.default_rng(3).integers(-256, 256, (30_000, 2))
    a, b = raw.T / 32
    wanted = np.stack([a * b, (a * b) ** 2 + 3 * a, a / (b * b + 1)], axis=1)
    gaps = np.abs(made.design.real_outputs(raw) - wanted).max(axis=0)
    assert (gaps <= [0.05, 2.0, 0.05]).all()
    assert made.to_json()["asked_error"] == {"p": "0.05", "q": "2", "r": "0.05"}


def test_outputs_without_one_keep_the_bits_that_are_stated(tmp_path: Path) -> None:
    compiled(tmp_path, "p = a*b; q = a*a*b", ["fixed<8,3>"], "p=0.001", term_frac=3)
    precision = read_spec(tmp_path / "d")[0].precision
    assert precision.term_fracs[1] == 3 < precision.term_fracs[0]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (
            "c = exp(a)*b",
            {},
            "1e-14",
            r"c: with up to 40 bits .* an error of \d.* stays, where 1e-14",
        ),
        ("a*b", {"output_format": "fixed<10,8>"}, "0.01", "an output format that rounds"),
        ("a*b", {"output_format": "q8.2"}, "1e-3", r"it is largest where a = -?\d.*, b = -?\d"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_place(
    tmp_path: Path, text: str, options: dict[str, str], error: str, message: str
) -> None:
    with pytest.raises(AccuracyError, match=message):
        compiled(tmp_path, text, ["fixed<8,3>"], error, **options)
    assert not (tmp_path / "d").exists()


def test_the_search_finds_rows_that_random_ones_miss() -> None:
    """An error of one row in 2**40, next to where two inputs agree."""
    expression = parse("sqrt(square(x0 - x1) + square(x2 - x3))")
    formats = [Fixed(14, 6)] * 4
    graph = graph_of(expression, formats, Precision(term_frac=4))
    (found,) = Measurement(expression, formats, None, ["y0"], [None]).largest(graph)
    raw = np.random.default_rng(9).integers(-8192, 8192, (50_000, 4))
    there = graph.output_formats[0].to_real(graph.evaluate(raw)[:, 0])
    random = np.abs(there - expression.evaluate(raw / 64)[:, 0]).max()
    assert found.size > 1.2 * random
    row = np.array([found.row])
    value = Fraction(int(graph.evaluate(row)[0, 0])) / 2 ** graph.output_formats[0].frac
    assert float(value) - expression.evaluate(row / 64)[0, 0] == pytest.approx(
        -found.size, abs=1e-9
    )


def test_texts_of_errors() -> None:
    assert read_tolerances(["0.01", "b=1%"], ("a", "b")) == (
        Tolerance("0.01", 0.01, False), Tolerance("1%", 0.01, True),
    )  # fmt: skip
    assert read_tolerances(["b=pi/100"], ("a", "b"))[0] is None
    for text, message in (
        ("c=1", "an error is given for 'c': there are a, b"), ("0", "must be positive"),
        ("-1%", "must be positive"), ("one", "an error must be a number"),
        ("%", "must be a number"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            read_tolerances([text], ("a", "b"))


def test_term_fracs_are_of_all_outputs() -> None:
    with pytest.raises(InputError, match=r"2 outputs need as many term_fracs, not \(3,\)"):
        graph_of(parse("x0; 2*x0"), [Fixed(4, 2)], Precision(term_fracs=(3,)))
    same = within(
        Measurement(parse("x0"), [Fixed(4, 2)], None, ["y0"], [Tolerance.parse("0.1")]),
        lambda precision: graph_of(parse("x0"), [Fixed(4, 2)], precision), Precision(),
    )  # fmt: skip
    assert same.strict and Precision.from_dict(same.to_dict()) == same


def test_an_output_is_searched_on_its_part_of_the_graph() -> None:
    expression = parse("sqrt(x0*x1) + x2; x0 - 0.3*x2; max(x1, x2)")
    formats = [Fixed(14, 9, False)] * 3
    graph = graph_of(expression, formats, Precision())
    raw = np.random.default_rng(3).integers(0, 1 << 14, (100, 3))
    whole = graph.evaluate(raw)
    for k in range(3):
        part = _alone(graph, k)
        assert len(part.nodes) < len(graph.nodes)
        assert (part.evaluate(raw)[:, 0] == whole[:, k]).all()
    found = Measurement(expression, formats, None, ("a", "b", "c"), (None,) * 3).largest(graph)
    for error, output in zip(found, (0, 1, 2), strict=True):
        real = np.ldexp(np.array([error.row], float), -9)
        wanted = expression.evaluate(real)[0, output]
        raw_out = graph.evaluate([list(error.row)])[0, output]
        got = float(graph.output_formats[output].to_real(raw_out))
        assert abs(got - wanted) == pytest.approx(error.size, abs=1e-12)
