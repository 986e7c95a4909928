"""The whole block: raw words in, class out, by a job and by the estimator."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from symtick import Run, SymbolicDistiller, distill_job, open_run
from symtick.config import load_job
from symtick.design_folder.checks import read_synthesis
from symtick.design_folder.folder import DesignSpec, read_spec
from symtick.errors import InputError
from symtick.expr import read_formulas, shared_texts
from symtick.hwcost import estimate
from symtick.report.tables import boundary, front_table
from symtick.search.distill.settings import DistillConfig
from symtick.search.joint.settings import JointSettings
from symtick.search.layered.settings import LayeredSettings
from symtick.search.shortening.settings import ShorteningSettings

Job = Callable[..., Path]
RAW = {"pt": {"format": "fixed<14,14>", "unit": 0.0625}, "*": "fixed<12,4>"}
pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def block(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run from raw words to the class; not to be written to."""
    folder = tmp_path_factory.mktemp("block")
    inputs, hardware = {"raw": RAW, "bits": 5}, {"outputs": ["index"], "max_ticks": 7}
    return distill_job(job(folder, inputs=inputs, hardware=hardware), folder / "run")


def by_hand(X: np.ndarray) -> np.ndarray:
    """The words of the rows: sixteenths of a GeV, and 1/256 of eta."""
    eta = np.clip(np.floor(X[:, 0] * 256 + 0.5), -2048, 2047)
    pt = np.clip(np.floor(X[:, 1] * 16 + 0.5), -8192, 8191)
    return np.stack([eta, pt], axis=1).astype(int)


def test_the_ports_carry_words_and_the_class_comes_out(block: Run) -> None:
    X = block.test.X.copy()
    X[::7] *= 40.0  # far beyond the slices, and beyond the words
    assert np.array_equal(block.raw(X), by_hand(X))
    for design in block.designs.values():
        spec, built = read_spec(design.folder)  # from its file alone
        assert {str(f) for f in built.graph.input_formats if f} <= {"fixed<12,4>", "fixed<14,14>"}
        index = built.graph.evaluate(by_hand(X))[:, 0]
        assert built.graph.output_names == ("index",)
        np.testing.assert_array_equal(design.classify(X), index)
        np.testing.assert_array_equal(design.outputs(X)["index"], index)
        assert spec.slices == block.inputs.slices


def test_formulas_in_units_are_what_the_block_computes(block: Run) -> None:
    design = block.chosen
    formulas = design.formulas(None)
    assert tuple(formulas)[-len(block.output_names) :] == block.output_names
    # what the hardware reads of the rows, in GeV
    read = np.stack(
        [part.fmt.to_real(part.codes(word)) for part, word in
         zip(block.inputs.slices, by_hand(block.test.X).T, strict=True)], axis=1,
    ) * (1.0, 0.0625)  # fmt: skip
    scores = design.predict(block.test.X)
    text = "\n".join(f"{name} = {formula}" for name, formula in formulas.items())
    wanted = read_formulas(text, ("eta", "pt"), block.output_names).expression.evaluate(read)
    # of two scores one may be constant
    assert np.ptp(wanted, axis=0).max() > 20 * design.scores.graph.output_formats[0].step
    for k, fmt in enumerate(design.scores.graph.output_formats):
        np.testing.assert_allclose(scores[:, k], wanted[:, k], atol=12 * fmt.step)


def test_what_is_printed_is_the_design(block: Run) -> None:
    words = by_hand(block.test.X)
    for design in block.designs.values():
        whole = design.entry.expression
        names = dict(zip(block.output_names, whole.outputs, strict=True))
        texts = shared_texts(whole.nodes, names, whole.inputs)
        written = "\n".join(f"{name} = {text}" for name, text in texts.items())
        read = read_formulas(written, whole.inputs, block.output_names).expression
        again = replace(design.spec, expression=read, widths=()).build()
        plain = replace(design.spec, widths=()).build()
        np.testing.assert_array_equal(again.graph.evaluate(words), plain.graph.evaluate(words))
        digits = [f"{abs(v):e}".split("e")[0].rstrip("0.") for v in whole.constants]
        assert max(map(len, digits)) <= 7  # six digits and the point


def test_the_front_gives_core_and_whole(block: Run) -> None:
    for entry in block.front.entries:
        assert entry.core is not None
        assert entry.core.ticks <= entry.ticks
        core = block.spec(entry).core()
        cost = estimate(core, block.spec(entry).model())
        area = cost.area
        assert (cost.ticks, area.lut, area.ff, area.dsp) == astuple(entry.core)
        assert core.graph.output_names == block.output_names
    table = front_table(block.front, block.job)
    assert {"core ticks", "core LUT est.", "core FF est."} <= set(table.head)
    assert "In: raw words; out: index; outside the firmware: nothing." in table.note
    assert "core_lut" in (block.folder / "front.csv").read_text().splitlines()[0]
    header = (block.folder / "designs/d1/rtl/small_job_d1.v").read_text()
    assert "Slices of the inputs" in header and "rounded down to steps of" in header


