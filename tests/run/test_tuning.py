"""`symtick tune`: budgets, folders, curves; a tuned design is built again from its file."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from symtick.cli.app import app
from symtick.codegen import Decision
from symtick.codegen.emit import vectors
from symtick.design_folder.compiling import compile_text
from symtick.design_folder.folder import read_spec
from symtick.design_folder.tuning import (
    CURVE,
    LossBudget,
    Tuned,
    error_judge,
    take_point,
    tune_folder,
    tune_spec,
)
from symtick.errors import InputError
from symtick.report.plots.curve import curve_svg
from symtick.sim.verify import verify

TEXT = "sin(x0)*x1 + 0.5*x1**2 - 1.3*x0; tanh(2*x0) - x1"
BUDGET = 0.2


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuned]:
    folder = tmp_path_factory.mktemp("designs") / "wave"
    compile_text(TEXT, ["fixed<7,3>"], folder=folder, name="wave", term_frac=5)
    return folder, tune_folder(folder, str(BUDGET))


def test_it_saves_luts_within_the_budget(made: tuple[Path, Tuned]) -> None:
    folder, found = made
    assert found.folder == folder.with_name("wave_tuned")
    assert found.after.area.lut < 0.9 * found.before.area.lut
    assert found.after.ticks <= found.before.ticks
    assert found.scores[0] == 0.0
    assert -BUDGET <= found.scores[1] < 0.0
    assert found.tested is None


def test_the_design_is_built_again_from_its_file(made: tuple[Path, Tuned]) -> None:
    folder, found = made
    spec, design = read_spec(found.folder)  # checks the digest
    assert spec.widths == found.spec.widths != ()
    _, before = read_spec(folder)
    raw = vectors.make(before, 3000, seed=7)
    judge = error_judge(before, raw)
    columns = design.graph.evaluate(raw)
    out = [f.to_real(c) for f, c in zip(design.graph.output_formats, columns.T, strict=True)]
    # rows that it was not tuned on: a little beyond the budget at most
    assert judge.score(np.stack(out, axis=1)) >= -1.5 * BUDGET
    with pytest.raises(InputError, match="tuned already"):
        tune_spec(spec, raw, judge, BUDGET)


def test_a_tuned_design_can_deliver_the_class_index(made: tuple[Path, Tuned]) -> None:
    spec = replace(made[1].spec, decision=Decision(("index",)))
    raw = vectors.make(spec.scores(), 500, seed=3)
    scores = spec.scores().graph
    real = [
        f.to_real(c) for f, c in zip(scores.output_formats, scores.evaluate(raw).T, strict=True)
    ]
    found = spec.build().graph.evaluate(raw)[:, 0]
    assert (found == np.argmax(np.stack(real, axis=1), axis=1)).all()
    assert 0 < found.mean() < 1


def test_any_point_of_the_curve_can_be_taken(made: tuple[Path, Tuned], tmp_path: Path) -> None:
    folder, found = made
    start = take_point(found.folder, 0, tmp_path / "start")
    assert read_spec(start.folder)[1].graph == read_spec(folder)[1].graph
    half = take_point(found.folder, found.taken // 2, tmp_path / "half")
    assert found.after.area.lut < half.after.area.lut < found.before.area.lut
    with pytest.raises(InputError, match=f"points 0 to {found.points - 1}, not {found.points}"):
        take_point(found.folder, found.points, tmp_path / "beyond")
    with pytest.raises(InputError, match="was not tuned"):
        take_point(folder, 0, tmp_path / "none")


def test_the_curve_is_kept_as_data_and_picture(made: tuple[Path, Tuned]) -> None:
    _, found = made
    held = json.loads((found.folder / CURVE).read_text())
    assert len(held["steps"]) == found.points
    assert held["taken"] == found.taken
    with (found.folder / CURVE.with_suffix(".csv")).open() as file:
        lines = list(csv.DictReader(file))
    assert float(lines[0]["lut_saved"]) == 0.0
    assert float(lines[-1]["lut_saved"]) > 0.0
    svg = (found.folder / CURVE.with_suffix(".svg")).read_text()
    assert svg.startswith("<svg") and "before tuning" in svg and "largest error" in svg


def test_the_curve_states_luts_and_blocks_apart(tmp_path: Path) -> None:
    """As the estimate beside it; the axis of the picture joins them and says so."""
    folder = tmp_path / "product"
    compile_text("x0*x1", ["fixed<16,3>"], folder=folder, device="xcvu13p-2", clock_mhz=200.0)
    found = tune_folder(folder, "0.05")
    steps = json.loads((found.folder / CURVE).read_text())["steps"]
    for cost, step in ((found.before, steps[0]), (found.after, steps[found.taken])):
        assert (step["lut"], step["dsp"]) == (pytest.approx(cost.area.lut), cost.area.dsp)
    assert steps[0]["dsp"] == 1.0
    with (found.folder / CURVE.with_suffix(".csv")).open() as file:
        assert next(csv.DictReader(file)).items() >= {"lut": "0", "dsp": "1"}.items()
    assert "LUT equivalents" in (found.folder / CURVE.with_suffix(".svg")).read_text()


def test_a_folder_may_be_named_by_a_dot(
    made: tuple[Path, Tuned], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made[0], tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    assert tune_folder(Path(), "0.3").folder == tmp_path / "here_tuned"


def test_a_device_without_areas_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "cycles"
    compile_text(TEXT, ["fixed<7,3>"], folder=folder, device="xcvu9p-hls4sr")
    with pytest.raises(InputError, match="xcvu9p-hls4sr states cycles only"):
        tune_folder(folder, "0.1")
    assert not (tmp_path / "cycles_tuned").exists()


def test_ports_stay_where_their_format_is_stated(tmp_path: Path) -> None:
    folder = tmp_path / "stated"
    compile_text(TEXT, ["fixed<7,3>"], folder=folder, output_format="fixed<12,7>")
    found = tune_folder(folder, "0.1")
    formats = read_spec(found.folder)[1].graph.output_formats
    assert {str(f) for f in formats} == {"fixed<12,7>"}
    assert found.after.area.lut < found.before.area.lut


@pytest.mark.sim
def test_cpp_and_verilog_of_a_tuned_design_equal_its_integers(
    made: tuple[Path, Tuned], tmp_path: Path
) -> None:
    verify(read_spec(made[1].folder)[1], tmp_path, 800).check()


@pytest.mark.parametrize("text", ["", "x", "-1", "nan", "inf%", "0.1 %%"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a budget"):
        LossBudget.parse(text)


def test_budgets_are_shares_or_errors() -> None:
    assert LossBudget.parse("0.1%") == LossBudget(0.001, True)
    assert LossBudget.parse("0.25") == LossBudget(0.25, False)


def test_a_share_and_a_name_need_a_run(made: tuple[Path, Tuned]) -> None:
    with pytest.raises(InputError, match=r"a budget in % of a score needs"):
        tune_folder(made[0], "1%")
    words = ["tune", str(made[0]), "--budget", "1", "--design", "d3"]
    with pytest.raises(InputError, match="--design needs"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    with pytest.raises(InputError, match="exists"):
        tune_folder(made[0], "1")


def test_a_damaged_width_is_a_damaged_file(made: tuple[Path, Tuned], tmp_path: Path) -> None:
    content = json.loads((made[1].folder / "design.json").read_text())
    content["source"]["widths"][0]["node"] = 4000
    (tmp_path / "design.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="no node 4000"):
        read_spec(tmp_path)
    content["source"]["widths"][0] = {"node": 1}
    (tmp_path / "design.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="is damaged"):
        read_spec(tmp_path)


def test_the_command_line_tunes_and_takes(made: tuple[Path, Tuned], tmp_path: Path) -> None:
    folder, found = made
    runner = CliRunner()
    result = runner.invoke(app, ["tune", str(folder), "--budget", "0.3", "-o", str(tmp_path / "a")])
    assert result.exit_code == 0, result.output
    assert "largest error on the rows tuned on" in result.output
    result = runner.invoke(
        app, ["tune", str(found.folder), "--point", "1", "-o", str(tmp_path / "b")]
    )
    assert result.exit_code == 0, result.output
    assert "point 1 of" in result.output
    assert runner.invoke(app, ["tune", str(folder)]).exit_code == 2
    assert runner.invoke(app, ["tune", str(folder), "--point", "1"]).exit_code == 2


def test_a_source_with_decisions_differs_from_one_without(made: tuple[Path, Tuned]) -> None:
    spec = made[1].spec
    plain = replace(spec, widths=())
    assert spec.to_dict() != plain.to_dict()
    assert type(spec).from_dict(spec.to_dict()) == spec
    older = plain.to_dict()
    del older["widths"]
    assert type(spec).from_dict(older) == plain


def test_shares_are_drawn_as_per_cent() -> None:
    assert "accuracy on the rows tuned on, %" in curve_svg(
        [(10, 0.5), (8, 0.49)], 1, "LUTs", "accuracy"
    )
