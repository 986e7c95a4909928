"""Fronts: order, choice, storage."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_samples import dominates

from symtick.codegen import Fixed, Overflow, Precision, Quant, Width
from symtick.errors import InputError
from symtick.expr import parse
from symtick.search.designs.front import Front, FrontEntry, best_for_cost
from symtick.search.designs.settings import ChoiceSettings

PRECISION = Precision(term_frac=3, output=Fixed(9, 4), quant=Quant.RND_CONV, overflow=Overflow.WRAP)


def entry(
    score: float = 0.9, ticks: int = 2, lut: float = 10.0, text: str = "a + 1", dsp: float = 0.0
) -> FrontEntry:
    expression = parse([text, "0.1*b - 1e-17"], ["a", "b"])
    return FrontEntry(
        "", expression, PRECISION, "test", 1.0 - score, score, score, ticks, lut, 3.5, dsp, 1
    )


figures = st.tuples(
    st.integers(0, 6).map(lambda k: k / 6), st.integers(0, 3), st.integers(0, 6).map(float)
)


@given(st.lists(figures, max_size=20))
def test_front_keeps_exactly_what_nothing_beats(points: list[tuple[float, int, float]]) -> None:
    given_entries = [entry(*p) for p in points]
    kept = best_for_cost(given_entries)
    held = [(e.score, e.ticks, e.lut) for e in kept]
    beaten = {
        p
        for p in points
        for q in points
        if p != q and q[0] >= p[0] and q[1] <= p[1] and q[2] <= p[2]
    }
    assert sorted(held) == sorted(set(points) - beaten)
    assert not any(dominates(a, b) for a in kept for b in kept)


@given(st.lists(figures, min_size=1, max_size=20), st.sampled_from([0.0, 0.1, 0.4]))
def test_thinning_keeps_choice_best_and_every_clear_step(
    points: list[tuple[float, int, float]], resolution: float
) -> None:
    whole = Front.of([entry(*p) for p in points], 1.0, ChoiceSettings(share=0.5, floor=0.5))
    thin = whole.thinned(ChoiceSettings(resolution=resolution))
    held = {(e.score, e.ticks, e.lut) for e in thin.entries}
    for kept in (whole.entry(), whole.best):
        assert (kept.score, kept.ticks, kept.lut) in held
    assert (thin.entry().score, thin.entry().lut) == (whole.entry().score, whole.entry().lut)
    assert [e.name for e in thin.entries] == [f"d{k + 1}" for k in range(len(held))]
    for e in whole.entries:
        cheaper = [h for h in held if h[1] <= e.ticks and h[2] <= e.lut]
        assert any(score > e.score - resolution or score == e.score for score, _, _ in cheaper)


def test_tuned_designs_are_designs_like_others() -> None:
    width = Width(0, Fixed(4, 2))
    tuned = [replace(entry(*p), widths=(width,)) for p in ((0.8, 1, 10), (0.95, 1, 30))]
    choice = ChoiceSettings(share=0.9, floor=0.5, resolution=0.06)
    front = Front.of([entry(0.85, 1, 20), *tuned, entry(0.99, 1, 40)], 1.0, choice)
    assert [e.name for e in front.entries] == ["d1", "d2", "d3", "d4"]
    assert front.chosen == "d3" and front.entry().widths == (width,)
    thin = front.thinned(choice)
    assert [e.lut for e in thin.entries] == [10, 30, 40]
    assert [e.name for e in thin.entries] == ["d1", "d2", "d3"] and thin.chosen == "d2"
    assert Front.from_json(thin.to_json()) == thin


def test_choice_is_the_smallest_that_keeps_enough() -> None:
    choice = ChoiceSettings(share=0.9, floor=0.5, max_ticks=3)
    entries = [entry(0.99, 3, 90), entry(0.91, 2, 40), entry(0.92, 3, 60), entry(0.85, 1, 5)]
    front = Front.of(entries, 1.0, choice)
    assert [e.lut for e in front.entries] == [5, 40, 60, 90]
    assert front.entry().lut == 40
    assert front.smallest.lut == 5
    assert front.best.lut == 90
    assert front.entry("d3").lut == 60


def test_choice_by_ticks_and_by_nodes_of_the_formulas() -> None:
    long = "a + b*b + tanh(a)"
    entries = [entry(0.95, 3, 40, long), entry(0.93, 2, 60, long), entry(0.94, 3, 70, "a")]
    chosen = {}
    for prefer in ("lut", "ticks", "nodes"):
        choice = ChoiceSettings(share=0.9, floor=0.5, max_ticks=3, prefer=prefer)
        front = Front.of(entries, 1.0, choice)
        chosen[prefer] = front.entry().lut
        # beaten in score, ticks and cost, the third stands on the front for its nodes
        assert [e.lut for e in front.entries] == [40, 60, 70]
    assert chosen == {"lut": 40, "ticks": 60, "nodes": 70}
    assert front.entry().nodes == 6 == len(front.entry().expression)


def test_choice_without_any_that_keeps_enough_is_the_best() -> None:
    front = Front.of([entry(0.6, 1, 5), entry(0.7, 1, 9)], 1.0, ChoiceSettings(share=0.95))
    assert front.entry().score == 0.7


def test_designs_over_the_limits_or_under_the_floor_are_left_out() -> None:
    choice = ChoiceSettings(share=0.9, floor=0.8, max_ticks=3, max_lut=50.0)
    entries = [entry(0.99, 4, 10), entry(0.98, 2, 60), entry(0.5, 1, 1), entry(0.9, 2, 20)]
    assert [e.lut for e in Front.of(entries, 1.0, choice).entries] == [20]
    few = replace(choice, max_nodes=entries[-1].nodes - 1)
    assert not Front.of(entries, 1.0, few).entries
    assert Front.of(entries, 1.0, replace(few, max_nodes=entries[-1].nodes)).entries


def test_a_block_is_not_free() -> None:
    """173 LUTs each: in dominance, order, choice and limit."""
    blocks, plain = entry(0.9, 2, 10, dsp=3.0), entry(0.9, 2, 400)
    assert not dominates(blocks, plain)
    assert [e.dsp for e in best_for_cost([blocks, plain])] == [0.0]
    better = entry(0.95, 2, 10, dsp=3.0)
    front = Front.of([better, plain], 1.0, ChoiceSettings(share=0.9, floor=0.5))
    assert [e.dsp for e in front.entries] == [0.0, 3.0]
    assert front.entry() == front.smallest and front.smallest.lut == 400
    limit = ChoiceSettings(share=0.9, floor=0.5, max_lut=500.0)
    assert [e.dsp for e in Front.of([better, plain], 1.0, limit).entries] == [0.0]


def test_empty_front_says_why() -> None:
    front = Front.of([entry(ticks=9)], 1.0, ChoiceSettings(max_ticks=1))
    for wanted in (lambda: front.entry(), lambda: front.best, lambda: front.smallest):
        with pytest.raises(InputError, match="no design met the limits"):
            wanted()


def test_unknown_name_lists_the_names() -> None:
    front = Front.of([entry()], 1.0, ChoiceSettings())
    with pytest.raises(InputError, match=r"no design 'd7'.*there are d1"):
        front.entry("d7")


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_entry_survives_json_exactly(constant: float, chords: bool) -> None:
    made = replace(entry(text=f"tanh({constant!r}*b)"), precision=Precision(chords=chords))
    again = FrontEntry.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made


def test_saved_front_is_the_front(tmp_path: Path) -> None:
    front = Front.of([entry(0.9, 2, 4.25), entry(0.95, 2, 8)], 0.97, ChoiceSettings())
    front.save(tmp_path)
    assert Front.load(tmp_path) == front
    rows = list(csv.DictReader(io.StringIO((tmp_path / "front.csv").read_text())))
    assert [r["name"] for r in rows] == ["d1", "d2"]
    assert [r["chosen"] for r in rows] == ["0", "1"]
    assert rows[0]["lut"] == "4.25"
    assert rows[0]["expression_0"] == "a + 1"


def test_damaged_fronts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing"):
        Front.load(tmp_path)
    front = Front.of([entry()], 1.0, ChoiceSettings())
    front.save(tmp_path)
    path = tmp_path / "front.json"
    whole = path.read_text()
    path.write_text(whole[:50])
    with pytest.raises(InputError, match="damaged"):
        Front.load(tmp_path)
    path.write_text(whole.replace("symtick-front-1", "other"))
    with pytest.raises(InputError, match="format 'other'"):
        Front.load(tmp_path)
    path.write_text(whole.replace('"a + 1', "\"__import__('os')"))
    with pytest.raises(InputError):
        Front.load(tmp_path)
    path.write_text(whole.replace('"ticks"', '"tocks"'))
    with pytest.raises(InputError, match="damaged"):
        Front.load(tmp_path)


def of_values(lut: float, error: float, ticks: int = 2) -> FrontEntry:
    return replace(entry(1.0 - error**2, ticks, lut), rmse=(error, 2.0 * error))


def test_values_are_chosen_and_thinned_by_their_error() -> None:
    errors = {10: 0.30, 20: 0.05, 21: 0.0498, 40: 0.02, 80: 0.012, 160: 0.0105}
    entries = [of_values(lut, error) for lut, error in errors.items()]
    choice = ChoiceSettings(rmse_ratio=1.2)
    front = Front.of(entries, 1.0, choice, teacher_rmse=(0.01, 0.02))
    assert [front.ratio(e) for e in front.entries] == pytest.approx(
        [100 * e for e in errors.values()]
    )
    assert front.entry().lut == 80 and front.best.lut == 160
    thin = front.thinned(choice)
    assert [e.lut for e in thin.entries] == [10, 20, 40, 80, 160] and thin.entry().lut == 80
    assert Front.of(entries[:4], 1.0, choice, (0.01, 0.02)).entry().lut == 40  # the best there is
    without = Front.of(entries, 1.0, choice)
    assert without.ratio(without.best) is None and without.entry().lut == 20
    poor = [of_values(10, 0.8), of_values(20, 0.7)]
    assert len(Front.of(poor, 1.0, choice).entries) == 1


def test_a_front_of_values_is_stored(tmp_path: Path) -> None:
    front = Front.of([of_values(10, 0.1)], 1.0, ChoiceSettings(), (0.05, 0.1))
    front.save(tmp_path)
    assert Front.load(tmp_path) == front
    assert "rmse_0,rmse_1" in (tmp_path / "front.csv").read_text()
    plain = Front.of([entry()], 1.0, ChoiceSettings())
    assert "rmse" not in str(plain.to_json())


def _summed(count: int) -> str:
    return " + ".join(f"tanh(a + {k + 2}.5)" for k in range(count))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 12)), min_size=1, max_size=12))
def test_thinning_keeps_a_staircase_of_ever_shorter_formulas(points: list[tuple[int, int]]) -> None:
    # all cost the same, so that only score and nodes tell them apart
    made = [entry(0.5 + s / 50, 2, 10.0, _summed(n)) for s, n in points]
    choice = ChoiceSettings(share=0.5, floor=0.5, resolution=0.0, nodes_step=0.5)
    thin = Front.of(made, 1.0, choice).thinned(choice)
    stairs = sorted(thin.entries, key=lambda e: -e.nodes)
    assert max(e.score for e in made) == stairs[0].score
    for longer, shorter in pairwise(stairs):
        assert shorter.score < longer.score
    steps = [e for e in stairs if e not in (thin.entry(), thin.best)]
    for longer, shorter in pairwise(steps):
        assert shorter.nodes * 1.5 <= longer.nodes
    # nothing that is a step shorter is better than the next that is kept
    for kept, after in zip(stairs, [*stairs[1:], None], strict=True):
        less = [e.score for e in made if e.nodes * 1.5 <= kept.nodes]
        if after is None or after not in steps:
            continue
        assert not less or after.score == max(less) or kept not in steps
