"""docs/benchmarks.md is made from the results: every figure in it comes from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.document.aims import evaluation_aims, recovery_aims, tree_cost_aims
from benchmarks.document.markdown import plain, table
from benchmarks.document.prose import PROSE
from benchmarks.tables import SECTIONS, document, main

MACHINE = {"cpu": "a processor", "isa": "avx2", "python": "3.11", "cores": 2}
SETTINGS = {"max_evaluations": 2000, "seeds": [0, 1, 2], "processes": 2}
FIGURES = {"runs": 3, "evaluations_mean": 1234, "seconds_mean": 1.25, "seconds_median": 0.75}
LEVEL = {"share": 0.95, "loss": 0.125, "ticks_ticks": 3.0, "ticks_nodes": 6.0,
         "lut_ticks": 50.0, "lut_nodes": 40.0}  # fmt: skip

LIMITS = {"multiply_adds": 1.24e11, "sums": 5.5e10, "operators": {"ADD": 3.9e10, "DIV": 2.5e10}}


def results() -> dict[str, Any]:
    group = {"method": "gp", "group": "Nguyen", "problems": 12, "recovery": 97.5, **FIGURES}
    problem = {"method": "gp", "problem": "Nguyen-7", "recovery": 66.67, **FIGURES}
    law = {"method": "m", "title": "Hubble's law", "runs": 5, "solved": 4, "almost": 1, "read": 5,
           "evaluations_mean": 99, "seconds_mean": 3.0}  # fmt: skip
    tick = {"device": "open", "set": "diabetes", "seeds": 3, "wins": 2, "volume_ticks": 0.5,
            "volume_nodes": 0.25, "best_ticks": 0.3, "best_nodes": 0.2,
            "equal_loss": [LEVEL]}  # fmt: skip
    reference = {"loss": 1.0, "ticks": {"open": 12.0}, "lut": 1500.0}
    return {
        "evaluation": {"machine": "an old one", "limits": {"float32": LIMITS, "float64": LIMITS},
                       "table": [
            {"ops": "eight", "precision": "float32", "rows": 1000, "symtick": 5e9,
             "reference": "pyoperon", "ratio": 2.5, "share": 0.625},
            {"ops": "arithmetic", "precision": "float32", "rows": 1000, "symtick": 5e9,
             "reference": "pyoperon", "ratio": 1.25, "share": 0.5},
            {"ops": "arithmetic", "precision": "float64", "rows": 1000, "symtick": 2e9,
             "reference": "numpy", "ratio": 21.5, "share": 0.25},
        ]},
        "recovery": {"machine": MACHINE, "settings": SETTINGS, "sets": [group],
                     "problems": [problem]},
        "ablation": {"machine": MACHINE, "settings": SETTINGS, "sets": [group],
                     "problems": [problem]},
        "empirical": {"machine": MACHINE, "settings": SETTINGS, "laws": [law]},
        "unseen": {"machine": MACHINE, "settings": {**SETTINGS, "laws": 40, "splits": 5},
                   "boxes": {"win": 3, "tie": 2, "loss": 1},
                   "constants": [9, 10], "summary": [
            {"kind": "law", "noise": 0.1, "tool": "symtick", "runs": 40, "law": 21, "clean": 20,
             "srbench": 19, "fits": 30, "collapsed": 1, "front": 345, "cpu_seconds_mean": 2.5,
             "cpu_seconds_most": 4.5}]},
        "ticks": {"machine": MACHINE, "settings": {**SETTINGS, "reference": reference},
                  "sets": [tick]},
        "defaults": {"machine": MACHINE, "unseen": ["cells"], "runs": [
            {"task": "cells", "seed": 1, "kind": "regression", "network": 0.125, "boosting": 0.25,
             "cpu_seconds": 300.5, "designs": [
                {"nodes": 30, "ticks": 2, "lut": 101.5, "valid": 0.96, "share": 0.9375},
                {"nodes": 60, "ticks": 3, "lut": 303.5, "valid": 1.0, "share": 0.9875}]}]},
        "joint": {"machine": MACHINE, "settings": {"seeds": [1, 2]}, "sets": [
            {"task": "muons", "method": "hybrid", "seeds": 2, "share": 0.345678, "least": 0.3125,
             "most": 0.375, "above_hybrid": 0, "evaluations": 8400.0, "cpu_seconds": 41.5},
            {"task": "muons", "method": "gp", "seeds": 2, "share": 0.25, "least": 0.2,
             "most": 0.3, "above_hybrid": 1, "evaluations": 8400.0, "cpu_seconds": 40.0}]},
        "estimation": {"machine": MACHINE, "summary": {
            "expressions": 7, "ticks_exact": 6, "dsp_exact": 5, "bram_exact": 7,
            "lut_median": 321.0, "lut_largest": 4321, "lut_error_median": 0.0625,
            "lut_error_p90": 0.125, "lut_error_worst": 0.5, "ff_error_median": 0.0, "ff_error_p90":
            0.03, "ff_error_worst": 0.07, "clock_met": 0.875,
            "clock_met_at_once": 0.75, "fmax_median": 234.0, "fmax_least": 187.0}},
        "front_estimates": {"machine": MACHINE, "table": [
            {"width": 8, "designs": 12, "lut_median": 415.0, "lut_largest": 1118,
             "error_median": 0.0345, "error_p90": 0.0789, "bias": -0.0123, "worst": -0.2}]},
        "products": {"machine": MACHINE, "settings": {"device": "vu"}, "rows": [
            {"product": "8 x 9", "clock_mhz": 360.0, "ticks": 2, "ticks_fewest": 2,
             "ticks_most": 3, "lut": 1234.4, "lut_yosys": 1230, "ff": 20.0, "ff_yosys": 21,
             "dsp": 1.0, "dsp_yosys": 0}]},
        "compiler": {"machine": MACHINE, "settings": {"device": "open", "clock_mhz": 200.0,
                     "budget": "0.1%", "vectors": 10}, "table": [
            {"design": "d1", "variant": variant, "accuracy": 0.61, "lut": lut, "ff": 20,
             "lut_with_dsp": None, "dsp": None, "ticks": ticks, "vectors": 10, "mhz": None}
            for variant, lut, ticks in (("tuned", 50, 2), ("hls4ml, results cut", 5000, 17))
        ]},
    }  # fmt: skip


def test_every_figure_stands_in_the_document(tmp_path: Path) -> None:
    for name, held in results().items():
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
    main(["--results", str(tmp_path), "--out", str(tmp_path / "doc.md")])
    text = (tmp_path / "doc.md").read_text()
    for wanted in (
        "5.00 G", "**97.5**", "1,234", "| Nguyen-7 | **67** | 35 |", "**4/5**",
        "35/45", "**0.5000** | 0.2500", "| **3.0** | 6.0 | 50 | **40** |", "0.50 times the ticks",
        "2 of 3 pairs", "a processor (avx2)", "- `gp`: As `hybrid`, without", "- `m`: unknown.",
        "an old one", "Not measured yet.", "| multiply-adds | 124.00 G |", "| div | 25.00 G |",
        "`share` is", "| NGGP | 92.33 | 266 |", "| **symtick** | **97.5** | 1.25 |",
        "| d1 | tuned | 61.00 | 50 | 20 | 2 | - | - | - | 10 |",
        "| 8 | 12 | 415 | 1,118 | 3.5 % | 7.9 % | -1.2 % | -20.0 % |",
        "| 8 x 9 | 360 | 2 | 2-3 | 1,234 | 1,230 | 20 | 21 | 1 | 0 |", "Device `vu`.",
        "| muons | hybrid | **0.3457** | 0.3125 to 0.3750 |  | 8,400 | 42 |",
        "| muons | gp | 0.2500 | 0.2000 to 0.3000 | 1/2 | 8,400 | 40 |",
        "- d1: 100 times fewer LUTs than with hls4ml's way, 8.5 times fewer ticks.",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert text.count("Not measured yet.") == 2  # the cost of a tree, arithmetic
    assert set(SECTIONS) < set(PROSE)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_what_was_not_run_is_said(tmp_path: Path) -> None:
    assert document(tmp_path).count("Not measured yet.") == len(SECTIONS)


def test_short_falls_are_named() -> None:
    held = results()
    assert "Nguyen: aim 100 %, measured 97.5 %: **short**" in recovery_aims(held["recovery"])
    assert "aim 20 s, measured 1.2 s: met" in recovery_aims(held["recovery"])
    lines = evaluation_aims(held["evaluation"]).splitlines()
    assert [line.endswith("met.") for line in lines] == [True, False, False]
    assert "21.5" not in "".join(lines)  # the ratio to NumPy is not aimed at
    rows = [{"cost": "open", "nodes": n, "kernel_median": 310.0} for n in (5, 25)]
    assert tree_cost_aims({"table": rows}) == (
        "- open, 25 nodes: aim 300 ns, measured 310 ns: **short**."
    )
    assert recovery_aims({"sets": []}) == evaluation_aims({"table": []}) == ""


def test_levels_without_ticks_have_no_ratio(tmp_path: Path) -> None:
    held = results()["ticks"]
    held["sets"][0]["equal_loss"] = [LEVEL, {**LEVEL, "ticks_ticks": 0.0}]
    (tmp_path / "ticks.json").write_text(json.dumps(held))
    assert "0.50 times the ticks at equal loss" in document(tmp_path)
    held["sets"][0]["equal_loss"] = [{**LEVEL, "ticks_ticks": 0.0}]
    (tmp_path / "ticks.json").write_text(json.dumps(held))
    assert "2 of 3 pairs of runs." in document(tmp_path)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (3e9, "3.00 G"),
        (0.12345, "0.1235"),
        (12345, "12,345"),
        (1224368.4, "1,224,368"),
        (77681.0, "77,681"),
    ],
)
def test_plain_tables(value: float, cell: str) -> None:
    assert plain([{"a": value, "b": "x"}]).splitlines() == [
        "| a | b |", "|---|---|", f"| {cell} | x |",
    ]  # fmt: skip
    assert table(("a",), []) == "| a |\n|---|"
