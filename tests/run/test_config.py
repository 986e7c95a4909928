"""Job files: defaults, checks, and messages."""

from __future__ import annotations

from dataclasses import asdict
from inspect import signature
from pathlib import Path

import pytest
import yaml

from symtick.codegen import Interface
from symtick.config import Job, load_job
from symtick.design_folder.checks import verify_folder
from symtick.errors import InputError
from symtick.estimators.distiller import SymbolicDistiller
from symtick.job_sources import TrainSection
from symtick.run.distilling import distill_config
from symtick.search.distill.settings import DistillConfig
from symtick.search.teachers.train import train_mlp

MINIMAL = {"name": "small", "data": {"path": "rows.npz"}}


def written(folder: Path, content: object) -> Path:
    path = folder / "job.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_a_job_and_both_ways_in_python_have_the_same_defaults() -> None:
    defaults = asdict(DistillConfig())
    assert asdict(distill_config(Job.model_validate(MINIMAL))) == defaults
    assert asdict(SymbolicDistiller().settings()) == defaults
    job, distiller = Job.model_validate(MINIMAL), SymbolicDistiller()
    assert (job.hardware.device, job.hardware.clock_mhz) == (distiller.device, distiller.clock_mhz)
    assert (job.inputs.format, job.inputs.tail) == (distiller.input_format, distiller.tail)
    assert job.data.validation == distiller.validation
    assert job.verify.vectors == signature(verify_folder).parameters["vectors"].default
    train, given = signature(train_mlp).parameters, TrainSection()
    for name in TrainSection.model_fields:
        assert train[name].default == (
            tuple(given.widths) if name == "widths" else getattr(given, name)
        )


def test_more_effort_adds_larger_starts_where_none_are_stated() -> None:
    usual = DistillConfig().layered

    def hidden(**search: object) -> tuple[int, ...]:
        return distill_config(Job.model_validate(MINIMAL | {"search": search})).layered.hidden

    assert hidden(effort=1.9) == usual.hidden
    assert hidden(effort=3) == (*usual.hidden, 16, 20, 24)
    assert hidden(effort=100)[len(usual.hidden) :] == (16, 20, 24, 28, 32)
    assert hidden(effort=3, hidden=[4, 5]) == (4, 5) and hidden(effort=3, hidden=[]) == ()
    found = distill_config(Job.model_validate(MINIMAL | {"search": {"effort": 2}})).layered
    assert (found.fit_steps, found.refit_steps) == (2 * usual.fit_steps, 2 * usual.refit_steps)


def test_paths_are_relative_to_the_job_file(tmp_path: Path) -> None:
    job = load_job(written(tmp_path, MINIMAL | {"teacher": {"saved": "net.npz"}}))
    assert job.data.path == tmp_path / "rows.npz"
    assert job.teacher.saved == tmp_path / "net.npz"
    job = load_job(written(tmp_path, MINIMAL | {"hardware": {"device": "mine.yaml"}}))
    assert job.hardware.device == str(tmp_path / "mine.yaml")


def test_resolved_job_reads_back_the_same(tmp_path: Path) -> None:
    hardware = {"clock_mhz": 360, "interface": "ap_vld", "reset": True}
    job = load_job(written(tmp_path, MINIMAL | {"hardware": hardware}))
    assert job.hardware.form == Interface("ap_vld", reset=True)
    assert Job.model_validate(yaml.safe_load(job.to_yaml())) == job


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sede": 3}, "unknown key sede"),
        ({"search": {"generation": 3}}, "unknown key search.generation"),
        ({"seed": -1}, "seed must be an integer from 0 below 4294967296, not -1"),
        ({"name": "a b"}, "name must begin with a letter .*, not 'a b'"),
        ({"inputs": {"format": "fixed<99,6>"}}, r"inputs.format: .*fixed<99,6>.*over the limit"),
        ({"inputs": {"formats": {"m": "float"}}}, "inputs.formats: 'float' is not a format"),
        ({"search": {"operators": ["add", "gamma"]}}, r"operators.1 must be one of .*'gamma'"),
        (
            {"search": {"operators": []}},
            r"search.operators must have at least 1 item, not \[\]$",
        ),
        (
            {"search": {"hidden": [4, 10**9]}},
            "search.hidden.1 must be an integer from 1 to 1000, not 1000000000",
        ),
        (
            {"search": {"term_nodes": 10**12}},
            "search.term_nodes must be an integer from 3 to 100000",
        ),
        ({"search": {"method": "sa"}}, "search.method must be one of gp, policy, hybrid, not 'sa'"),
        ({"teacher": {"train": {}, "saved": "a.npz"}}, "name one teacher, not 2: train, saved"),
        (
            {"hardware": {"clock_mhz": "fast"}},
            "hardware.clock_mhz must be a number above 0 to 1000, not 'fast'",
        ),
        (
            {"hardware": {"latency": 3}},
            "hardware: a fixed latency needs a max_ticks that is at most that latency, "
            "not latency 3 and max_ticks 5",
        ),
        ({"search": {"islands": 10**6}}, "search.islands must be an integer from 1 to 10000, not"),
        (
            {"search": {"population": 10**8}},
            "search.population must be an integer from 4 to 10000000, not 100000000",
        ),
        ({"hardware": {"latency": 3, "max_ticks": None}}, "not latency 3 and max_ticks none"),
        (
            {"choose": {"accuracy_share": 0.5}},
            "choose.accuracy_share must be a number from 0.8 to 1, not 0.5",
        ),
        ({"hardware": {"outputs": ["class"]}}, "hardware: outputs must be some of scores, index"),
        (
            {"hardware": {"interface": "axi-stream", "enable": True}},
            "hardware: interface axi-stream takes no enable",
        ),
        ({"hardware": {"interface": "axis"}}, "there is no interface 'axis': there are plain"),
        ({"hardware": {"outputs": ["above"]}}, "hardware: the output above needs a threshold"),
        (
            {"hardware": {"scheduler": "fast"}},
            "hardware.scheduler must be one of asap, alap, registers",
        ),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load_job(written(tmp_path, MINIMAL | change))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [1, 2", "is not YAML"),
        ("- 1\n- 2\n", "must hold a mapping"),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
        ("name: small\n", "data is required"),
    ],
)
def test_what_is_no_job(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load_job(written(tmp_path, text))


def test_missing_job_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the job file .*none.yaml: No such file"):
        load_job(tmp_path / "none.yaml")
