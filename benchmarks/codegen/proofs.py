"""Proofs of random designs, and faults that they find.

    python -m benchmarks.codegen.proofs

Random designs of inputs up to 12 bits (`random_designs.py`) are proved as `symtick verify
--prove` proves them. Then faults are put into the Verilog and into the graphs of some of them
(`mutants.py`). What a proof says of each:

- `counterexample`: found;
- `proved the same`: the change computes the same, and agrees with the design on all vectors, in
  Verilator or as a graph; `missed` where it does not;
- where the proof is not decided, or cannot read the text, the vectors decide: `vectors` where they
  differ, `refused` where Verilator takes the text for an error, else `open`.

Faults in C++ are put into designs with at most 2**14 inputs, all of which the bench runs: what it
does not find (`all inputs the same`) computes the same; what does not compile is `refused`.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.codegen.mutants import cpp_mutants, graph_mutants, verilog_mutants
from benchmarks.codegen.random_designs import draw
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
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


def _design(seed: int, number: int) -> tuple[Design, Specification]:
    """A random design, and what it is to compute."""
    device = model(DEVICE, CLOCK_MHZ)
    drawn, design = draw(seed, number, device)
    names = design.graph.output_names
    scores = lower(drawn.expression, drawn.formats, device, Precision(), names).graph
    return design, Specification(scores, drawn.formats, design.errors)


def proved(seed: int, number: int) -> list[Record]:
    """The proof of a random design."""
    design, wanted = _design(seed, number)
    with TemporaryDirectory() as place:
        source = Path(place) / f"{design.name}.v"
        write_text(source, verilog_files(design)[f"rtl/{design.name}.v"])
        return [_row(design, prove(design, wanted, source, Path(place) / design.name))]


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


def faults(seed: int, number: int, each: int) -> list[Record]:
    """Faults in the Verilog and in the graph of a design, `each` of both."""
    rows: list[Record] = []
    design, wanted = _design(seed, number)
    with TemporaryDirectory() as place:
        text = verilog_files(design)[f"rtl/{design.name}.v"]
        for kind, changed in islice(verilog_mutants(text, Random(number)), each):
            found = _in_verilog(design, changed, Path(place) / "work")
            rows.append({"design": design.name, "in": "verilog", "kind": kind, "found": found})
    for kind, graph in islice(graph_mutants(design.graph, Random(number)), each):
        found = _in_graph(design, replace(design, graph=graph), wanted)
        rows.append({"design": design.name, "in": "graph", "kind": kind, "found": found})
    return rows


def _in_verilog(design: Design, text: str, folder: Path) -> str:
    source = folder / "changed.v"
    write_text(source, text)
    try:
        step = verilog_equals_graph(design, source, folder / "proof", timeout=60.0)
        verdict = step.verdict
    except ToolError:
        verdict = Verdict.UNDECIDED
    if verdict is Verdict.COUNTEREXAMPLE:
        return str(verdict.value)
    raw = vectors.make(design, _VECTORS, 1)
    try:
        run = verilator.run(design, raw, folder / "run", source=source)
    except ToolError:
        return "refused" if verdict is Verdict.UNDECIDED else "proved, not simulated"
    same = not run.mismatches and (run.ambiguous or run.latency == design.schedule.latency)
    return _judged(verdict, same)


def _in_graph(design: Design, changed: Design, wanted: Specification) -> str:
    verdicts = {answer.verdict for answer in ScoreProof(changed, wanted).same()}
    if Verdict.COUNTEREXAMPLE in verdicts:
        return str(Verdict.COUNTEREXAMPLE.value)
    raw = vectors.make(design, 10 * _VECTORS, 2)
    same = bool((design.graph.evaluate(raw) == changed.graph.evaluate(raw)).all())
    return _judged(Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.PROVED, same)


def _judged(verdict: Verdict, same: bool) -> str:
    """What is known of a fault after the vectors."""
    if verdict is Verdict.PROVED:
        return "proved the same" if same else "missed"
    return "open" if same else "vectors"


def small(seed: int, count: int) -> list[int]:
    """The numbers of the first designs of which the bench runs all inputs."""
    drawn = (number for number in range(1 << 20) if vectors.is_exhaustive(_design(seed, number)[0]))
    return list(islice(drawn, count))


def cpp_faults(seed: int, number: int, each: int) -> list[Record]:
    """Faults in the C++ of a design of which the bench runs all inputs."""
    design, _ = _design(seed, number)
    texts = [hls_files(design)[f"firmware/{name}"] for name in (f"{design.name}.cpp", "defines.h")]
    raw = vectors.make(design, 0, 1)
    wanted = design.graph.evaluate(raw)
    cases, kinds = [], []
    with TemporaryDirectory() as place:
        mutants = cpp_mutants(texts[0], texts[1], Random(number))
        for k, (kind, body, types) in enumerate(islice(mutants, each)):
            name = f"{design.name}_m{k}"
            folder, changed = Path(place) / name, replace(design, name=name)
            write_project(changed, folder)
            write_text(folder / "firmware" / f"{name}.cpp", body.replace(design.name, name))
            renamed = types.replace(design.name, name).replace(design.name.upper(), name.upper())
            write_text(folder / "firmware" / "defines.h", renamed)
            cases.append(Case(changed, folder, raw, wanted, folder / "rtl" / f"{name}.v"))
            kinds.append(kind)
        outcomes = _in_cpp(cases)
    return [
        {"design": design.name, "in": "cpp", "kind": kind, "found": found}
        for kind, found in zip(kinds, outcomes, strict=True)
    ]


def _in_cpp(cases: Sequence[Case]) -> list[str]:
    """What the bench says of each changed project."""
    try:
        outputs = gpp.run_together(cases)
    except ToolError:
        if len(cases) == 1:
            return ["refused"]
        half = len(cases) // 2
        return _in_cpp(cases[:half]) + _in_cpp(cases[half:])
    pairs = zip(outputs, cases, strict=True)
    return ["all inputs the same" if (o == c.expected).all() else "counterexample"
            for o, c in pairs]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """Work on one random design: `proved`, `faults` or `cpp_faults`."""

    kind: str
    seed: int
    number: int
    each: int

    @property
    def key(self) -> Hashable:
        """All of it."""
        return self.kind, self.seed, self.number, self.each


def worked(task: Task) -> Record:
    """The rows of a task, and what they took."""
    before = _cpu_seconds()
    if task.kind == "proved":
        rows = proved(task.seed, task.number)
    else:
        put_in = faults if task.kind == "faults" else cpp_faults
        rows = put_in(task.seed, task.number, task.each)
    return {**asdict(task), "rows": rows, "cpu_seconds": _cpu_seconds() - before}


def _cpu_seconds() -> float:
    """CPU time of this process and of all that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _shown(record: Record) -> None:
    seen = Counter(row.get("found") or row["verdict"] for row in record["rows"])
    say(f"{record['kind']} {record['number']}: {dict(seen)}, {record['cpu_seconds']:.0f} CPU s")


