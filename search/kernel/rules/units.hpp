// Dimension analysis of trees.
#pragma once
#include "rules/rules.hpp"

namespace symtick {

// Whether the units of a tree fit together and to the target. A free constant has any unit, and so
// has a literal zero in the body of a custom operator; its other literals are plain numbers.
bool keeps_units(const Tree& tree, const Rules& rules);

}  // namespace symtick
