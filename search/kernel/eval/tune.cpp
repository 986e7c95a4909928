// Tuning of constants by Levenberg-Marquardt and a simplex; see fit.hpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "eval/fit.hpp"
#include "eval/simplex.hpp"
#include "simd/dispatch.hpp"

namespace symtick {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFirstDamping = 1e-2, kLeastDamping = 1e-9, kMostDamping = 1e8;
constexpr double kFaster = 8.0, kGood = 0.25, kPoor = 0.05;  // of foretold falls
constexpr double kIdle = 1e-14;   // a foretold fall below this part of the loss is rounding
constexpr double kExact = 1e-15;  // residuals below this part of the target are rounding
constexpr double kFlat = 1e-3, kTiny = 1e-100;  // see flat_part

// a sum that only rounding keeps from 0
double exact_sum(const LossSpec& spec, const Data& data) {
    const double residual = kExact * data.level;
    if (spec.kind == MARGIN || spec.kind == CROSS_ENTROPY) return 0.0;
    return data.weight_sum * (spec.kind == MAE ? residual : residual * residual);
}

// residuals below this have the curvature of this one, lest a few rows hold all the others
double flat_part(const LossSpec& spec, const Data& data, double sum) {
    if (spec.kind == MARGIN) return kFlat;
    return std::max(kFlat * std::min(sum / data.weight_sum, data.level), kTiny);
}

}  // namespace

// the equations from their partial sums
void Fitter::fold(FitPoint& at) const {
    const std::size_t m = at.parameters.size();
    at.jtj.resize(m * m);
    at.jtr.resize(m);
    static_assert(kLanes == 8);
    const double* from = sums_.get();
    for (std::size_t p = 0; p < m; ++p)
        for (std::size_t q = p; q <= m; ++q, from += kLanes)
            (q < m ? at.jtj[p * m + q] : at.jtr[p]) = ((from[0] + from[1]) + (from[2] + from[3])) +
                                                      ((from[4] + from[5]) + (from[6] + from[7]));
}

// the loss and its parabola at at.parameters; false as soon as it is over `limit` or not finite
bool Fitter::assemble(const Data& data, const LossSpec& spec, double limit, FitPoint& at) {
    const int m = tape_.parameters;
    ++passes_;
    set(at.parameters);
    const std::size_t count = std::size_t(m + 1) * std::size_t(m + 2) / 2 * kLanes;
    sums_.resize(count);
    std::fill_n(sums_.get(), count, 0.0);
    at.sum = 0;
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const double* out = forward(data, row0);
        at.sum +=
            simd_loops().slopes(out, data.y64.get() + row0, data.w64.get() + row0, block_.rows,
                                spec.kind, spec.delta, floor_, r_.get(), w_.get());
        if (!(at.sum < limit)) {
            at.sum = kInfinity;
            return false;
        }
        backward(ones_.get());
        column_[std::size_t(m)] = r_.get();
        simd_loops().normal(column_.data(), m, w_.get(), block_.rows, sums_.get());
    }
    fold(at);
    return std::all_of(at.jtr.begin(), at.jtr.end(), [](double v) { return std::isfinite(v); });
}

// fall of the sum that the parabola at here_ foretells for the step that was solved last
double Fitter::foretold() const {
    const std::vector<double>& step = equations_.x();
    const std::size_t m = step.size();
    double sum = 0;
    for (std::size_t j = 0; j < m; ++j) {
        double row = here_.jtr[j] + 0.5 * here_.jtj[j * m + j] * step[j];
        for (std::size_t k = j + 1; k < m; ++k) row += here_.jtj[j * m + k] * step[k];
        sum += row * step[j];
    }
    return -sum;
}

// solves for the linear parameters while the others stand still; the fall that is foretold, 0 where
// there is nothing to solve
double Fitter::linear_gain(const FitPoint& at) {
    const std::size_t m = linear_.size(), n = chosen_.size();
    if (n == 0) return 0.0;
    part_.assign(n * n, 0.0);
    part_r_.resize(n);
    damping_.assign(n, 0.0);
    for (std::size_t j = 0; j < n; ++j) {
        part_r_[j] = at.jtr[chosen_[j]];
        for (std::size_t k = j; k < n; ++k) part_[j * n + k] = at.jtj[chosen_[j] * m + chosen_[k]];
    }
    if (!equations_.solve(part_, damping_, part_r_)) return 0.0;
    double gain = 0;
    for (std::size_t j = 0; j < n; ++j) gain -= 0.5 * part_r_[j] * equations_.x()[j];
    return gain;
}

// moves `at` by the step that linear_gain solved
bool Fitter::solve_linear(const Data& data, const LossSpec& spec, double limit, FitPoint& at) {
    for (std::size_t j = 0; j < chosen_.size(); ++j) at.parameters[chosen_[j]] += equations_.x()[j];
    return assemble(data, spec, limit, at);
}

// from here_ to there_.parameters; linear parameters are not damped, which makes the others' part
// of the step that of the variable projection (Kaufman, BIT 15 (1975) 49)
bool Fitter::damped_step(double damping) {
    const std::size_t m = linear_.size();
    damping_.resize(m);
    for (std::size_t k = 0; k < m; ++k)
        damping_[k] = linear_[k] && !damp_all_ ? 0.0 : damping * here_.jtj[k * m + k];
    if (!equations_.solve(here_.jtj, damping_, here_.jtr)) return false;
    there_.parameters = here_.parameters;
    for (std::size_t k = 0; k < m; ++k) there_.parameters[k] += equations_.x()[k];
    return true;
}

