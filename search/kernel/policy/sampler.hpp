// Sequences drawn from an autoregressive policy (Petersen et al. 2021, arXiv:1912.04871): a
// recurrent network scores the tokens, the rules mask them, priors shift them.
#pragma once
#include <cstdint>
#include <vector>

#include "rules/rules.hpp"

namespace symtick {

// What the network reads before each token: four one-hot codes. Rows of `observe`, in order:
// parent, sibling, previous (tokens + 1 rows each, the first for "none") and the number of open
// slots (open_bins rows; the last one also for more).
struct PolicyWeights {
    std::size_t tokens = 0, units = 0, layers = 0, open_bins = 0;
    std::vector<float> observe;  // rows x 4 units; gates: input, forget, cell, output
    std::vector<std::vector<float>> recurrent;  // each layer: (below, self) units x 4 units
    std::vector<std::vector<float>> bias;       // each layer: 4 units
    std::vector<float> start_h, start_c;        // layers x units
    std::vector<float> out, out_bias;           // units x tokens; tokens

    std::size_t rows() const { return 3 * (tokens + 1) + open_bins; }
    void check() const;  // throws std::invalid_argument where sizes disagree
};

// Shifts of the logits (Landajuela et al. 2021, "Improving exploration in policy gradient search"):
// one for each token, and the soft length: before step `length`, -(t - length)^2 / (2 variance) to
// leaves that would end the expression, from there on the same to all operators.
struct PolicyPriors {
    std::vector<float> token;  // empty: none
    bool soft_length = false;
    double length = 0, variance = 0;
};

struct Samples {
    std::vector<Sequence> sequences;               // empty where no attempt kept the rules
    std::vector<double> log_probability, entropy;  // sums over the steps
    std::size_t attempts = 0;                      // sequences written, kept or not
};

// Sequence k comes from the random stream (seed, first + k) alone, so threads change nothing. Rules
// that the mask cannot see (units) are kept by drawing again, `tries` times at most.
Samples sample(const PolicyWeights& weights, const PolicyPriors& priors, const Rules& rules,
               std::size_t n, std::uint64_t seed, std::uint64_t first, std::size_t tries,
               int threads);

// What the network read and was allowed at each step of given sequences, (n, length) and
// (n, length, tokens): token numbers or -1, counts, and logit shifts with minus infinity for what
// must not stand there. `possible` is false for a sequence that the policy cannot write.
struct Observations {
    std::size_t length = 0;
    std::vector<std::int16_t> parent, sibling, previous, open;
    std::vector<float> shift;
    std::vector<std::uint8_t> possible;
};
Observations observations(const PolicyPriors& priors, const Rules& rules,
                          const std::vector<Sequence>& sequences);

}  // namespace symtick
