"""A whole proof: Verilog = graph, graph = decision of the scores, scores = formula within a bound.

What each step claims stands in docs/proofs.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import Graph
from symtick.defaults import PROOF_SECONDS
from symtick.expr import Op, reachable
from symtick.sim.proof import directed, exhaustive
from symtick.sim.proof.cuts.budget import Clock, OutOfTimeError, processor_seconds
from symtick.sim.proof.cuts.decisions import ports
from symtick.sim.proof.cuts.outputs import OUT_OF_TIME, Distance, distances, undecided
from symtick.sim.proof.outcome import Finding, Proof, Step, Verdict
from symtick.sim.proof.rtl import verilog_equals_graph
from symtick.sim.proof.simulated import all_inputs_simulated
from symtick.sim.proof.synthesised import netlist_equals_verilog
from symtick.sim.proof.values.integers import Integers

ALL = 1 << 26  # inputs that are all run, where nothing else decides
_SAMPLES, _SEED = 20_000, 1
_MORE = 1 << 20  # vectors for outputs that are not decided
_SOON = 1 << 21  # inputs that are soon all run
_LIKE = 4_000  # vectors by which nodes are looked for that are alike
Tell = Callable[[str], None]


def _untold(text: str) -> None:
    pass


@dataclass(frozen=True)
class Specification:
    """What a design is to compute.

    Attributes:
        scores: the graph of the expression's outputs before passes, slices and decision; where
            tuning or a user has stated widths, that after the compiler's passes, with these widths.
        formats: of what the expression reads.
        bounds: the bound on the error that is stated of each output; None where its widths are
            stated, so that only what is proved here says how far it is from the formula.
    """

    scores: Graph
    formats: Sequence[Fixed]
    bounds: Sequence[float] | None


def prove(
    design: Design, specification: Specification, source: Path, folder: Path,
    seconds: float = PROOF_SECONDS, netlist: Path | None = None, tell: Tell = _untold,
) -> Proof:  # fmt: skip
    """Prove what can be proved of a design and of the Verilog in a file.

    Args:
        design: the design.
        specification: what it is to compute.
        source: its Verilog.
        folder: for scripts, logs and netlists of the tools.
        seconds: processor seconds; what is not shown by then is not decided.
        netlist: what Yosys made of the Verilog for a Xilinx family, as JSON, to be compared, too.
        tell: is told how far long work is.

    Raises:
        ToolError: Yosys is missing, or cannot read the file; or Verilator, where the inputs are few
            enough to be simulated.
    """
    clock = Clock(seconds)
    work = ScoreProof(design, specification, clock, tell)
    steps = [verilog_equals_graph(design, source, folder, clock.left)]
    made = []
    if netlist is not None:
        made = [netlist_equals_verilog(design, source, netlist, folder / "netlist", clock.left)]
    steps.append(_timed("graph = decision of the scores", work.same))
    steps.append(_timed("scores = formula", work.near))
    simulated = all_inputs_simulated(design, specification.scores, source, folder, tell)
    return Proof(design.name, (*steps, *made), simulated)


def _timed(claim: str, findings: Callable[[], list[Finding]]) -> Step:
    start = processor_seconds()
    found = findings()
    return Step(claim, tuple(found), processor_seconds() - start)


class ScoreProof:
    """The steps of a proof that need no tool.

    Args:
        design: the design.
        specification: what it is to compute.
        clock: the time that is left; no end by default.
        tell: is told how far long work is.
    """

    def __init__(
        self, design: Design, specification: Specification, clock: Clock | None = None,
        tell: Tell = _untold,
    ) -> None:  # fmt: skip
        self.design, self.wanted, self.tell = design, specification, tell
        self.clock = clock or Clock()
        raw = vectors.make(design, _SAMPLES, _SEED)
        self.columns: list[Integers] = [raw[:, j] for j in range(raw.shape[1])]

    # -- graph = decision of the scores

    def same(self) -> list[Finding]:
        """The graph against slices, scores and decision."""
        design, scores = self.design, self.wanted.scores
        narrowed = exhaustive.other_inputs(design.graph, scores, design.slices)
        if narrowed:
            return [Finding("inputs", Verdict.UNDECIDED, narrowed)]
        found = self._differs(self.columns, range(len(design.graph.outputs)))
        if found is not None:
            return [found]
        few = [c[:_LIKE] for c in self.columns]
        reasons = undecided(design.graph, design.slices, scores, design.decision, few, self.clock)
        answers = []
        every = ports(design.decision, len(scores.outputs))
        for port, ((kind, score), why) in enumerate(zip(every, reasons, strict=True)):
            verdict = Verdict.UNDECIDED if why else Verdict.PROVED
            subject = f"output {design.graph.output_names[port]}"
            answer = Finding(subject, verdict, why or "equal by cuts")
            read = [score] if kind in ("scores", "above") else range(len(scores.outputs))
            answers.append(self._same_for_all(answer, port, read) if why else answer)
        left = [j for j, a in enumerate(answers) if a.verdict is Verdict.UNDECIDED]
        shown = self._sought(left) if left else None
        return answers if shown is None else [*answers, shown]

    def _sought(self, places: Sequence[int]) -> Finding | None:
        """A counterexample to outputs that nothing decides, in many more vectors.

        At most half of the time that is left is spent on it.
        """
        clock, done = Clock(self.clock.left / 2), 0
        for columns in directed.blocks(self.design, places, _MORE, _SEED + 1):
            if not clock.left:
                break
            if (found := self._differs(columns, places)) is not None:
                return found
            done += columns[0].size
            self.tell(f"{done:,} vectors run for outputs that are not decided")
        return None

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
        if not wanted <= exhaustive.inputs_of(graph) or exhaustive.value_count(graph, moving) > ALL:
            return answer
        try:
            for columns in self._blocks(graph, moving, answer.subject):
                if (found := self._differs(columns, [port])) is not None:
                    return found
        except OutOfTimeError:
            return _late(answer)
        return Finding(answer.subject, Verdict.PROVED, "all inputs run")

    def _blocks(self, graph: Graph, moving: set[int], what: str) -> Iterator[list[Integers]]:
        """All values of some inputs, block by block; says how far that is.

        Raises:
            OutOfTimeError: there is no time left.
        """
        count = exhaustive.value_count(graph, moving)
        done = 0
        for columns in exhaustive.blocks(graph, moving):
            self.clock.check()
            yield columns
            done += math.prod(c.size for c in columns)
            self.tell(f"{what}, {done:,} of {count:,} inputs run")

    def _differs(self, columns: Sequence[Integers], places: Iterable[int]) -> Finding | None:
        """An input for which the graph and its specification give different outputs."""
        made = exhaustive.outputs(self.design.graph, columns)
        return exhaustive.difference(self.design, self.wanted.scores, columns, made, places)

    # -- scores = formula

    def near(self) -> list[Finding]:
        """The scores against the formula, each within a bound."""
        wanted, expression = self.wanted, self.design.expression
        read = exhaustive.sliced([c[:_LIKE] for c in self.columns], self.design.slices)
        small = [j for j in range(len(wanted.scores.outputs)) if self._count(j) <= _SOON]
        found = distances(
            wanted.scores, read, expression, wanted.formats, wanted.bounds, small, self.clock
        )
        answers = []
        for j, distance in enumerate(found):
            answer = self._judged(j, distance)
            if answer.verdict is not Verdict.PROVED:
                answer = self._beyond(j, distance, read) or self.near_for_all(answer, j)
            answers.append(answer)
        return answers

    def _beyond(self, number: int, distance: Distance, read: Sequence[Integers]) -> Finding | None:
        """A counterexample among the vectors that are run anyway; None where there is none.

        Args:
            number: of the score.
            distance: from its formula.
            read: the vectors, as the scores read them.
        """
        wanted = self.wanted
        if wanted.bounds is None or not wanted.bounds[number] < distance.seen < math.inf:
            return None
        found = exhaustive.farthest(
            wanted.scores, read, self.design.expression, wanted.formats, number
        )
        if found.least <= wanted.bounds[number]:
            return None
        place = exhaustive.at(wanted.scores.input_names, read, found.least_row)
        return self._refuted(number, found.least, place)

    def _moving(self, number: int) -> set[int]:
        """Numbers of the inputs that a score or its formula depends on."""
        expression = self.design.expression
        below = reachable(expression.nodes, [expression.outputs[number]])
        nodes = (expression.nodes[k] for k in below)
        read = {n.index for n in nodes if n.op is Op.INPUT}
        return read | exhaustive.read_by(self.wanted.scores, [number])

    def _count(self, number: int) -> float:
        """How many values they have; infinite where an input only the formula reads."""
        moving = self._moving(number)
        # such an input is in none of the blocks
        readable = moving <= exhaustive.inputs_of(self.wanted.scores)
        return exhaustive.value_count(self.wanted.scores, moving) if readable else math.inf

    def near_for_all(self, answer: Finding, number: int) -> Finding:
        """What is found of a score where all inputs that it depends on are run; else `answer`."""
        if self._count(number) > ALL:
            return answer
        scores, expression = self.wanted.scores, self.design.expression
        moving = self._moving(number)
        largest, place, stated = -1.0, "", self.wanted.bounds
        try:
            for columns in self._blocks(scores, moving, answer.subject):
                found = exhaustive.farthest(
                    scores, columns, expression, self.wanted.formats, number
                )
                if stated is not None and found.least > stated[number]:
                    at = exhaustive.at(scores.input_names, columns, found.least_row)
                    return self._refuted(number, found.least, at)
                if found.most > largest:
                    largest = found.most
                    place = exhaustive.at(scores.input_names, columns, found.row)
        except OutOfTimeError:
            return _late(answer)
        return self._judged(number, Distance(largest, "", largest), place)

    def _refuted(self, number: int, distance: float, place: str) -> Finding:
        """A score that is farther from its formula than stated."""
        assert self.wanted.bounds is not None
        text = f"{distance:.4g} off its formula at raw {place}"
        text += f", stated is {self.wanted.bounds[number]:.4g}"
        return Finding(self.wanted.scores.output_names[number], Verdict.COUNTEREXAMPLE, text)

    def _judged(self, number: int, distance: Distance, place: str = "") -> Finding:
        """What a bound says of an output.

        Args:
            number: of the score.
            distance: from its formula.
            place: an input at which it is as far, where all were run.
        """
        name, bound = self.wanted.scores.output_names[number], distance.bound
        late = f"{OUT_OF_TIME}, " if distance.late else ""
        if not bound < np.inf:
            why = f"{distance.node}: {late}it is not shown to be near a node of the scores"
            why = f"the formula is undefined at raw {place}" if place else why
            return Finding(name, Verdict.UNDECIDED, why)
        text = f"within {bound:.4g} of its formula" + (", for all inputs run" if place else "")
        if self.wanted.bounds is None:
            seen = "" if place else f", {distance.seen:.4g} at most in {_LIKE:,} vectors"
            return Finding(name, Verdict.PROVED, text + seen)
        stated = self.wanted.bounds[number]
        if bound <= stated:
            return Finding(name, Verdict.PROVED, f"{text}, stated is {stated:.4g}")
        node = f"at raw {place}" if place else distance.node
        why = f"{node}: {late}only shown {text}, stated is {stated:.4g}"
        return Finding(name, Verdict.UNDECIDED, why)


def _late(answer: Finding) -> Finding:
    """An answer for which not all inputs could be run."""
    reason = answer.reason
    if OUT_OF_TIME not in reason:
        reason = f"{reason}; {OUT_OF_TIME} before all inputs were run"
    return Finding(answer.subject, answer.verdict, reason)
