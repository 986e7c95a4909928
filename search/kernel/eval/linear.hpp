// Constants in which the output is linear, and the dense equations of a fit.
#pragma once
#include <cstdint>
#include <vector>

#include "core/program.hpp"

namespace symtick {

// 1 for each parameter of `tape` in a largest set in which the output is jointly affine while the
// other parameters stand still; of a product the side with more of them counts.
std::vector<std::uint8_t> linear_parameters(const Tree& tree, const Tape& tape);

// Symmetric positive semi-definite equations (A + diag(extra)) x = -b by Cholesky, with
// diagonal pivots where need be; A: upper triangle of m x m. Columns that the others explain up to
// rounding are left out, their x is 0 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed., 10.3). Kept and used again, so that it allocates nothing.
class NormalEquations {
public:
    // false where a number is not finite
    bool solve(const std::vector<double>& a, const std::vector<double>& extra,
               const std::vector<double>& b);
    const std::vector<double>& x() const { return x_; }

private:
    std::vector<double> factor_, scale_, left_, x_;
    std::vector<std::size_t> order_;
    std::size_t rank_ = 0;

    bool quick(const std::vector<double>& a, const std::vector<double>& extra,
               const std::vector<double>& b);
    bool pivoted(const std::vector<double>& a, const std::vector<double>& extra,
                 const std::vector<double>& b);
    void factorise();
    bool substitute(const std::vector<double>& b);
};

}  // namespace symtick
