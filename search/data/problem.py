"""The problem of a distillation: quantised rows, targets, and the score.

Inputs are quantised to their formats here, once, so that every later step fits exactly what the
hardware computes with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from symtick.codegen import Decision, Fixed
from symtick.defaults import VALIDATION
from symtick.errors import InputError
from symtick.expr import Interval, check_names, default_names
from symtick.search.data.dataset import (
    FloatArray,
    IntArray,
    check_labels,
    check_matrix,
    check_weights,
)
from symtick.search.data.goals import Goal
from symtick.search.data.metrics import (
    agreement,
    error_ratio,
    predicted_classes,
    root_mean_squares,
)
from symtick.search.data.objective import (
    Divergence,
    Objective,
    Outputs,
    choice,
    cross_entropy,
    row_choices,
    row_divergences,
    softmax,
    squared,
)
from symtick.search.data.weighting import drawn_by_weight

Kind = Literal["classes", "values"]
ACCURACY = Goal()
FLAT_LOGIT = 2.0  # log-odds that stand for a bare label in a regression on logits


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows, targets and formats; the last `held_out` rows are for validation only.

    Attributes:
        raw: input codes, int64 (rows, inputs), each within its format.
        targets: what the outputs should be, float64 (rows, outputs): a teacher's scores before
            softmax, centred over the classes (softmax does not see the difference), or values.
        soft: class probabilities to imitate, (rows, outputs); None for values. One output stands
            for class 1 of two.
        labels: true classes (rows,), or None.
        truth: of a teacher's values, the true ones, (rows, outputs), where they are known.
        kind: `classes` (the class is the largest output) or `values`.
        formats: format of each input.
        input_names: one for each input.
        output_names: one for each output.
        held_out: number of validation rows.
        weights: how much each row counts in figures, (rows,), or None. Training rows count alike,
            as they were drawn by their weights (`symtick.search.data.weighting`).
        chosen_by: what `score` is, of classes.
    """

    raw: IntArray
    targets: FloatArray
    soft: FloatArray | None
    labels: IntArray | None
    kind: Kind
    formats: tuple[Fixed, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    held_out: int
    truth: FloatArray | None = None
    weights: FloatArray | None = None
    chosen_by: Goal = ACCURACY

    @classmethod
    def from_scores(
        cls,
        X: npt.ArrayLike,
        scores: npt.ArrayLike,
        formats: Sequence[Fixed],
        *,
        kind: Kind = "classes",
        labels: npt.ArrayLike | None = None,
        truth: npt.ArrayLike | None = None,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        validation: float = VALIDATION,
        temperature: float = 1.0,
        seed: int = 0,
        weights: npt.ArrayLike | None = None,
        chosen_by: Goal = ACCURACY,
    ) -> Problem:
        """Imitate a teacher's scores, or fit values.

        Args:
            X: inputs in the formats' ranges, (rows, inputs); values outside saturate.
            scores: (rows, outputs) or (rows,): scores before softmax, or values.
            formats: format of each input.
            kind: `classes` or `values`.
            labels: true classes, to measure accuracy; without them the teacher's class counts.
            truth: true values, (rows, outputs) or (rows,), to measure the teacher's and the
                designs' errors by; without them `scores` are the truth.
            input_names: x0, x1, ... by default.
            output_names: y0, y1, ... by default.
            validation: share of the rows that is held out.
            temperature: the soft targets are softmax(scores / temperature).
            seed: of the shuffle that picks the rows held out.
            weights: how much each row counts, (rows,); all alike by default.
            chosen_by: what the score of class scores is.

        Raises:
            InputError: shapes, names, numbers or shares that do not fit.
        """
        goal = _scores(scores)
        if not temperature > 0.0:
            raise InputError(f"a temperature must be positive, not {temperature!r}")
        soft = softmax(goal / temperature) if kind == "classes" else None
        true = None if truth is None else _scores(truth)
        if true is not None and (kind != "values" or true.shape != goal.shape):
            raise InputError(f"{goal.shape} {kind} cannot have true values of shape {true.shape}")
        made = cls._made(
            X, goal, soft, labels, kind, formats, input_names, output_names, validation, seed,
            weights, true,
        )  # fmt: skip
        return replace(made, chosen_by=chosen_by)

    @classmethod
    def from_labels(
        cls,
        X: npt.ArrayLike,
        labels: npt.ArrayLike,
        formats: Sequence[Fixed],
        *,
        classes: int,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        validation: float = VALIDATION,
        seed: int = 0,
        weights: npt.ArrayLike | None = None,
        chosen_by: Goal = ACCURACY,
    ) -> Problem:
        """Learn classes from labels, without a teacher; arguments as in `from_scores`.

        Raises:
            InputError: as `from_scores`, fewer than two classes, or a label outside them.
        """
        if classes < 2:
            raise InputError(f"at least two classes are needed, not {classes}")
        truth = check_labels(labels, len(np.asarray(labels)), classes)
        soft = np.eye(classes)[truth]
        goal = FLAT_LOGIT * (2.0 * soft - 1.0)
        made = cls._made(
            X, goal, soft, truth, "classes", formats, input_names, output_names, validation, seed,
            weights, None,
        )  # fmt: skip
        return replace(made, chosen_by=chosen_by)

    @classmethod
    def _made(
        cls,
        X: npt.ArrayLike,
        goal: FloatArray,
        soft: FloatArray | None,
        labels: npt.ArrayLike | None,
        kind: Kind,
        formats: Sequence[Fixed],
        input_names: Sequence[str] | None,
        output_names: Sequence[str] | None,
        validation: float,
        seed: int,
        weights: npt.ArrayLike | None,
        values: FloatArray | None,
    ) -> Problem:
        names = check_names(input_names) if input_names else default_names(len(formats))
        rows, outputs = goal.shape
        matrix = check_matrix(X, names)
        if len(formats) != len(names):
            raise InputError(f"{len(names)} inputs need as many formats, not {len(formats)}")
        if len(matrix) != rows:
            raise InputError(f"{len(matrix)} rows of inputs, but {rows} rows of targets")
        held_out = round(validation * rows)
        if not 0 < held_out < rows:
            raise InputError(f"holding out a share of {validation} of {rows} rows leaves none")
        order, counts = _weighted(shuffled(rows, seed), weights, held_out, seed)
        raw = np.stack([f.to_raw(c) for f, c in zip(formats, matrix.T, strict=True)], axis=1)
        if kind == "classes" and outputs > 1:
            goal = goal - goal.mean(axis=1, keepdims=True)
        truth = None
        if labels is not None and kind == "classes":
            truth = check_labels(labels, rows, max(2, outputs))[order]
        return cls(
            raw[order],
            goal[order],
            None if soft is None else soft[order],
            truth,
            kind,
            tuple(formats),
            names,
            _output_names(output_names, outputs),
            held_out,
            None if values is None else values[order],
            counts,
        )

    @property
    def train(self) -> slice:
        """The rows to learn from."""
        return slice(0, len(self.raw) - self.held_out)

    @property
    def valid(self) -> slice:
        """The rows held out."""
        return slice(len(self.raw) - self.held_out, len(self.raw))

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return int(self.targets.shape[1])

    @property
    def ranges(self) -> tuple[Interval, ...]:
        """What each input's format can hold."""
        return tuple(Interval(f.lo, f.hi) for f in self.formats)

    def real(self, rows: slice) -> FloatArray:
        """The values that the codes stand for."""
        columns = [f.to_real(c) for f, c in zip(self.formats, self.raw[rows].T, strict=True)]
        return np.stack(columns, axis=1)

    @property
    def goal(self) -> FloatArray:
        """What `objective` compares with: probabilities, or values."""
        return self.targets if self.soft is None else self.soft

    @property
    def spread(self) -> FloatArray:
        """Per output, the standard deviation of the values (1 where constant, and for classes)."""
        if self.kind == "classes":
            return np.ones(self.outputs)
        deviations = self.targets[self.train].std(axis=0)
        return np.where(deviations > 0.0, deviations, 1.0)

    def objective(self, outputs: Outputs, goal: FloatArray) -> tuple[float, Outputs]:
        """Mean loss over rows and its gradient: cross-entropy, or squares over the variance."""
        if self.kind == "classes":
            return cross_entropy(outputs, goal)
        return squared(outputs, goal, self.spread)

    def class_counts(self, decision: Decision) -> bool:
        """Whether designs with this decision are worth what the class is that they choose.

        They are chosen by accuracy, and nothing of their scores is delivered.
        """
        by_accuracy = self.kind == "classes" and self.chosen_by.name == "accuracy"
        return by_accuracy and decision.outputs == ("index",)

    def objective_for(self, decision: Decision) -> Objective:
        """`choice` where the class alone counts, else `objective`."""
        return choice if self.class_counts(decision) else self.objective

    def loss(self, outputs: FloatArray, rows: slice) -> float:
        """What is left to learn: mean Kullback-Leibler divergence, or share of the variance."""
        return self.judge(rows)(outputs)

    def judge(self, rows: slice) -> Callable[[FloatArray], float]:
        """`loss` on the same rows, for many outputs (rows, outputs)."""
        if self.weights is not None:
            return partial(self._weighted_loss, rows=rows, weights=self.weights[rows])
        goal = self.goal[rows]
        if self.kind == "classes":
            return Divergence(goal)
        return lambda outputs: squared(outputs, goal, self.spread)[0]

    def judge_for(self, decision: Decision, rows: slice) -> Callable[[FloatArray], float]:
        """The mean of `row_choices` where the class alone counts, else `judge`."""
        if not self.class_counts(decision):
            return self.judge(rows)
        goal, weights = np.asfortranarray(self.goal[rows], np.float32), self._counts(rows)

        def loss(outputs: FloatArray) -> float:
            return float(np.average(row_choices(outputs.astype(np.float32), goal), weights=weights))

        return loss

    def _weighted_loss(self, outputs: FloatArray, rows: slice, weights: FloatArray) -> float:
        goal = self.goal[rows]
        if self.kind == "classes":
            losses = row_divergences(outputs, goal)
        else:
            losses = np.mean(np.square((outputs - goal) / self.spread), axis=1)
        return float(np.average(losses, weights=weights))

    def _counts(self, rows: slice) -> FloatArray | None:
        return None if self.weights is None else self.weights[rows]

    def score(self, outputs: FloatArray, rows: slice) -> float:
        """What designs are chosen by: `chosen_by` of class scores, or mean R^2 of values.

        Against labels, or where there are none against the teacher's class.
        """
        if self.kind == "values":
            return 1.0 - self.loss(outputs, rows)
        return self.chosen_by.value(outputs, self.truths(rows), self._counts(rows))

    def truths(self, rows: slice) -> IntArray:
        """Class of each row: its label, or where there are none the teacher's class."""
        return self.classes(rows) if self.labels is None else self.labels[rows]

    def agreement(self, outputs: FloatArray, rows: slice) -> float:
        """Share of rows with the teacher's class; for values the R^2."""
        if self.kind == "values":
            return self.score(outputs, rows)
        return agreement(outputs, self.targets[rows], self._counts(rows))

    def rmse(self, outputs: FloatArray, rows: slice) -> tuple[float, ...]:
        """Root mean square error of each value in its units, against the truth where it is known.

        Empty for classes.
        """
        if self.kind == "classes":
            return ()
        wanted = self.targets if self.truth is None else self.truth
        return root_mean_squares(outputs, wanted[rows], self._counts(rows))

    def teacher_rmse(self, rows: slice) -> tuple[float, ...]:
        """The same of the teacher; () for classes, and where its values are the truth."""
        return () if self.truth is None else self.rmse(self.targets[rows], rows)

    @property
    def units(self) -> tuple[float, ...]:
        """What errors of values are measured in: the teacher's on validation rows, else spreads."""
        return self.teacher_rmse(self.valid) or tuple(self.spread.tolist())

    def error(self, rmse: tuple[float, ...]) -> float:
        """Root mean square of errors in `units`."""
        return error_ratio(rmse, self.units)

    @property
    def noise(self) -> float:
        """What the teacher leaves of the values' variance, mean over them; 0 where not known."""
        errors = self.teacher_rmse(self.train)
        return error_ratio(errors, self.spread.tolist()) ** 2 if errors else 0.0

    def teacher_score(self, rows: slice) -> float:
        """The score of the targets themselves."""
        return self.score(self.targets[rows], rows)

    def classes(self, rows: slice) -> IntArray:
        """The teacher's class of each row."""
        return predicted_classes(self.targets[rows])


def _weighted(
    order: npt.NDArray[np.int64], weights: npt.ArrayLike | None, held_out: int, seed: int
) -> tuple[npt.NDArray[np.int64], FloatArray | None]:
    """Training rows drawn by their weights, and what each row then counts."""
    if weights is None:
        return order, None
    own = check_weights(weights, len(order))
    train, valid = order[:-held_out], order[-held_out:]
    for rows, part in ((train, "training"), (valid, "validation")):
        if not own[rows].any():
            raise InputError(f"every weight of the {part} rows is 0")
    drawn = train[drawn_by_weight(own[train], seed)]
    counts = np.ones(len(order))
    counts[-held_out:] = own[valid] / own[valid].mean()
    return np.concatenate([drawn, valid]), counts


def shuffled(rows: int, seed: int) -> npt.NDArray[np.int64]:
    """Which row each row of a problem is, before the shuffle."""
    return np.random.default_rng(seed).permutation(rows)


def _scores(scores: npt.ArrayLike) -> FloatArray:
    matrix = np.asarray(scores, dtype=np.float64)
    return check_matrix(matrix[:, None] if matrix.ndim == 1 else matrix)


def _output_names(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    unique = tuple(f"y{k}" for k in range(count)) if names is None else tuple(names)
    if len(unique) != count or len(set(unique)) != count:
        raise InputError(f"{count} outputs need as many different names, not {list(unique)}")
    return unique
