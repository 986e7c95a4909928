// The inner loops of the policy's recurrent network, compiled once for each ISA level like
// loops.hpp's. Every lane is one sequence, and its figures do not depend on its place or on its
// neighbours, so that any division of the work gives the same samples.
#pragma once
#include <cstddef>

namespace symtick {

constexpr std::size_t kLaneGroup = 4;  // lanes that share a load of the weights
constexpr std::size_t kWide = 16;      // widths of all arrays are multiples of this

struct LstmTable {
    const char* name;
    // sums (lanes x outputs) += state (lanes x inputs) * weights (inputs x outputs); lanes is a
    // multiple of kLaneGroup, outputs of kWide
    void (*accumulate)(const float* weights, const float* state, float* sums, std::size_t inputs,
                       std::size_t outputs, std::size_t lanes);
    // gates (lanes x 4 units: input, forget, candidate, output) into c and h (lanes x units)
    void (*cell)(const float* gates, float* c, float* h, std::size_t units, std::size_t lanes);
    // logits (lanes x width; minus infinity for what must not be) become probabilities
    void (*softmax)(float* logits, float* entropy, std::size_t width, std::size_t lanes);
};

extern const LstmTable kLstmBaseline;
extern const LstmTable kLstmAvx2;
extern const LstmTable kLstmAvx512;

const LstmTable& lstm();  // of the level that dispatch.hpp chose

}  // namespace symtick
