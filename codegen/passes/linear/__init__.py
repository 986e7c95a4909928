"""Constant products and sums as adder graphs (the CMVM problem)."""
