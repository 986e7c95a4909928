"""`--width`: formats of single signals stated by hand, by the names in the Verilog."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Decision, Fixed, GOp, Overflow, Quant, Width
from symtick.design_folder.compiling import compile_text
from symtick.design_folder.folder import DesignSpec, read_spec
from symtick.design_folder.signal_formats import read_widths
from symtick.design_folder.tuning import tune_folder
from symtick.errors import InputError
from symtick.sim.verify import verify

TEXT = "x0*x1 + sin(x0)"
FORMATS = ["fixed<6,3>"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("designs") / "plain"
    compile_text(TEXT, FORMATS, folder=folder, name="wave")
    return folder


def name_of(plain: Path, op: GOp) -> str:
    """The last signal of an operation, by the graph."""
    nodes = read_spec(plain)[1].graph.nodes
    return f"{op.value}{max(k for k, node in enumerate(nodes) if node.op is op)}"


def test_names_are_those_of_the_verilog(plain: Path) -> None:
    _, design = read_spec(plain)
    text = (plain / "rtl/wave.v").read_text()
    found = set(re.findall(r"\b(?:add|mul|table|cast)\d+\b", text))
    assert {re.sub(r"\d", "", name) for name in found} >= {"add", "table"}
    for name in ("x0", *found):
        (width,) = read_widths([f"{name}=fixed<5,2>"], design)
        assert name in (f"{design.graph.nodes[width.node].op.value}{width.node}", "x0")


@pytest.mark.parametrize(
    ("text", "fmt", "quant", "overflow"),
    [
        ("fixed<8,2>", Fixed(8, 6), Quant.TRN, Overflow.WRAP),
        ("ap_ufixed<50,60>,AP_RND_CONV", Fixed(50, -10, False), Quant.RND_CONV, Overflow.WRAP),
        (" fixed<8,2> , TRN_ZERO , SAT_SYM", Fixed(8, 6), Quant.TRN_ZERO, Overflow.SAT_SYM),
        ("fixed<8,2>,AP_RND,AP_SAT", Fixed(8, 6), Quant.RND, Overflow.SAT),
    ],
)
def test_modes_are_amds_with_their_defaults(
    plain: Path, text: str, fmt: Fixed, quant: Quant, overflow: Overflow
) -> None:
    (width,) = read_widths([f"x1={text}"], read_spec(plain)[1])
    assert width == Width(width.node, fmt, quant, overflow=overflow)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("add", "'add' is not the format of a signal: write NAME=fixed<W,I>"),
        ("x0=fixed<3,1>AP_RND", "is not a format"),
        ("x0=fixed<3,1>,RND,SAT,1", "is not a format"),
        ("x0=float<3,1>", "'float<3,1>' is not a format"),
        ("x0=fixed<300,1>", "'fixed<300,1>' is over the limit: a signal has 1 to 128 bits"),
        ("x0=fixed<3,1>,SAT", "'SAT' is not a quantisation mode: one of AP_TRN, AP_TRN_ZERO"),
        ("x0=fixed<3,1>,RND,TRN", "'TRN' is not an overflow mode: one of AP_WRAP, AP_SAT"),
        ("add99=fixed<3,1>", r"no signal 'add99'; .* without --width, such as add\d+"),
        ("q=fixed<3,1>", r"no signal 'q'; .*, such as \w+\d"),
    ],
)
def test_what_states_no_format_is_refused(plain: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_widths([text], read_spec(plain)[1])


@pytest.fixture(scope="module")
def stated(plain: Path) -> Path:
    """With a sum that really wraps, and a table whose entries are rounded."""
    folder = plain.with_name("stated")
    total, table = name_of(plain, GOp.ADD), name_of(plain, GOp.TABLE)
    widths = [f"{total}=fixed<6,2>", f"{table}=fixed<4,2>,AP_RND,AP_SAT"]
    compile_text(TEXT, FORMATS, folder=folder, name="wave", widths=widths)
    return folder


def test_the_design_holds_them_and_wraps(plain: Path, stated: Path) -> None:
    spec, design = read_spec(stated)  # checks the digest
    modes = [(w.fmt, w.quant, w.overflow) for w in spec.widths]
    assert modes == [
        (Fixed(6, 4), Quant.TRN, Overflow.WRAP),
        (Fixed(4, 2), Quant.RND, Overflow.SAT),
    ]
    assert DesignSpec.from_dict(spec.to_dict()) == spec
    raw = np.random.default_rng(0).integers(-32, 32, (500, 2))
    x, y = raw[:, 0] / 8, raw[:, 1] / 8
    # entries had 6 bits before they got 2
    sine = np.floor(np.floor(np.sin(x) * 64 + 0.5) / 16 + 0.5) / 4
    wanted = np.floor((x * y + sine) * 16).astype(int)
    assert np.abs(wanted).max() > 100
    found = design.graph.output_formats[0].to_real(design.graph.evaluate(raw)[:, 0])
    assert (found == ((wanted + 32) % 64 - 32) / 16).all()


@pytest.mark.sim
def test_cpp_and_verilog_wrap_as_well(stated: Path, tmp_path: Path) -> None:
    verify(read_spec(stated)[1], tmp_path, 500).check()


def test_names_are_of_the_scores_at_the_clock_that_was_found(tmp_path: Path) -> None:
    compile_text("x0*x1; x0+x1", FORMATS, folder=tmp_path / "a", ticks=2)
    before, design = read_spec(tmp_path / "a")
    word = f"add{max(k for k, n in enumerate(design.graph.nodes) if n.op is GOp.ADD)}=fixed<5,3>"
    compile_text(
        "x0*x1; x0+x1", FORMATS, folder=tmp_path / "b", ticks=2, widths=[word],
        decision=Decision(("scores", "index")),
    )  # fmt: skip
    after, _ = read_spec(tmp_path / "b")
    assert after.widths == read_widths([word], design)
    assert replace(after, widths=(), decision=before.decision) == replace(
        before, name=after.name, clock_mhz=after.clock_mhz
    )


def test_formats_by_hand_are_not_tuned(stated: Path) -> None:
    with pytest.raises(InputError, match="has formats by hand: start from one without"):
        tune_folder(stated, "0.1")
