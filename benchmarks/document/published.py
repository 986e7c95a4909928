"""Published figures that ours stand beside."""

from __future__ import annotations

# Recovery in per cent within 2 million evaluations, 100 runs a problem (NGGP, GEGL: as reported by
# their authors): arXiv:2509.15929, Table 1, Nguyen with 12*.
RECOVERY: dict[str, dict[str, float]] = {
    "DSR": {"Nguyen": 83.58, "Livermore": 30.41, "Jin": 70.33, "Nguyen-c": 100.0},
    "GEGL": {"Nguyen": 86.00, "Livermore": 56.36, "Jin": 95.67, "Nguyen-c": 100.0},
    "NGGP": {"Nguyen": 92.33, "Livermore": 71.09, "Jin": 100.0, "Nguyen-c": 100.0},
    "PySR": {"Nguyen": 74.41, "Livermore": 46.14, "Jin": 72.17, "Nguyen-c": 65.40},
    "MCTS": {"Nguyen": 93.25, "Livermore": 71.41, "Jin": 100.0, "Nguyen-c": 100.0},
}
# the same paper, Table 5: per cent, in the order DSR, GEGL, NGGP, PySR, MCTS
BY_PROBLEM: dict[str, tuple[int, int, int, int, int]] = {
    "Nguyen-1": (100, 100, 100, 100, 100),
    "Nguyen-2": (100, 100, 100, 98, 100),
    "Nguyen-3": (100, 100, 100, 70, 100),
    "Nguyen-4": (100, 100, 100, 2, 97),
    "Nguyen-5": (72, 92, 100, 89, 100),
    "Nguyen-6": (100, 100, 100, 100, 100),
    "Nguyen-7": (35, 48, 96, 35, 100),
    "Nguyen-8": (96, 100, 100, 99, 100),
    "Nguyen-9": (100, 100, 100, 100, 100),
    "Nguyen-10": (100, 92, 100, 100, 100),
    "Nguyen-11": (100, 100, 100, 100, 100),
    "Nguyen-12*": (0, 0, 12, 0, 22),
    "Livermore-1": (3, 100, 100, 100, 100),
    "Livermore-2": (87, 44, 100, 32, 95),
    "Livermore-3": (66, 100, 100, 97, 100),
    "Livermore-4": (76, 100, 100, 90, 100),
    "Livermore-5": (0, 0, 4, 30, 78),
    "Livermore-6": (97, 64, 88, 0, 19),
    "Livermore-7": (0, 0, 0, 0, 15),
    "Livermore-8": (0, 0, 0, 0, 22),
    "Livermore-9": (0, 12, 24, 0, 2),
    "Livermore-10": (0, 0, 24, 26, 35),
    "Livermore-11": (17, 92, 100, 92, 100),
    "Livermore-12": (61, 100, 100, 18, 91),
    "Livermore-13": (55, 84, 100, 100, 100),
    "Livermore-14": (0, 100, 100, 15, 100),
    "Livermore-15": (0, 96, 100, 74, 100),
    "Livermore-16": (4, 12, 92, 93, 72),
    "Livermore-17": (0, 4, 68, 72, 69),
    "Livermore-18": (0, 0, 56, 3, 29),
    "Livermore-19": (100, 100, 100, 88, 100),
    "Livermore-20": (98, 100, 100, 76, 100),
    "Livermore-21": (2, 64, 24, 0, 41),
    "Livermore-22": (3, 68, 84, 9, 100),
}
# the same paper, Table 6: mean seconds a run on one core over Nguyen with 12*
NGUYEN_SECONDS = {"NGGP": 265.54, "MCTS": 157.9}
# solved, almost and read of 9 x 5 runs of one hour on eight cores: the fronts of arXiv:2305.01582
# (github.com/MilesCranmer/pysr_paper at b306874, benchmark/taken_results), judged by
# `python -m benchmarks.empirical --fronts`; by eye the paper found 35, the same runs as `read`
EMPIRICAL = {"PySR": (30, 5, 35)}
EMPIRICAL_RUNS = 45
