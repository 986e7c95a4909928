// The best inner loops that this CPU runs; a test can choose lesser ones.
#pragma once
#include <string>
#include <vector>

#include "simd/loops.hpp"

namespace symtick {

const LoopTable& simd_loops();
std::vector<std::string> isa_levels();     // those that this CPU runs, worst first
void choose_isa(const std::string& name);  // throws std::invalid_argument

}  // namespace symtick
