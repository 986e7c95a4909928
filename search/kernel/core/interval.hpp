// The intervals of symtick.expr.Interval, with the same rounding and rules.
#pragma once
#include "core/ops.hpp"

namespace symtick {

struct Range {
    double lo, hi;
};

// false where the operator is undefined somewhere on its arguments
bool interval_of(std::uint8_t op, const Range& a, const Range& b, Range& out);
// of WHERE: a condition and the two values
Range choice_of(const Range& condition, const Range& yes, const Range& no);

// Interval of every node (postfix order). Returns tree.size(), or the first node that is undefined.
std::size_t intervals(const Tree& tree, const std::vector<Range>& inputs, std::vector<Range>& out);

// defined everywhere, and no value beyond +-limit
bool admissible(const Tree& tree, const std::vector<Range>& inputs, double limit,
                std::vector<Range>& scratch);

}  // namespace symtick
