"""What one sees of a fitted `SymbolicRegressor`: the front as text, and as a page with a plot."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from math import log10
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from regressor_samples import law, noisy, quick
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from symtick import SymbolicRegressor, parse
from symtick.errors import InputError
from symtick.estimators.exports.exporting import mathml
from symtick.estimators.fronts.display import short
from symtick.expr import OPS, Builder, Op, arity
from symtick.report.plots.loss_plot import LossPoint, loss_svg

pytestmark = pytest.mark.kernel
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def fitted() -> SymbolicRegressor:
    X, y = noisy()
    frame = pd.DataFrame(X, columns=["m", "p_t_max", "tau_1"])
    return quick(custom_operators=["recip(u) = 1/u"], cost="open").fit(frame, y)


def lines_of(text: str) -> list[tuple[bool, list[str], str]]:
    """For each equation whether it is marked, its figures, and its formula."""
    head, *lines = text.splitlines()[2:]
    start = head.index("equation")
    return [(line[0] == ">", line[1:start].split(), line[start:]) for line in lines]


def test_the_text_shows_the_front_and_marks_the_chosen_row(fitted: SymbolicRegressor) -> None:
    X = law()[0]
    rows, front = lines_of(repr(fitted)), fitted.fronts_[0].entries
    assert str(fitted) == repr(fitted) and len(rows) == len(front) > 2
    for k, ((marked, figures, formula), entry) in enumerate(zip(rows, front, strict=True)):
        assert marked == (entry == fitted.best_)
        assert figures[:2] == [str(k), str(entry.ticks)]
        assert float(figures[2]) == pytest.approx(entry.lut, abs=0.5)
        assert float(figures[3]) == entry.complexity
        assert float(figures[4]) == pytest.approx(entry.loss, rel=1e-3)
        if "recip" not in formula:
            values = parse(formula, fitted.names_).evaluate(X)[:, 0]
            np.testing.assert_allclose(values, entry.function(X), rtol=1e-2, atol=1e-2)
    others = quick(model_selection="mdl", evaluations=300).fit(*noisy())
    assert re.search(r"^ +complexity +loss +equation$", repr(others), re.MULTILINE)
    assert "equations by complexity from 300 evaluations, 'mdl' chooses" in repr(others)


def test_constants_are_rounded_where_they_are_shown() -> None:
    text = "x1*-3.14159265 + -0.1234567*recip(x_2 - -2.0) + 1.23456789e-07 + 2*x1e5 - 299792458.5"
    wanted = "x1*-3.1416 - 0.12346*recip(x_2 + 2) + 1.2346e-07 + 2*x1e5 - 2.9979e+08"
    assert short(text, {}) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.0000004*(x0 + x1) - 0.99999999*x2", "(x0 + x1) - x2"),
        ("x0*1.0000001*x1/0.9999999", "x0*x1"),
        ("sin(1.0*x0) + -1.0*cos(-1.0*x1**2)", "sin(x0) - cos(-x1**2)"),
        ("2/(1.0*x0) + x0**1*x1 - 1*1 + x1*1**2", "2/(x0) + x0**1*x1 - 1 + x1*1**2"),
        ("1.1*x0 + x1*1e-3 + 1e5*x2 - 0.1*x_1*x1", "1.1*x0 + x1*0.001 + 1e+05*x2 - 0.1*x_1*x1"),
        ("1.0/x0*1.0/x1 + 1", "1/x0/x1 + 1"),
    ],
)
def test_factors_that_are_rounded_to_one_are_not_shown(text: str, wanted: str) -> None:
    assert short(text, {}) == wanted


def test_constants_have_the_digits_that_they_need_and_the_usual_ones_at_least() -> None:
    needed = {1712345600.0: 14, 0.123456789: 7, 1.0000004: 8, 2.5: 12}
    text = "1.0000004*sin(-0.123456789*(x0 + -1712345600.0)) - 3.14159265*x1*2.5"
    wanted = "1.0000004*sin(-0.1234568*(x0 - 1712345600)) - 3.14159265*x1*2.5"
    assert short(text, needed) == wanted
    assert short(text, needed | {3.14159265: 2}) == wanted.replace("3.14159265", "3.1416")


def test_every_target_has_its_front_in_text_and_page() -> None:
    X, y = law(60)
    model = quick(evaluations=300).fit(X, pd.DataFrame({"up": y, "down": -3.0 * X[:, 1]}))
    text, page = repr(model), model._repr_html_()
    for target, front in zip(("up", "down"), model.fronts_, strict=True):
        place = front.choose("best")
        assert re.search(rf"^{target}: .* chooses {place}\n", text, re.MULTILINE)
    assert len(re.findall("^>", text, re.MULTILINE)) == 2 == page.count('<tr class="chosen">')
    assert page.count("<svg") == page.count("<table") == 2


def test_before_the_fit_all_is_scikit_learn_s() -> None:
    model = quick(unary_operators=["sin"])
    assert repr(model) == BaseEstimator.__repr__(model)
    assert "SymbolicRegressor(evaluations=1500" in repr(model)
    assert "unary_operators" in model._repr_html_() and "<svg" not in model._repr_html_()
    bundle = model._repr_mimebundle_()
    assert bundle["text/plain"] == repr(model) and "unary_operators" in bundle["text/html"]


def test_clones_pipelines_and_wrong_rules_of_choice_are_shown(fitted: SymbolicRegressor) -> None:
    assert repr(clone(fitted)) == BaseEstimator.__repr__(fitted)
    pipeline = make_pipeline(StandardScaler(), quick(evaluations=200)).fit(*law(60))
    assert "symbolicregressor" in repr(pipeline)
    assert "SymbolicRegressor" in estimator_html_repr(pipeline)
    with config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")
        assert set(fitted._repr_mimebundle_()) == {"text/plain"}
    wrong = clone(fitted)
    wrong.take(fitted.to_json())
    assert repr(wrong) == repr(fitted)
    wrong.set_params(model_selection="wrong")
    assert repr(wrong) == BaseEstimator.__repr__(wrong)
    with pytest.raises(InputError, match="model_selection must be one of"):
        wrong.equation()


class Page(HTMLParser):
    """Rows of the table as text, the chosen one, and elements that were left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.titles: list[str] = []
        self.chosen: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        given = dict(attrs)
        if tag == "tr" and "tbody" in self.open:
            self.rows.append([])
            if given.get("class") == "chosen":
                self.chosen.append(len(self.rows) - 1)
        if tag == "td":
            self.rows[-1].append("")
            self.titles += [given["title"] or ""] if "title" in given else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data


