"""Forms of ports: a flat vector with valid lines, and AXI4-Stream, in every emitted language."""
