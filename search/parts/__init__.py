"""Laws from parts: sums and products of enumerated functions, fitted to data with noise."""
