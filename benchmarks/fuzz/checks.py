"""The models of compiled cases against each other and against oracles without code in common.

- `compile`: a case compiles or is refused in words; no other exception leaves the compiler.
- `integers`: the graph's values are those of `sim.proof.values.integers`.
- `decision`: slices and decision give what their definitions say of the lowered scores.
- `formula`: every score is within the error that the design states of the printed formula, which
  mpmath evaluates at the exact inputs.
- `models`: C++, Verilog and VHDL give the graph's integers, at the scheduled latency.
- `icarus`: in a tenth of the cases the emitted test bench passes in Icarus Verilog.
- `sanitiser`: in another tenth the C++ gives the graph's integers when it is built by clang, where
  it is installed, with every warning an error and the sanitisers of addresses and of undefined
  behaviour.
- `bench`: in a hundredth the emitted C++ test bench passes, built in that way by g++.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.codegen.printed_formula import distances
from benchmarks.fuzz.cases import FuzzCase, formats
from symtick.codegen import Design
from symtick.codegen.emit import vectors
from symtick.codegen.emit.project import write_rtl
from symtick.codegen.lowering.lower import lower
from symtick.errors import SymtickError, ToolError
from symtick.expr import to_text
from symtick.hwcost import model
from symtick.sim import gpp, tools
from symtick.sim.case import Case
from symtick.sim.proof import exhaustive
from symtick.sim.verify import Subject, Verification, verify_together

_ROWS = 24  # on which a formula is evaluated
_ICARUS, _SANITISER, _BENCH = (10, 0), (10, 5), (100, 45)  # every so many, beginning with which
BY_TOOLS = ("models", "icarus", "sanitiser", "bench")
# AMD's headers shift negative values to the left, which C++ defines from its edition of 2020 on
_STRICT = (
    "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", "-fno-sanitize=shift-base",
    "-fno-sanitize-recover=all",
)  # fmt: skip
_BENCH_FLAGS = (
    "-std=c++14", "-O1", "-Wall", "-Wno-unknown-pragmas", "-Wno-uninitialized", *_STRICT,
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """What one case has shown: the check that it fails, and how."""

    check: str
    text: str


@dataclass
class Outcome:
    """What a batch has shown.

    Attributes:
        refused: how many cases were refused, by the kind of error.
        passed: how many compiled and passed all checks.
        vectors: on which the models were compared.
        failures: by case number.
    """

    refused: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    vectors: int = 0
    failures: dict[int, Failure] = field(default_factory=dict)


def checked(
    cases: Mapping[int, FuzzCase], count: int, folder: Path, by_tools: bool = True
) -> Outcome:
    """Compile cases and run every check on them.

    Args:
        cases: by number.
        count: vectors at least.
        folder: for the work of the tools; it is emptied.
        by_tools: whether to run what needs a tool, too.
    """
    outcome, designs = Outcome(), {}
    for number, case in cases.items():
        try:
            design = case.compiled(f"case_{number}")
            failure = _by_itself(case, design, count)
        except SymtickError as error:
            outcome.refused[type(error).__name__] += 1
            continue
        except Exception as error:
            failure = Failure("compile", repr(error))
        if failure is None:
            designs[number] = design
        else:
            outcome.failures[number] = failure
    shutil.rmtree(folder, ignore_errors=True)
    for number, result in _by_tools(designs if by_tools else {}, count, folder):
        if isinstance(result, Failure):
            outcome.failures[number] = result
        else:
            outcome.passed += 1
            outcome.vectors += result.vectors
    return outcome


def _by_itself(case: FuzzCase, design: Design, count: int) -> Failure | None:
    """What needs no tool."""
    raw = vectors.make(design, count, 0)
    columns = [raw[:, j] for j in range(raw.shape[1])]
    values = exhaustive.outputs(design.graph, columns)
    if (np.stack(values, axis=1) != design.graph.evaluate(raw)).any():
        return Failure("integers", "the graph's evaluation differs from sim.proof.values.integers")
    costs = model(case.device, case.clock_mhz)
    names, fmts = design.score_names, formats(case)
    lowered = lower(case.expression, fmts, costs, case.precision, names).graph
    wanted = exhaustive.decided(lowered, exhaustive.sliced(columns, design.slices), design.decision)
    made = exhaustive.same_units(design.graph, values, lowered, design.decision)
    for name, one, other in zip(design.graph.output_names, made, wanted, strict=True):
        if (one != other).any():
            row = int(np.argmax(np.broadcast_to(one != other, raw.shape[:1])))
            return Failure("decision", f"{name} differs from its definition at {raw[row].tolist()}")
    return _near_formula(case)


def _near_formula(case: FuzzCase) -> Failure | None:
    design = case.scores_alone.compiled("scores")
    raw, expression = vectors.make(design, _ROWS, 1), design.expression
    raw = raw[np.linspace(0, len(raw) - 1, _ROWS).astype(int)]
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    places = [f.frac for f in formats(case)]
    results = [f.frac for f in design.graph.output_formats]
    for row, out in zip(raw.tolist(), design.graph.evaluate(raw).tolist(), strict=True):
        inputs, outputs = zip(row, places, strict=True), zip(out, results, strict=True)
        found = distances(texts, expression.inputs, list(inputs), list(outputs))
        for k, (distance, error) in enumerate(zip(found, design.errors, strict=True)):
            if distance > error:
                far = f"{float(distance):.6g} off {texts[k]}, stated is {error:.6g}"
                return Failure("formula", f"at raw {row}: {out[k]} is {far}")
    return None


def _by_tools(
    designs: Mapping[int, Design], count: int, folder: Path
) -> Iterator[tuple[int, Failure | Verification]]:
    """The outcome of each design in the tools."""
    found: dict[int, Failure | Verification] = {}
    left = dict(designs)
    while left:
        numbers = list(left)
        subjects = [Subject.of(left[n], folder / left[n].name) for n in numbers]
        done: dict[int, Verification] = {}
        try:
            verify_together(subjects, count, 0, done.__setitem__)
        except ToolError as error:
            first = next(n for k, n in enumerate(numbers) if k not in done)
            found[first] = Failure("models", str(error))
        for k, seen in done.items():
            found[numbers[k]] = seen if seen.ok else Failure("models", str(seen))
        left = {n: d for n, d in left.items() if n not in found}
    good = {n: designs[n] for n, result in found.items() if isinstance(result, Verification)}
    failures = _in_other_tools(good, count, folder)
    yield from ((number, failures.get(number, result)) for number, result in found.items())


def _in_other_tools(designs: Mapping[int, Design], count: int, folder: Path) -> dict[int, Failure]:
    """What fails of the cases whose turn it is."""
    found = _sanitised([_case(d, count, folder) for d in _turn(designs, _SANITISER)])
    plain = {
        n: d for n, d in designs.items()
        if d.interface.kind == "plain" and not d.interface.enable and d.name not in found
    }  # fmt: skip
    if tools.available("iverilog"):
        found |= {d.name: f for d in _turn(plain, _ICARUS) if (f := _in_icarus(d, folder / d.name))}
    found |= {d.name: f for d in _turn(designs, _BENCH) if (f := _in_bench(folder / d.name))}
    return {n: found[d.name] for n, d in designs.items() if d.name in found}


def _turn(designs: Mapping[int, Design], share: tuple[int, int]) -> list[Design]:
    every, first = share
    return [design for number, design in designs.items() if number % every == first]


def _case(design: Design, count: int, folder: Path) -> Case:
    raw, place = vectors.make(design, count, 0), folder / design.name
    source = place / "rtl" / f"{design.name}.v"
    return Case(design, place, raw, design.graph.evaluate(raw), source)


def _sanitised(cases: Sequence[Case]) -> dict[str, Failure]:
    """What fails of cases that are compiled together; where it does not build, each alone."""
    try:
        compiler = "clang++" if tools.available("clang++") else "g++"
        outputs = gpp.run_together(cases, _STRICT, compiler)
    except ToolError as error:
        if len(cases) == 1:
            return {cases[0].design.name: Failure("sanitiser", str(error))}
        alone = [_sanitised([case]) for case in cases]
        return {name: failure for found in alone for name, failure in found.items()}
    return {
        case.design.name: Failure("sanitiser", "the C++ gives other integers")
        for case, found in zip(cases, outputs, strict=True)
        if (found != case.expected).any()
    }


def _in_icarus(design: Design, folder: Path) -> Failure | None:
    write_rtl(design, folder)
    files = [f"rtl/{design.name}.v", f"rtl/{design.name}_tb.v"]
    log = folder / "icarus.log"
    command = [*tools.find("iverilog").command, "-Wall", "-o", "icarus", *files]
    try:
        tools.execute(command, folder=folder, log=log)
        passed = "PASS" in tools.execute(["vvp", "-N", "icarus"], folder=folder, log=log)
    except ToolError as error:
        return Failure("icarus", str(error))
    return None if passed else Failure("icarus", log.read_text()[-500:])


def _in_bench(folder: Path) -> Failure | None:
    """The emitted C++ test bench, which reads the vectors beside it."""
    compiler, headers = tools.find("g++"), tools.find("hls4ml")
    sources = [*(folder / "firmware").glob("*.cpp"), *folder.glob("*_test.cpp")]
    command = [
        *compiler.command, *_BENCH_FLAGS, "-isystem", str(headers.path), "-I.", "-Icsim",
        *(str(path.relative_to(folder)) for path in sources), "-o", "strict",
    ]  # fmt: skip
    try:
        tools.execute(command, folder=folder, log=folder / "strict.log")
        tools.execute([folder.resolve() / "strict"], folder=folder, log=folder / "strict.log")
    except ToolError as error:
        return Failure("bench", str(error))
    return None
