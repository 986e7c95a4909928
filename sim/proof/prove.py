"""A whole proof: Verilog = graph, graph = decision of the scores, scores = formula within a bound.

What each step claims stands in docs/proofs.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph
from symtick.expr import Op
from symtick.sim.proof import exhaustive, formula
from symtick.sim.proof.integers import Integers
from symtick.sim.proof.outcome import Finding, Proof, Step, Verdict
from symtick.sim.proof.rtl import verilog_equals_graph
from symtick.sim.proof.same import same_outputs
from symtick.sim.proof.signals import Space
from symtick.sim.proof.walk import Walk

ALL = 1 << 20  # inputs that are all run, where the normal forms leave something open
_SAMPLES, _SEED = 20_000, 1


@dataclass(frozen=True)
class Specification:
    """What a design is to compute.

    Attributes:
        scores: the graph of the expression's outputs before passes, slices and decision; with the
            widths that tuning or a user has stated.
        formats: of what the expression reads.
        bounds: the bound on the error that is stated of each output; None where its widths are
            stated, so that only what is proved here says how far it is from the formula.
    """

    scores: Graph
    formats: Sequence[Fixed]
    bounds: Sequence[float] | None


def prove(design: Design, specification: Specification, source: Path, folder: Path) -> Proof:
    """Prove what can be proved of a design and of the Verilog in a file.

    Args:
        design: the design.
        specification: what it is to compute.
        source: its Verilog.
        folder: for scripts, logs and netlists of the tools.

    Raises:
        ToolError: Yosys is missing, or cannot read the file.
    """
    work = ScoreProof(design, specification)
    steps = [
        verilog_equals_graph(design, source, folder),
        _timed("graph = decision of the scores", work.same),
        _timed("scores = formula", work.near),
    ]
    return Proof(design.name, tuple(steps))


def _timed(claim: str, findings: Callable[[], list[Finding]]) -> Step:
    start = time.process_time()
    found = findings()
    return Step(claim, tuple(found), time.process_time() - start)


class ScoreProof:
    """The steps of a proof that need no tool.

    Args:
        design: the design.
        specification: what it is to compute.
    """

    def __init__(self, design: Design, specification: Specification) -> None:
        self.design, self.wanted = design, specification
        self.space = Space()
        self.reference = Walk(specification.scores, self.space)

    # -- graph = decision of the scores

    def same(self) -> list[Finding]:
        """The graph against slices, scores and decision."""
        raw = vectors.make(self.design, _SAMPLES, _SEED)
        if (found := self._differs([raw[:, j] for j in range(raw.shape[1])])) is not None:
            return [found]
        walk = Walk(self.design.graph, self.space, self.design.slices)
        answers = same_outputs(walk, self.reference, self.design.decision)
        graph, scores = self.design.graph, self.wanted.scores
        proved = all(a.verdict is Verdict.PROVED for a in answers)
        if proved or self._too_many(graph) or not _read(scores) <= _read(graph):
            return answers
        for columns in exhaustive.blocks(self.design.graph):
            if (found := self._differs(columns)) is not None:
                return [found]
        return [Finding(a.subject, Verdict.PROVED, "all inputs run") for a in answers]

    def _too_many(self, graph: Graph) -> bool:
        return exhaustive.input_count(graph) > ALL

    def _differs(self, columns: Sequence[Integers]) -> Finding | None:
        """An input for which the graph and its specification give different outputs."""
        design, scores, decision = self.design, self.wanted.scores, self.design.decision
        made = exhaustive.same_units(
            design.graph, exhaustive.outputs(design.graph, columns), scores, decision
        )
        read = exhaustive.sliced(columns, design.slices)
        wanted = exhaustive.decided(scores, read, decision)
        for name, one, other in zip(design.graph.output_names, made, wanted, strict=True):
            wrong = np.flatnonzero(one != other)
            if len(wrong):
                row = int(wrong[0])
                at = _at(design.graph.input_names, columns, row)
                text = f"raw {at} gives {one[row]}, specified is {other[row]}"
                return Finding(f"output {name}", Verdict.COUNTEREXAMPLE, text)
        return None

    # -- scores = formula

    def near(self) -> list[Finding]:
        """The scores against the formula, each within a bound."""
        scores, expression = self.wanted.scores, self.design.expression
        forms = formula.Formula(self.space, self.wanted.formats).outputs(expression)
        bounds: list[float | str] = []
        for k, form in zip(scores.outputs, forms, strict=True):
            made = self.reference.forms.get(k)
            if isinstance(form, str):
                bounds.append(form)
            else:
                bounds.append(
                    self.reference.failed[k] if made is None else formula.farthest(made, form)
                )
        answers = [self._judged(j, bound) for j, bound in enumerate(bounds)]
        # an input that only the formula reads is in none of the blocks
        wanted = {n.index for n in expression.nodes if n.op is Op.INPUT}
        proved = all(a.verdict is Verdict.PROVED for a in answers)
        if proved or self._too_many(scores) or not wanted <= _read(scores):
            return answers
        return self.near_for_all()

    def near_for_all(self) -> list[Finding]:
        """The scores against the formula, for every input."""
        scores, expression = self.wanted.scores, self.design.expression
        largest, places = [0.0] * len(scores.outputs), [""] * len(scores.outputs)
        for columns in exhaustive.blocks(scores):
            found, rows = exhaustive.farthest(scores, columns, expression, self.wanted.formats)
            for j, (gap, row) in enumerate(zip(found, rows, strict=True)):
                if gap > largest[j]:
                    largest[j], places[j] = gap, _at(scores.input_names, columns, row)
        return [self._judged(j, gap, places[j]) for j, gap in enumerate(largest)]

    def _judged(self, number: int, bound: float | str, place: str = "") -> Finding:
        """What a bound, or why there is none, says of an output."""
        name = self.wanted.scores.output_names[number]
        if isinstance(bound, str) or not bound < np.inf:
            why = bound if isinstance(bound, str) else f"the formula is undefined at raw {place}"
            return Finding(name, Verdict.UNDECIDED, why)
        text = f"within {bound:.4g} of its formula" + (", for all inputs run" if place else "")
        if self.wanted.bounds is None:
            return Finding(name, Verdict.PROVED, text)
        stated = self.wanted.bounds[number]
        if bound <= stated:
            return Finding(name, Verdict.PROVED, f"{text}, stated is {stated:.4g}")
        if place:
            text = f"{bound:.4g} off its formula at raw {place}, stated is {stated:.4g}"
            return Finding(name, Verdict.COUNTEREXAMPLE, text)
        return Finding(name, Verdict.UNDECIDED, f"only shown {text}, stated is {stated:.4g}")


def _read(graph: Graph) -> set[int]:
    """Numbers of the inputs that a graph reads."""
    return {n.number for n in graph.nodes if n.op is GOp.INPUT}


def _at(names: Sequence[str], columns: Sequence[Integers], row: int) -> str:
    return ", ".join(f"{n}={c[row]}" for n, c in zip(names, columns, strict=True))
