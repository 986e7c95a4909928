"""The fixed-point graph, its formats and its schedule: what every other stage reads and returns."""
