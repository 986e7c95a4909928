"""A whole proof: Verilog = graph, graph = decision of the scores, scores = formula within a bound.

What each step claims stands in docs/proofs.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph
from symtick.expr import Op, reachable
from symtick.sim.proof import exhaustive, formula
from symtick.sim.proof.integers import Integers
from symtick.sim.proof.outcome import Finding, Proof, Step, Verdict
from symtick.sim.proof.rtl import verilog_equals_graph
from symtick.sim.proof.same import ports, same_outputs
from symtick.sim.proof.signals import Space
from symtick.sim.proof.walk import Walk

ALL = 1 << 26  # inputs that are all run, where the normal forms leave something open
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
        columns = [raw[:, j] for j in range(raw.shape[1])]
        if (found := self._differs(columns, range(len(self.design.graph.outputs)))) is not None:
            return [found]
        walk = Walk(self.design.graph, self.space, self.design.slices)
        answers = same_outputs(walk, self.reference, self.design.decision)
        every = range(len(self.wanted.scores.outputs))
        found_all = []
        for answer, (_, kind, (port, score)) in zip(
            answers, ports(walk, self.design.decision, self.wanted.scores.output_names), strict=True
        ):
            scores = [score] if kind in ("scores", "above") else every
            proved = answer.verdict is Verdict.PROVED
            found_all.append(answer if proved else self._same_for_all(answer, port, scores))
        return found_all

    def _same_for_all(self, answer: Finding, port: int, scores: Sequence[int]) -> Finding:
        """What is found of an output where all inputs that it depends on are run; else `answer`.

        Args:
            answer: what is known of it.
            port: its place.
            scores: places of the scores that it is of.
        """
        graph = self.design.graph
        wanted = exhaustive.read_by(self.wanted.scores, scores)
        moving = wanted | exhaustive.read_by(graph, [port])
        if not wanted <= _read(graph) or exhaustive.value_count(graph, moving) > ALL:
            return answer
        for columns in exhaustive.blocks(graph, moving):
            if (found := self._differs(columns, [port])) is not None:
                return found
        return Finding(answer.subject, Verdict.PROVED, "all inputs run")

    def _differs(self, columns: Sequence[Integers], places: Iterable[int]) -> Finding | None:
        """An input for which the graph and its specification give different outputs."""
        design, scores, decision = self.design, self.wanted.scores, self.design.decision
        made = exhaustive.same_units(
            design.graph, exhaustive.outputs(design.graph, columns), scores, decision
        )
        read = exhaustive.sliced(columns, design.slices)
        wanted = exhaustive.decided(scores, read, decision)
        for port in places:
            one, other = (np.broadcast_to(v[port], made[0].shape) for v in (made, wanted))
            wrong = np.flatnonzero(one != other)
            if len(wrong):
                row, name = int(wrong[0]), design.graph.output_names[port]
                at = _at(design.graph.input_names, columns, row)
                values = one.reshape(-1)[row], other.reshape(-1)[row]
                text = f"raw {at} gives {values[0]}, specified is {values[1]}"
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
        return [
            answer if answer.verdict is Verdict.PROVED else self.near_for_all(answer, j)
            for j, answer in enumerate(answers)
        ]

    def near_for_all(self, answer: Finding, number: int) -> Finding:
        """What is found of a score where all inputs that it depends on are run; else `answer`."""
        scores, expression = self.wanted.scores, self.design.expression
        below = reachable(expression.nodes, [expression.outputs[number]])
        nodes = (expression.nodes[k] for k in below)
        moving = {n.index for n in nodes if n.op is Op.INPUT}
        # an input that only the formula reads is in none of the blocks
        readable = moving <= _read(scores)
        moving |= exhaustive.read_by(scores, [number])
        if not readable or exhaustive.value_count(scores, moving) > ALL:
            return answer
        largest, place = -1.0, ""
        for columns in exhaustive.blocks(scores, moving):
            gap, row = exhaustive.farthest(scores, columns, expression, self.wanted.formats, number)
            if gap > largest:
                largest, place = gap, _at(scores.input_names, columns, row)
        return self._judged(number, largest, place)

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
    """An input in words: the values in a row, where the columns are written out."""
    whole = np.broadcast_arrays(*columns)
    return ", ".join(f"{n}={c.reshape(-1)[row]}" for n, c in zip(names, whole, strict=True))
