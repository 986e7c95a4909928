// Constants that hardware can hold.
#pragma once
#include "eval/fit.hpp"

namespace symtick {

// Which numbers a constant may have: an integer below 2^bits times a power of two, or, where
// `fraction`, any multiple of 2^-bits.
struct ConstantGrid {
    int bits = 0;
    bool fraction = false;

    double step(double value) const;     // between the numbers around this one
    double nearest(double value) const;  // to even where two are equally near
};

struct RoundSettings {
    ConstantGrid grid;
    FitSettings refit;  // of those that are left, after each one
};

// Puts every parameter of the tree on the grid: one after another, always the one whose rounding
// harms least, and tunes those that are left again after each. Where it helps, a constant is then
// moved to a neighbour on the grid. The loss of the result; it may be infinite.
double round_constants(Tree& tree, const Data& data, const LossSpec& spec,
                       const RoundSettings& settings, Fitter& fitter, Evaluator& evaluator);

}  // namespace symtick
