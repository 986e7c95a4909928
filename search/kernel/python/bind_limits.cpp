// Python: what one core can do.
#include "python/bind.hpp"
#include "simd/limits.hpp"

namespace symtick {
namespace {

nb::dict operators(const std::array<double, OP_COUNT>& rates) {
    nb::dict out;
    for (std::size_t op = ADD; op < OP_COUNT; ++op)
        if (built_in(op)) out[kOpNames[op]] = rates[op];
    return out;
}

nb::dict precision(double multiply_adds, double sums, const std::array<double, OP_COUNT>& rates) {
    nb::dict out;
    out["multiply_adds"] = multiply_adds;
    out["sums"] = sums;
    out["operators"] = operators(rates);
    return out;
}

nb::dict limits(int tries, double seconds) {
    if (tries < 1 || !(seconds > 0.0 && seconds <= 1.0))
        throw std::invalid_argument("limits need at least one try of 0 to 1 seconds");
    MachineLimits measured;
    {
        nb::gil_scoped_release release;
        measured = machine_limits(tries, seconds);
    }
    nb::dict out;
    out["float32"] = precision(measured.multiply_adds32, measured.sums32, measured.operators32);
    out["float64"] = precision(measured.multiply_adds64, measured.sums64, measured.operators64);
    return out;
}

}  // namespace

void bind_limits(nb::module_& m) {
    m.def("machine_limits", &limits, nb::arg("tries") = 30, nb::arg("seconds") = 0.0003,
          nb::sig("def machine_limits(tries: int = 30, seconds: float = 0.0003)"
                  " -> dict[str, dict[str, float | dict[str, float]]]"));
}

}  // namespace symtick
