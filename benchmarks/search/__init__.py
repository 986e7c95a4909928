"""Problems, judges and methods of the benchmarks of the search."""
