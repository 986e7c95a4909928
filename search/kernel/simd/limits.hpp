// What one core of this machine can do at the chosen ISA level, measured: the figures that the
// evaluation's speed is held against.
#pragma once
#include <array>

#include "core/ops.hpp"

namespace symtick {

struct MachineLimits {
    // multiply-adds per second, of independent vectors in registers
    double multiply_adds32 = 0, multiply_adds64 = 0;
    // rows per second of d = a + b over arrays in the first cache: two loads and a store each
    double sums32 = 0, sums64 = 0;
    // rows per second of each operator alone over one block of arguments in [0.5, 2]
    std::array<double, OP_COUNT> operators32{}, operators64{};
};

// the best of `tries` measurements of about `seconds` each
MachineLimits machine_limits(int tries, double seconds);

}  // namespace symtick
