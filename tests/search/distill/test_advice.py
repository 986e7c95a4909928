"""What a run says of its settings, on figures that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symtick.codegen import Precision
from symtick.expr import parse
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.advice import (
    MOST,
    Evidence,
    QuantisedTeacher,
    Suggestion,
    lines,
    suggestions,
    unmet,
)

CHOICE = ChoiceSettings(share=0.97, max_ticks=5, max_lut=500.0)


def design(
    score: float,
    ticks: int = 4,
    lut: float = 100.0,
    origin: str = "layers-0",
    loss: float = 0.1,
    rmse: tuple[float, ...] = (),
) -> FrontEntry:
    figures = (loss, score, score, ticks, lut, 0.0, 0.0, ticks, rmse)
    return FrontEntry("", parse(["x0"]), Precision(), origin, *figures)


def advice(
    *entries: FrontEntry,
    quantised: tuple[QuantisedTeacher, ...] = (),
    choice: ChoiceSettings = CHOICE,
    teacher_rmse: tuple[float, ...] = (),
    **evidence: object,
) -> dict[str, Suggestion]:
    front = Front.of(entries, 0.9, choice, teacher_rmse)
    known = replace(Evidence(entries), **evidence)  # type: ignore[arg-type]
    found = suggestions(front, choice, known, quantised)
    assert [s.helps for s in found] == sorted((s.helps for s in found), reverse=True)
    return {s.setting: s for s in found}


def test_a_choice_that_is_good_enough_needs_nothing() -> None:
    assert not advice(design(0.89), design(0.9, ticks=9))
    assert suggestions(Front.of([], 0.9, CHOICE), CHOICE, Evidence()) == ()


def test_refused_designs_say_what_a_limit_would_buy() -> None:
    found = advice(
        design(0.8),
        design(0.85, ticks=6, lut=200.0),
        design(0.88, ticks=7, lut=1240.4),  # beyond both limits
        design(0.88, ticks=8, lut=400.0),
        design(0.88, ticks=9, lut=300.0),
        design(0.86, lut=720.3),
    )
    ticks, lut = found["hardware.max_ticks"], found["hardware.max_lut"]
    assert ticks == Suggestion(
        "hardware.max_ticks", 8, True, "8 would give 97.8 % at 400 LUT (measured, then refused)"
    )
    assert (lut.value, lut.helps) == (721, True)
    assert lut.text == "721 would give 95.6 % at 4 ticks (measured, then refused)"


def test_longer_formulas_that_were_refused_say_what_more_nodes_would_buy() -> None:
    choice = replace(CHOICE, max_nodes=2)
    long = replace(design(0.88, lut=200.0), expression=parse(["x0*x1 + x2"]))
    slow = replace(long, ticks=9)
    found = advice(design(0.8), long, slow, choice=choice)
    assert found["search.max_nodes"] == Suggestion(
        "search.max_nodes", 5, True,
        "5 would give 97.8 % at 4 ticks and 200 LUT (measured, then refused)",
    )  # fmt: skip
    assert "hardware.max_ticks" not in found
    assert unmet(choice, [long]) == (
        "no design met the limits of 5 ticks and 500 LUTs, 2 nodes: raise them (the fastest "
        "measured takes 4 ticks and 200 LUT, the shortest 5 nodes)"
    )


def test_both_limits_where_one_alone_buys_less() -> None:
    found = advice(design(0.8), design(0.82, ticks=6), design(0.88, ticks=7, lut=1240.4))
    assert found["hardware.max_ticks"].text == ("7 with 1,241 LUT allowed would give 97.8 %")


def test_slower_designs_that_are_no_better_are_said_so() -> None:
    found = advice(design(0.8), *(design(0.8, ticks=t) for t in (6, 7, 8)))
    assert not advice(design(0.8), design(0.8, ticks=6))  # one says little
    assert found["hardware.max_ticks"] == Suggestion(
        "hardware.max_ticks", None, False,
        "more is not expected to help: 3 slower designs measured, none better",
    )  # fmt: skip


def test_bits_by_the_teacher_itself() -> None:
    six, seven, eight = (
        QuantisedTeacher(6, 0.855), QuantisedTeacher(7, 0.878), QuantisedTeacher(8, 0.879)
    )  # fmt: skip
    found = advice(design(0.8), quantised=(six, seven, eight))["inputs.bits"]
    assert (found.value, found.helps) == (7, True)
    assert found.text == (
        "the teacher itself reaches 95.0 % on inputs of 6 bits, 97.6 % on 7, 97.7 % on 8"
    )
    found = advice(design(0.8), quantised=(seven, eight))["inputs.bits"]
    assert not found.helps
    assert found.text == "more is not expected to help: on 7 bits the teacher itself reaches 97.6 %"


def test_more_bits_are_no_help_where_the_teacher_has_enough_for_what_is_asked() -> None:
    fewer, more = QuantisedTeacher(6, 0.88), QuantisedTeacher(7, 0.899)  # 97.8 and 99.9 %
    found = advice(design(0.8), quantised=(fewer, more))["inputs.bits"]
    assert (found.value, found.helps) == (None, False)
    stricter = replace(CHOICE, share=0.99)
    assert advice(design(0.8), quantised=(fewer, more), choice=stricter)["inputs.bits"].helps


def test_errors_of_values_are_compared_as_ratios() -> None:
    choice = ChoiceSettings(rmse_ratio=1.2, max_ticks=5)
    found = advice(
        design(0.99, rmse=(0.05,)),
        design(0.995, ticks=7, rmse=(0.0226,)),
        quantised=(QuantisedTeacher(6, 0.99, (0.03,)), QuantisedTeacher(7, 0.99, (0.021,))),
        choice=choice,
        teacher_rmse=(0.02,),
    )
    assert "7 would give 1.13 times the teacher's RMSE" in found["hardware.max_ticks"].text
    assert found["inputs.bits"].value == 7
    assert "reaches 1.50 times the teacher's RMSE on inputs of 6 bits, 1.05" in (
        found["inputs.bits"].text
    )


def test_hidden_sums_help_while_more_of_them_are_better() -> None:
    entries = (design(0.80), design(0.81, lut=110.0, origin="layers-1"))
    entries += (design(0.82, lut=120.0, origin="layers-2"),)
    found = advice(*entries, hidden=(2, 3, 4))["search.hidden"]
    assert found.helps
    assert "the best 88.9 % with 2, 90.0 % with 3, 91.1 % with 4" in found.text
    assert "search.hidden" not in advice(*entries, hidden=(2, 4, 3))


def test_effort_that_lowers_the_loss_alone_does_not_help() -> None:
    refits = ((design(0.81, loss=0.1), design(0.8, loss=0.05)),)
    assert not advice(design(0.8), refits=refits)["search.effort"].helps


@pytest.mark.parametrize(("after", "helps"), [(0.08, True), (0.0995, False), (0.12, False)])
def test_effort_by_what_further_fits_gave(after: float, helps: bool) -> None:
    refits = ((design(0.8, loss=0.1), design(0.81, loss=after)),)
    found = advice(design(0.8), refits=refits, refit_steps=600)["search.effort"]
    assert found.helps == helps
    assert "600 further fitting steps took" in found.text
    assert "(88.9 % became 90.0 %)" in found.text
    assert found.text.endswith("more may give more" if helps else "more is not expected to help")


@pytest.mark.parametrize(("last", "helps"), [(0.4, True), (0.499, False)])
def test_rounds_by_the_last_quarter_of_the_losses(last: float, helps: bool) -> None:
    curves = ((float("inf"), 0.6, 0.5, last),)
    grown = design(0.8, origin="joint-0")
    found = advice(grown, curves=curves, rounds=40)["search.rounds"]
    assert found.helps == helps
    assert "in the last quarter of 40 rounds" in found.text
    assert not advice(design(0.8), curves=curves, rounds=40)  # none of them is a design
    assert not advice(grown, curves=((0.5, 0.4),), rounds=20)  # too short a curve


def test_an_empty_front_names_the_nearest_designs() -> None:
    text = unmet(
        ChoiceSettings(max_ticks=1), [design(0.9, ticks=2, lut=78.2), design(0.8, 3, 40.0)]
    )
    assert text == (
        "no design met the limits of 1 tick and any number of LUTs: raise them (the fastest "
        "measured takes 2 ticks and 79 LUT, the smallest 3 and 40)"
    )
    assert unmet(CHOICE, []).endswith("raise them (none could be measured at all)")


def test_few_lines_are_shown() -> None:
    many = [Suggestion(f"a.{k}", None, True, "text") for k in range(9)]
    assert lines(many) == [f"a.{k}: text" for k in range(MOST)]
