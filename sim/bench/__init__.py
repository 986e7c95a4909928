"""Files that are copied beside a design for its cocotb simulation; they stand alone."""
