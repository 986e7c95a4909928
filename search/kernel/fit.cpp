// Room: search/kernel. See fit.hpp.
#include "fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dispatch.hpp"

namespace symtick {
namespace {

constexpr double kFirstDamping = 1e-2, kLeastDamping = 1e-9, kMostDamping = 1e8;
constexpr double kSmallResidual = 1e-6;  // where MAE's weight stops growing

std::size_t block_rows(const Data& data, std::size_t row0) {
    return std::min(kGradBlock, (data.rows - row0 + 15) / 16 * 16);
}

// the part of the loss of these rows; w becomes the weight of the squared residual
double reweighted(const LossSpec& spec, const double* r, double* w, std::size_t rows) {
    double sum = 0;
    for (std::size_t k = 0; k < rows; ++k) {
        const double a = std::fabs(r[k]);
        if (spec.kind == MAE) {
            sum += w[k] * a;
            w[k] /= std::max(a, kSmallResidual);
        } else if (a > spec.delta) {
            sum += w[k] * spec.delta * (a - 0.5 * spec.delta);
            w[k] *= spec.delta / a;
        } else {
            sum += w[k] * 0.5 * a * a;
        }
    }
    return sum;
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

// loss and normal equations at these parameters; false as soon as the loss is over `limit` or not
// finite
bool Fitter::assemble(const Data& data, const LossSpec& spec,
                      const std::vector<double>& parameters, double limit, Normal& to) {
    const int m = tape_.parameters;
    std::copy(parameters.begin(), parameters.end(), tape_.consts.begin());
    tape_.spread();
    to.jtj.assign(std::size_t(m) * m, 0.0);
    to.jtr.assign(std::size_t(m), 0.0);
    to.sum = 0;
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const std::size_t rows = block_rows(data, row0);
        const double* out = forward(data, row0, rows);
        const double* y = data.y64.get() + row0;
        std::copy_n(data.w64.get() + row0, rows, w_.get());
        for (std::size_t k = 0; k < rows; ++k) r_[k] = out[k] - y[k];
        if (spec.kind == MSE)
            to.sum += hot().loss64(out, y, w_.get(), rows, MSE, 1.0);
        else
            to.sum += reweighted(spec, r_.get(), w_.get(), rows);
        if (!(to.sum < limit)) {
            to.sum = std::numeric_limits<double>::infinity();
            return false;
        }
        std::fill_n(root_adjoint(), rows, 1.0);
        backward(data, row0, rows);
        hot().normal(jac_.get(), m, r_.get(), w_.get(), rows, to.jtj.data(), to.jtr.data());
    }
    for (double v : to.jtr)
        if (!std::isfinite(v)) return false;
    return true;
}

// step_ = -(JtJ + damping * diag)^-1 Jtr by Cholesky; false where it breaks down
bool Fitter::solve(double damping) {
    const std::size_t m = here_.jtr.size();
    factor_.assign(m * m, 0.0);
    double most = 0;
    for (std::size_t k = 0; k < m; ++k) most = std::max(most, here_.jtj[k * m + k]);
    for (std::size_t j = 0; j < m; ++j) {
        double* row = &factor_[j * m];
        for (std::size_t k = 0; k <= j; ++k) {
            double v = here_.jtj[k * m + j];  // upper triangle
            if (k == j) v += damping * v + 1e-12 * most;
            for (std::size_t i = 0; i < k; ++i) v -= row[i] * factor_[k * m + i];
            if (k < j) row[k] = v / factor_[k * m + k];
            else if (v > 0 && std::isfinite(v)) row[j] = std::sqrt(v);
            else return false;
        }
    }
    step_.assign(m, 0.0);
    for (std::size_t j = 0; j < m; ++j) {
        double v = -here_.jtr[j];
        for (std::size_t i = 0; i < j; ++i) v -= factor_[j * m + i] * step_[i];
        step_[j] = v / factor_[j * m + j];
    }
    for (std::size_t j = m; j-- > 0;) {
        double v = step_[j];
        for (std::size_t i = j + 1; i < m; ++i) v -= factor_[i * m + j] * step_[i];
        step_[j] = v / factor_[j * m + j];
        if (!std::isfinite(step_[j])) return false;
    }
    return true;
}

FitResult Fitter::fit(Tree& tree, const Data& data, const LossSpec& spec,
                      const FitSettings& settings) {
    const double inf = std::numeric_limits<double>::infinity();
    prepare(tree);
    std::vector<double> consts(tape_.consts.begin(), tape_.consts.begin() + tape_.parameters);
    FitResult result{inf, 0};
    if (!assemble(data, spec, consts, inf, here_)) {
        result.loss = here_.sum / data.weight_sum;  // the slopes may be infinite where it is not
        return result;
    }
    double damping = kFirstDamping;
    while (!consts.empty() && result.iterations < settings.iterations && damping < kMostDamping) {
        ++result.iterations;
        bool better = false;
        if (solve(damping)) {
            consts_ = consts;
            for (std::size_t k = 0; k < consts.size(); ++k) consts_[k] += step_[k];
            better = assemble(data, spec, consts_, here_.sum, there_);
        }
        if (!better) {
            damping *= 8.0;
            continue;
        }
        const double gain = (here_.sum - there_.sum) / here_.sum;
        std::swap(here_, there_);
        std::swap(consts, consts_);
        damping = std::max(damping / 8.0, kLeastDamping);
        if (gain < settings.tolerance) break;
    }
    std::copy(consts.begin(), consts.end(), tape_.consts.begin());
    tape_.spread();
    for (std::size_t c = 0; c < tape_.places.size(); ++c)
        tree[tape_.places[c]].value = tape_.consts[c];
    result.loss = here_.sum / data.weight_sum;
    return result;
}

}  // namespace symtick
