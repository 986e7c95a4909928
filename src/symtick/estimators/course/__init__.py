"""The course of a fit as it is watched: live displays, lines, logs."""
