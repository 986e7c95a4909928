// Derivatives with respect to the constants; see fit.hpp.
#include "eval/fit.hpp"

#include <algorithm>
#include <cstring>

#include "simd/dispatch.hpp"

namespace symtick {
void Fitter::prepare(const Tree& tree, const Data& data) {
    make_tape(tree, tape_);
    const std::size_t steps = tape_.steps.size(), columns = std::size_t(tape_.columns());
    values_.resize(steps * kGradBlock);
    adjoints_.resize(steps * kGradBlock);
    jac_.resize((columns + 1) * kGradBlock);
    r_.resize(kGradBlock);
    w_.resize(kGradBlock);
    if (!ones_.get()) {
        ones_.resize(kGradBlock);
        std::fill_n(ones_.get(), kGradBlock, 1.0);
    }
    adjoint_.resize(steps);
    column_.resize(columns + 1);
    block_ = {tape_.steps.data(),
              int(steps),
              tape_.consts.data(),
              int(columns),
              data.x64.get(),
              data.stride,
              0,
              0,
              values_.get(),
              adjoints_.get(),
              jac_.get(),
              ones_.get(),
              ones_.get(),
              adjoint_.data(),
              column_.data()};
}

void Fitter::set(const std::vector<double>& parameters) {
    std::copy(parameters.begin(), parameters.end(), tape_.consts.begin());
    tape_.spread();
}

// values of a block of rows; tape_.consts are the constants
const double* Fitter::forward(const Data& data, std::size_t row0) {
    block_.row0 = row0;
    block_.rows = std::min(kGradBlock, (data.rows - row0 + 15) / 16 * 16);
    simd_loops().forward(block_);
    return values_.get() + (tape_.steps.size() - 1) * kGradBlock;
}

// column_ of each parameter for the block of the last forward
void Fitter::backward(const double* seed) {
    block_.seed = seed;
    simd_loops().backward(block_);
    const double** from = column_.data() + tape_.parameters;
    for (std::int32_t owner : tape_.copies) {
        double* to = jac_.get() + std::size_t(owner) * kGradBlock;
        const double *a = column_[std::size_t(owner)], *b = *from++;
        for (std::size_t k = 0; k < block_.rows; ++k) to[k] = a[k] + b[k];
        column_[std::size_t(owner)] = to;
    }
}

void Fitter::jacobian(const Tree& tree, const Data& data, double* values, double* jac) {
    prepare(tree, data);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const double* out = forward(data, row0);
        const std::size_t kept = std::min(block_.rows, data.rows - row0);
        std::memcpy(values + row0, out, kept * sizeof(double));
        backward(ones_.get());
        for (std::size_t c = 0; c < std::size_t(tape_.parameters); ++c)
            std::memcpy(jac + c * data.rows + row0, column_[c], kept * sizeof(double));
    }
}

void Fitter::vjp(const Tree& tree, const Data& data, const double* seed, double* values,
                 double* grad) {
    prepare(tree, data);
    const std::size_t m = std::size_t(tape_.parameters);
    std::fill_n(grad, m, 0.0);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const double* out = forward(data, row0);
        const std::size_t kept = std::min(block_.rows, data.rows - row0);
        std::memcpy(values + row0, out, kept * sizeof(double));
        std::copy_n(seed + row0, kept, w_.get());
        std::fill(w_.get() + kept, w_.get() + block_.rows, 0.0);
        backward(w_.get());
        for (std::size_t c = 0; c < m; ++c)
            grad[c] += simd_loops().dot(column_[c], ones_.get(), block_.rows);
    }
}

}  // namespace symtick