def test_the_page_has_a_row_for_each_equation_and_the_plot(fitted: SymbolicRegressor) -> None:
    html, front = fitted._repr_mimebundle_()["text/html"], fitted.fronts_[0].entries
    page = Page(html)
    assert html == fitted._repr_html_() and not page.open
    assert page.chosen == [fitted.fronts_[0].choose("mdl")]
    assert [row[1] for row in page.rows] == [str(e.ticks) for e in front]
    assert page.titles == [short(e.text, e.digits) for e in front]
    for row, entry in zip(page.rows, front, strict=True):
        assert ("p_t_max" in row[-1]) == ("p_t_max" in entry.text)
        assert ("\N{GREEK SMALL LETTER TAU}" in row[-1]) == ("tau_1" in entry.text)
    assert not re.search(r"(?:src|href)=|<script", html)  # nothing is loaded
    (svg,) = re.findall("<svg.*?</svg>", html, re.DOTALL)
    assert len(ET.fromstring(svg).findall(f".//{SVG}title")) == len(front)


def test_every_operator_has_mathml() -> None:
    for op in OPS:
        builder = Builder(("x0", "a_b_c", "mu_2"))
        part = builder.op(op, *(builder.input(k) for k in range(arity(op))))
        text = mathml(builder.build([builder.op(Op.MUL, builder.const(1.23567), part)]))
        tree = ET.fromstring(f"<math>{text}</math>")
        shown = "".join(tree.itertext())
        assert "1.24" in shown, op
        if arity(op) > 1:
            assert "a_b_c" in [e.text for e in tree.iter("mi")], op


def circles(svg: str) -> list[tuple[float, float, float]]:
    found = ET.fromstring(svg).iter(f"{SVG}circle")
    return [tuple(float(c.get(name, "")) for name in ("cx", "cy", "r")) for c in found]  # type: ignore[misc]


def test_the_plot_puts_points_by_cost_and_logarithm_of_the_loss() -> None:
    losses = [100.0, 1.0, 1e-6]
    points = [LossPoint(k, loss, f"f{k} < 1", k == 1) for k, loss in enumerate(losses)]
    svg = loss_svg(points, "complexity")
    dots = [c for c in circles(svg) if c[2] == 4.0]
    (ring,) = [c for c in circles(svg) if c[2] == 8.0]
    assert ring[:2] == dots[1][:2]
    across, up = np.diff([d[0] for d in dots]), np.diff([d[1] for d in dots])
    assert across[0] == pytest.approx(across[1], abs=0.2) and across[0] > 50
    slopes = up / np.diff([log10(loss) for loss in losses])
    assert slopes[0] == pytest.approx(slopes[1], rel=0.02) and slopes[0] < 0
    assert [t.text for t in ET.fromstring(svg).iter(f"{SVG}title")] == [p.text for p in points]


def test_a_loss_of_zero_stands_below_all_others_and_one_point_is_drawn() -> None:
    svg = loss_svg([LossPoint(1, 0.0, "x"), LossPoint(3, 2.0, "y")], "ticks")
    zero, two = circles(svg)
    assert zero[1] > two[1] + 50 and ">0</text>" in svg
    for loss in (0.0, 1e-300, 4.5):
        assert len(circles(loss_svg([LossPoint(2.0, loss, "c")], "ticks"))) == 1


def test_whole_floats_are_budgets_and_others_are_refused() -> None:
    X, y = law(60)
    one, two = (quick(evaluations=n).fit(X, y) for n in (2e2, 200))
    assert one.evaluations_ == two.evaluations_ == (200,)
    for wrong in (1.5, float("inf"), float("nan"), "1e6", True, 0.0):
        with pytest.raises(InputError, match=r"evaluations must be an integer from 1 to \d+, not"):
            quick(evaluations=wrong).fit(X, y)
