// Derivatives with respect to the constants, and how these are tuned: linear ones in closed form,
// the others by Levenberg-Marquardt, both by a simplex for a custom loss.
#pragma once
#include "core/rng.hpp"
#include "eval/eval.hpp"
#include "eval/linear.hpp"

namespace symtick {

struct FitSettings {
    int iterations = 0;      // evaluations with derivatives, of each start
    double tolerance = 0;    // stop when the loss falls by less than this part of itself
    int restarts = 0;        // further starts with random constants; the best of all is kept
    std::uint64_t seed = 0;  // of these
    int evaluations = 0;     // of a custom loss, after the fit of the squares
};

struct FitResult {
    double loss = 0.0;
    int iterations = 0;  // of all starts, and evaluations of a custom loss
};

// Reusable per thread.
class Fitter {
public:
    // Tunes the constants of `tree` in place; the loss never rises. Sources: Marquardt, J. SIAM 11
    // (1963) 431; Golub, Pereyra, SIAM J. Numer. Anal. 10 (1973) 413 (linear parameters); the
    // parabolas that stand for MAE and MARGIN: Hunter, Lange, Am. Stat. 58 (2004) 30.
    FitResult fit(Tree& tree, const Data& data, const LossSpec& spec, const FitSettings& settings);
    // values: rows; jac: parameters x rows (see Tape: tied constants are one parameter)
    void jacobian(const Tree& tree, const Data& data, double* values, double* jac);
    // values: rows; grad: one number for each parameter, the sum over rows of
    // seed * d value / d parameter
    void vjp(const Tree& tree, const Data& data, const double* seed, double* values, double* grad);
    // steps of all fits so far, each with derivatives over the rows, and evaluations of a custom
    // loss
    std::uint64_t passes() const { return passes_; }

private:
    std::uint64_t passes_ = 0;
    // the sum of the losses at some parameters, and its parabola there
    struct FitPoint {
        std::vector<double> parameters, jtj, jtr;
        double sum = 0;
    };

    Tape tape_;
    std::vector<std::uint8_t> linear_;
    Buffer<double> values_, adjoints_, jac_, ones_, r_, w_, sums_, all_;
    std::vector<const double*> adjoint_, column_;
    GradBlock block_{};
    FitPoint here_, there_;
    NormalEquations equations_;
    std::vector<std::size_t> chosen_;  // numbers of the linear parameters
    std::vector<double> damping_, part_, part_r_;
    double floor_ = 0;       // see LoopTable::slopes
    bool damp_all_ = false;  // the parabola may lie below the loss, so its end may be too far

    void prepare(const Tree& tree, const Data& data);
    void set(const std::vector<double>& parameters);
    const double* forward(const Data& data, std::size_t row0);
    void backward(const double* seed);

    void fold(FitPoint& at) const;
    bool assemble(const Data& data, const LossSpec& spec, double limit, FitPoint& at);
    double foretold() const;
    double linear_gain(const FitPoint& at);
    bool solve_linear(const Data& data, const LossSpec& spec, double limit, FitPoint& at);
    bool damped_step(double damping);
    bool attempt(const Data& data, const LossSpec& spec, int& iterations);
    int descend(const Data& data, const LossSpec& spec, const FitSettings& settings);
    void scatter(const std::vector<double>& around, Rng& rng);
    FitResult tuned(const Data& data, const LossSpec& spec, const FitSettings& settings);
    double custom(const Data& data, const LossSpec& spec, const std::vector<double>& parameters);
    FitResult polished(const Data& data, const LossSpec& spec, const FitSettings& settings);
};

}  // namespace symtick
