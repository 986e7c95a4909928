"""The compiler's entry: an expression becomes a scheduled design."""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.design import Design, Domain, check_design_name, in_dsp, legal_name
from symtick.codegen.interface import PLAIN, Interface
from symtick.codegen.ir.arrival import fewest_ticks
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import Graph
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.lowering.analysis import input_bounds
from symtick.codegen.lowering.decision import SCORES, Decision, decided, stated
from symtick.codegen.lowering.lower import lower
from symtick.codegen.lowering.precision import Precision
from symtick.codegen.lowering.prepared import with_number_exponents
from symtick.codegen.lowering.slices import Slice, sliced
from symtick.codegen.passes.one_bit_factors import without_one_bit_factors
from symtick.codegen.passes.pipeline import PASSES, run_passes
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
    count = len(expression.outputs)
    names = tuple(output_names) if output_names else tuple(f"y{k}" for k in range(count))
    if len(names) != count:
        raise InputError(f"{count} outputs need as many names, not {len(names)}")
    _check_names(name, names, (*expression.inputs, *decision.ports(names)))
    # without registers there is no stage for an operation to fit in
    steps = PASSES if latency != 0 else tuple(step for step in PASSES if step.name != "split")
    expression = with_number_exponents(expression)
    lowered = lower(expression, formats, model, precision, names, ranges)
    graph = lowered.graph
    if widths:
        narrowed = run_passes(graph, model, steps)
        graph = with_widths(narrowed, widths, keep_ports=precision.output is not None)
    if slices:
        graph = sliced(graph, slices)
    graph = decided(graph, decision, model)
    passed = run_passes(graph, model, steps)
    # what was narrowed has gone through the passes before: they may save LUTs, not cost ticks
    late = bool(widths) and _is_later(passed, graph, model)
    graph = without_one_bit_factors(graph) if late else passed
    graph = stated(graph, decision, count)
    plan = planned(graph, model, latency, scheduler, max_ticks)
    return Design(
        name, expression, graph, plan, model.name, decision, names, lowered.units, tuple(slices),
        () if widths else lowered.errors, in_dsp(graph, model), interface,
        _domains(expression, formats, ranges, slices),
    )  # fmt: skip


def _domains(
    expression: Expression, formats: Sequence[Fixed], ranges: Sequence[Interval] | None,
    slices: Sequence[Slice],
) -> tuple[Domain, ...]:  # fmt: skip
    """What each port carries: any word where the expression reads slices of words."""
    if slices:
        return tuple(Domain(s.word, s.word.raw_min, s.word.raw_max) for s in slices)
    bounds = input_bounds(formats, ranges, expression.inputs)
    return tuple(Domain(fmt, *ends) for fmt, ends in zip(formats, bounds, strict=True))


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
