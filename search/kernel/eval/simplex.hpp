// A minimum without derivatives, for losses that are given as a function.
#pragma once
#include <functional>
#include <vector>

namespace symtick {

// Moves `x` (at least one number) to a lower `value` (that of x on entry) with at most `limit`
// evaluations; infinite values are allowed. The number of evaluations. Nelder, Mead, Comput. J. 7
// (1965) 308, with the coefficients of Gao, Han, Comput. Optim. Appl. 51 (2012) 259.
int minimise(const std::function<double(const std::vector<double>&)>& f, int limit,
             std::vector<double>& x, double& value);

}  // namespace symtick
