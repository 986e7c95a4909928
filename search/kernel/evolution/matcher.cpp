// Parts of trees matched to enumerated functions; see matcher.hpp.
#include "evolution/matcher.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/program.hpp"

namespace symtick {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kFewest = 0.5;  // of the rows must have a wanted value

// the value of a periodic inverse that is nearest to `now`
double turned_to(double value, double now) {
    constexpr double kTurn = 2.0 * std::numbers::pi;
    return value + kTurn * std::round((now - value) / kTurn);
}

// d op / d argument at a row; a, b: the arguments, v: the value
double slope(std::uint8_t op, bool second, double a, double b, double v) {
    switch (op) {
        case ADD: return 1.0;
        case SUB: return second ? -1.0 : 1.0;
        case MUL: return second ? a : b;
        case DIV: return second ? -v / b : 1.0 / b;
        case NEG: return -1.0;
        case ABS: return a < 0.0 ? -1.0 : 1.0;
        case MIN: return (a < b) != second ? 1.0 : 0.0;
        case MAX: return (a > b) != second ? 1.0 : 0.0;
        case SQUARE: return 2.0 * a;
        case CUBE: return 3.0 * a * a;
        case SQRT: return 0.5 / v;
        case EXP: return v;
        case LOG: return 1.0 / a;
        case SIN: return std::cos(a);
        case COS: return -std::sin(a);
        case TANH: return 1.0 - v * v;
        case ASIN: return 1.0 / std::sqrt(1.0 - a * a);
        case ACOS: return -1.0 / std::sqrt(1.0 - a * a);
        case ATAN: return 1.0 / (1.0 + a * a);
        default: return 0.0;
    }
}

}  // namespace

Matcher::Matcher(const Library& library, const MatcherSettings& settings)
    : library_(&library),
      settings_(settings),
      inverse_ops_(library.rules().vocabulary().tokens.size()) {
    for (const InverseOp& u : inverse_ops(library.rules().vocabulary()))
        if (u.unknown != InverseOp::BOTH) inverse_ops_[std::size_t(u.token)].push_back(u);
    for (std::size_t t = 0; t < inverse_ops_.size(); ++t) {
        const std::uint8_t op = library.rules().vocabulary().tokens[t].node.op;
        if (op == ADD || op == MUL || op == MIN || op == MAX)
            inverse_ops_[t].push_back({std::int16_t(t), op, InverseOp::SECOND, 0});
    }
}

// values of all nodes; false where one is no token or not finite
bool Matcher::evaluate(const Tree& given, Scratch& s) const {
    const std::size_t stride = library_->stride(), n = given.size();
    if (!s.runner) s.runner = std::make_unique<TokenRunner>(library_->rules().vocabulary(), stride);
    s.values.resize(n * stride);
    s.first.resize(n);
    s.parents.assign(n, n);
    s.place.assign(n, 0);
    const Data& data = library_->data();
    for (std::size_t k = 0; k < n; ++k) {
        const Node& node = given[k];
        double* to = s.values.data() + k * stride;
        s.first[k] = k;
        if (node.op == INPUT) {
            std::copy_n(data.x64.get() + std::size_t(node.feature) * data.stride, stride, to);
        } else if (node.op == CONST) {
            std::fill_n(to, stride, node.value);
        } else {
            const int token = library_->rules().number(node);
            if (token < 0) return false;
            const double* arguments[kMostArguments] = {};
            std::size_t at = k - 1;
            for (auto a = std::size_t(arity(node.op)); a-- > 0;) {
                s.parents[at] = k;
                s.place[at] = std::uint8_t(a);
                s.first[k] = s.first[at];
                arguments[a] = s.values.data() + at * stride;
                at = s.first[at] - 1;
            }
            const double* out =
                s.runner->run(std::size_t(token), arguments[0], arguments[1], arguments[2]);
            std::copy_n(out, stride, to);
        }
    }
    return true;
}

// One step from a node's parent to the node: `wanted` and `weights` of the parent become its own.
bool Matcher::back(const Tree& given, std::size_t node, Scratch& s) const {
    const std::size_t stride = library_->stride(), parent = s.parents[node];
    const std::uint8_t op = given[parent].op;
    if (op == WHERE) return chosen(node, s);
    const bool two = arity(op) == 2, second = s.place[node] != 0;
    const int token = library_->rules().number(given[parent]);
    if (token < 0 || inverse_ops_[std::size_t(token)].empty()) return false;
    const std::size_t b = parent - 1, a = two ? s.first[b] - 1 : b;
    const auto row = [&](std::size_t k) { return s.values.data() + k * stride; };
    const double *now = row(node), *sibling = row(second ? a : b);
    s.other.assign(stride, kNaN);
    for (const InverseOp& u : inverse_ops_[std::size_t(token)]) {
        const bool fits =
            u.unknown == InverseOp::ONLY || (u.unknown == InverseOp::SECOND) == second;
        if (!fits) continue;
        // of several values of an inverse, that which changes the part least
        for (std::size_t r = 0; r < library_->rows(); ++r) {
            double value;
            inverted(u, &s.wanted[r], sibling + r, &value, 1);
            if (op == SIN || op == COS) value = turned_to(value, now[r]);
            const bool nearer = std::fabs(value - now[r]) < std::fabs(s.other[r] - now[r]);
            if (std::isfinite(value) && (nearer || std::isnan(s.other[r]))) s.other[r] = value;
        }
    }
    for (std::size_t r = 0; r < library_->rows(); ++r) {
        const double d = slope(op, second, row(a)[r], row(b)[r], row(parent)[r]);
        s.weights[r] *= d * d;
        if (!std::isfinite(s.other[r]) || !std::isfinite(s.weights[r])) s.weights[r] = 0.0;
    }
    std::swap(s.wanted, s.other);
    return true;
}

