"""Defaults that more than one stage has: the target, and how rows are treated.

Defaults of the search are those of its settings classes (`symtick.search.distill.settings`).
"""

DEVICE = "open"
CLOCK_MHZ = 200.0
TERM_FRAC = 6  # bits after the point of an output's terms
DIVISION = "auto"
SCHEDULER = "registers"  # the fewest of them
INPUT_FORMAT = "fixed<6,1>"  # of features scaled to [-1, 1)
SLICE = 6  # bits that a design reads of an input word
TAIL = 0.001  # quantile of the training rows at which a feature saturates
VECTORS = 10_000  # of `symtick verify`, for each design
MOST_VECTORS = 10_000_000
PROOF_SECONDS = 60.0  # of `symtick verify --prove`, for each design
TEST = 0.2  # share of the rows
VALIDATION = 0.2  # share of the training rows
