// Room: search/kernel. See fit.hpp; here the derivatives, in tune.cpp the tuning.
#include "fit.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"

namespace symtick {
namespace {

std::size_t block_rows(const Data& data, std::size_t row0) {
    return std::min(kGradBlock, (data.rows - row0 + 15) / 16 * 16);
}

}  // namespace

void Fitter::prepare(const Tree& tree) {
    make_tape(tree, tape_);
    values_.resize(tape_.steps.size() * kGradBlock);
    adjoints_.resize(tape_.steps.size() * kGradBlock);
    jac_.resize(std::size_t(std::max(1, tape_.columns())) * kGradBlock);
    r_.resize(kGradBlock);
    w_.resize(kGradBlock);
}

void Fitter::set(const std::vector<double>& parameters) {
    std::copy(parameters.begin(), parameters.end(), tape_.consts.begin());
    tape_.spread();
}

// values of a block of rows; tape_.consts are the constants
const double* Fitter::forward(const Data& data, std::size_t row0, std::size_t rows) {
    const int n = int(tape_.steps.size());
    hot().forward(tape_.steps.data(), n, tape_.consts.data(), data.x64.get(), data.stride, row0,
                  rows, values_.get());
    return values_.get() + std::size_t(n - 1) * kGradBlock;
}

double* Fitter::root_adjoint() {
    return adjoints_.get() + (tape_.steps.size() - 1) * kGradBlock;
}

// a column of jac_ for each parameter, from the adjoint of the root
void Fitter::backward(const Data& data, std::size_t row0, std::size_t rows) {
    hot().backward(tape_.steps.data(), int(tape_.steps.size()), tape_.consts.data(),
                   tape_.columns(), data.x64.get(), data.stride, row0, rows, values_.get(),
                   adjoints_.get(), jac_.get());
    const double* from = jac_.get() + std::size_t(tape_.parameters) * kGradBlock;
    for (std::int32_t owner : tape_.copies) {
        double* to = jac_.get() + std::size_t(owner) * kGradBlock;
        for (std::size_t k = 0; k < rows; ++k) to[k] += from[k];
        from += kGradBlock;
    }
}

void Fitter::jacobian(const Tree& tree, const Data& data, double* values, double* jac) {
    prepare(tree);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const std::size_t rows = block_rows(data, row0);
        const std::size_t kept = std::min(rows, data.rows - row0);
        const double* out = forward(data, row0, rows);
        std::memcpy(values + row0, out, kept * sizeof(double));
        std::fill_n(root_adjoint(), rows, 1.0);
        backward(data, row0, rows);
        for (std::size_t c = 0; c < std::size_t(tape_.parameters); ++c)
            std::memcpy(jac + c * data.rows + row0, jac_.get() + c * kGradBlock,
                        kept * sizeof(double));
    }
}

void Fitter::vjp(const Tree& tree, const Data& data, const double* seed, double* values,
                 double* grad) {
    prepare(tree);
    const std::size_t m = std::size_t(tape_.parameters);
    std::fill_n(grad, m, 0.0);
    std::fill_n(w_.get(), kGradBlock, 1.0);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const std::size_t rows = block_rows(data, row0);
        const std::size_t kept = std::min(rows, data.rows - row0);
        const double* out = forward(data, row0, rows);
        std::memcpy(values + row0, out, kept * sizeof(double));
        double* to = root_adjoint();
        std::copy_n(seed + row0, kept, to);
        std::fill(to + kept, to + rows, 0.0);
        backward(data, row0, rows);
        for (std::size_t c = 0; c < m; ++c)
            grad[c] += hot().dot(jac_.get() + c * kGradBlock, w_.get(), rows);
    }
}

}  // namespace symtick
