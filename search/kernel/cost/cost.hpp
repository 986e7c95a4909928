// Ticks and LUTs of one output, by the rules written down in symtick.hwcost.search_model.table. The
// compiler's cost of the graph that these build (symtick.hwcost.search_model.graph) must be the
// same.
#pragma once
#include <array>

#include "core/program.hpp"
#include "core/wide.hpp"

namespace symtick {

struct CostTable {
    double period = 0;
    bool chain = false, fuse = false;
    std::array<double, OP_COUNT> op_delay{}, op_lut{};
    int factor_bits = 0;  // significant bits of a constant factor, 1 to 48; with 1 all are shifts
    std::vector<double> table_delay, table_lut;  // one per input
};

struct Cost {
    int ticks = 0;
    double lut = 0;
};

// Of a tree that is a part of another one.
struct PartCost {
    Cost whole;
    Cost least;          // what it costs at least where a table above it takes in what it can
    bool table = false;  // a table on a signal of several inputs gives its value
};

// Tick in the upper half; below, the bits of the ns within it, which are never negative. So the
// later of two is the larger number.
using Arrival = Wide;

// A table made ready to cost many trees. Threads may share it. What is worked out here follows the
// fields at construction: to change one, make another.
class Costing : public CostTable {
public:
    Costing() : Costing(CostTable{}) {}
    Costing(const CostTable& table);

    struct OpStep {
        double delay = 0;
        std::uint64_t limit = 0;  // bits of the ns up to which it stays in the tick
        std::uint64_t rest = 0;   // bits of the ns in its last tick where it does not
        Arrival ticks = 0;        // whole ticks, or ticks before its last one
        double lut = 0;
    };
    struct InputTable {
        Arrival at = 0;
        double lut = 0;
    };

    std::array<OpStep, OP_COUNT> ops;
    std::vector<InputTable> tables;  // of each input; the first is of nothing
};

Cost cost_of(const Tree& tree, const Costing& costing);
PartCost part_cost_of(const Tree& tree, const Costing& costing);

}  // namespace symtick
