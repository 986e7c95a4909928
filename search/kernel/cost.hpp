// Room: search/kernel. Ticks and LUTs of one output, by the rules written down in
// symtick.hwcost.search_cost (whose scalar reference this must equal).
#pragma once
#include <array>

#include "program.hpp"

namespace symtick {

struct CostTable {
    double period = 1.0;
    bool chain = false, fuse = false;
    std::array<double, OP_COUNT> op_delay{}, op_lut{};
    double const_mul_delay = 0, const_mul_lut = 0;
    std::vector<double> table_delay, table_lut;  // one per input
};

struct Cost {
    int ticks = 0;
    double lut = 0;
};

Cost cost_of(const Tree& tree, const CostTable& table);

}  // namespace symtick
