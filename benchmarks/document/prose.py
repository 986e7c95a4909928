"""The text of docs/benchmarks.md: what is measured, and how; the figures come from the results."""

from __future__ import annotations

from collections.abc import Mapping

PROSE: Mapping[str, str] = {
    "head": """
# Benchmarks

`python -m benchmarks.tables` writes this page from the JSON in `benchmarks/results/`, so that every
figure is as measured. Each benchmark is one command, and its module says how it works. None is a
test: speed is never asserted. Published figures were obtained by others on other machines; recovery
rates can be compared, wall times only roughly.
""",
    "evaluation": """
## 1. Evaluation against pyoperon

`python -m benchmarks.evaluation` (`make bench`). Both get the same random trees and rows and one
thread; figures are medians over passes that alternate. A node-row is one node of a tree at one row.
""",
    "share": """
`bound` is the rate that the trees would reach if every operator ran at its own speed below and
nothing else took time; `share` is the best pass as a part of it. The limits were measured in the
same run: multiply-adds in registers, sums of arrays in the first cache, each operator alone over a
block.
""",
    "tree_cost": """
## 2. Cost of a tree

`python -m benchmarks.tree_cost`. Ticks and LUTs of random trees by the cost tables of the search,
computed in the kernel and by the compiler's graph and timing in Python; nanoseconds a tree, one
thread.
""",
    "recovery": """
## 3. Recovery

`python -m benchmarks.recovery`. A run gets the points, tokens and budget of the literature
(`benchmarks/search/problems.py`, with sources): 20 points for most problems, no constants for
Nguyen and Livermore. Seed 0 has exactly the points of the literature's own generator, which is
seeded by the name of the problem; other seeds draw other points from it, so that a deterministic
method is not counted ten times on one sample.

A run has recovered its law if an expression on its front is that law as a function; a good fit is
not enough. The expression must be written with the problem's tokens, have a mean squared error
below 1e-12 of the variance on noiseless test points that the search never sees, and agree with the
law to 1e-30 at 50 digits at 100 random points in the range and beyond it. SymPy then simplifies the
difference to zero; if it does not within 20 s, the agreement in many digits decides (the result
file has the rule for each run). If the problem has free constants, each found constant may change
by 1e-6 for that identity. The papers speak of exact equivalence too, but their code accepts a test
error below 1e-12, so this judge is stricter. A run ends when the judge accepts, and evaluations and
seconds are those until then; the literature's runs end the same way. Wall time is that of the
search alone, without the judge.

The method is `HybridConfig.symtick`: bidirectional enumeration first, which relies on data without
noise and solves most problems, then policy and evolution. Its settings were chosen on some of these
problems, as those of the published methods were, so the problems are not unseen ones. The ablation
shows the effect of each part.

A later version repeated 181 of the runs below that had recovered their law (seeds 0 to 2, but for
Neat-6 to 9 and two of R*): all recovered it again, each after the same number of evaluations.

Notes on the sets:
- Nguyen counts 12* (range [0, 10]) instead of 12, as the published averages do; 12 is listed apart.
- Livermore has the forms and numbers of Mundhenk et al. 2021 (arXiv:2111.00053). The same authors'
  benchmark table, which later work may have run, has other laws under the numbers 5, 14 and 16 and
  one more: these four are the set Livermore-d, outside the count.
- Neat-6 (the harmonic numbers) has no closed form, so it is never recovered; Neat-8 has constants
  (1.2, 2.5) that its tokens can only build from ratios.
- Policies and evolution write at most 30 tokens, as in the literature's first configurations;
  enumeration of both kinds 64, as in its later ones. Livermore-9 does not fit into 30.
- All points of R and R* are kept; the literature's generator refuses values from 100 on, which R*
  has.
""",
    "ablation": """
### Ablation

`python -m benchmarks.recovery --ablation --seeds 2 --evaluations 500000`: every method on the
Nguyen set (12*), with the same tokens, points, judge and budget. `rspg`, `vpg` and `pqt` are the
policy alone (`HybridConfig.petersen2021`) with one of the three trainers; `hybrid-published` is
`HybridConfig.mundhenk2021`; `hybrid` is ours, `hybrid-alone` ours without `closed-forms` before it,
`gp` that without the policy. `closed-forms` (bidirectional enumeration) and `enumeration` are
deterministic.
""",
    "empirical": """
## 4. EmpiricalBench

`python -m benchmarks.empirical`. The nine laws of Cranmer 2023 (arXiv:2305.01582), on the paper's
data: historical observations for four laws, the paper's generator with its seeds and noise for
five; the target is a logarithm where the paper takes one. Operators, absolute loss and largest size
(30 nodes) are those of the paper's PySR runs. The paper gave each method eight cores for an hour;
here a run has one core and a number of evaluations.

The paper read fronts by eye. Here a run counts as solved if an expression on its final front over
(loss, nodes) meets three conditions. It is the form of the law as an identity (1e-30 at 200 points)
for some values of the free constants. It has at least as many constants of its own. Its mean
absolute error is at most twice that of the form fitted by least squares. Numbers that belong to the
form, such as exponents, must be met to 1e-6. An expression that meets them within 5 % only, or fits
worse, is `almost`, which does not count. `read` is a second judge, for what people would take for
the law: the form for any values of the free constants, its own numbers within 0.1 %, however it
fits; a constant that is 1 need not be written. Three runs of Rydberg's formula are in it by a hair:
their two constants differ by 0.08 to 0.099 %.

PySR's row is not measured here: the paper's own fronts (github.com/MilesCranmer/pysr_paper,
benchmark/taken_results) are judged by both judges, with `--fronts FOLDER`. The paper reads 35 of
the 45 fronts as the law by eye, the same 35 as `read`. None of its runs has Planck's law or
Rydberg's formula. The columns of evaluations and seconds are empty, for its runs were not limited
by evaluations, and an hour on eight other cores does not compare.

Planck's law as the paper writes it, with log(exp(x) - 1), overflows double precision on the paper's
data, where x reaches thousands; x + log(1 - exp(-x)) is the same law and does not. Leavitt's law is
not on a good front here: c - log(P + d), which is as long, has a mean absolute error of 0.160 on
its data and the law 0.209. The shorter c - log(P) is `almost`, and read as the law.
""",
    "unseen": """
## 5. Laws and data that the search was not set up on

`python -m benchmarks.unseen` (extra `bench`). `SymbolicRegressor()` with its defaults, given only
the operators `+ - * / sqrt square exp log sin cos tanh`, on 40 laws drawn with a seed from those of
Udrescu and Tegmark 2020 (arXiv:1905.11481) that no other benchmark here holds: 1,000 rows, uniform
in the published ranges, Gaussian noise relative to the target's standard deviation. pyoperon fits
the same rows right after, with the same operators, for the seconds that symtick took, rounded up.
An offset of its formula below 1 % of the target's standard deviation, which it always tunes, is
left out before it is judged.

`law`: for some values of the printed constants, each within 1e-4 (noise 0) or the noise of its
printed value, the printed formula equals the law at 50 digits. `clean`: it also has at most four
tokens more than the law in the table, and no number of more than six digits. `SRBench`: numbers
rounded to three decimals, difference or quotient is a constant (La Cava et al. 2021,
arXiv:2107.14351). `R2` is of 1,000 further rows without noise. `collapsed` counts rows of fronts
that are not finite there, or farther from the mean than a hundred times the range of the targets.
Black boxes: four sets of scikit-learn, Friedman's function with noise, a random network and a sum
of steps, five splits each; R2 on test rows is a tie where it differs by 0.005 at most. `start` is
PySR's first example with noise of 0.1; `noise` has targets that are noise alone.

All rows are of one run with settings that were fixed before it, on a machine with much other work,
which lengthens the clock and, less, CPU seconds. A run before it with the same settings gave the
same formulas of ours, and 27 black boxes won, 5 tied and 3 lost: pyoperon's depend on its seconds.
Before that 23 were won, since a rule for poles refused steps such as tanh(1000/(x - 0.4)), which
was mended with `steps` in view. The choice of formulas, and functions of
products of shifted inputs, had come with the black boxes in view, too, and the end of a search at
twice as many passes as evaluations with the CPU seconds of one law (I.32.17). pyoperon chooses by
its description length. Without noise four laws were not found: Newton's law in nine coordinates
(I.9.18), a Lorentz transformation (I.15.3t), Rayleigh scattering near a resonance (I.32.17), the
mean energy of an oscillator (III.4.33). At noise of 0.1 three other laws (I.15.3x, I.48.2,
II.11.27) are given as other functions, with an R2 above 0.9996. No run took more than 8 CPU
seconds; the two slowest had eight and nine inputs.
""",
    "ticks": """
## 6. Ticks in the loop

`python -m benchmarks.ticks`. The same engine and budget, once with the ticks and LUTs of the device
in the loop and once with the usual node count, whose front is costed afterwards. Loss is the share
of the variance that is left on held-out rows. The hypervolume is a share of the box below the
reference; larger is better. `open` is the characterised device at 200 MHz with tables; `published`
are the published cycles of a VU9P for <16,6>, without LUTs. Sets: the scores of the jets teacher,
Friedman's functions, diabetes, a Gaussian.
""",
    "arithmetic": """
## 7. Arithmetic against da4ml and alkaid

`python -m benchmarks.arithmetic` (extras `bench` and `da`). Ten problems that all three can
express, on the same inputs; every design is first compared with Python integers. All are measured
by one recipe: LUTs by Yosys for UltraScale+ (a DSP counts as 173 LUTs, the ratio of their numbers
on a VU9P), the clock by nextpnr for an ECP5-85k of speed grade 8 with one seed, so that differences
of a few per cent in time are noise. Latency is stages times the shortest period; extra registers of
a library at its inputs are not counted. Each runs in the setting that is best by its own estimate
of LUT x latency: extra depth and cutoff of a library, and for ours the clock that it is compiled
for, 10 to 125 MHz for designs of one stage and 125 to 250 MHz pipelined. The cubics are functions
of one 6-bit input each, which our compiler turns into a table by itself.
""",
    "compiler": """
## 8. What each part of the compiler saves

`python -m benchmarks.compiler runs/scaled --designs d2 d12`, on a run of
`examples/jets/scaled.yaml`. Designs of the jets run are compiled in
full (`full`), with tuned widths besides (`tuned`), and with parts of the compiler left out.
`no shared constants` leaves products with constants to synthesis. `no fusion` makes no table of a
sub-expression: every function is a table on its own argument, with as few address bits as accuracy
allows, and the rest is arithmetic. `neither` leaves out both. `hls4ml` is hls4ml's symbolic back
end, equal to its C++ bit for bit: one ap_fixed<16,6>, functions as its LUTs of 1,024 samples, no
fusion; `results cut` also cuts every product and sum to that type, which is smaller. All go through
one scheduler and are measured by one recipe: LUT and FF by Yosys (UltraScale+, no DSP; with DSP
allowed in the columns after MHz), MHz by nextpnr (ECP5-85k, grade 8, no DSP), accuracy on test
rows. `vectors` is the number on which C++ and Verilog were compared. `-` was not measured; ticks
are then those of the schedule.

In the demo's designs every constant ends up in a table, so that there is none to share until tables
are left out. The type with 6 integer bits holds the constants and arguments of d2, d10, d12 and
d13; the other nine designs of this front wrap in it and lose their accuracy (d9: 64.3 % to 17.7 %).
""",
    "estimation": """
## 9. The estimate beside the tools

`python -m benchmarks.estimation`. Random expressions of 5 to 25 nodes over 2 to 6 inputs of 6 to 12
bits, with all operators and one to three outputs that are not all constant, are compiled for `open`
at 200 MHz (seed 2; areas and delays were fitted with seed 1 in view; missed clocks of seed 2 were
looked at too, before the timing weight of the placement was chosen, and its first 50 expressions
before the rule for narrow tables was; the figures are of the model before that rule). Errors are
the magnitude of (estimate - measured) / measured. LUTs and flip-flops are Yosys's for UltraScale+
without DSPs, ticks are the registers on every path from an input to an output of the netlist, and
the clock is that of an ECP5-85k, grade 8, placed and routed. If the first seed of the placement
misses the clock, two more are tried, as one does to close a design.
""",
    "front_estimates": """
## 10. The estimate on designs of real fronts

`python -m benchmarks.front_estimates`. Short distillations at input formats of 4 to 12 bits, for
`open` at 200 MHz: labels of a random smooth function of 12 features (3 classes) and of 6 features
(2 classes), and the jets example. Of each front at most four designs, from the smallest to the
largest in even steps. Errors are (estimate - measured) / measured of the LUTs, measured by Yosys
for UltraScale+ without DSPs; the bias is their median with sign. Factors of tables were fitted to
fronts of the two made tasks with other seeds; the rules for sums, columns in them and resets were
made with netlists of designs of these three tasks in view. The aims are a median error of 10 %, a
90th percentile of 20 % and a bias of 3 % for each width.

All rows are of the present model. Fronts of 4, 5, 6 and 8 bits were searched with the model before
its rules for saturation, those of 7, 10 and 12 bits with an older one, and compiled again without
two designs whose tuned widths do not fit any more; the rules for saturation leave all of these
designs as they were, and change estimates alone. They were measured on graphs of their own, after
two designs of 12 bits had shown that they were missing (19 LUTs for 11, 13 for 9; now 12 and 8).
Median and 90th percentile are within their aims at each width. At 12 bits there are few designs,
three of them of about ten LUTs and two of none. The bias is beyond its aim of 3 % at 5, 7 and
10 bits, by 1.1 % at most.
""",
    "products": """
## 11. Products at trigger clocks

`python -m benchmarks.products`. Products of two signed signals, and squares, compiled for a device
with DSP blocks at 200 and 360 MHz: the estimate beside Yosys (UltraScale+, DSPs allowed). A block
is taken where it is sooner ready or cheaper than LUTs, with 173 LUTs for a block. At 360 MHz it has
a tick to itself, between registers of the factors and of the product. Yosys packs those into the
blocks of the 7 series; of UltraScale+ it leaves them outside, where the estimate counts them too.
Products wider than a block are cut into blocks only where they are longer than a tick. The estimate
is short where four rows of digits follow one another in one tick (8 x 8 at 200 MHz), and of the
sums that Yosys makes around several blocks of one product.
Squares of up to 12 bits are tables.
""",
    "joint": """
## 12. Parts of a distillation

`python -m benchmarks.distilling.joint`. One start of a job's search on
three tasks: the scores of a jets teacher on features of six bits, four scores made of products,
waves and maxima, and q/pT of the muon example. `hybrid` is what a job does: joint models with
terms from policy and evolution, and three designs of the front shortened. `gp` and `policy` take
terms from one of the two, with as many evaluations; in `unshared` one output reads a term;
`unshortened` leaves formulas as they are found; `layered` has two layered starts in place of the
joint model. Share: of a box over error, ticks, and the logarithms of LUTs and nodes, that the
front dominates; larger is better.
""",
    "defaults": """
## 13. Jobs with default settings

`python -m benchmarks.distilling.defaults`. Whole jobs as a user would write them; the two with a
star were not looked at when the defaults were chosen. `units` is twelve features between 1e-9 and
1e6 and three classes, `cells` the energy of a shower from nine calorimeter cells that saturate,
`cytology` 30 features of 569 samples, `digits` 64 pixels and ten classes of 1,797 samples. A share
is of the network's accuracy on test rows; of a regression the network's RMSE over the design's. For
each share of the validation rows the smallest design that reaches it, then the best. LUTs are those
of the whole block by the cost model. The RMSE is in units of the target's spread. Gradient boosting
is scikit-learn's, with its defaults. Other work ran on the same cores; processor times are those of
the moment.
""",
}
