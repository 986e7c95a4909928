"""A fuzzer of the compiler: random formulas, formats, schedules and ports, each model run."""
