"""Functions of one signal as tables, polynomials and digit recurrences, with error bounds."""
