"""Resolution and turn-on curves on values whose answers are known, and the front as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from symtick.report.plots.pareto import ParetoPoint, pareto_svg
from symtick.report.plots.values import resolution, resolution_svg, turn_on, turn_on_svg

TRUTH = np.random.default_rng(0).permutation(np.linspace(-1.0, 1.0, 1000))


def test_resolution_is_the_error_in_equal_bins() -> None:
    wrong = TRUTH + np.where(TRUTH > 0, 0.3, -0.1)
    centers, errors = resolution(TRUTH, wrong)
    assert centers == pytest.approx(np.linspace(-0.9, 0.9, 10), abs=1e-3)
    assert errors == pytest.approx([0.1] * 5 + [0.3] * 5)


def test_turn_on_rises_where_the_threshold_is() -> None:
    centers, shares = turn_on(TRUTH, TRUTH, 0.5)
    assert len(centers) == 40
    assert (shares[centers < 0.45] == 0).all() and (shares[centers > 0.55] == 1).all()
    centers, shares = turn_on(TRUTH[:60], TRUTH[:60] + 0.2, 0.5)
    assert len(centers) == 2


def test_pictures_name_design_teacher_and_target() -> None:
    lines = {"design d1": TRUTH + 0.1, "teacher": TRUTH}
    for svg in (resolution_svg(TRUTH, lines, "q/pT"), turn_on_svg(TRUTH, lines, "q/pT")):
        assert all(word in svg for word in ("design d1", "teacher", "true q/pT"))


def test_designs_of_wires_alone_are_drawn() -> None:
    points = [ParetoPoint(name, 0.0, 90.0 + k, 1, k == 0) for k, name in enumerate(("d1", "d2"))]
    text = pareto_svg(points, "LUT", "score", (("teacher", 95.0),))
    assert ">d1<" in text and ">d2<" in text
