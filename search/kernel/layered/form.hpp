// Layered forms (search.layered.layers) and the rows that they learn from.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "layered/layers.hpp"

namespace symtick {

// Throws std::invalid_argument with the text unless it holds.
void expect(bool holds, const char* otherwise);

// Training rows in batches; a last, incomplete batch is left out.
class LayeredRows {
public:
    // first: place of each input's first code, and behind the last their number; code: value of
    // each code; places: of each row's code of each input, (rows x inputs); goal: what outputs
    // should be, (rows x outputs). Throws std::invalid_argument where they do not fit.
    LayeredRows(std::vector<std::int32_t> first, std::vector<float> code,
                std::vector<std::int32_t> places, const float* goal, std::size_t outputs,
                std::size_t batch);

    std::size_t batches() const { return places_.size() / (batch_ * inputs()); }
    std::size_t inputs() const { return first_.size() - 1; }
    std::size_t codes() const { return code_.size(); }
    std::size_t outputs() const { return outputs_; }
    std::size_t batch() const { return batch_; }
    const std::int32_t* first() const { return first_.data(); }
    const float* code() const { return code_.data(); }
    const std::int32_t* places(std::size_t number) const;
    const float* goal(std::size_t number) const;  // (outputs x goal_stride)
    std::size_t goal_stride() const { return stride_; }

private:
    std::vector<std::int32_t> first_;
    std::vector<float> code_;
    std::vector<std::int32_t> places_;
    std::vector<float> goal_;  // (batches x outputs x stride)
    std::size_t outputs_, batch_, stride_;
};

// What is minimised, and how the form computes.
struct LayeredGoal {
    LayeredLoss loss = LayeredLoss::CROSS_ENTROPY;
    double sharpness = 1, calibration = 0;  // of CHOICE
    std::vector<float> spread;              // of each output, the unit of alpha and bias
    double decay = 0;                       // of the squared hidden sums
    bool relative = false;  // the decay is a share of the loss of the batch before, if under 1
    std::optional<int> term_frac;  // bits after the point of an output's terms; none: real numbers
    int address_bits = 0;          // of a table on a hidden sum
};

enum LayeredParam : std::size_t { INNER_A, INNER_B, INNER_C, ALPHA, BETA, GAMMA, BIAS };
// a, b, c (inputs x sums); alpha, beta, gamma (sums x outputs); bias (outputs)
using LayeredParams = std::array<std::vector<float>, 7>;

// kind: InnerShape of each inner function, (inputs x sums); inner, outer: 1 where a summand is
// alive, (inputs x sums) and (sums x outputs)
struct LayeredForm {
    std::size_t inputs = 0, sums = 0, outputs = 0;
    std::vector<std::int8_t> kind;
    std::vector<float> inner, outer;
    LayeredParams params;

    void check() const;  // throws std::invalid_argument where sizes disagree
};

}  // namespace symtick
