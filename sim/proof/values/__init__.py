"""Values for the proofs: integers, ranges and intervals of reals, apart from the compiler's."""
