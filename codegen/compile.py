"""The compiler's entry: an expression becomes a scheduled design.

It has two steps. `lowered_scores` gives the exact integers of the scores, which nothing later
changes; `ScoreGraph.design` reads words, decides, runs the passes and schedules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design, Domain, check_design_name, in_dsp, legal_name
from symtick.codegen.interface import PLAIN, Interface
from symtick.codegen.ir.arrival import fewest_ticks
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import Graph
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.lowering.analysis import input_bounds
from symtick.codegen.lowering.decision import SCORES, Decision, decided, stated
from symtick.codegen.lowering.function_units import FunctionUnit
from symtick.codegen.lowering.lower import lower
from symtick.codegen.lowering.precision import Precision
from symtick.codegen.lowering.prepared import with_number_exponents
from symtick.codegen.lowering.slices import Slice, sliced
from symtick.codegen.passes.one_bit_factors import without_one_bit_factors
from symtick.codegen.passes.pipeline import PASSES, Pass, run_passes
from symtick.codegen.scheduling.slice_registers import planned
from symtick.codegen.tuning.widths import Width, with_widths
from symtick.defaults import SCHEDULER
from symtick.errors import InputError
from symtick.expr import Expression, Interval


def compile_expression(
    expression: Expression,
    formats: Sequence[Fixed],
    model: CostModel,
    precision: Precision,
    *,
    name: str,
    output_names: Sequence[str] | None = None,
    ranges: Sequence[Interval] | None = None,
    latency: int | None = None,
    max_ticks: int | None = None,
    scheduler: str = SCHEDULER,
    decision: Decision = SCORES,
    widths: Sequence[Width] = (),
    slices: Sequence[Slice] = (),
    interface: Interface = PLAIN,
) -> Design:
    """An expression as an exact, scheduled fixed-point design.

    Args:
        expression: what to compute; its input names become port names.
        formats: format of each input, 1 to 48 bits.
        model: costs on a device at a clock.
        precision: how exactly to compute.
        name: top-level name, a C++ and Verilog identifier.
        output_names: port names; y0, y1, ... by default.
        ranges: real range of each input (the data's), cut to its format; narrower ranges make
            narrower signals. An input outside its range is outside the design's domain.
        latency: ticks; None is the fewest, or more where registers behind slices pay, 0
            combinational; more than the fewest are filled with registers.
        max_ticks: most ticks that registers behind slices may lead to (`slice_registers`).
        scheduler: `asap`, `alap` or `registers`, the fewest of them.
        decision: what to deliver of the outputs; by default themselves.
        widths: formats of single nodes of the design without them, without `decision` and without
            `slices`, by `tune_widths` or by hand.
        slices: for each input the word that its port carries, of which the expression reads a
            slice of its format; none where the ports carry the formats themselves.
        interface: the form of the ports; no form adds a tick.

    Raises:
        InputError: a name, or the number of formats, ranges or names, does not fit, a width is
            decided for no node, or the latency is no number of ticks.
        DomainError: an operator is undefined somewhere on the ranges.
        WidthError: a format is over the limit, or arithmetic grows over it.
        AccuracyError: no method computes a function as exactly as the precision asks.
        ResourceError: the clock or the latency cannot be met.
    """
    scores = lowered_scores(
        expression, formats, model, precision, output_names=output_names, ranges=ranges,
        widths=widths, split=latency != 0,
    )  # fmt: skip
    return scores.design(
        name, latency=latency, max_ticks=max_ticks, scheduler=scheduler, decision=decision,
        slices=slices, interface=interface,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ScoreGraph:
    """The scores of an expression in exact integers, before slices, decision, passes and schedule.

    Attributes:
        expression: what they compute, exponents as numbers.
        graph: delivers them; with stated widths it has been through the passes.
        units: how each function in it is computed.
        errors: for each score a bound on its distance from its real value; none with widths.
        model: costs on a device at a clock.
        domains: of each input, as the expression reads it.
        narrowed: whether widths of signals are stated.
    """

    expression: Expression
    graph: Graph
    units: tuple[FunctionUnit, ...]
    errors: tuple[float, ...]
    model: CostModel
    domains: tuple[Domain, ...]
    narrowed: bool

    def real_outputs(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The scores of raw inputs (rows, inputs), as reals (rows, scores); those of every design.

        Raises:
            InputError: the inputs are no integers of that shape, or outside their bounds.
        """
        return self.graph.real_outputs(raw)

    def design(
        self,
        name: str,
        *,
        latency: int | None = None,
        max_ticks: int | None = None,
        scheduler: str = SCHEDULER,
        decision: Decision = SCORES,
        slices: Sequence[Slice] = (),
        interface: Interface = PLAIN,
    ) -> Design:
        """The scheduled design; arguments and errors as of `compile_expression`."""
        graph, model, names = self.graph, self.model, self.graph.output_names
        _check_names(name, names, (*self.expression.inputs, *decision.ports(names)))
        if slices:
            graph = sliced(graph, slices)
        graph = decided(graph, decision, model)
        passed = run_passes(graph, model, _steps(split=latency != 0))
        # what was narrowed has gone through the passes before: they may save LUTs, not cost ticks
        late = self.narrowed and _is_later(passed, graph, model)
        graph = without_one_bit_factors(graph) if late else passed
        graph = stated(graph, decision, len(names))
        plan = planned(graph, model, latency, scheduler, max_ticks)
        words = tuple(Domain(s.word, s.word.raw_min, s.word.raw_max) for s in slices)
        return Design(
            name, self.expression, graph, plan, model.name, decision, names, self.units,
            tuple(slices), self.errors, in_dsp(graph, model), interface, words or self.domains,
        )  # fmt: skip


def lowered_scores(
    expression: Expression,
    formats: Sequence[Fixed],
    model: CostModel,
    precision: Precision,
    *,
    output_names: Sequence[str] | None = None,
    ranges: Sequence[Interval] | None = None,
    widths: Sequence[Width] = (),
    split: bool = True,
) -> ScoreGraph:
    """The scores of an expression in exact integers: what `compile_expression` begins with.

    Args:
        expression, formats, model, precision, output_names, ranges, widths: as of
            `compile_expression`; its errors too.
        split: whether operations may be taken apart at registers.
    """
    count = len(expression.outputs)
    names = tuple(output_names) if output_names else tuple(f"y{k}" for k in range(count))
    if len(names) != count:
        raise InputError(f"{count} outputs need as many names, not {len(names)}")
    expression = with_number_exponents(expression)
    lowered = lower(expression, formats, model, precision, names, ranges)
    graph = lowered.graph
    if widths:
        passed = run_passes(graph, model, _steps(split=split))
        graph = with_widths(passed, widths, keep_ports=precision.output is not None)
    bounds = input_bounds(formats, ranges, expression.inputs)
    domains = (Domain(fmt, *ends) for fmt, ends in zip(formats, bounds, strict=True))
    errors = () if widths else lowered.errors
    return ScoreGraph(expression, graph, lowered.units, errors, model, tuple(domains), bool(widths))


def _steps(*, split: bool) -> tuple[Pass, ...]:
    """The passes; without registers there is no stage for an operation to fit in."""
    return PASSES if split else tuple(step for step in PASSES if step.name != "split")


def _check_names(name: str, outputs: Sequence[str], ports: Sequence[str]) -> None:
    check_design_name(name)
    for word in outputs:
        legal_name(word)
    if len(set(ports)) < len(ports):
        raise InputError(f"port names must differ: {', '.join(ports)}")


def _is_later(graph: Graph, other: Graph, model: CostModel) -> bool:
    """Whether a graph takes more ticks than another."""
    ticks, least = (fewest_ticks(g, model) for g in (graph, other))
    return least is not None and (ticks is None or ticks > least)
