"""Proofs: the emitted Verilog computes its graph, and the graph computes the formula."""

from symtick.sim.proof.outcome import Finding, Proof, Step, Verdict
from symtick.sim.proof.prove import Specification, prove

__all__ = ["Finding", "Proof", "Specification", "Step", "Verdict", "prove"]
