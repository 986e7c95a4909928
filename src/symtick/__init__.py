"""symtick: trained networks to tiny expressions to FPGA firmware."""

__version__ = "0.1.0"
