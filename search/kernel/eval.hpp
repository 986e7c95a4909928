// Room: search/kernel. Values and losses of programs over a data set.
#pragma once
#include "data.hpp"
#include "program.hpp"

namespace symtick {

struct LossSpec {
    LossKind kind = MSE;
    double delta = 1.0;  // of Huber
};

// Reusable per thread.
class Evaluator {
public:
    // mean loss over the rows; +infinity where a value is not finite
    double loss32(const Tree& tree, const Data& data, const LossSpec& spec);
    double loss64(const Tree& tree, const Data& data, const LossSpec& spec);
    // out: data.rows numbers
    void values(const Tree& tree, const Data& data, float* out);
    void values(const Tree& tree, const Data& data, double* out);

private:
    Code<float> code32_;
    Code<double> code64_;
    Buffer<float> slots32_, out32_;
    Buffer<double> slots64_, out64_;
};

// The scalar reference: one row at a time with the C library's functions.
double value_scalar(const Tree& tree, const double* row, std::vector<double>& stack);


}  // namespace symtick