// Whether there_ is better than here_; where only its linear parameters stand in the way, these
// are solved and it is tried once more.
bool Fitter::attempt(const Data& data, const LossSpec& spec, int& iterations) {
    ++iterations;
    const bool rescue = !chosen_.empty() && chosen_.size() < linear_.size();
    if (!assemble(data, spec, rescue ? kInfinity : here_.sum, there_)) return false;
    if (there_.sum < here_.sum) return true;
    if (!rescue || !(there_.sum - linear_gain(there_) < here_.sum)) return false;
    ++iterations;
    return solve_linear(data, spec, here_.sum, there_);
}

// from here_.parameters; here_.sum is infinite where nothing can be said of the start
int Fitter::descend(const Data& data, const LossSpec& spec, const FitSettings& settings) {
    damp_all_ = spec.kind == CROSS_ENTROPY;
    floor_ = flat_part(spec, data, kInfinity);
    const double exact = exact_sum(spec, data);
    const bool idle = !damp_all_ && chosen_.size() == linear_.size();  // damping changes nothing
    int iterations = 0;
    if (!assemble(data, spec, kInfinity, here_))
        return 0;  // slopes may be infinite where it is not
    if (settings.iterations > 0 && linear_gain(here_) > kIdle * here_.sum) {
        ++iterations;
        there_.parameters = here_.parameters;
        if (solve_linear(data, spec, here_.sum, there_)) std::swap(here_, there_);
    }
    double damping = kFirstDamping, slower = kFaster;
    while (iterations < settings.iterations && damping < kMostDamping && here_.sum > exact) {
        if (!damped_step(damping)) break;
        const double hoped = foretold();
        if (!(hoped > kIdle * here_.sum)) break;
        floor_ = flat_part(spec, data, here_.sum);
        if (!attempt(data, spec, iterations)) {
            if (idle) break;
            damping *= slower;
            slower *= 2.0;
            continue;
        }
        const double fall = here_.sum - there_.sum, part = fall / here_.sum;
        std::swap(here_, there_);
        if (fall > kGood * hoped)
            damping = std::max(damping / kFaster, kLeastDamping);
        else if (fall < kPoor * hoped)
            damping *= 4.0;
        slower = kFaster;
        if (part < settings.tolerance) break;
    }
    return iterations;
}

// a start for another descent: nonlinear parameters of either sign and any of three sizes
void Fitter::scatter(const std::vector<double>& around, Rng& rng) {
    here_.parameters = around;
    for (std::size_t k = 0; k < linear_.size(); ++k) {
        if (linear_[k]) continue;
        const double size = std::pow(10.0, rng.uniform(-1.0, 1.0));
        here_.parameters[k] = rng.chance(0.5) ? size : -size;
    }
}

// the best of all starts into tape_.consts
FitResult Fitter::tuned(const Data& data, const LossSpec& spec, const FitSettings& settings) {
    const std::vector<double> first(tape_.consts.begin(), tape_.consts.begin() + tape_.parameters);
    std::vector<double> best = first;
    here_.parameters = first;
    FitResult result{kInfinity, descend(data, spec, settings)};
    double sum = here_.sum;
    if (std::isfinite(sum)) best = here_.parameters;
    const bool any = chosen_.size() < linear_.size();
    for (int k = 0; any && k < settings.restarts && !(sum <= exact_sum(spec, data)); ++k) {
        Rng rng(settings.seed, std::uint64_t(k));
        scatter(first, rng);
        result.iterations += descend(data, spec, settings);
        if (!(here_.sum < sum)) continue;
        sum = here_.sum;
        best = here_.parameters;
    }
    set(best);
    result.loss = reported(spec, sum, data);
    return result;
}

// the custom loss at these parameters
double Fitter::custom(const Data& data, const LossSpec& spec,
                      const std::vector<double>& parameters) {
    ++passes_;
    set(parameters);
    all_.resize(data.stride);
    for (std::size_t row0 = 0; row0 < data.rows; row0 += kGradBlock) {
        const double* out = forward(data, row0);
        std::copy_n(out, block_.rows, all_.get() + row0);
    }
    return custom_loss(spec, all_.get(), data);
}

// the squares first, then a simplex from there or from the start, where that is better
FitResult Fitter::polished(const Data& data, const LossSpec& spec, const FitSettings& settings) {
    const std::vector<double> first(tape_.consts.begin(), tape_.consts.begin() + tape_.parameters);
    FitResult result = tuned(data, LossSpec{}, settings);
    std::vector<double> best(tape_.consts.begin(), tape_.consts.begin() + tape_.parameters);
    const auto loss = [&](const std::vector<double>& at) { return custom(data, spec, at); };
    result.loss = loss(best);
    if (const double given = loss(first); !(result.loss <= given)) {
        result.loss = given;
        best = first;
    }
    result.iterations += 2;
    if (!best.empty()) result.iterations += minimise(loss, settings.evaluations, best, result.loss);
    set(best);
    return result;
}

FitResult Fitter::fit(Tree& tree, const Data& data, const LossSpec& spec,
                      const FitSettings& settings) {
    prepare(tree, data);
    linear_ = linear_parameters(tree, tape_);
    chosen_.clear();
    for (std::size_t k = 0; k < linear_.size(); ++k)
        if (linear_[k]) chosen_.push_back(k);
    const FitResult result =
        spec.kind == CUSTOM ? polished(data, spec, settings) : tuned(data, spec, settings);
    for (std::size_t c = 0; c < tape_.places.size(); ++c)
        tree[tape_.places[c]].value = tape_.consts[c];
    return result;
}

}  // namespace symtick
