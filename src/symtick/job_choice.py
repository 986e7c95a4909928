"""What the designs of a job are chosen by: its section `choose`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, model_validator

from symtick.errors import InputError, did_you_mean
from symtick.job_sources import CHECKED
from symtick.search.data.goals import Goal, GoalName
from symtick.search.designs.settings import ChoiceSettings, Preference, Ratio
from symtick.settings import Positive, Real

_RATES = ("rate_khz", "input_rate_khz")


class _Section(BaseModel):
    model_config = CHECKED


class ChooseSection(_Section):
    """Which design on the front is the result: the smallest that is good enough.

    Attributes:
        prefer: what smallest means: `lut`, `ticks`, or `nodes` of the formulas.
        by: what a score of classes is: `accuracy`, `auc`, or `efficiency`, that of the signal where
            the background passes at a fixed share or rate.
        signal: the classes that are signal; of two classes the second by default.
        background: for `efficiency`, the largest share of the background that may pass.
        rate_khz, input_rate_khz: instead of it, the rate that may pass, and that of the background
            before the trigger.
        accuracy_share: of the teacher's score to keep.
        rmse_ratio: in a regression whose teacher's error is known, the largest RMSE in units of it.
    """

    prefer: Preference = "lut"
    by: GoalName = "accuracy"
    signal: list[str] = []
    background: Annotated[Real, Gt(0), Lt(1)] | None = None
    rate_khz: Positive | None = None
    input_rate_khz: Positive | None = None
    accuracy_share: Annotated[Real, Ge(ChoiceSettings.floor), Le(1)] = ChoiceSettings.share
    rmse_ratio: Ratio = ChoiceSettings.rmse_ratio

    @model_validator(mode="after")
    def _together(self) -> ChooseSection:
        rates = [key for key in ("rate_khz", "input_rate_khz") if getattr(self, key) is not None]
        given = [*(["background"] if self.background is not None else []), *rates]
        if self.by == "efficiency" and given not in (["background"], [*_RATES]):
            raise ValueError(
                "an efficiency needs background, the share of it that may pass, or rate_khz and "
                f"input_rate_khz, not {' and '.join(given) or 'nothing'}"
            )
        if len(rates) == 2 and not self.rate_khz < self.input_rate_khz:  # type: ignore[operator]
            raise ValueError(
                f"rate_khz must be below input_rate_khz, not {self.rate_khz:g} of "
                f"{self.input_rate_khz:g}"
            )
        stray = [*given, *(["signal"] if self.signal and self.by == "accuracy" else [])]
        if self.by != "efficiency" and stray:
            raise ValueError(f"{stray[0]} says nothing of by: {self.by}; write by: efficiency")
        return self

    @property
    def passing(self) -> float | None:
        """The largest share of the background that may pass."""
        if self.rate_khz is not None and self.input_rate_khz is not None:
            return self.rate_khz / self.input_rate_khz
        return self.background

    def goal(self, classes: Sequence[str]) -> Goal:
        """What designs of these classes are chosen by.

        Raises:
            InputError: a signal is no class, all classes are, or it is not said which are.
        """
        for name in self.signal:
            if name not in classes:
                raise InputError(
                    f"choose.signal names {name!r}: {did_you_mean(name, classes)}the classes are "
                    f"{', '.join(classes)}"
                )
        if self.signal and set(self.signal) == set(classes):
            raise InputError("choose.signal names every class: leave the background out")
        if self.by == "efficiency" and not self.signal and len(classes) > 2:
            raise InputError(
                f"choose.by: efficiency of {len(classes)} classes needs choose.signal: some of "
                f"{', '.join(classes)}"
            )
        numbers = tuple(sorted(list(classes).index(name) for name in set(self.signal)))
        return Goal(self.by, numbers, self.passing if self.by == "efficiency" else None)

    def words(self, classes: Sequence[str]) -> str:
        """What a score is, for notes below tables; nothing of an accuracy."""
        signal = " or ".join(self.signal) or (classes[1] if len(classes) == 2 else "")
        if self.by == "auc":
            of = f" of {signal}" if signal else ", mean over the classes"
            return f"the area under the ROC curve{of}"
        if self.by == "efficiency":
            of = f"{self.passing:.4g} of the background"
            if self.rate_khz is not None:
                of = f"{self.rate_khz:g} of {self.input_rate_khz:g} kHz of the background"
            return f"the efficiency of {signal} where {of} may pass"
        return ""

    @property
    def measure(self) -> str:
        """The score's name as the head of a column."""
        return {"accuracy": "score", "auc": "AUC", "efficiency": "signal eff."}[self.by]
