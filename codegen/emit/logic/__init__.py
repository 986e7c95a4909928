"""The logic of nodes in no language, and its text in Verilog and in VHDL."""