// The step back from a WHERE to one of its values: the rows where it is not chosen say nothing.
bool Matcher::chosen(std::size_t node, Scratch& s) const {
    if (s.place[node] == 0) return false;
    const std::size_t no = s.parents[node] - 1, yes = s.first[no] - 1;
    const double* condition = s.values.data() + (s.first[yes] - 1) * library_->stride();
    for (std::size_t r = 0; r < library_->rows(); ++r)
        if ((condition[r] != 0.0) != (s.place[node] == 1)) s.weights[r] = 0.0;
    return true;
}

// What a node would have to be, and how much each row counts for the whole; false where too few
// rows say anything.
bool Matcher::wanted_at(const Tree& given, std::size_t node, Scratch& s) const {
    const Data& data = library_->data();
    s.wanted.assign(data.y64.get(), data.y64.get() + library_->stride());
    s.weights.assign(data.w64.get(), data.w64.get() + library_->stride());
    std::vector<std::size_t>& way = s.way;
    way.clear();
    for (std::size_t k = node; s.parents[k] < given.size(); k = s.parents[k]) way.push_back(k);
    for (std::size_t k = way.size(); k-- > 0;)
        if (!back(given, way[k], s)) return false;
    const auto counts = [](double w) { return w > 0.0; };
    const auto known = std::count_if(s.weights.begin(),
                                     s.weights.begin() + std::ptrdiff_t(library_->rows()), counts);
    for (std::size_t r = 0; r < library_->rows(); ++r)
        if (s.weights[r] == 0.0) s.wanted[r] = 0.0;
    return double(known) >= kFewest * double(library_->rows());
}

// weighted square of the distance, with scale and shift where constants are free
double Matcher::miss(std::size_t function, const Scratch& s, LineMatch& match) const {
    const double *f = library_->table().values(function), *t = s.wanted.data(),
                 *w = s.weights.data();
    const std::size_t n = library_->rows();
    double sum = 0;
    if (!library_->free()) {
        for (std::size_t r = 0; r < n; ++r) sum += w[r] * (f[r] - t[r]) * (f[r] - t[r]);
        match = {std::int32_t(function), 1.0, 0.0};
        return sum;
    }
    double sw = 0, sf = 0, st = 0, sff = 0, sft = 0, stt = 0;
    for (std::size_t r = 0; r < n; ++r) {
        const double wf = w[r] * f[r], wt = w[r] * t[r];
        sw += w[r];
        sf += wf;
        st += wt;
        sff += wf * f[r];
        sft += wf * t[r];
        stt += wt * t[r];
    }
    const double spread = sff - sf * sf / sw, both = sft - sf * st / sw;
    if (!(spread > 1e-9 * sff)) return kInfinite;
    match = {std::int32_t(function), both / spread, 0.0};
    match.shift = (st - match.scale * sf) / sw;
    return std::max(0.0, stt - st * st / sw - both * both / spread);
}

LineMatch Matcher::nearest(Rng& rng, Scratch& s) const {
    const bool whole =
        std::all_of(s.weights.begin(), s.weights.begin() + std::ptrdiff_t(library_->rows()),
                    [](double w) { return w > 0.0; });
    if (whole) {
        std::fill(s.wanted.begin() + std::ptrdiff_t(library_->rows()), s.wanted.end(), 0.0);
        if (const LineMatch same = library_->find(s.wanted.data())) return same;
    }
    LineMatch best;
    double least = kInfinite;
    const std::size_t n = library_->table().size();
    for (std::size_t k = 0; k < std::min(n, settings_.candidates); ++k) {
        const double u = rng.uniform();
        const auto function = std::size_t(double(n) * u * u);
        LineMatch one;
        const double far = miss(function, s, one);
        if (far < least) least = far, best = one;
    }
    return best;
}

bool Matcher::matched(const Tree& given, Rng& rng, Scratch& s, Tree& child) const {
    if (given.size() < 2 || !evaluate(given, s)) return false;
    const std::size_t node = rng.below(given.size() - 1);  // any but the root
    if (node - s.first[node] >= settings_.max_part || !wanted_at(given, node, s)) return false;
    const LineMatch match = nearest(rng, s);
    if (!match) return false;
    const std::vector<Tree> parts = library_->written(match);
    if (parts.empty()) return false;
    child.assign(given.begin(), given.begin() + std::ptrdiff_t(s.first[node]));
    child.insert(child.end(), parts[0].begin(), parts[0].end());
    child.insert(child.end(), given.begin() + std::ptrdiff_t(node) + 1, given.end());
    return true;
}

}  // namespace symtick
