// Linear constants, and the dense normal equations of a fit; see linear.hpp.
#include "eval/linear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace symtick {
namespace {

constexpr double kRank = 1e-13;  // a unit column with less than this left (squared) is explained

// Constants of the sub-tree at `root` that may be chosen: how many there are in each sub-tree.
std::vector<int> choices(const Tree& tree) {
    std::vector<int> count(tree.size(), 0);
    std::vector<std::size_t> stack;
    for (std::size_t k = 0; k < tree.size(); ++k) {
        const Node& n = tree[k];
        std::size_t c = k, b = k, a = k;
        const int args = arity(n.op);
        if (args == 3) c = stack.back(), stack.pop_back();
        if (args >= 2) b = stack.back(), stack.pop_back();
        if (args >= 1) a = stack.back(), stack.pop_back();
        switch (n.op) {
            case CONST: count[k] = n.feature >= kFree; break;
            case ADD:
            case SUB: count[k] = count[a] + count[b]; break;
            case MUL: count[k] = std::max(count[a], count[b]); break;
            case NEG:
            case DIV: count[k] = count[a]; break;
            case WHERE: count[k] = count[b] + count[c]; break;
            default: break;
        }
        stack.push_back(k);
    }
    return count;
}

}  // namespace

std::vector<std::uint8_t> linear_parameters(const Tree& tree, const Tape& tape) {
    const std::vector<int> count = choices(tree);
    std::vector<std::uint8_t> chosen(tree.size(), 0);
    if (!tree.empty()) chosen.back() = 1;
    for (std::size_t k = tree.size(); k-- > 0;) {
        if (!chosen[k] || arity(tree[k].op) == 0) continue;
        const std::size_t last = k - 1;
        if (tree[k].op == WHERE) {  // its two values, not its condition
            chosen[last] = chosen[first_of(tree, last) - 1] = 1;
            continue;
        }
        const std::size_t first = arity(tree[k].op) == 2 ? first_of(tree, last) - 1 : last;
        const std::uint8_t op = tree[k].op;
        const bool both = op == ADD || op == SUB;
        const bool left =
            both || op == NEG || op == DIV || (op == MUL && count[first] >= count[last]);
        const bool right = both || (op == MUL && count[first] < count[last]);
        if (left) chosen[first] = 1;
        if (right) chosen[last] = 1;
    }
    std::vector<std::uint8_t> linear(std::size_t(tape.parameters), 0);
    for (std::size_t p = 0; p < linear.size(); ++p) linear[p] = chosen[tape.places[p]];
    for (std::size_t e = 0; e < tape.copies.size(); ++e)  // all places of a parameter or none
        if (!chosen[tape.places[linear.size() + e]]) linear[std::size_t(tape.copies[e])] = 0;
    return linear;
}

bool NormalEquations::solve(const std::vector<double>& a, const std::vector<double>& extra,
                            const std::vector<double>& b) {
    x_.resize(extra.size());
    factor_.resize(a.size());
    scale_.resize(extra.size());
    return quick(a, extra, b) || pivoted(a, extra, b);
}

// L D L^T without pivots; false where a column is explained by those before it
bool NormalEquations::quick(const std::vector<double>& a, const std::vector<double>& extra,
                            const std::vector<double>& b) {
    const std::size_t m = x_.size();
    rank_ = m;
    for (std::size_t j = 0; j < m; ++j) {
        double* row = &factor_[j * m];  // L D as it is made, then L
        const double whole = a[j * m + j] + extra[j];
        double left = -b[j], own = whole;
        for (std::size_t k = 0; k < j; ++k) {
            const double* other = &factor_[k * m];
            double v = a[k * m + j];
            for (std::size_t i = 0; i < k; ++i) v -= row[i] * other[i];
            row[k] = v;
        }
        for (std::size_t k = 0; k < j; ++k) {
            const double v = row[k];
            row[k] = v * scale_[k];  // 1 / D
            own -= v * row[k];
            left -= row[k] * x_[k];
        }
        if (!(own > kRank * whole) || !std::isnormal(own)) return false;
        scale_[j] = 1.0 / own;
        x_[j] = left;
    }
    bool finite = true;
    for (std::size_t j = 0; j < m; ++j) x_[j] *= scale_[j];
    for (std::size_t j = m; j-- > 0;) {
        for (std::size_t k = 0; k < j; ++k) x_[k] -= factor_[j * m + k] * x_[j];
        finite = finite && std::isfinite(x_[j]);
    }
    return finite;
}

bool NormalEquations::pivoted(const std::vector<double>& a, const std::vector<double>& extra,
                              const std::vector<double>& b) {
    const std::size_t m = x_.size();
    left_.resize(m);
    order_.resize(m);
    std::iota(order_.begin(), order_.end(), std::size_t(0));
    for (std::size_t j = 0; j < m; ++j) {
        const double d = a[j * m + j] + extra[j];
        if (!std::isfinite(d)) return false;
        scale_[j] = d >= std::numeric_limits<double>::min() ? 1.0 / std::sqrt(d) : 0.0;
        left_[j] = scale_[j] > 0.0 ? 1.0 : 0.0;
        for (std::size_t k = 0; k < j; ++k)
            factor_[j * m + k] = a[k * m + j] * scale_[k] * scale_[j];
    }
    factorise();
    return substitute(b);
}

void NormalEquations::factorise() {
    const std::size_t m = order_.size();
    const auto at = [&](std::size_t j, std::size_t k) -> double& {  // of the scaled matrix
        return j > k ? factor_[j * m + k] : factor_[k * m + j];
    };
    // column r of the factor stands in the rows order_[r + 1 ..] at column order_[r]
    for (rank_ = 0; rank_ < m; ++rank_) {
        std::size_t best = rank_;
        for (std::size_t k = rank_ + 1; k < m; ++k)
            if (left_[order_[k]] > left_[order_[best]]) best = k;
        if (!(left_[order_[best]] > kRank)) break;
        std::swap(order_[rank_], order_[best]);
        const std::size_t p = order_[rank_];
        const double pivot = std::sqrt(left_[p]);
        left_[p] = pivot;
        for (std::size_t k = rank_ + 1; k < m; ++k) at(order_[k], p) /= pivot;
        for (std::size_t k = rank_ + 1; k < m; ++k) {
            const double v = at(order_[k], p);
            left_[order_[k]] -= v * v;
            for (std::size_t i = rank_ + 1; i < k; ++i)
                at(order_[k], order_[i]) -= v * at(order_[i], p);
        }
    }
}

bool NormalEquations::substitute(const std::vector<double>& b) {
    const std::size_t m = order_.size();
    const auto at = [&](std::size_t j, std::size_t k) {
        return j > k ? factor_[j * m + k] : factor_[k * m + j];
    };
    x_.assign(m, 0.0);
    for (std::size_t j = 0; j < rank_; ++j) {
        const std::size_t row = order_[j];
        double v = -b[row] * scale_[row];
        for (std::size_t i = 0; i < j; ++i) v -= at(row, order_[i]) * x_[order_[i]];
        x_[row] = v / left_[row];
    }
    for (std::size_t j = rank_; j-- > 0;) {
        const std::size_t row = order_[j];
        double v = x_[row];
        for (std::size_t i = j + 1; i < rank_; ++i) v -= at(order_[i], row) * x_[order_[i]];
        x_[row] = v / left_[row];
    }
    for (std::size_t k = 0; k < m; ++k) {
        x_[k] *= scale_[k];
        if (!std::isfinite(x_[k])) return false;
    }
    return true;
}

}  // namespace symtick
