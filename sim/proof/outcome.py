"""What a proof found: of single nodes and outputs, and in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Verdict(Enum):
    """The answer of a proof."""

    PROVED = "proved"
    COUNTEREXAMPLE = "counterexample"
    UNDECIDED = "not decided"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one node, output or property.

    Attributes:
        subject: the node as the Verilog names it, an output, or the property.
        verdict: the answer.
        reason: by what it was decided, or why it was not; a counterexample's values.
    """

    subject: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof.

    Attributes:
        claim: what is to be shown.
        findings: the answers, one for each part of the claim.
        seconds: processor time, that of the tools included.
    """

    claim: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """Proved where every part is; a counterexample where one part has one."""
        return combined(f.verdict for f in self.findings)

    @property
    def open(self) -> tuple[Finding, ...]:
        """The parts that are not proved."""
        return tuple(f for f in self.findings if f.verdict is not Verdict.PROVED)

    def __str__(self) -> str:
        done = len(self.findings) - len(self.open)
        parts = f"{done} of {len(self.findings)} parts"
        return f"{self.claim}: {self.verdict.value}, {parts}, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Simulated:
    """All inputs of a design, run in Verilator and compared with what is specified.

    Attributes:
        inputs: how many there are within the ranges of the ports.
        bits: of all inputs together.
        fault: the first output that differs, at which input, in words; empty where none does. No
            more inputs are run then.
        seconds: processor time, that of the tools included.
    """

    inputs: int
    bits: int
    fault: str
    seconds: float

    def __str__(self) -> str:
        whole = self.inputs == 1 << self.bits
        which = f"2^{self.bits} inputs" if whole else f"{self.inputs:,} inputs within their ranges"
        if self.fault:
            return f"simulating all {which}: {Verdict.COUNTEREXAMPLE.value}: {self.fault}"
        return f"all {which} simulated: outputs as specified, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of one design, and what a simulation of all inputs has shown.

    Attributes:
        design: its name.
        steps: in the order in which they build on each other.
        simulated: where the inputs are few enough; it proves no step.
    """

    design: str
    steps: tuple[Step, ...]
    simulated: Simulated | None = None

    @property
    def verdict(self) -> Verdict:
        """Proved where every step is; a counterexample where one step or the simulation has one."""
        if self.simulated and self.simulated.fault:
            return Verdict.COUNTEREXAMPLE
        return combined(step.verdict for step in self.steps)

    @property
    def seconds(self) -> float:
        """Processor time of all steps, without the simulation."""
        return sum(step.seconds for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """Plain values, by attribute name, and the verdicts; without a simulation nothing of it."""
        steps = [
            {
                "claim": step.claim,
                "verdict": step.verdict.value,
                "seconds": step.seconds,
                "findings": [{**asdict(f), "verdict": f.verdict.value} for f in step.findings],
            }
            for step in self.steps
        ]
        verdict, seconds = self.verdict.value, self.seconds
        made = {"design": self.design, "verdict": verdict, "seconds": seconds, "steps": steps}
        return made | ({"simulated": asdict(self.simulated)} if self.simulated else {})

    def lines(self, most: int = 10) -> list[str]:
        """The answer, each step, bounds, and parts that are not proved, up to `most` a step.

        Then what was simulated, if anything was.
        """
        lines = [f"{self.design}: {self.verdict.value}, {self.seconds:.1f} s"]
        for step in self.steps:
            lines.append(f"  {step}")
            lines += [f"    {f.subject}: {f.verdict.value}: {f.reason}" for f in step.open[:most]]
            if len(step.open) > most:
                lines.append(f"    and {len(step.open) - most} more")
            lines += [
                f"    {f.subject}: {f.reason}"
                for f in step.findings
                if f.reason.startswith("within")
            ]
        return [*lines, f"  {self.simulated}"] if self.simulated else lines


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of many: a counterexample counts first, then what was not decided."""
    found: Sequence[Verdict] = list(verdicts)
    for verdict in (Verdict.COUNTEREXAMPLE, Verdict.UNDECIDED):
        if verdict in found:
            return verdict
    return Verdict.PROVED
