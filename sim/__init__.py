"""Generated designs run and measured: g++, Verilator under cocotb, Yosys, nextpnr, Vitis."""
