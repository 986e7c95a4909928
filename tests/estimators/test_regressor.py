"""`SymbolicRegressor`: the conventions of scikit-learn and the features of PySR."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from regressor_samples import law, noisy, quick
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from symtick import Interface, SymbolicRegressor, parse
from symtick.errors import DomainError, InputError
from symtick.estimators.exports.exporting import latex
from symtick.estimators.fronts.equations import COLUMNS
from symtick.estimators.settings import Parameters
from symtick.expr import Expression, Op, to_sympy
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Operator
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.rows import Rows
from symtick.search.regression.islands import IslandSettings

pytestmark = pytest.mark.kernel


# all of scikit-learn's checks pass; one skips itself unless SciPy is in its array-API mode
@parametrize_with_checks([SymbolicRegressor(evaluations=150, max_nodes=12, input_bits=6)])
def test_keeps_scikit_learn_s_conventions(estimator: SymbolicRegressor, check: Any) -> None:
    if check.func.__name__ == "check_array_api_input":
        return
    check(estimator)


def test_finds_a_law_and_shows_the_front_as_a_table() -> None:
    X, y = law()
    model = quick(cost="complexity", axis="complexity", evaluations=6000).fit(X, y)
    table = model.equations_
    assert isinstance(table, pd.DataFrame)
    assert tuple(table.columns) == COLUMNS
    assert table.complexity.is_monotonic_increasing
    last = table.iloc[-1]
    assert last.loss < 1e-20 and model.best_.loss == last.loss
    for _, row in table.iterrows():
        again = parse(row.equation, model.names_)
        np.testing.assert_allclose(row.function(X), again.evaluate(X)[:, 0], rtol=1e-12)
        assert row.loss == pytest.approx(np.mean((row.function(X) - y) ** 2), rel=1e-6, abs=1e-28)
        assert row.sympy == to_sympy(again)
        assert isinstance(row.latex, str) and row.complexity <= 15
    assert is_regressor(model) and model.score(X, y) == pytest.approx(1.0)
    assert model.evaluations_[0] < 6000  # the law is exact: nothing is better


def test_evolution_loads_no_torch() -> None:
    code = (
        "import sys, numpy as np; from symtick import SymbolicRegressor;"
        "X = np.linspace(1, 2, 40)[:, None]; y = X[:, 0] ** 2;"
        "model = SymbolicRegressor(method='gp', evaluations=300, max_nodes=5).fit(X, y);"
        "model.predict(X), model.equations_, model.latex(); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_scores_are_pysr_s() -> None:
    X, y = law()
    front = quick(cost="complexity", axis="complexity").fit(X, y).fronts_[0].entries
    best = front[0]
    for entry in front[1:]:
        if entry.complexity > best.complexity and entry.loss < best.loss:
            wanted = np.log(best.loss / entry.loss) / (entry.complexity - best.complexity)
            assert entry.score == pytest.approx(wanted)
            best = entry
        else:
            assert entry.score == 0.0 or entry.complexity == best.complexity


def test_exports_agree_with_predict_and_index_chooses() -> None:
    X, y = law()
    model = quick(unary_operators=["sin"], custom_operators=["recip(u) = 1/u"]).fit(X, y)
    for index in (None, 0, len(model.equations_) - 1, -1):
        wanted = model.predict(X, index)
        net = model.torch(index)
        np.testing.assert_allclose(net(torch.from_numpy(X)).detach().numpy(), wanted, rtol=1e-9)
        told = model.sympy(index)
        names = [sympy.Symbol(n, real=True) for n in model.names_]
        value = told.evalf(20, subs=dict(zip(names, X[0].tolist(), strict=True)))
        assert float(value) == pytest.approx(wanted[0], rel=1e-9)
        assert model.latex(index) == latex(model.equation(index).expression)
    assert 1.0 not in [v for p in model.torch(-1).parameters() for v in p.tolist()]
    table = model.latex_table([0], columns=["loss", "ticks"], precision=2)
    assert table.count("toprule") == 1 and "loss & ticks" in table
    with pytest.raises(InputError, match="there is no equation 99: the front has"):
        model.predict(X, 99)
    with pytest.raises(InputError, match="unknown column 'cost'"):
        model.latex_table(columns=["cost"])


def test_names_of_a_frame_are_used_and_made_safe() -> None:
    X, y = law()
    frame = pd.DataFrame(X, columns=["p_T (GeV)", "2nd", "eta"])
    model = quick(evaluations=3000).fit(frame, pd.Series(y, name="mass"))
    assert model.names_ == ("p_T_GeV", "x_2nd", "eta")
    assert list(model.feature_names_in_) == ["p_T (GeV)", "2nd", "eta"]
    assert {n for n in model.names_ if n in model.best_.text}
    assert model.spec().output_names == ("mass",)
    like = quick().fit(pd.DataFrame(X, columns=["a b", "a-b", "const"]), y)
    assert like.names_ == ("a_b", "a_b_2", "const_")
    given = {"X_units": {"p_T (GeV)": "GeV"}, "input_formats": {"p_T (GeV)": "fixed<9,4>"}}
    model = quick(**given).fit(frame, X[:, 0] * X[:, 1])
    assert str(model.hardware_.formats[0]) == "fixed<9,4>"
    with pytest.raises(InputError, match="X_units names 'q'"):
        quick(X_units={"q": "m"}).fit(frame, y)


def test_the_same_seed_gives_the_same_front_with_any_threads() -> None:
    X, y = noisy()
    one, two, other = (
        quick(threads=t, seed=s, batch_size=50).fit(X, y).to_json()["targets"]
        for t, s in ((1, 1), (2, 1), (1, 2))
    )
    assert one == two and one != other


def test_several_targets_have_a_front_each() -> None:
    X, y = law()
    goals = pd.DataFrame({"up": y, "down": -3.0 * X[:, 1]})
    model = quick(guesses=[["2*x0*x1 - x2"], ["-2*x1"]]).fit(X, goals)
    assert len(model.equations_) == 2 and len(model.best_) == 2
    predicted = model.predict(X)
    assert predicted.shape == goals.shape
    np.testing.assert_allclose(predicted, goals, atol=1e-6)
    np.testing.assert_array_equal(
        model.predict(X, [0, None])[:, 0], model.equation(0, 0).function(X)
    )
    net = model.torch()
    np.testing.assert_allclose(net[1](torch.from_numpy(X)).detach(), predicted[:, 1])
    assert model.spec().output_names == ("up", "down")
    with pytest.raises(InputError, match="a row for each of 2 targets, not 1"):
        model.predict(X, [0])
    with pytest.raises(InputError, match="a list of texts for each of 2 targets"):
        quick(guesses=["x0"]).fit(X, goals)
    with pytest.raises(InputError, match="y_units needs an entry for each of 2 targets, not 1"):
        quick(X_units=["m", "m", "m"], y_units=["m"]).fit(X, goals)


def test_weights_say_which_rows_count() -> None:
    X, y = law(200)
    first = np.arange(200) < 100
    mixed = np.where(first, y, 100.0)
    model = quick(guesses=["2*x0*x1 - x2"]).fit(X, mixed, sample_weight=first * 1.0)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)


def test_units_rule_out_what_does_not_fit() -> None:
    X, _ = law()
    y = 0.5 * X[:, 0] * X[:, 1] ** 2
    units = {"X_units": ["kg", "m/s", "s"], "y_units": "J"}
    model = quick(cost="complexity", unary_operators=["square"], **units).fit(X, y)
    assert model.best_.loss < 1e-20
    by_name = quick(X_units={"x1": "m/s"}, y_units="m/s").fit(X, X[:, 1] * X[:, 0])
    assert by_name.best_.loss < 1e-20
    for entry in model.fronts_[0].entries:
        assert "x2 + x0" not in entry.text and "x0 + x1" not in entry.text
    with pytest.raises(InputError, match="cannot read the unit 'm/'"):
        quick(X_units=["kg", "m/", "s"]).fit(X, y)
    with pytest.raises(InputError, match="X_units needs 3 texts"):
        quick(X_units=["kg"]).fit(X, y)
    with pytest.raises(InputError, match="y_units needs X_units"):
        quick(y_units="J").fit(X, y)
    with pytest.raises(InputError, match="guess 'x0 \\+ x1' breaks a rule: its units"):
        quick(guesses=["x0 + x1"], **units).fit(X, y)


def test_guesses_are_honoured_or_refused_by_name() -> None:
    X, y = law()
    model = quick(evaluations=40, guesses=["2*x0*x1 - x2"]).fit(X, y)
    assert model.best_.loss < 1e-20
    for text, reason in (
        ("sin(x0)", "'sin' is no token"),
        ("x0 + foo", "unknown name 'foo'"),
        ("x0 +* x1", "cannot read"),
        ("*".join(["x0"] * 12), "breaks a rule: max_nodes=15"),
        ("x0/(x1 - x1)", "not finite on all rows"),
    ):
        with pytest.raises(InputError, match="the guess") as caught:
            quick(guesses=["x0", text]).fit(X, y)
        assert text in str(caught.value) and reason in str(caught.value)
    with pytest.raises(InputError, match="max_ticks=1"):
        quick(guesses=["x0*x1*x2"], max_ticks=1).fit(X, y)
    with pytest.raises(InputError, match=r"takes .* LUTs, over max_lut=5"):
        quick(guesses=["x0*x1*x2"], max_lut=5.0).fit(X, y)
    with pytest.raises(InputError, match="a list of texts, not the text 'x0'"):
        quick(guesses="x0").fit(X, y)


def test_limits_and_nesting_hold_on_the_whole_front() -> None:
    X, y = law()
    y = np.sin(y) + np.exp(np.sin(X[:, 0]))
    model = quick(
        unary_operators=["sin", "exp"],
        nested_constraints={"sin": {"sin": 0, "exp": 0}, "exp": {"exp": 0}},
        constraints={"sin": 5},
        complexity_of_operators={"sin": 2, "+": 1.5},
        complexity_of_variables=[1, 2, 3],
        max_complexity=18,
        max_ticks=6,
        max_lut=400,
    ).fit(X, y)
    for entry in model.fronts_[0].entries:
        assert entry.complexity <= 18 and entry.ticks <= 6 and entry.lut <= 400
        for node in entry.expression.nodes:
            if node.op is Op.SIN:
                inside = below(entry.expression, node.args[0])
                assert not inside & {Op.SIN, Op.EXP}


def below(expression: Expression, number: int) -> set[Op]:
    node = expression.nodes[number]
    return {node.op}.union(*(below(expression, a) for a in node.args))


def test_literals_custom_operators_and_presets() -> None:
    X, _ = law(60)
    y = 1.0 / (X[:, 0] + 1.0)
    model = quick(
        operators=["+", "recip"],
        custom_operators=[Operator.of("recip", "1/a")],
        literals=[1.0],
        constants=False,
        preset="mundhenk2021",
        max_nodes=10,
        evaluations=3000,
    ).fit(X, y)
    assert model.best_.loss < 1e-25
    assert "recip(" in model.best_.text
    assert set(model.best_.expression.constants) == {1.0}
    assert not next(model.torch().parameters()).numel()
    noisy = y + 0.01 * X[:, 1]
    for name in ("mundhenk2021", "symtick", HybridConfig(bidirectional=10**6)):
        assert quick(preset=name, method="hybrid").fit(X, noisy).score(X, noisy) > 0.5
    with pytest.raises(InputError, match="preset must be one of mundhenk2021"):
        quick(preset="best").fit(X, y)


@pytest.mark.parametrize("method", ["policy", "hybrid"])
def test_a_policy_can_do_the_search(method: str) -> None:
    X, y = law(40)
    small = HybridConfig(batch=100, generations=2)
    model = quick(method=method, preset=small, evaluations=600).fit(X, y)
    assert model.score(X, y) > 0.5
    assert model.evaluations_[0] <= 600
    with pytest.raises(InputError, match="need method='gp'"):
        quick(method=method, n_workers=1).fit(X, y)


def test_the_old_name_of_bidirectional_enumeration_is_told_the_new_one() -> None:
    X = np.arange(20.0).reshape(10, 2)
    with pytest.raises(InputError, match="'closed_forms' is called 'bidirectional' now"):
        SymbolicRegressor(method="closed_forms").fit(X, X[:, 0])


@pytest.mark.parametrize("method", ["enumeration", "bidirectional"])
def test_small_functions_are_written_down_one_after_another(method: str) -> None:
    X, _ = law(40)
    y = 2.5 * np.sin(X[:, 0]) / (X[:, 0] + X[:, 1])
    given: dict[str, Any] = {"method": method, "unary_operators": ["sin"], "evaluations": 30_000}
    model = quick(**given).fit(X, y)
    assert model.best_.loss < 1e-25 and model.evaluations_[0] <= 30_000
    assert model.best_.complexity <= 10

    def free_of_sines(expression: Expression) -> float:
        return 5.0 * any(n.op is Op.SIN for n in expression.nodes)

    dear = quick(penalty=free_of_sines, **given).fit(X, y)
    for entry in dear.fronts_[0].entries:
        mean = np.mean((entry.function(X) - y) ** 2)
        assert entry.loss == pytest.approx(mean + free_of_sines(entry.expression), abs=1e-25)
    cheap = quick(max_lut=25.0, max_ticks=2, domain="box", **given)
    if method == "enumeration":
        assert all(e.lut <= 25 and e.ticks <= 2 for e in cheap.fit(X, y).fronts_[0].entries)
    with pytest.raises(InputError, match="takes no guesses"):
        quick(guesses=["x0"], **given).fit(X, y)


def test_a_loss_and_a_penalty_of_one_s_own() -> None:
    X, y = law(60)

    def third(prediction: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
        return float(np.average(np.abs(prediction - target) ** 3, weights=weights))

    model = quick(loss=third, evaluations=400).fit(X, y)
    assert model.best_.loss == pytest.approx(np.mean(np.abs(model.predict(X) - y) ** 3))

    def no_products(expression: Expression) -> float:
        assert expression.inputs == ("x0", "x1", "x2")
        return 1000.0 * sum(n.op is Op.MUL for n in expression.nodes)

    model = quick(penalty=no_products, select_k_features=2, guesses=["x0 + 2"]).fit(X, y)
    assert model.best_.loss < 1000.0
    assert not any(n.op is Op.MUL for n in model.best_.expression.nodes)


@pytest.mark.parametrize("loss", ["mae", "huber", "nrmse"])
def test_losses_by_name(loss: str) -> None:
    X, y = law(60)
    model = quick(loss=loss, guesses=["2*x0*x1 - x2"], evaluations=300).fit(X, y)
    assert model.best_.loss < 1e-6


def test_rounded_constants_have_few_bits_and_the_stated_loss() -> None:
    X, y = law()
    model = quick(constant_bits=4, unary_operators=["exp"]).fit(X, y * 1.2345)
    for entry in model.fronts_[0].entries:
        mantissas = [np.frexp(c)[0] * 16 for c in entry.expression.constants]
        assert all(m == int(m) for m in mantissas)
        assert entry.loss == pytest.approx(np.mean((entry.function(X) - y * 1.2345) ** 2))
        again = parse(entry.text, model.names_)
        np.testing.assert_allclose(again.evaluate(X)[:, 0], entry.function(X))
    with pytest.raises(InputError, match="constant_bits must be an integer from 1 to 53"):
        quick(constant_bits=0).fit(X, y)


def test_features_are_selected_and_noise_is_removed() -> None:
    rng = np.random.default_rng(5)
    X = rng.uniform(-2, 2, size=(100, 6))
    y = X[:, 4] * 3 + rng.normal(size=100) * 0.2
    model = quick(select_k_features=1, denoise=True).fit(X, y)
    assert model.selected_ == (4,)
    assert {n.index for n in model.best_.expression.nodes if n.op is Op.INPUT} <= {4}
    assert model.best_.expression.inputs == model.names_ and len(model.names_) == 6
    assert model.predict(X).shape == (100,) and model.score(X, y) > 0.9


def test_large_data_are_scored_in_batches_and_settled_on_all_rows() -> None:
    X, y = law(5000)
    y = y + np.random.default_rng(3).normal(size=5000)
    model = quick(batching=True, batch_size=64, evaluations=600).fit(X, y)
    for entry in model.fronts_[0].entries:
        assert entry.loss == pytest.approx(np.mean((entry.function(X) - y) ** 2), rel=1e-5)
    with pytest.raises(InputError, match="batching must be True, False or 'auto'"):
        quick(batching="sometimes").fit(X, y)


def test_the_kernel_holds_the_rows_once(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    own = Rows.kernel.func

    def counted(rows: Rows) -> object:
        held.append(len(rows.y))
        return own(rows)

    counting = cached_property(counted)
    counting.__set_name__(Rows, "kernel")
    monkeypatch.setattr(Rows, "kernel", counting)
    X, y = law(20_000)
    quick().fit(X, y + np.random.default_rng(3).normal(size=20_000))
    assert held.count(20_000) == 1 and len(held) > 1


def test_stops_at_a_target_loss_and_reports(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = law()
    model = quick(evaluations=10**7, target_loss=0.5, verbose=1).fit(X, y)
    assert model.best_.loss <= 0.5 and model.evaluations_[0] < 10**6
    quick(evaluations=1000, verbose=1).fit(X, np.sin(5 * y))
    out = capsys.readouterr().out
    assert re.search(
        r"100 %  \d+ s, 1000 evaluations \(.*/s\), \d+ passes, loss 0.*, \d+ equations", out
    )
    assert "(end: target_loss)" in out and "(end: evaluations)" in out


def test_saves_as_json_and_loads(tmp_path: Path) -> None:
    X, y = law()
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = quick(
        unary_operators=["tan"],
        custom_operators=[Operator.of("recip", "1/a")],
        preset=EngineConfig(population=16),
        loss=lambda p, t, w: float(np.average((p - t) ** 2, weights=w)),
        max_ticks=9,
        evaluations=300,
    ).fit(frame, np.column_stack([y, X[:, 0]]))
    model.save(tmp_path / "front.json")
    again = SymbolicRegressor.load(tmp_path / "front.json")
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    for name in ("selected_", "evaluations_", "interrupted_"):
        assert getattr(again, name) == getattr(model, name)
    assert again.max_ticks == 9 and again.loss == "mse" and again.preset is None
    assert again.custom_operators == ["recip(a) = 1.0/a"]
    for ours, theirs in zip(model.equations_, again.equations_, strict=True):
        assert ours.drop(columns="function").equals(theirs.drop(columns="function"))
    assert again.design().schedule.latency == model.design().schedule.latency
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame[["c", "b", "a"]])
    content = json.loads((tmp_path / "front.json").read_text())
    for damage in ({"format": "x"}, {"names": None}, {"targets": [{}]}, {"parameters": {"z": 1}}):
        (tmp_path / "bad.json").write_text(json.dumps(content | damage))
        with pytest.raises(InputError, match=r"damaged|not a stored regression"):
            SymbolicRegressor.load(tmp_path / "bad.json")
    with pytest.raises(InputError, match="cannot read"):
        SymbolicRegressor.load(tmp_path / "none.json")


def test_compiles_to_firmware(tmp_path: Path) -> None:
    X, y = law()
    model = quick(domain="box", input_bits=7, guesses=["2*x0*x1 - x2"]).fit(X, y)
    design = model.write(tmp_path / "d", top="law", interface=Interface("axi_stream"))
    assert (tmp_path / "d/rtl/law_axis.vhd").is_file()
    assert (tmp_path / "d/rtl/law.v").is_file() and (tmp_path / "d/firmware/law.cpp").is_file()
    assert design.graph.input_formats == tuple(
        f
        for f, n in zip(model.hardware_.formats, model.names_, strict=True)
        if n in design.expression.inputs
    )
    raw = np.stack(
        [f.to_raw(c) for f, c in zip(design.graph.input_formats, X.T, strict=True)], axis=1
    )
    real = raw * [f.step for f in design.graph.input_formats]
    gap = np.abs(design.real_outputs(raw)[:, 0] - model.predict(real))
    assert gap.max() < 0.03 * np.std(y)
    with pytest.raises(InputError, match="exists"):
        model.write(tmp_path / "d")


def test_a_form_that_is_undefined_in_the_box_is_refused_as_firmware(tmp_path: Path) -> None:
    X = np.random.default_rng(0).uniform(0.1, 1, size=(80, 2))
    X[:, 1] *= 0.8 * X[:, 0]
    y = 1 / (X[:, 0] - X[:, 1])
    rows = quick(guesses=["1/(x0 - x1)"]).fit(X, y)
    assert rows.best_.loss < 1e-20
    with pytest.raises(DomainError, match="x0 - x1"):
        rows.design(int(rows.equations_.loss.argmin()))
    with pytest.raises(DomainError, match='fit with domain="box"'):
        rows.write(tmp_path / "d", int(rows.equations_.loss.argmin()))
    assert not (tmp_path / "d").exists()
    box = quick(domain="box").fit(X, y)
    assert all(box.design(k).schedule.latency >= 0 for k in range(len(box.equations_)))


def test_clone_and_grid_search() -> None:
    X, y = law(60)
    model = quick(evaluations=100, unary_operators=["sin"])
    assert clone(model).get_params() == model.get_params()
    search = GridSearchCV(model, {"max_nodes": [3, 9]}, cv=2).fit(X, y)
    assert search.best_params_["max_nodes"] == 9
    GridSearchCV(model, {"max_nodes": np.arange(3, 5)}, cv=2).fit(X, y)


def test_numbers_may_be_numpy_s() -> None:
    X, y = law(60)
    given = {"max_nodes": 9, "seed": 7, "constant_bits": 6, "evaluations": 300, "max_ticks": 9,
             "max_constants": 3, "input_bits": 9, "select_k_features": 2}  # fmt: skip
    own = quick(**given).fit(X, y)
    numpy_s = {name: np.int64(value) for name, value in given.items()}
    assert quick(**numpy_s).fit(X, y).to_json()["targets"] == own.to_json()["targets"]


def test_lists_and_numbers_of_any_kind_are_taken() -> None:
    given: dict[str, Any] = {
        "operators": np.array(["+", "*"]),
        "literals": pd.Series([1, 2]),
        "constraints": {"*": np.array([3, -1]), "+": np.int64(5)},
        "complexity_of_variables": np.float32(2.0),
        "guesses": (text for text in ["x0 + x1"]),
        "batching": np.bool_(False),
    }
    parameters = Parameters.of(SymbolicRegressor().get_params() | given)
    assert parameters.operators.operators == ("+", "*")
    assert parameters.operators.literals == (1.0, 2.0)
    assert parameters.limits.constraints == {"*": (3.0, -1.0), "+": 5.0}
    assert parameters.limits.complexity_of_variables == 2.0
    assert parameters.search.guesses == ("x0 + x1",)
    assert parameters.data.batching is False
    lists = Parameters.of(SymbolicRegressor(guesses=[["x0"], []]).get_params(deep=False))
    assert lists.search.guesses == (("x0",), ())


def test_the_groups_hold_every_parameter_with_its_default() -> None:
    groups = get_type_hints(Parameters).values()
    defaults = [(f.name, f.default) for group in groups for f in fields(group)]
    assert dict(defaults) == SymbolicRegressor().get_params()
    assert len(defaults) == len(dict(defaults))
    engine = EngineConfig()
    for name in ("loss", "huber_delta", "constant_bits", "target_loss", "seed", "constants"):
        assert dict(defaults)[name] == getattr(engine, name)
    assert dict(defaults)["max_depth"] == engine.limits.max_depth
    assert dict(defaults)["batch_size"] == engine.screen_rows


def test_a_target_whose_squares_are_nothing_is_refused() -> None:
    X, y = law(60)
    with pytest.raises(InputError, match=r"target 0 varies by .* only"):
        quick().fit(X, y * 1e-200)


@pytest.mark.parametrize("index", ["a", 1.5, ["a"]])
def test_an_index_is_a_row(index: Any) -> None:
    X, y = law(60)
    with pytest.raises(InputError, match="index must be a row of equations_"):
        quick(evaluations=100).fit(X, y).predict(X, index)


@pytest.mark.parametrize("body", ["abs(v)**0.3", "pow(abs(v), 1/3)", "sigmoid(v)", "sinh(v)"])
def test_a_definition_may_call_every_function_of_the_language(body: str) -> None:
    X, _ = law(60)
    y = parse(body, ("v",)).evaluate(X[:, :1])[:, 0]
    model = quick(operators=["+", "f"], custom_operators=[f"f(v) = {body}"], evaluations=3000)
    np.testing.assert_allclose(model.fit(X, y).predict(X), y, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("mod", np.mod),
        ("cbrt", lambda a, _: np.cbrt(a)),
        ("cond", lambda a, b: np.where(a > 0, b, 0.0)),
    ],
)
def test_operators_of_other_packages_are_told_as_definitions(name: str, of: Any) -> None:
    X, _ = law(60)
    with pytest.raises(InputError, match=rf"unknown operator '{name}': define it") as told:
        quick(operators=["+", name]).fit(X, X[:, 0])
    text = str(told.value).partition('["')[2].partition('"]')[0]
    model = quick(operators=["+", name], custom_operators=[text], evaluations=3000)
    y = of(X[:, 0], X[:, 1])
    np.testing.assert_allclose(model.fit(X, y).predict(X), y, atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unary_operators": ["foo"]}, "unknown operator 'foo'"),
        ({"binary_operators": ["sin"]}, "binary_operators: 'sin' takes 1"),
        ({"binary_operators": "+-"}, "must be a list of names, not the text '\\+-'"),
        ({"operators": ["+"], "unary_operators": ["sin"]}, "not both"),
        ({"custom_operators": ["f(w, x, y, z) = x"]}, "defines no operator"),
        ({"custom_operators": ["f(x) = q"]}, "in the definition .*unknown name 'q'"),
        ({"custom_operators": ["sin(x) = x"]}, "'sin' is a built-in operator"),
        ({"loss": "mape"}, "unknown loss 'mape'"),
        ({"method": "magic"}, "method must be one of gp, policy, hybrid, enumeration"),
        ({"cost": "free"}, "cost must be one of"),
        ({"device": "stratix"}, "stratix"),
        ({"domain": "all"}, "^domain must be one of rows, box, not 'all'"),
        ({"evaluations": 0}, "evaluations must be an integer from 1"),
        ({"model_selection": "worst"}, "model_selection must be one of mdl"),
        ({"axis": "watt"}, "axis must be one of ticks"),
        ({"select_k_features": 4}, "select_k_features must be from 1 to 3"),
        ({"complexity_of_variables": [1, 2]}, "needs 3 numbers"),
        ({"complexity_of_operators": {"foo": 2}}, "'foo' is no token"),
        ({"nested_constraints": {"foo": {"+": 1}}}, "'foo' is no token"),
        ({"max_nodes": 0}, "^max_nodes must be an integer from 1 to 100000, not 0"),
        ({"max_lut": 0}, "^max_lut must be a number above 0 or None, not 0"),
        ({"huber_delta": 0.0}, "^huber_delta must be a number above 0, not 0.0"),
        ({"max_complexity": -1}, "^max_complexity must be a number above 0 or None, not -1"),
        ({"target_loss": np.inf}, "^target_loss must be a finite number or None, not inf"),
        ({"constants": "x"}, "^constants must be True or False, not 'x'"),
        (
            {"nested_constraints": {"+": {"*": -1}}},
            r"^nested_constraints\.\+\.\* must be an integer from 0, not -1",
        ),
        (
            {"constraints": {"+": "a"}},
            r"^constraints\.\+ must be a number or a list of them, -1 for any, not the text 'a'",
        ),
        (
            {"complexity_of_operators": {"+": "b"}},
            r"^complexity_of_operators\.\+ must be a number from 0, not 'b'",
        ),
        ({"complexity_of_variables": "b"}, "^complexity_of_variables must be a number from 0 or a"),
        ({"threads": 2**40}, "^threads must be an integer from 1 to 1024, not 1099511627776"),
        ({"max_depth": 2**40}, "^max_depth must be an integer from 1 to 2147483647, not 109951162"),
        ({"warm_start": "no"}, "^warm_start must be True or False, not 'no'"),
        ({"X_units": 3}, "^X_units must be a list of texts or a dict by name, not 3"),
        ({"y_units": 3}, "^y_units must be a text or a list of them, not 3"),
        ({"input_formats": 3}, "^input_formats must be fixed<W,I> or a dict of such texts by name"),
        ({"guesses": [3]}, r"^guesses must be a list of texts, not \[3\]"),
        (
            {"custom_operators": "f(x) = x"},
            "^custom_operators must be a list of definitions, not t",
        ),
        ({"max_nodes": "a"}, "max_nodes must be an integer from 1 to 100000, not 'a'"),
        ({"max_ticks": 1.5}, "max_ticks must be an integer from 0 to 2147483647 or None, not 1.5"),
        ({"clock_mhz": "a"}, "clock_mhz must be a number above 0, not 'a'"),
        ({"target_loss": "a"}, "target_loss must be a number or None, not 'a'"),
        ({"select_k_features": 2.0}, "select_k_features must be an integer from 1 or None"),
        ({"select_k_features": "all"}, "select_k_features must be an integer .* not 'all'"),
        ({"literals": 1.0}, "literals must be a list of numbers, not 1.0"),
        ({"literals": ["a"]}, r"^literals must be a list of numbers, not \['a'\]"),
        ({"loss": lambda p, t, w: p}, "loss must return one number from 0, not ndarray"),
        ({"loss": lambda p, t, w: None}, "loss must return one number from 0, not NoneType"),
        ({"loss": lambda p, t, w: -1.0}, "loss must return a number from 0, not -1.0"),
        ({"penalty": lambda e: None}, "penalty must return one number from 0, not NoneType"),
        ({"penalty": 3}, "penalty must be a callable"),
        ({"islands": IslandSettings()}, "islands live on a cluster: give n_workers"),
        ({"islands": 5, "n_workers": 1}, "islands must be an IslandSettings or None, not 5"),
        ({"complexity_of_operators": {"sin": 2}}, "'sin', which is not among the operators"),
        ({"nested_constraints": {"sin": {"sin": 0}}}, "'sin', which is not among the operators"),
        ({"input_formats": {"q": "fixed<8,1>"}}, "given for 'q'"),
    ],
)
def test_errors_name_the_value(parameters: dict[str, Any], message: str) -> None:
    X, y = law(30)
    with pytest.raises(InputError, match=message):
        quick(**parameters).fit(X, y)


def test_needs_a_fit_first() -> None:
    with pytest.raises(NotFittedError):
        SymbolicRegressor().predict(np.zeros((2, 2)))
    with pytest.raises(NotFittedError):
        _ = SymbolicRegressor().equations_
