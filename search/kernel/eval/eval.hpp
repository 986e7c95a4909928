// Values and losses of programs over a data set.
#pragma once
#include <functional>

#include "core/data.hpp"
#include "core/program.hpp"

namespace symtick {

struct LossSpec {
    LossKind kind = MSE;
    double delta = 1.0;  // of Huber
    // of CUSTOM: the loss of data.rows predictions; called by any thread
    std::function<double(const double* prediction, const Data& data)> custom = {};
};

// spec.custom of these predictions; +infinity where one or the loss is not finite
double custom_loss(const LossSpec& spec, const double* prediction, const Data& data);
// what is reported for this weighted sum over the rows; +infinity where it is not finite
double reported(const LossSpec& spec, double sum, const Data& data);

// The straight line through a program that is best in least squares: y ~ scale * f + offset.
struct Scaling {
    double scale = 0.0, offset = 0.0;
    double loss = 0.0;  // its mean square; +infinity where a value is not finite
};

// Reusable per thread.
class Evaluator {
public:
    // loss over the rows; +infinity where a value is not finite. CUSTOM is always in double.
    double loss32(const Tree& tree, const Data& data, const LossSpec& spec);
    double loss64(const Tree& tree, const Data& data, const LossSpec& spec);
    // Keijzer, EuroGP 2003, LNCS 2610, 70
    Scaling scaling(const Tree& tree, const Data& data);
    // out: data.rows numbers
    void values(const Tree& tree, const Data& data, float* out);
    void values(const Tree& tree, const Data& data, double* out);
    // programs computed over the rows of a data set so far
    std::uint64_t passes() const { return passes_; }

private:
    std::uint64_t passes_ = 0;
    Code<float> code32_;
    Code<double> code64_;
    Buffer<float> slots32_, out32_;
    Buffer<double> slots64_, out64_, all_;

    double custom(const Tree& tree, const Data& data, const LossSpec& spec);
};

// The scalar reference: one row at a time with the C library's functions.
double value_scalar(const Tree& tree, const double* row, std::vector<double>& stack);

}  // namespace symtick
