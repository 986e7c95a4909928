"""Errors of the command line: one paragraph, a non-zero exit status, no partial files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from symtick.cli import main
from symtick.cli.checks import verify
from symtick.cli.designs import compile_
from symtick.codegen import SCORES, Decision, Interface, Precision
from symtick.design_folder.checks import verify_folder
from symtick.design_folder.compiling import compile_text
from symtick.design_folder.folder import read_spec

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `symtick` in an empty folder: exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["symtick", *words])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        held = capsys.readouterr()
        return code, held.out, held.err

    return run


def refused(result: tuple[int, str, str], *wanted: str) -> None:
    code, _, err = result
    # on a busy machine progress may come first
    lines = [
        line
        for line in err.splitlines()
        if not line.startswith(("preparing ", "estimating:", "compiling:"))
    ]
    flat = " ".join(" ".join(lines).split())
    assert code == 1
    assert flat.startswith("symtick: ")
    assert "Traceback" not in err
    assert "\n\n" not in err.strip()
    for part in wanted:
        assert part in flat


FORMAT = ("--input-format", "fixed<8,2>")


@pytest.mark.parametrize(("soon", "said"), [(0.0, True), (1000.0, False)])
def test_compile_says_what_it_does_when_that_takes_its_time(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, soon: float, said: bool
) -> None:
    monkeypatch.setattr("symtick.cli.console._SOON_SECONDS", soon)
    code, out, err = cli("compile", "x0 + 1", *FORMAT, "--error", "0.1")
    assert code == 0 and "compiling:" not in out
    for step in ("finding the bits", "making the graph", "estimating", "measuring the errors"):
        assert (f"compiling: {step}" in err) == said


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("__import__('os').system('touch x')", *FORMAT), ("is not allowed",)),
        (("gamma(x0)", *FORMAT), ("unknown operator 'gamma'", "tanh")),
        (("x0/x1", *FORMAT), ("x0/x1", "contains 0", "guard the divisor")),
        (("log(x0)", *FORMAT), ("log(x0)", "contains 0 or negative", "guard it")),
        (("x0 + 1", "--input-format", "fixed<99,2>"), ("fixed<99,2>", "over the limit", "48")),
        (("x0 + 1", "--input-format", "float"), ("'float' is not a format",)),
        (("x0 +", *FORMAT), ("cannot read the expression",)),
        (("x0 + 1", *FORMAT, "--device", "xc9"), ("xc9", "open")),
        (("x0 + 1", *FORMAT, "--input-range", "3"), ("'3' is not a range",)),
        (("x0 + y", "--input-format", "x0=fixed<8,2>"), ("no input format for y",)),
        ((*FORMAT,), ("give formulas as an argument", "--file")),
        (("x0", "--file", "f.txt", *FORMAT), ("give formulas as an argument", "--file")),
        (("--file", "f.txt", *FORMAT), ("cannot read the formulas in f.txt: No such file",)),
        (("m = x0; m = 2", *FORMAT), ("'m' is given twice",)),
        (("a + b", "-i", "a=fixed<8,2>", "--lsb", "c=1"), ("an lsb is given for 'c'", "a, b")),
        (("x + y", "-i", "x=q4.4,y=q4.4"), ("'x=q4.4,y=q4.4' states more than one input format",)),
        (("x0 + x1", "--input-format", "x0=fixed<8,2>"), ("no input format for x1",)),
        (("x0 + 1", *FORMAT, "--scheduler", "fast"), ("one of asap, alap, registers",)),
        (("x0 + 1", *FORMAT, "--decide", "margin"), ("needs two scores or more",)),
        (("x0 + 1", *FORMAT, "--decide", "most"), ("scores, index, margin", "not most")),
        (("x0 + 1", *FORMAT, "--ticks", "2", "--latency", "2"), ("not both",)),
        (("x0 + 1", *FORMAT, "--interface", "axi"), ("no interface 'axi'", "axi-stream")),
        (("x0 + 1", *FORMAT, "--reset"), ("plain takes no reset", "no valid line")),
        (("x0 + x1", *FORMAT, "--width", "add9=fixed<4,2>"), ("no signal 'add9'", "add2")),
        (("x0 + x1", *FORMAT, "--width", "add2"), ("'add2' is not", "NAME=fixed<W,I>")),
        (("x0 + x1", *FORMAT, "--width", "add2=fixed<4,2>,AP_MOST"), ("'AP_MOST'", "AP_RND")),
        (("x0 + x1", *FORMAT, *(2 * ("--width", "add2=fixed<4,2>"))), ("add2 is stated twice",)),
    ],
)
def test_compile_refuses(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    refused(cli("compile", *words), *wanted)
    assert list(tmp_path.iterdir()) == []


def test_formulas_come_from_a_file(cli: Cli, tmp_path: Path) -> None:
    text = "# two results\nd = eta1 - eta2\ndr = hypot(d, phi1 - phi2)\nfar = dr > 0.4\n"
    (tmp_path / "f.txt").write_text(text)
    code, out, _ = cli(
        "compile",
        "-f",
        "f.txt",
        "-i",
        "ap_int<7>",
        "--lsb",
        "0.05",
        "--outputs",
        "dr, far",
        "-o",
        "d",
    )
    assert code == 0
    assert "input eta1 : fixed<7,7> in steps of 0.05" in out
    assert "\ndr = 0.05*sqrt(" in "\n" + out and "output far : ufixed<1,1>" in out
    assert json.loads((tmp_path / "d/design.json").read_text())["source"]["output_names"] == [
        "dr", "far",
    ]  # fmt: skip


def test_a_port_whose_name_a_language_has_taken_is_told(cli: Cli) -> None:
    code, out, _ = cli("compile", "near = reg + x", "-i", "fixed<4,2>", "-o", "d")
    assert code == 0
    assert "input reg : fixed<4,2>, port reg_p (reg is reserved, taken or no identifier in" in out
    assert (
        "output near : fixed<5,3>, port near_p (near is reserved, taken or no identifier in" in out
    )
    assert "\nexpression: 1 tick, " in out


def test_an_error_is_asked_for_or_warned_of(cli: Cli) -> None:
    law = ("compile", "dr = hypot(a, b); s = a + b", "-i", "fixed<9,3>")
    code, out, _ = cli(*law, "-o", "plain")
    assert code == 0 and "WARNING" not in out
    assert re.search(r"^  within 0\.0\d+ of that for every input$", out, re.M)
    assert "s = a + b\n  within 0 of that for every input" in out
    code, out, _ = cli("compile", "floor(hypot(a, b)); a", *law[2:], "-o", "steps")
    warned = r"WARNING: 64\.0 steps of 0\.015625; ask for less by --error"
    assert code == 0 and len(re.findall(warned, " ".join(out.split()))) == 1
    code, out, _ = cli("compile", "floor(x)", "-i", "ap_int<8>", "--lsb", "0.1", "-o", "tenths")
    exact = "within 0 of that for every input largest error found against float64: 1, where float64"
    assert code == 0 and exact in " ".join(out.split()) and "WARNING" not in out
    code, out, _ = cli(*law, "-o", "finer", "--output-format", "fixed<20,5>")
    fine = "WARNING: the output format has steps of 3.05176e-05, finer than the 0.015625 to which"
    assert code == 0 and " ".join(out.split()).count(fine) == 1
    code, out, _ = cli(*law, "-o", "asked", "--error", "dr=0.002")
    kept = r"largest error found against float64: 0\.00[012]\d*, 0\.\d\d of the 0\.002 asked for"
    assert code == 0 and re.search(kept, " ".join(out.split())) and "WARNING" not in out
    code, out, _ = cli(*law, "-o", "json", "--error", "1%", "--json")
    made = json.loads(out)
    assert made["asked_error"] == {"dr": "1%", "s": "1%"} and made["largest_error"]["s"] == 0.0
    assert made["error_bound"]["s"] == 0.0 < made["error_bound"]["dr"]
    refused(cli(*law, "--error", "c=1"), "an error is given for 'c'", "dr, s")
    refused(cli(*law, "--error", "1e-15"), "(1e-15 of dr, 1e-15 of s) need", "cannot be had")
    steep = cli("compile", "acosh(1 + abs(a*b))", "-i", "fixed<8,1>", "--error", "0.01")
    refused(
        steep, "keep v from where the function is steep", "(a smaller term_frac, a larger error)"
    )
    refused(cli("compile", "log(a)", *law[2:], "--error", "0.1"), "log(a)", "guard it")


def test_compile_refuses_an_existing_folder(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    refused(cli("compile", "x0 + 1", *FORMAT, "--output", "out"), "out exists")
    assert list((tmp_path / "out").iterdir()) == []


def test_compile_writes_a_design_that_every_verb_reads(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("compile", "x0*x1 + sin(x0)", *FORMAT, "-o", "d", "--name", "wave")
    assert code == 0
    assert "ticks" in out
    assert (tmp_path / "d/firmware/wave.cpp").is_file()
    assert list((tmp_path / "d/rtl").glob("*.v"))
    code, out, _ = cli("estimate", "d", "--json")
    assert code == 0
    assert '"design": "wave"' in out
    refused(cli("estimate", "d", "--budget-ticks", "0"), "no design fits the budget")


def test_compile_decides_at_the_fastest_clock_for_its_ticks(cli: Cli, tmp_path: Path) -> None:
    words = ("--decide", "index,margin,above", "--threshold", "0.5", "--ticks", "3")
    code, out, _ = cli(
        "compile", "x0 + x1; x0*x1", *FORMAT, "-o", "d", "--scheduler", "alap", *words
    )
    assert code == 0
    assert "output index : ufixed<1,1>" in out and "output above_y1" in out
    spec, design = read_spec(tmp_path / "d")
    assert design.graph.output_names == ("index", "margin", "above_y0", "above_y1")
    assert (spec.latency, spec.scheduler, design.schedule.latency) == (3, "alap", 3)
    assert spec.clock_mhz == int(spec.clock_mhz) > 100
    assert spec.scores().graph.output_names == ("y0", "y1")


def test_compile_gives_a_design_the_form_that_is_asked_for(cli: Cli, tmp_path: Path) -> None:
    words = ("--interface", "axi-stream", "--latency", "4", "--name", "wave")
    code, out, _ = cli("compile", "x0*x1 + sin(x0)", *FORMAT, "-o", "d", *words)
    assert code == 0
    assert "interface axi-stream: module wave_axis, words of 16 and 16 bits, 4 ticks" in out
    spec, design = read_spec(tmp_path / "d")
    assert design.interface == spec.interface == Interface("axi_stream")
    assert (tmp_path / "d/rtl/wave.v").is_file() and (tmp_path / "d/rtl/wave_axis.v").is_file()
    assert "[get_ports aclk]" in (tmp_path / "d/rtl/wave_axis.xdc").read_text()
    script = (tmp_path / "d/rtl/synth_ooc.tcl").read_text()
    assert "set top wave_axis\n" in script
    assert "read_verilog wave.v\nread_verilog ${top}.v\n" in script


def test_compile_takes_formats_of_signals(cli: Cli, tmp_path: Path) -> None:
    words = ("--width", "add2=fixed<4,2>,AP_RND,SAT", "--width", "x0=fixed<7,2>")
    code, out, _ = cli("compile", "x0 + x1", *FORMAT, "-o", "d", *words)
    assert code == 0
    assert "output y0 : fixed<4,2>" in out
    text = (tmp_path / "d/rtl/expression.v").read_text()
    assert "RND SAT" in text
    assert [w.node for w in read_spec(tmp_path / "d")[0].widths] == [2, 0]


def test_compile_says_how_functions_are_computed(cli: Cli, tmp_path: Path) -> None:
    words = ("-i", "x0=fixed<16,4>", "-i", "x1=fixed<6,3>", "-r", "x1=0.5:3", "-o", "d")
    code, out, _ = cli("compile", "exp(x0)/x1; x0/x1", *words, "--division", "exact")
    assert code == 0 and "exp(v): " in out and " units of 2^" in out
    held = json.loads((tmp_path / "d/design.json").read_text())
    assert held["source"]["precision"]["division"] == "exact"
    assert 0.0 < max(entry["bound_ulp"] for entry in held["functions"]) <= 1.0
    assert read_spec(tmp_path / "d")[0].precision.division == "exact"
    refused(cli("compile", "x0/x1", *words[:-1], "e", "--division", "most"), "auto or exact")


def test_a_changed_design_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli("compile", "x0*x1", *FORMAT, "-o", "d")[0] == 0
    path = tmp_path / "d/design.json"
    path.write_text(path.read_text().replace("x0*x1", "x0+x1"))
    refused(cli("estimate", "d"), "compiles to another design")
    path.write_text("{")
    refused(cli("estimate", "d"), "design.json is damaged")


def job(folder: Path, **changes: object) -> str:
    content: dict[str, object] = {"name": "small", "data": {"path": "rows.npz"}, **changes}
    (folder / "job.yaml").write_text(yaml.safe_dump(content))
    return "job.yaml"


def rows(folder: Path, X: np.ndarray, y: np.ndarray | None = None, features: int = 3) -> None:
    names = np.array([f"f{k}" for k in range(features)])
    labels = np.arange(len(X)) % 2 if y is None else y
    np.savez(folder / "rows.npz", X=X, y=labels, feature_names=names, classes=np.array(["a", "b"]))


def test_distill_refuses_bad_data(cli: Cli, tmp_path: Path) -> None:
    good = np.random.default_rng(1).normal(size=(40, 3))
    bad = good.copy()
    bad[7, 2] = np.nan
    rows(tmp_path, bad)
    refused(cli("distill", job(tmp_path), "-o", "run"), "rows.npz", "nan in row 7, column 2 ('f2')")
    rows(tmp_path, good[:0])
    refused(cli("distill", job(tmp_path), "-o", "run"), "rows.npz")
    rows(tmp_path, good, features=4)
    refused(cli("distill", job(tmp_path), "-o", "run"), "4", "3")
    (tmp_path / "rows.csv").write_text("a,b,label\n1,2,p\n1,q\n")
    data = {"path": "rows.csv", "label": "label"}
    refused(cli("distill", job(tmp_path, data=data), "-o", "run"), "rows.csv")
    assert not (tmp_path / "run").exists()


def test_distill_refuses_bad_jobs(cli: Cli, tmp_path: Path) -> None:
    rows(tmp_path, np.random.default_rng(1).normal(size=(40, 3)))
    refused(cli("distill", job(tmp_path, sede=1), "-o", "run"), "unknown key sede")
    (tmp_path / "run").mkdir()
    refused(cli("distill", job(tmp_path), "-o", "run"), "run exists")
    assert list((tmp_path / "run").iterdir()) == []
    refused(cli("distill", "none.yaml"), "cannot read the job file")
    refused(cli("distill", "--resume", "run"), "run is no run folder")


def test_distill_refuses_a_pickled_network(cli: Cli, tmp_path: Path) -> None:
    rows(tmp_path, np.random.default_rng(1).normal(size=(40, 3)))
    torch.save(torch.nn.Linear(3, 2), tmp_path / "net.pt")
    teacher = {"torch": {"state_dict": "net.pt", "widths": [4]}}
    refused(cli("distill", job(tmp_path, teacher=teacher), "-o", "run"), "net.pt", "state_dict")
    assert not (tmp_path / "run").exists()


def test_a_missing_tool_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("compile", "x0 + x1", *FORMAT, "-o", "d")[0] == 0
    monkeypatch.setenv("SYMTICK_YOSYS", "/nowhere/yosys")
    refused(cli("synth", "d"), "SYMTICK_YOSYS", "/nowhere/yosys")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--from-reports", "d", "--fresh", "*"), "not of --from-reports"),
        (("--from-reports", "d", "--work", "w"), "not of --from-reports"),
        (("--device", "open"), "is for --from-reports"),
    ],
)
def test_options_of_calibrate_that_do_nothing_are_refused(
    cli: Cli, words: tuple[str, ...], complaint: str
) -> None:
    code, _, err = cli("calibrate", *words)
    assert code == 2 and complaint in " ".join(err.replace("│", "").split())


def test_devices_and_doctor(cli: Cli) -> None:
    code, out, _ = cli("devices")
    assert code == 0
    assert "open" in out
    kinds = {line.split()[0]: line.split()[3] for line in out.splitlines() if "AMD" in line}
    kinds |= {line.split()[0]: line for line in out.splitlines() if "hls4sr" in line}
    assert kinds["xcvu9p-2"] == "modelled" and "measured" not in kinds["xcvu9p-hls4sr"]
    code, out, _ = cli("doctor")
    assert code == 0
    assert "verilator" in out
    assert "found" in out
    code, out, _ = cli("devices", "--json")
    assert code == 0 and {"name": "open", "kind": "open"}.items() <= json.loads(out)[1].items()
    code, out, _ = cli("doctor", "--json")
    assert code == 0 and {tool["name"] for tool in json.loads(out)["tools"]} >= {"g++", "yosys"}


def test_alone_it_shows_the_help(cli: Cli) -> None:
    code, out, _ = cli()
    assert code == 0 and out == cli("--help")[1]
    assert "..." not in out.partition("Commands:")[2]  # no line is cut
    assert cli("--version")[1].startswith("symtick ")


def test_compile_and_tune_print_json(cli: Cli) -> None:
    code, out, _ = cli("compile", "x0*x1 + tanh(x0)", *FORMAT, "-o", "d", "--json")
    made = json.loads(out)
    assert code == 0 and made["expressions"] == {"y0": "x0*x1 + tanh(x0)"}
    assert made["ticks"] > 0 and made["lut"] > 0 and made["outputs"]["y0"].startswith("fixed")
    (fit,) = json.loads(cli("estimate", "d", "--json")[1])
    assert {name: fit[name] for name in ("ticks", "lut", "ff")}.items() <= made.items()
    code, out, _ = cli("tune", "d", "--budget", "0.3", "-o", "t", "--json")
    tuned = json.loads(out)
    assert code == 0 and tuned["before"]["lut"] == made["lut"] > tuned["after"]["lut"]


def test_verify_refuses_a_proof_before_it_simulates(cli: Cli) -> None:
    at = ("--device", "ecp5-85k-8")
    assert cli("compile", "x0*x1", *FORMAT, "-o", "d", *at)[0] == 0
    for options, said in [
        (("--prove", "--netlist"), "device ecp5-85k-8 is of ecp5: leave --netlist out"),
        (("--netlist",), "give --prove, too"),
        (("--vectors", "99999999999999"), "less than or equal to 10000000"),
        (("--prove", "--proof-seconds", "inf"), "from 1 to 10,000,000 processor seconds, not inf"),
        (("--prove", "--proof-seconds", "nan"), "processor seconds, not nan"),
        (("--prove", "--proof-seconds", "0"), "processor seconds, not 0"),
        (("--prove", "--proof-seconds", "-3"), "processor seconds, not -3"),
    ]:
        code, _, err = cli("verify", "d", *options)
        assert code and said in " ".join(err.split()), err
        assert not Path("d/results/verify.json").exists()


@pytest.mark.sim
@pytest.mark.synth
def test_verify_and_synth_print_json(cli: Cli) -> None:
    assert cli("compile", "x0*x1", *FORMAT, "-o", "d")[0] == 0
    code, out, _ = cli("verify", "d", "--vectors", "50", "--prove", "--netlist", "--json")
    (outcome,) = json.loads(out)
    assert code == 0 and outcome["ok"] and outcome["cpp_mismatches"] == 0
    assert [step["verdict"] for step in outcome["proof"]["steps"]] == ["proved"] * 4
    assert json.loads(Path("d/results/prove.json").read_text()) == outcome["proof"]
    code, out, _ = cli("synth", "d", "--place", "none", "--json")
    (measured,) = json.loads(out)
    assert code == 0 and measured["measured"]["lut"] > 0 and measured["fmax_mhz"] is None


def loaded(*words: str, folder: Path, **environment: str) -> set[str]:
    """Names of the modules that a command loads, in a Python of its own."""
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from symtick.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=folder,
        env={**os.environ, **environment}, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


HEAVY = {"torch", "sklearn", "pandas", "matplotlib", "cocotb", "hls4ml", "symtick.search",
         "symtick.search._kernel", "symtick.sim", "symtick.run", "symtick.baselines"}  # fmt: skip


def test_help_and_completion_load_next_to_nothing(tmp_path: Path) -> None:
    """Their time is that of typer."""
    nothing = HEAVY | {"numpy", "symtick.codegen", "symtick.expr", "rich.markdown"}
    for words in ((), ("--help",), ("--version",), ("compile", "--help")):
        assert not loaded(*words, folder=tmp_path) & nothing
    shell = {"_-C_COMPLETE": "complete_bash", "COMP_WORDS": "-c es", "COMP_CWORD": "1"}
    assert not loaded(folder=tmp_path, **shell) & nothing


def test_importtime_of_help_shows_nothing_heavy(tmp_path: Path) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "symtick.cli", "--help")
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-500:]
    assert "compile" in done.stdout
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "symtick.cli.app" in names and not names & HEAVY


def test_the_compiler_loads_neither_search_nor_simulator(tmp_path: Path) -> None:
    for words in (("compile", "tanh(x0)*x1", *FORMAT, "-o", "d"), ("estimate", "d"), ("devices",)):
        names = loaded(*words, folder=tmp_path)
        assert "symtick.codegen" in names and not names & HEAVY
    code = (
        "import sys, symtick; symtick.compile_text('x0*x1', ['fixed<8,2>'], folder=__import__("
        "'pathlib').Path('e')); symtick.estimate_folder; symtick.devices();"
        "symtick.Decision; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert not set(done.stdout.split()) & HEAVY


def test_a_design_is_compiled_and_estimated_once(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from symtick import hwcost
    from symtick.design_folder import compiling, folder

    counts = {"compile": 0, "estimate": 0}

    def counted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            counts[name] += 1
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(folder, "compile_expression", counted("compile", folder.compile_expression))
    for module in (folder, compiling):
        monkeypatch.setattr(module, "estimate", counted("estimate", hwcost.estimate))
    assert cli("compile", "x0*x1", *FORMAT, "-o", "d")[0] == 0
    assert counts == {"compile": 1, "estimate": 1}


def test_defaults_of_verbs_are_those_of_the_functions() -> None:
    verb, function = signature(compile_).parameters, signature(compile_text).parameters
    lists = {
        "input_range": "input_ranges", "width": "widths", "lsb": "lsbs", "outputs": "outputs",
        "error": "errors",
    }  # fmt: skip
    others = {
        *lists,
        "expression",
        "file",
        "input_format",
        "output",
        "clock",
        "decide",
        "threshold",
        "interface",
        "enable",
        "reset",
    }
    for name in {*verb} - others - {"as_json"}:
        assert verb[name].default == function[name].default, name
    assert verb["clock"].default == function["clock_mhz"].default
    for name, other in lists.items():
        assert verb[name].default is None and function[other].default == ()
    decision = Decision(tuple(verb["decide"].default.split(",")))
    assert decision == function["decision"].default == SCORES
    form = Interface(*(verb[name].default for name in ("interface", "enable", "reset")))
    assert form == function["interface"].default
    for name in ("term_frac", "division"):
        assert verb[name].default == getattr(Precision(), name)
    assert signature(verify).parameters["seed"].default == (
        signature(verify_folder).parameters["seed"].default
    )


def test_every_public_name_is_there() -> None:
    import symtick

    for name in symtick.__all__:
        assert getattr(symtick, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'teleport'"):
        symtick.teleport  # noqa: B018
    for name in ("DesignSource", "compare_run", "write_report"):
        assert not hasattr(symtick, name)
    with pytest.raises(AttributeError, match=r"DesignSource is gone: use symtick\.DesignSpec"):
        symtick.DesignSource  # noqa: B018
    with pytest.raises(AttributeError, match=r"use symtick\.open_run\(folder\)\.compare\(\)"):
        symtick.compare_run  # noqa: B018


def test_public_names_are_listed_before_they_are_loaded() -> None:
    code = "import symtick; print(*dir(symtick)); assert 'compile_text' not in vars(symtick)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert names == sorted(names) and {"compile_text", "Run", "__version__"} <= {*names}


def test_folders_that_cannot_be_written_are_told_before_the_work(cli: Cli) -> None:
    assert cli("compile", "x0*x1", "--input-format", "fixed<6,2>", "-o", "d ä")[0] == 0
    other = ("compile", "x0*x1", "--input-format", "fixed<6,2>", "-o", "/proc/d")
    for words in (other, ("tune", "d ä", "--budget", "0.1", "-o", "/proc/t")):
        code, _, err = cli(*words)
        assert code == 1 and err == f"symtick: {words[-1]}: No such file or directory\n"