def main() -> None:
    """Prove, put in faults, and write both to results/proofs.json; a stopped run goes on."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--designs", type=int, default=100)
    parser.add_argument("--faulty", type=int, default=20, help="designs that faults are put into")
    parser.add_argument("--each", type=int, default=25, help="faults in Verilog, graph and C++")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    seed, each = options.seed, options.each
    tasks = [Task("cpp_faults", seed, k, each) for k in small(seed, options.faulty)]
    tasks += [Task("faults", seed, k, each) for k in range(options.faulty)]
    tasks += [Task("proved", seed, k, 0) for k in range(options.designs)]
    log: Log[Task] = Log(
        LOGS / "proofs.jsonl", lambda row: (row["kind"], row["seed"], row["number"], row["each"])
    )
    records = run_all(tasks, worked, log, options.processes, _shown)
    rows = [row for r in records if r["kind"] == "proved" for row in r["rows"]]
    found = [row for r in records if r["kind"] != "proved" for row in r["rows"]]
    seconds = round(sum(r["cpu_seconds"] for r in records))
    result = {"machine": machine(), "seed": seed, "cpu_seconds": seconds, "proofs": rows,
              "faults": found}  # fmt: skip
    write_json(RESULTS / "proofs.json", result)
    say(str(Counter(row["verdict"] for row in rows)))
    say(str(Counter((row["in"], row["found"]) for row in found)))


if __name__ == "__main__":
    main()
