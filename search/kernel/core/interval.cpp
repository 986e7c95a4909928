// Interval arithmetic on trees; see interval.hpp. Compiled without any relaxed floating point.
#include "core/interval.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace symtick {
namespace {

double product(double a, double b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

// Python's min and max: the first of equals, and comparisons with NaN are false
double least(double a, double b) { return b < a ? b : a; }
double most(double a, double b) { return b > a ? b : a; }

Range mul(const Range& a, const Range& b) {
    const double p[] = {product(a.lo, b.lo), product(a.lo, b.hi), product(a.hi, b.lo),
                        product(a.hi, b.hi)};
    Range r{p[0], p[0]};
    for (int k = 1; k < 4; ++k) r = {least(r.lo, p[k]), most(r.hi, p[k])};
    return r;
}

Range absolute(const Range& a) {
    if (a.lo >= 0.0) return a;
    if (a.hi <= 0.0) return {-a.hi, -a.lo};
    return {0.0, most(-a.lo, a.hi)};
}

// Beyond this, x / pi does not tell in which half turn x lies.
constexpr double kExactTurns = 1e12;

// Image under a cosine that is 1 at phase * pi; as `Interval._wave` of the language.
template <class F>
Range wave(const Range& a, double phase, F function) {
    if (!std::isfinite(a.lo) || !std::isfinite(a.hi)) return {-1.0, 1.0};
    const double p = function(a.lo), q = function(a.hi);
    if (a.lo == a.hi) return {p, p};
    if (most(-a.lo, a.hi) > kExactTurns) return {-1.0, 1.0};
    const double first = std::ceil(a.lo / std::numbers::pi - phase);
    const double last = std::floor(a.hi / std::numbers::pi - phase);
    Range r{least(p, q), most(p, q)};
    if (last >= first) {
        const double turn = std::fmod(first, 2.0) == 0.0 ? 1.0 : -1.0;
        r = {least(r.lo, turn), most(r.hi, turn)};
        if (last > first) r = {-1.0, 1.0};
    }
    return r;
}

bool divide(const Range& a, const Range& b, Range& out) {
    if (b.lo <= 0.0 && 0.0 <= b.hi) return false;
    const Range inverse{1.0 / b.hi, 1.0 / b.lo};
    if (!(inverse.lo <= inverse.hi)) return false;
    out = mul(a, inverse);
    return true;
}

double sign(double v) { return double(v > 0.0) - double(v < 0.0) + 0.0; }

// angles of the points (x, y): all on a side where the box meets the cut there
Range angle(const Range& y, const Range& x) {
    const bool point = y.lo == y.hi && x.lo == x.hi;
    if (x.lo <= 0.0 && y.lo <= 0.0 && 0.0 <= y.hi && !point) {
        const double half = x.lo == 0.0 ? std::numbers::pi / 2.0 : std::numbers::pi;
        const double top = y.hi > 0.0 || x.lo < 0.0 ? half : 0.0;
        return {y.lo < 0.0 ? -half : 0.0, top};
    }
    // 0.0 for -0.0, whose angle is that of the other side
    const double p[] = {std::atan2(y.lo + 0.0, x.lo + 0.0), std::atan2(y.lo + 0.0, x.hi + 0.0),
                        std::atan2(y.hi + 0.0, x.lo + 0.0), std::atan2(y.hi + 0.0, x.hi + 0.0)};
    Range r{p[0], p[0]};
    for (int k = 1; k < 4; ++k) r = {least(r.lo, p[k]), most(r.hi, p[k])};
    return r;
}

}  // namespace

bool interval_of(std::uint8_t op, const Range& a, const Range& b, Range& out) {
    switch (op) {
        case ADD: out = {a.lo + b.lo, a.hi + b.hi}; break;
        case SUB: out = {a.lo - b.hi, a.hi - b.lo}; break;
        case MUL: out = mul(a, b); break;
        case DIV:
            if (!divide(a, b, out)) return false;
            break;
        case NEG: out = {-a.hi, -a.lo}; break;
        case ABS: out = absolute(a); break;
        case MIN: out = {least(a.lo, b.lo), least(a.hi, b.hi)}; break;
        case MAX: out = {most(a.lo, b.lo), most(a.hi, b.hi)}; break;
        case SQUARE: {
            const Range m = absolute(a);
            out = {m.lo * m.lo, m.hi * m.hi};
            break;
        }
        case CUBE: out = {a.lo * a.lo * a.lo, a.hi * a.hi * a.hi}; break;
        case SQRT:
            if (a.lo < 0.0) return false;
            out = {std::sqrt(a.lo), std::sqrt(a.hi)};
            break;
        case EXP: out = {std::exp(a.lo), std::exp(a.hi)}; break;
        case LOG:
            if (a.lo <= 0.0) return false;
            out = {std::log(a.lo), std::log(a.hi)};
            break;
        case SIN: out = wave(a, 0.5, [](double x) { return std::sin(x); }); break;
        case COS: out = wave(a, 0.0, [](double x) { return std::cos(x); }); break;
        case TANH: out = {std::tanh(a.lo), std::tanh(a.hi)}; break;
        case ASIN:
            if (a.lo < -1.0 || a.hi > 1.0) return false;
            out = {std::asin(a.lo), std::asin(a.hi)};
            break;
        case ACOS:
            if (a.lo < -1.0 || a.hi > 1.0) return false;
            out = {std::acos(a.hi), std::acos(a.lo)};
            break;
        case ATAN: out = {std::atan(a.lo), std::atan(a.hi)}; break;
        case ATAN2: out = angle(a, b); break;
        case ERF: out = {std::erf(a.lo), std::erf(a.hi)}; break;
        case SIGN: out = {sign(a.lo), sign(a.hi)}; break;
        case FLOOR: out = {std::floor(a.lo) + 0.0, std::floor(a.hi) + 0.0}; break;
        case GE: out = {a.lo >= b.hi ? 1.0 : 0.0, a.hi >= b.lo ? 1.0 : 0.0}; break;
        case GT: out = {a.lo > b.hi ? 1.0 : 0.0, a.hi > b.lo ? 1.0 : 0.0}; break;
        default: return false;
    }
    return out.lo <= out.hi;
}

Range choice_of(const Range& condition, const Range& yes, const Range& no) {
    if (condition.lo > 0.0 || condition.hi < 0.0) return yes;
    if (condition.lo == condition.hi) return no;
    return {least(yes.lo, no.lo), most(yes.hi, no.hi)};
}

std::size_t intervals(const Tree& tree, const std::vector<Range>& inputs, std::vector<Range>& out) {
    out.clear();
    std::vector<std::size_t> stack;
    for (std::size_t k = 0; k < tree.size(); ++k) {
        const Node& n = tree[k];
        Range r{n.value, n.value};
        if (n.op == INPUT) r = inputs[std::size_t(n.feature)];
        if (const int count = arity(n.op)) {
            const std::size_t first = stack.size() - std::size_t(count);
            const Range a = out[stack[first]], b = out[stack.back()];
            if (n.op == WHERE)
                r = choice_of(a, out[stack[first + 1]], b);
            else if (!interval_of(n.op, a, b, r))
                return k;
            stack.resize(first);
        }
        out.push_back(r);
        stack.push_back(k);
    }
    return tree.size();
}

bool admissible(const Tree& tree, const std::vector<Range>& inputs, double limit,
                std::vector<Range>& scratch) {
    if (intervals(tree, inputs, scratch) != tree.size()) return false;
    return std::all_of(scratch.begin(), scratch.end(),
                       [&](const Range& r) { return r.lo >= -limit && r.hi <= limit; });
}

}  // namespace symtick
