"""The words of docs/benchmarks.md: what is measured, and how; the figures come from the results."""

from __future__ import annotations

from collections.abc import Mapping

PROSE: Mapping[str, str] = {
    "head": """
# Benchmarks

Written by `python -m benchmarks.tables` from the JSON in `benchmarks/results/`, so every figure is
as measured; each benchmark is one command and says in its module how it works. None is a test:
speed is never asserted. Published figures were obtained by others on other machines; recovery rates
compare, wall times only roughly.
""",
    "evaluation": """
## 1. Evaluation against pyoperon

`python -m benchmarks.evaluation` (`make bench`). The same random trees and rows for both, one
thread, medians over passes that alternate. A node-row is one node of a tree at one row.
""",
    "share": """
`bound` is what the trees would reach if every operator ran at its own speed below and nothing else
took time; `share` is the best pass as a part of it. The limits were measured in the same run:
multiply-adds in registers, sums of arrays in the first cache, each operator alone over a block.
""",
    "tree_cost": """
## 2. Cost of a tree

`python -m benchmarks.tree_cost`. Ticks and LUTs of random trees by the search's cost tables, in the
kernel and by the compiler's graph and timing in Python; nanoseconds a tree, one thread.
""",
    "recovery": """
## 3. Recovery

`python -m benchmarks.recovery`. A run gets the points, tokens and budget of the literature
(`benchmarks/problems.py`, with sources): 20 points for most problems, no constants for Nguyen and
Livermore. Seed 0 has the very points of the literature's own generator, which is seeded by the
problem's name; other seeds draw others from it, so that a method without chance is not counted ten
times on one sample.

A run has recovered its law only if an expression on its front is that law as a function, not if it
fits. It must be written with the problem's tokens, have a mean squared error below 1e-12 of the
variance on noiseless test points that the search never sees, and agree with the law to 1e-30 at 50
digits at 100 random points in the range and beyond it; SymPy then simplifies the difference to zero
or, where it does not within 20 s, the many digits stand alone (the result file has the rule for
each run). Where the problem has free constants, each of the found ones may change by 1e-6 for that
identity. The literature's papers speak of exact equivalence too; its code takes a test error below
1e-12 for it, so ours is the stricter judge. A run ends when the judge says yes, so evaluations and
seconds are those until then; the literature's runs end the same way. Wall time is the search's
alone, without the judge.

The method is `HybridConfig.symtick`: closed forms first, met from both ends of the target, which
rely on data without noise and do most of this; then policy and evolution. Its settings were chosen
on some of these very problems, as the published methods' were, so the figures are not of unseen
ones. The ablation says what each part does.

Notes on the sets:
- Nguyen counts 12* (range [0, 10]) instead of 12, as the published averages do; 12 stands apart.
- Livermore has the forms and numbers of Mundhenk et al. 2021 (arXiv:2111.00053). The same authors'
  benchmark table, which later work may have run, has other laws under the numbers 5, 14 and 16 and
  one more: these four are the set Livermore-d, outside the count.
- Neat-6 (the harmonic numbers) has no closed form, so it is never recovered; Neat-8 has constants
  (1.2, 2.5) that its tokens can only build from ratios.
- Policies and evolution write at most 30 tokens, as the literature's first configurations; closed
  forms and enumeration 64, as its later ones. Livermore-9 does not fit into 30.
- Points of R and R* are all kept; the literature's generator refuses values from 100 on, which R*
  has.
""",
    "ablation": """
### Ablation

`python -m benchmarks.recovery --ablation --seeds 2 --evaluations 500000`: every method on the
Nguyen set (12*), with the same tokens, points, judge and budget. `rspg`, `vpg` and `pqt` are the
policy alone (`HybridConfig.petersen2021`) with one of the three trainers; `hybrid-published` is
`HybridConfig.mundhenk2021`; `hybrid` is ours, `hybrid-alone` ours without the closed forms, `gp`
ours without closed forms and policy; `closed-forms` and `enumeration` search without chance.
""",
    "empirical": """
## 4. EmpiricalBench

`python -m benchmarks.empirical`. The nine laws of Cranmer 2023 (arXiv:2305.01582), on the paper's
data: historical observations for four, for five the paper's generator with its seeds and noise; the
logarithm of the target where the paper takes it. Operators, absolute loss and largest size (30
nodes) are those of the paper's PySR runs; the paper gave each method eight cores for an hour, here
a run is one core and a number of evaluations.

The paper read fronts by eye. Here a run counts as solved only if an expression on its final front
over (loss, nodes) is the law's form as an identity (1e-30 at 200 points) for some values of its
free constants, has at least as many constants of its own, and a mean absolute error at most twice
that of the form fitted by least squares; numbers that belong to the form, such as the exponents,
must be met to 1e-6. With those within 5 %, or a worse fit, it is `almost`, which does not count.

Planck's law as the paper writes it, with log(exp(x) - 1), overflows double precision on the paper's
data, where x reaches thousands; x + log(1 - exp(-x)) is the same law and does not. Leavitt's law
cannot stand on a good front here: c - log(P + d), which is as long, has a mean absolute error of
0.160 on its data and the law 0.209, and the shorter c - log(P) is counted as almost.
""",
    "ticks": """
## 5. Ticks in the loop

`python -m benchmarks.ticks`. The same engine and budget with the device's ticks and LUTs in the
loop and with the usual node count, whose front is costed afterwards. Loss is the share of the
variance that is left on held-out rows. The hypervolume is a share of the box below the reference;
larger is better. `open` is the characterised device at 200 MHz with tables; `published` are the
published cycles of a VU9P for <16,6>, without LUTs. Sets: the scores of the jets teacher,
Friedman's functions, diabetes, a Gaussian.
""",
    "arithmetic": """
## 6. Arithmetic against da4ml and alkaid

`python -m benchmarks.arithmetic` (extras `bench` and `da`). Ten problems that all three express, on
the same inputs; every design is first compared with Python integers. One recipe for all: LUTs by
Yosys for UltraScale+ (a DSP counts as 173 LUTs, as their numbers on a VU9P are), the clock by
nextpnr for an ECP5-85k of speed grade 8, one seed: differences of a few per cent in time are noise.
Latency is stages times the shortest period; a library's extra registers at its inputs are not
counted. Each runs in the setting that is best by its own estimate of LUT x latency: extra depth and
cutoff of a library, and for ours the clock that it is compiled for, 10 to 125 MHz where all must be
one stage and 125 to 250 MHz pipelined. The cubics are functions of one 6-bit input each, which our
compiler turns into a table by itself.
""",
    "compiler": """
## 7. What each part of the compiler saves

`python -m benchmarks.compiler runs/demo --designs d2 d12`. Designs of the jets run, compiled in
full (`full`), with tuned widths too (`tuned`), and with parts left out: `no shared constants`
leaves products with constants to synthesis; `no fusion` makes no table of a sub-expression (every
function is a table on its own argument, with as few address bits as accuracy allows, the rest
arithmetic);
`neither` leaves out both. `hls4ml` is the way of hls4ml's symbolic back end, equal to its C++ bit
for bit: one ap_fixed<16,6>, functions as its LUTs of 1,024 samples, no fusion; `results cut` also
cuts every product and sum to that type, which is smaller. All go through one scheduler and are
measured by one recipe: LUT and FF by Yosys (UltraScale+, no DSP; with DSP allowed in the columns
after MHz), MHz by nextpnr (ECP5-85k, grade 8, no DSP), accuracy on test rows, vectors those that
C++ and Verilog were compared on. `-` was not measured; ticks are then the schedule's.

In the demo's designs every constant ends up in a table, so there is none to share until tables are
left out. The type of 6 integer bits holds the constants and arguments of d2, d10, d12 and d13; the
other nine of this front wrap in it and lose their accuracy (d9: 64.3 % to 17.7 %).
""",
    "estimation": """
## 8. The estimate beside the tools

`python -m benchmarks.estimation`. Random expressions (seed 2; areas and delays were fitted with
seed 1 in view; clocks of seed 2 that were missed were looked at too, before the placement's timing
weight was chosen) of 5 to 25 nodes over 2 to 6 inputs of 6 to 12 bits, one to three outputs that
are not all constant, all operators, compiled for `open` at 200 MHz. Errors are (estimate -
measured) / measured in magnitude, LUTs and flip-flops by Yosys for UltraScale+ without DSPs; ticks
are the registers on every path from an input to an output of the netlist; the clock is that of an
ECP5-85k, grade 8, placed and routed: where the first seed of the placement misses it, two more are
tried, as one does to close a design.
""",
}
