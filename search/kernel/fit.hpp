// Room: search/kernel. Derivatives with respect to the constants, and Levenberg-Marquardt.
#pragma once
#include "eval.hpp"

namespace symtick {

struct FitSettings {
    int iterations = 30;
    double tolerance = 1e-10;  // stop when the loss falls by less than this part of itself
};

struct FitResult {
    double loss = 0.0;
    int iterations = 0;
};

// Reusable per thread.
class Fitter {
public:
    // Tunes the constants of `tree` in place; the loss never rises. Source of the method:
    // Marquardt, J. SIAM 11 (1963) 431; MAE and Huber by iteratively reweighted squares.
    FitResult fit(Tree& tree, const Data& data, const LossSpec& spec, const FitSettings& settings);
    // values: rows; jac: parameters x rows (see Tape: tied constants are one parameter)
    void jacobian(const Tree& tree, const Data& data, double* values, double* jac);
    // values: rows; grad: one number for each parameter, the sum over rows of
    // seed * d value / d parameter
    void vjp(const Tree& tree, const Data& data, const double* seed, double* values, double* grad);

private:
    Tape tape_;
    Buffer<double> values_, adjoints_, jac_, r_, w_;
    struct Normal {
        std::vector<double> jtj, jtr;
        double sum = 0;
    };
    Normal here_, there_;
    std::vector<double> factor_, step_, consts_;

    void prepare(const Tree& tree);
    const double* forward(const Data& data, std::size_t row0, std::size_t rows);
    void backward(const Data& data, std::size_t row0, std::size_t rows);
    double* root_adjoint();
    bool assemble(const Data& data, const LossSpec& spec, const std::vector<double>& parameters,
                  double limit, Normal& to);
    bool solve(double damping);
};

}  // namespace symtick
