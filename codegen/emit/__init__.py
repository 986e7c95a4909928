"""Design to text: HLS C++, Verilog, VHDL, and the projects around them."""