def test_the_job_in_the_run_folder_is_the_job(block: Run) -> None:
    stored = yaml.safe_load((block.folder / "job.yaml").read_text())
    assert "format" not in stored["inputs"] and stored["inputs"]["bits"] == 5
    assert load_job(block.folder / "job.yaml").inputs == block.job.inputs
    records = json.loads((block.folder / "inputs.json").read_text())
    assert [(r["name"], r["word"], r["unit"]) for r in records] == [
        ("eta", "fixed<12,4>", 1.0), ("pt", "fixed<14,14>", 0.0625),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"raw": "ufixed<16>"}, "is not a format"),
        ({"raw": {"pt": "fixed<8,8>"}}, r"inputs.raw has no word for eta: add them, or .*'\*'"),
        (
            {"raw": {"*": "fixed<16,8>", "px": "fixed<8,8>"}},
            "inputs.raw names px: ",
        ),
        ({"raw": "ap_fixed<16,6>"}, "of the rows of pt lie outside of fixed<16,6>"),
        ({"raw": RAW, "format": "fixed<6,1>"}, "inputs with raw take no format"),
        ({"bits": 5}, "inputs without raw take no bits"),
        ({"raw": RAW, "bits": 11}, "inputs.bits must be an integer from 4 to 10 or None, not 11"),
        (
            {"raw": RAW | {"eta": "fixed<6,4>"}, "widths": {"eta": 9}},
            "eta has 9 bits, but its word",
        ),
        ({"raw": RAW, "widths": {"*": 5}}, r"inputs.widths names \*: the features are eta, pt"),
        ({"formats": {"*": "fixed<8,1>"}}, r"inputs.formats names \*: the features are eta"),
        ({"raw": RAW, "widths": {"pt": 3}}, "inputs.widths.pt must be an integer from 4 to 10"),
        ({"raw": {"*": {"format": "fixed<8,4>", "unit": 0}}}, "unit must be a number other than 0"),
    ],
)
def test_words_that_do_not_fit_are_refused_before_there_is_a_run(
    inputs: dict[str, object], message: str, job: Job, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        distill_job(job(tmp_path, inputs=inputs), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_of_an_earlier_version_is_refused(block: Run, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text((block.folder / "job.yaml").read_text())
    (tmp_path / "scaler.json").write_text("{}")
    with pytest.raises(InputError, match=r"has a scaler\.json in place of inputs\.json"):
        open_run(tmp_path).inputs  # noqa: B018


@pytest.mark.slow
@pytest.mark.sim
@pytest.mark.synth
def test_the_whole_block_is_verified_and_measured(job: Job, tmp_path: Path) -> None:
    hardware = {"outputs": ["index"], "max_ticks": 7}
    run = distill_job(job(tmp_path, inputs={"raw": RAW}, hardware=hardware), tmp_path / "run")
    assert all(v.ok for v in run.verify(400))
    for synthesis in run.synthesise("none"):
        assert synthesis.core is not None and synthesis.core_ticks is not None
        assert synthesis.core.lut < synthesis.measured.lut
        assert synthesis.core_ticks <= synthesis.ticks
    assert read_synthesis(run.chosen.folder) == run.chosen.synthesis


def test_the_estimator_reads_words_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    X = np.stack([rng.exponential(30.0, 500), rng.normal(0, 1, 500)], axis=1)
    y = (X[:, 0] > 25 + 10 * X[:, 1]).astype(int)
    config = DistillConfig(
        joint=JointSettings(starts=1, rounds=4, method="gp"),
        layered=LayeredSettings(hidden=()),
        shortening=ShorteningSettings(designs=0),
    )
    raw = {"x0": {"format": "ufixed<12,12>", "unit": 0.125}, "x1": "fixed<10,4>"}
    model = SymbolicDistiller(raw=raw, bits=5, config=config, max_ticks=8, decide=("index",)).fit(
        X, y
    )
    design = model.write(tmp_path / "d")
    words = np.stack([np.floor(X[:, 0] * 8 + 0.5), np.floor(X[:, 1] * 64 + 0.5)], axis=1)
    index = design.graph.evaluate(words.astype(int))[:, 0]
    assert np.array_equal(index, model.predict(X)) and 0 < index.mean() < 1
    assert np.array_equal(index, model.decision_function(X).argmax(axis=1))
    assert model.score(X, y) > 0.8
    with pytest.raises(InputError, match="raw names px"):
        SymbolicDistiller(raw={"px": "fixed<8,4>"}).fit(X, y)


def test_scaled_features_say_what_stands_outside(deciding: Run) -> None:
    text = boundary(deciding.job)
    assert "In: scaled features; out: scores, index, margin" in text
    assert "outside the firmware: the scaling of the features (inputs.json)." in text


def test_designs_within_a_tight_budget_are_those_of_the_front() -> None:
    rng = np.random.default_rng(3)
    X = rng.exponential(30.0, (600, 2))
    y = (X[:, 0] > 25 + 10 * np.sin(X[:, 1] / 20)).astype(int)
    config = DistillConfig(
        joint=JointSettings(starts=1, rounds=4, method="gp"),
        layered=LayeredSettings(hidden=(2,), fit_steps=40),
        shortening=ShorteningSettings(designs=1),
    )
    model = SymbolicDistiller(raw="ufixed<12,8>", bits=5, config=config, max_ticks=2).fit(X, y)
    for entry in model.front_.entries:
        spec = model.spec(entry.name)
        again = DesignSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
        for design in (spec.build(), again.build()):
            assert design.schedule.latency == entry.ticks <= 2
            assert estimate(design, spec.model()).area.lut == pytest.approx(entry.lut)
