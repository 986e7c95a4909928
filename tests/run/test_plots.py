"""Resolution and turn-on curves on values whose answers are known, and the front as a picture."""

from __future__ import annotations

import re

import numpy as np
import pytest

from symtick.report.plots.pareto import _COLOURS, ParetoPoint, pareto_svg
from symtick.report.plots.roc import roc_svg
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


@pytest.mark.parametrize(("step", "named"), [(1.09, 20), (1.02, 10)])
def test_names_of_many_designs_are_beside_each_other(step: float, named: int) -> None:
    points = [ParetoPoint(f"d{k}t", 50 * step**k, 50 + 0.6 * k, k % 4, k == 3) for k in range(25)]
    network = ParetoPoint("a network of some name", 7000.0, 60.0, 7, network=True)
    text = pareto_svg([*points, network], "LUT", "score", (("teacher", 95.0),))
    names = {p.label for p in (*points, network)}
    found = re.findall(r'x="([\d.]+)" y="([\d.]+)" transform="[^"]*">([^<]*)</text>', text)
    boxes = [(float(x), float(y), label) for x, y, label in found if label in names]
    width = float(re.findall(r'width="([\d.]+)pt"', text)[0])
    assert len(boxes) >= named and {"d3t", network.label} <= {label for *_, label in boxes}
    for k, (x, y, label) in enumerate(boxes):
        assert x + 5.5 * len(label) < width
        for other_x, other_y, other in boxes[:k]:
            apart = x >= other_x + 5.5 * len(other) or other_x >= x + 5.5 * len(label)
            assert apart or abs(y - other_y) >= 9.0, (label, other)


def test_roc_curves_leave_out_classes_without_rows() -> None:
    labels = np.repeat([0, 1], 500)
    scores = np.stack([1.0 - labels, labels, np.zeros(1000)], axis=1)
    text = roc_svg(labels, {"design d1": scores, "teacher": scores}, ("g", "q", "t"))
    assert all(word in text for word in ("g, design d1", "q, teacher", "signal efficiency"))
    assert "t, design d1" not in text
    alone = roc_svg(labels, {"design d1": scores[:, 1:2]}, ("background", "signal"))
    assert "signal, design d1" in alone and "background, design d1" not in alone


def test_every_latency_of_a_usual_front_has_its_own_colour() -> None:
    points = [ParetoPoint(f"d{k}", 10.0 * (k + 1), 0.5 + 0.01 * k, k + 1) for k in range(10)]
    svg = pareto_svg(points, "LUT", "score", [])
    fills = set(re.findall(r"#[0-9a-f]{6}", svg)) & {*_COLOURS}
    assert len(fills) == 10
