"""The compiler: expression to fixed-point graph, passes, schedule and firmware text."""

from symtick.codegen.compile import ScoreGraph, compile_expression, lowered_scores
from symtick.codegen.design import Design
from symtick.codegen.fastest import fastest_clock
from symtick.codegen.interface import PLAIN, Interface
from symtick.codegen.ir.fixed import (
    MAX_PORT_WIDTH,
    Fixed,
    Overflow,
    Quant,
    RawArray,
    StatedFormat,
    cast_raw,
    read_format,
)
from symtick.codegen.ir.graph import BIT, MAX_TABLE_BITS, WIRES, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.schedule import Area, CostModel, Schedule
from symtick.codegen.lowering.decision import SCORES, Decision
from symtick.codegen.lowering.lower import lower
from symtick.codegen.lowering.precision import TERM_FRACS, Precision
from symtick.codegen.lowering.slices import Slice
from symtick.codegen.passes.pipeline import PASSES, Pass, run_passes
from symtick.codegen.scheduling.scheduler import schedule
from symtick.codegen.tuning.row_values import Judge, Judged
from symtick.codegen.tuning.tuning import Tuning, TuningStep, tune_widths
from symtick.codegen.tuning.widths import Width

__all__ = [
    "BIT",
    "MAX_PORT_WIDTH",
    "MAX_TABLE_BITS",
    "PASSES",
    "PLAIN",
    "SCORES",
    "TERM_FRACS",
    "WIRES",
    "Area",
    "CostModel",
    "Decision",
    "Design",
    "Fixed",
    "GNode",
    "GOp",
    "Graph",
    "GraphBuilder",
    "Interface",
    "Judge",
    "Judged",
    "Overflow",
    "Pass",
    "Precision",
    "Quant",
    "RawArray",
    "Schedule",
    "ScoreGraph",
    "Slice",
    "StatedFormat",
    "Tuning",
    "TuningStep",
    "Width",
    "cast_raw",
    "compile_expression",
    "fastest_clock",
    "lower",
    "lowered_scores",
    "read_format",
    "run_passes",
    "schedule",
    "tune_widths",
]
