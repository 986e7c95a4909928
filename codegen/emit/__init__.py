"""Design to text: HLS C++, Verilog, and the projects around them."""
