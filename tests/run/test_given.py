"""Guesses and templates in jobs, in the features' own units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from symtick import Run, distill_job
from symtick.errors import InputError

Job = Callable[..., Path]
pytestmark = pytest.mark.kernel
ALONE = {"workers": 1, "starts": 0, "hidden": [], "shorten": 0}
RAW = {"raw": {"pt": {"format": "fixed<14,14>", "unit": 0.0625}, "*": "fixed<12,4>"}, "bits": 6}


def run(job: Job, folder: Path, search: dict[str, Any], inputs: dict[str, Any]) -> Run:
    """Of a job without a teacher, whose labels are what the formula below says."""
    path = job(
        folder, inputs=inputs, search=ALONE | search, hardware={"max_ticks": 12},
        choose={"accuracy_share": 0.8}, tune={"accuracy": None},
    )  # fmt: skip
    content = yaml.safe_load(path.read_text())
    del content["teacher"]
    path.write_text(yaml.safe_dump(content))
    return distill_job(path, folder / "run")


@pytest.mark.parametrize("inputs", [RAW, {"format": "fixed<7,1>"}], ids=["words", "scaled"])
@pytest.mark.parametrize(
    ("kind", "search"),
    [
        ("guess", {"guesses": ["score_sig = 6*abs(eta) + 6*tanh(pt/40) - 4.7; score_bkg = 0"]}),
        ("template", {"template": "score_bkg = 0; score_sig = f(eta) + g(pt)", "effort": 0.4}),
    ],
)
def test_what_is_given_is_of_features_in_their_units(
    kind: str, search: dict[str, Any], inputs: dict[str, Any], job: Job, tmp_path: Path
) -> None:
    """The class is whether abs(eta) + tanh(pt/40) is above 0.8."""
    made = run(job, tmp_path, search, inputs)
    assert {entry.origin.split("-")[0] for entry in made.front.entries} == {kind}
    best = made.designs[made.front.best.name]
    assert np.mean(best.classify(made.test.X) == made.test.labels) > 0.93


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"guesses": ["0; eta*mass"]}, "the guess '0; eta[*]mass': 'mass' is no feature"),
        ({"template": "f(eta); g(pt); f(pt)"}, "the template .* its results are 3"),
        ({"template": "0; a[pt]*f(eta)"}, "values by category"),
        ({}, "nothing to search"),
    ],
)
def test_what_does_not_fit_leaves_no_folder(
    search: dict[str, Any], message: str, job: Job, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run(job, tmp_path, search, {})
    assert not (tmp_path / "run").exists()
