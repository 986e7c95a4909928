"""Proofs of random designs, and faults that they find.

    python -m benchmarks.codegen.proofs

Random designs of inputs up to 12 bits (`random_designs.py`) are proved as `symtick verify
--prove` proves them. Then faults are put into the Verilog and into the graphs of some of them
(`mutants.py`). A fault counts as found unless the proof says *proved*; where it says that,
the changed Verilog is simulated in Verilator, the changed graph evaluated, and it must agree with
the design on all vectors. Faults in C++ are put into designs with at most 2**14 inputs, all of
which the bench runs: what it does not find computes the same.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.codegen.mutants import cpp_mutants, graph_mutants, verilog_mutants
from benchmarks.codegen.random_designs import draw
from benchmarks.runs import RESULTS, Record, machine, say
from symtick.codegen import Design
from symtick.codegen.emit import vectors
from symtick.codegen.emit.hls import hls_files
from symtick.codegen.emit.project import write_project
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.lowering.lower import lower
from symtick.codegen.lowering.precision import Precision
from symtick.errors import ToolError
from symtick.files import write_json, write_text
from symtick.hwcost import model
from symtick.sim import gpp, verilator
from symtick.sim.case import Case
from symtick.sim.proof import Proof, Specification, Verdict, prove
from symtick.sim.proof.prove import ScoreProof
from symtick.sim.proof.rtl import verilog_equals_graph

DEVICE, CLOCK_MHZ = "open", 200.0
_VECTORS = 4000


def designs(seed: int, count: int) -> Iterator[tuple[Design, Specification]]:
    """Random designs, and what they are to compute."""
    device = model(DEVICE, CLOCK_MHZ)
    for number in range(count):
        drawn, design = draw(seed, number, device)
        names = design.graph.output_names
        scores = lower(drawn.expression, drawn.formats, device, Precision(), names).graph
        yield design, Specification(scores, drawn.formats, design.errors)


def proved(seed: int, count: int) -> list[Record]:
    """The proofs of random designs."""
    rows = []
    with TemporaryDirectory() as place:
        for design, wanted in designs(seed, count):
            source = Path(place) / f"{design.name}.v"
            write_text(source, verilog_files(design)[f"rtl/{design.name}.v"])
            proof = prove(design, wanted, source, Path(place) / design.name)
            rows.append(_row(design, proof))
            say(" ".join(proof.lines(1)[:1]))
    return rows


def _row(design: Design, proof: Proof) -> Record:
    return {
        "design": design.name,
        "nodes": len(design.graph.nodes),
        "bits": sum(fmt.width for fmt in design.graph.input_formats if fmt is not None),
        "verdict": proof.verdict.value,
        "seconds": proof.seconds,
        "steps": [step.verdict.value for step in proof.steps],
        "open": [[f.subject, f.reason] for step in proof.steps for f in step.open][:5],
    }


def faults(seed: int, count: int, each: int) -> list[Record]:
    """Faults in the Verilog and in the graph of designs, `each` of both."""
    rows = []
    with TemporaryDirectory() as place:
        for number, (design, wanted) in enumerate(designs(seed, count)):
            text = verilog_files(design)[f"rtl/{design.name}.v"]
            for kind, changed in islice(verilog_mutants(text, Random(number)), each):
                found = _in_verilog(design, changed, Path(place) / "work")
                rows.append({"design": design.name, "in": "verilog", "kind": kind, "found": found})
            for kind, graph in islice(graph_mutants(design.graph, Random(number)), each):
                made = replace(design, graph=graph)
                rows.append({"design": design.name, "in": "graph", "kind": kind,
                             "found": _in_graph(design, made, wanted)})  # fmt: skip
            say(f"{design.name}: {Counter(row['found'] for row in rows)}")
    return rows


def _in_verilog(design: Design, text: str, folder: Path) -> str:
    source = folder / "changed.v"
    write_text(source, text)
    try:
        step = verilog_equals_graph(design, source, folder / "proof", timeout=60.0, search=0.0)
    except ToolError:
        return "unreadable"
    if step.verdict is not Verdict.PROVED:
        return str(step.verdict.value)
    raw = vectors.make(design, _VECTORS, 1)
    try:
        run = verilator.run(design, raw, folder / "run", source=source)
    except ToolError:
        return "proved, not simulated"
    same = not run.mismatches and (run.ambiguous or run.latency == design.schedule.latency)
    return "proved the same" if same else "missed"


def _in_graph(design: Design, changed: Design, wanted: Specification) -> str:
    answers = ScoreProof(changed, wanted).same()
    for verdict in (Verdict.COUNTEREXAMPLE, Verdict.UNDECIDED):
        if any(a.verdict is verdict for a in answers):
            return str(verdict.value)
    raw = vectors.make(design, 10 * _VECTORS, 2)
    same = (design.graph.evaluate(raw) == changed.graph.evaluate(raw)).all()
    return "proved the same" if same else "missed"


def cpp_faults(seed: int, count: int, each: int) -> list[Record]:
    """Faults in the C++ of designs of which the bench runs all inputs."""
    rows: list[Record] = []
    small = (d for d, _ in designs(seed, 1 << 20) if vectors.is_exhaustive(d))
    with TemporaryDirectory() as place:
        for number, design in enumerate(islice(small, count)):
            cases, kinds = [], []
            texts = [hls_files(design)[f"firmware/{name}"]
                     for name in (f"{design.name}.cpp", "defines.h")]  # fmt: skip
            mutants = cpp_mutants(texts[0], texts[1], Random(number))
            raw = vectors.make(design, 0, 1)
            for k, (kind, body, types) in enumerate(islice(mutants, each)):
                name = f"{design.name}_m{k}"
                folder = Path(place) / name
                write_project(replace(design, name=name), folder)
                renamed = [t.replace(f"{design.name}", name) for t in (body, types)]
                write_text(folder / "firmware" / f"{name}.cpp", renamed[0])
                upper = renamed[1].replace(design.name.upper(), name.upper())
                write_text(folder / "firmware" / "defines.h", upper)
                changed = replace(design, name=name)
                wanted = design.graph.evaluate(raw)
                cases.append(Case(changed, folder, raw, wanted, folder / "rtl" / f"{name}.v"))
                kinds.append(kind)
            for kind, found in zip(kinds, _in_cpp(cases), strict=True):
                rows.append({"design": design.name, "in": "cpp", "kind": kind, "found": found})
            say(f"{design.name}: {Counter(row['found'] for row in rows)}")
    return rows


def _in_cpp(cases: Sequence[Case]) -> list[str]:
    """What the bench says of each changed project."""
    try:
        outputs = gpp.run_together(cases)
    except ToolError:
        if len(cases) == 1:
            return ["does not compile"]
        half = len(cases) // 2
        return _in_cpp(cases[:half]) + _in_cpp(cases[half:])
    pairs = zip(outputs, cases, strict=True)
    return ["all inputs the same" if (o == c.expected).all() else "counterexample"
            for o, c in pairs]  # fmt: skip


def main() -> None:
    """Prove, put in faults, and write both to results/proofs.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--designs", type=int, default=100)
    parser.add_argument("--faulty", type=int, default=20, help="designs that faults are put into")
    parser.add_argument("--each", type=int, default=25, help="faults in Verilog, graph and C++")
    options = parser.parse_args()
    start = time.process_time()
    rows = proved(options.seed, options.designs)
    found = faults(options.seed, options.faulty, options.each)
    found += cpp_faults(options.seed, options.faulty, options.each)
    result = {"machine": machine(), "seconds": time.process_time() - start, "proofs": rows,
              "faults": found}  # fmt: skip
    write_json(RESULTS / "proofs.json", result)
    say(str(Counter(row["verdict"] for row in rows)))
    say(str(Counter((row["in"], row["found"]) for row in found)))


if __name__ == "__main__":
    main()
