"""Proofs by cuts: nodes of equal value are found by simulation, then proved from those below."""
