"""Problems and tables of the benchmarks of the compiler and the estimate."""
