// The best of the enumerated functions for each cost.
#pragma once
#include "enumeration/enumerate.hpp"
#include "enumeration/offers.hpp"
#include "eval/fit.hpp"

namespace symtick {

struct FrontSettings {
    bool scaled = false;   // also scale * f + offset, where the vocabulary has what it takes
    std::size_t fits = 0;  // of the best functions of each level, where constants are to be tuned
    FitSettings fit;
};

// Offers every function of a table over the rows of `offers.screen()`. Returns the number of fits.
std::uint64_t offer_all(const FunctionTable& table, const FrontSettings& settings, Offers& offers);

}  // namespace symtick
